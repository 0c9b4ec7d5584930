/**
 * A chat over Holdfast in plain TypeScript. room.ts has all that it does with the library; the rest is drawing, and harm.ts
 * is what breaks the line.
 */
import { createClient, longPolling, sse, webRTC, webSocket } from 'holdfast';
import { createComposer } from './composer.ts';
import { createDiagnosePanel } from './diagnose-panel.ts';
import { byId, setText } from './dom.ts';
import { createHarmPanel } from './harm-panel.ts';
import { createHarm } from './harm.ts';
import { createHistoryView } from './history-view.ts';
import { createHistory } from './history.ts';
import { createIdentity } from './identity.ts';
import { createLogPanel } from './log-panel.ts';
import { createRoom, type Room } from './room.ts';
import { createScorePanel } from './score-panel.ts';
import { createScroller } from './scroller.ts';
import { createStatusView } from './status-view.ts';
import { createWaysPanel } from './ways-panel.ts';
import { createWays, labelOf } from './ways.ts';

const BURST = 100;

const harm = createHarm();
const serverHasWebRTC = document.documentElement.dataset['webrtc'] === 'yes';
const basic = [webSocket(), sse(), longPolling()] as const;
// A hint of another network makes the client look for a better transport within about a second.
const ways = createWays(serverHasWebRTC ? [webRTC(), ...basic] : basic, () => harm.hint('network'));
const history = createHistory(labelOf, forbidden, () => Date.now());
const client = createClient(new URL('realtime', document.baseURI), {
  transports: ways.transports,
  channels: { 'room:{id}': { rewind: 50 } },
  environment: harm.environment,
});

const identity = createIdentity(location.search);
const rooms = new Map<string, Room>();
const status = createStatusView(client, harm);
const harmPanel = createHarmPanel(harm, () => room.sayForbidden());
const waysPanel = createWaysPanel(ways);
const scorePanel = createScorePanel();
const log = createLogPanel();
const scroller = createScroller();
const composer = createComposer({ say: (text) => room.say(text), typed: () => room.typed() });
const lists = byId('lists', HTMLElement);
const intro = byId('intro', HTMLElement);
const typing = byId('typing', HTMLElement);
const roomField = byId('room', HTMLInputElement);
const nameField = byId('name', HTMLInputElement);

let drawing = false;
let room = enter();

/** A part of a channel name: what cannot stand in one becomes a dash. */
function roomName(text: string): string {
  let plain = text;
  try {
    plain = decodeURIComponent(text);
  } catch {
    // A lone percent sign in the address is no reason to fail.
  }
  const fitting = plain
    .trim()
    .toLowerCase()
    .replaceAll(/[^\w.-]+/g, '-');
  return fitting.slice(0, 40) || 'lobby';
}

/** The room of the address: `#lobby`. A room that was entered stays subscribed, so coming back shows what was said meanwhile. */
function enter(): Room {
  const name = roomName(location.hash.slice(1));
  const entered = rooms.get(name) ?? createRoom({ client, name, me: identity.me, onChange: draw, onTick: history.tick });
  rooms.set(name, entered);
  lists.replaceChildren(entered.list.element);
  roomField.value = name;
  document.title = `#${name} · Holdfast demo`;
  byId('second', HTMLAnchorElement).href = `./#${name}`;
  return entered;
}

/** Everything that changes asks for this; one drawing takes all. A timer, since a hidden tab has no animation frames. */
function draw(): void {
  if (drawing) return;
  drawing = true;
  window.setTimeout(() => {
    drawing = false;
    status.render(room.cursor());
    harmPanel.render();
    waysPanel.render(carrying());
    scorePanel.render(room.score);
    composer.render(client.status.get(), client.outbox.status.get());
    setText(typing, room.typing.text());
    intro.hidden = room.list.element.childElementCount > 0;
    scroller.follow();
  }, 16);
}

/** Names of the transports that this tab may not use now. */
function forbidden(): readonly string[] {
  return ways.list().flatMap(({ name, allowed }) => (allowed ? [] : [name]));
}

/** Name of the transport in use; null if there is none. */
function carrying(): string | null {
  const now = client.status.get();
  return now.state === 'connected' ? now.transport : null;
}

client.status.subscribe(() => {
  history.carries(carrying());
  draw();
});
client.uiStatus.subscribe(draw);
client.outbox.status.subscribe(draw);
client.on('trace', (trace) => {
  log.add(trace);
  if (trace.name === 'choose') history.chosen(trace.detail);
});
client.on('error', (error) => log.add({ at: Date.now(), name: 'error', detail: { code: error.code, message: error.message } }));
harm.subscribe(draw);
ways.subscribe(draw);

window.addEventListener('hashchange', () => {
  room = enter();
  scroller.toEnd();
  draw();
});
roomField.addEventListener('change', () => {
  location.hash = roomName(roomField.value);
});
nameField.value = identity.me().name;
nameField.addEventListener('change', () => {
  identity.rename(nameField.value);
  nameField.value = identity.me().name;
});
for (const field of [roomField, nameField]) {
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') field.blur();
  });
}
byId('burst', HTMLButtonElement).addEventListener('click', () => {
  room.burst(BURST);
  // After it: by the scroll event, which comes later, the reader is at the end of what is there by then.
  scroller.toEnd();
});

const tools = byId('tools', HTMLElement);
const sheet = byId('sheet', HTMLButtonElement);
sheet.addEventListener('click', () => {
  const open = tools.dataset['open'] !== 'yes';
  tools.dataset['open'] = open ? 'yes' : 'no';
  sheet.setAttribute('aria-expanded', String(open));
  scroller.follow();
});

/** On a phone the switches and the picture are among the tools; beside the chat there is no room for them. */
const waysCard = byId('ways-card', HTMLElement);
const chat = document.querySelector('.chat');
const narrow = window.matchMedia('(max-width: 860px)');
const place = (): void => {
  if (narrow.matches) byId('sheet-body', HTMLElement).prepend(waysCard);
  else chat?.before(waysCard);
};
narrow.addEventListener('change', place);
place();
createHistoryView(
  history,
  ways.list().map(({ name }) => name),
  labelOf,
);
createDiagnosePanel(client, ways);

draw();
