import type { Author } from './wire.ts';

const moods = ['Calm', 'Brave', 'Quiet', 'Merry', 'Swift', 'Steady', 'Sunny', 'Wry', 'Gentle', 'Salty', 'Bold', 'Patient'];
const beings = ['Otter', 'Limpet', 'Heron', 'Seal', 'Urchin', 'Plover', 'Crab', 'Tern', 'Whelk', 'Gannet', 'Skate', 'Puffin'];

/** 96 random bits. Not crypto.randomUUID: browsers hide it on plain http. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('');
}

function pick(list: readonly string[]): string {
  return list[(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % list.length] ?? '';
}

/** A private mode may refuse storage; the name then lives as long as the page. */
function recall(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Only a convenience is lost.
  }
}

/**
 * Who this tab is. In sessionStorage, not localStorage: a second tab must be somebody else, or the demo shows nothing. The
 * address may say it too: `?name=Ada`.
 */
export interface Identity {
  readonly me: () => Author;
  readonly rename: (name: string) => void;
}

export function createIdentity(search: string): Identity {
  const asked = new URLSearchParams(search).get('name')?.trim().slice(0, 24);
  let name = recall('holdfast-demo-name') || asked || `${pick(moods)} ${pick(beings)}`;
  const from = recall('holdfast-demo-tab') || randomId();
  keep('holdfast-demo-name', name);
  keep('holdfast-demo-tab', from);
  return {
    me: () => ({ name, from }),
    rename(next) {
      name = next.trim().slice(0, 24) || name;
      keep('holdfast-demo-name', name);
    },
  };
}

/** Stable colour class for a tab. */
export function hueOf(from: string): string {
  let sum = 0;
  for (const char of from) sum = (sum * 31 + char.charCodeAt(0)) % 997;
  return `hue-${sum % 6}`;
}
