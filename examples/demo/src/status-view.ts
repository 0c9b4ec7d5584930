import type { Client, Cursor, Status } from 'holdfast';
import { byId, clock, h, setText } from './dom.ts';
import type { Harm } from './harm.ts';
import type { OutboxStatus, Reason } from './library.ts';
import { short } from './room.ts';
import { createRope } from './rope.ts';

type Tone = 'good' | 'busy' | 'bad' | 'idle';

interface Words {
  readonly tone: Tone;
  readonly word: string;
  readonly why: string;
}

const enders = {
  app: 'this page',
  client: 'the client',
  server: 'the server',
  network: 'the network',
  browser: 'the browser',
} as const;

const pages = {
  visible: '',
  hidden: ', while the page was hidden',
  frozen: ', while the page was frozen',
  asleep: ', while the machine slept',
} as const;

function ended(reason: Reason): string {
  return `${reason.opened ? 'Ended' : 'Failed'} by ${enders[reason.by]}: ${reason.name} (${reason.code})${pages[reason.page]}.`;
}

function words(status: Status, held: boolean): Words {
  switch (status.state) {
    case 'idle':
      return { tone: 'idle', word: 'Not connected', why: 'It connects at the first need.' };
    case 'connecting':
      return {
        tone: 'busy',
        word: status.attempt > 1 ? `Connecting, attempt ${status.attempt}` : 'Connecting',
        why: status.reason === null ? '' : ended(status.reason),
      };
    case 'connected':
      return { tone: 'good', word: 'Connected', why: held ? 'As far as this page can tell.' : `Since ${clock(status.since)}.` };
    case 'waiting':
      if (status.reason.name === 'going-away')
        return { tone: 'busy', word: 'Moving over', why: 'The server sends its clients to another one.' };
      return { tone: 'busy', word: 'Cut off', why: ended(status.reason) };
    case 'offline':
      return { tone: 'bad', word: 'Offline', why: 'No network, says the browser.' };
    case 'closed':
      return { tone: 'bad', word: 'Ended for good', why: `${ended(status.reason)} ${status.reason.error?.remedy ?? ''}` };
  }
}

const stores = {
  none: 'on disk',
  'memory-store': 'memory only: dies with the tab',
  unsupported: 'memory only: no disk here',
  denied: 'memory only: the disk may not be used',
  quota: 'memory only: the disk is full',
  blocked: 'memory only: another tab holds the disk',
  broken: 'memory only, the disk failed',
} as const satisfies Record<OutboxStatus['problem'], string>;

export interface StatusView {
  render(cursor: Cursor | null): void;
}

export function createStatusView(client: Client, harm: Harm): StatusView {
  const state = byId('state', HTMLElement);
  const word = byId('state-word', HTMLElement);
  const why = byId('state-why', HTMLElement);
  const count = byId('state-count', HTMLElement);
  const retry = byId('retry', HTMLButtonElement);
  const rope = createRope(harm);
  const facts = new Map<string, HTMLElement>();
  for (const [key, label] of [
    ['transport', 'Transport'],
    ['trip', 'Round trip'],
    ['banner', 'A banner would say'],
    ['log', 'Place in the log'],
    ['pending', 'Waiting here'],
    ['kept', 'Outbox'],
  ] as const) {
    const value = h('dd', { class: 'num' });
    facts.set(key, value);
    byId('facts', HTMLElement).append(h('div', { data: { fact: key } }, h('dt', {}, label), value));
  }
  const fact = (key: string, text: string): void => setText(facts.get(key) ?? word, text);
  let ticking: number | undefined;

  retry.addEventListener('click', () => client.retryNow());

  /** Whole seconds, redrawn when they change. Not announced: a screen reader would count aloud. */
  function tick(): void {
    clearTimeout(ticking);
    const status = client.status.get();
    if (status.state !== 'waiting' && status.state !== 'offline') {
      setText(count, '');
      return;
    }
    const left = Math.max(0, status.retryAt - Date.now());
    setText(count, left === 0 ? 'Trying now.' : `Next try in ${Math.ceil(left / 1000)} s.`);
    if (left > 0) ticking = window.setTimeout(tick, (left % 1000) + 20);
  }

  return {
    render(cursor) {
      const status = client.status.get();
      const outbox = client.outbox.status.get();
      const now = words(status, harm.get().held);
      state.dataset['tone'] = now.tone;
      setText(word, now.word);
      setText(why, now.why);
      retry.hidden = status.state !== 'waiting' && status.state !== 'offline';
      tick();
      rope.render(status);
      const connected = status.state === 'connected';
      fact('transport', connected || status.state === 'connecting' ? status.transport : 'none');
      fact('trip', connected && status.roundTrip !== null ? `${Math.max(1, Math.round(status.roundTrip))} ms` : 'not measured');
      const { banner } = client.uiStatus.get();
      fact('banner', banner === 'hidden' ? 'nothing' : banner);
      fact('log', cursor === null ? 'at its beginning' : `${short(cursor.epoch)} #${cursor.offset}`);
      fact('pending', outbox.pending === 0 ? 'nothing' : String(outbox.pending));
      fact('kept', outbox.durable ? stores.none : stores[outbox.problem === 'none' ? 'memory-store' : outbox.problem]);
    },
  };
}
