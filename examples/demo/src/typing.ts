import type { Author } from './wire.ts';

/** A volatile message may be lost, so "has stopped" is never sent: it is what silence means. */
const SHOWN_FOR = 3500;
const TOLD_EVERY = 1500;

export interface Typing {
  /** Somebody else types. */
  heard(author: Author): void;
  /** Their message is here, so they have stopped. */
  stopped(from: string): void;
  /** This tab types: true if it is time to say so again. */
  shouldTell(): boolean;
  /** This tab has sent what it typed: the next letter is news. */
  sent(): void;
  text(): string;
}

export function createTyping(onChange: () => void): Typing {
  const typists = new Map<string, { readonly name: string; readonly timer: number }>();
  let toldAt = -Infinity;
  const stopped = (from: string): void => {
    clearTimeout(typists.get(from)?.timer);
    if (typists.delete(from)) onChange();
  };
  return {
    heard({ name, from }) {
      clearTimeout(typists.get(from)?.timer);
      typists.set(from, { name, timer: window.setTimeout(() => stopped(from), SHOWN_FOR) });
      onChange();
    },
    stopped,
    shouldTell() {
      if (performance.now() - toldAt < TOLD_EVERY) return false;
      toldAt = performance.now();
      return true;
    },
    sent() {
      toldAt = -Infinity;
    },
    text() {
      const names = [...typists.values()].map(({ name }) => name);
      if (names.length === 0) return '';
      if (names.length > 2) return `${names.length} people are typing`;
      return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing`;
    },
  };
}
