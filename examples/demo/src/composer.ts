import type { Status } from 'holdfast';
import { byId, setText } from './dom.ts';
import type { OutboxStatus } from './library.ts';

export interface ComposerOptions {
  readonly say: (text: string) => void;
  readonly typed: () => void;
}

export interface Composer {
  render(status: Status, outbox: OutboxStatus): void;
}

/** Where one writes. It never locks: what is said offline waits in the outbox. */
export function createComposer({ say, typed }: ComposerOptions): Composer {
  const form = byId('composer', HTMLFormElement);
  const text = byId('text', HTMLTextAreaElement);
  const hint = byId('composer-hint', HTMLElement);

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const said = text.value.trim();
    text.value = '';
    text.focus();
    if (said !== '') say(said);
  });
  text.addEventListener('keydown', (event) => {
    // `isComposing`: Enter that ends a word of an input method is not meant for us.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  text.addEventListener('input', () => {
    if (text.value !== '') typed();
  });

  return {
    render(status, outbox) {
      const { pending } = outbox;
      const waiting =
        pending === 0
          ? 'Write on: it waits here and goes out by itself.'
          : `${pending} waiting here, to go out by ${pending === 1 ? 'itself' : 'themselves'}.`;
      if (status.state === 'closed') setText(hint, 'The client has ended. Reload the page to go on.');
      else setText(hint, status.state === 'connected' || status.state === 'idle' ? '' : waiting);
    },
  };
}
