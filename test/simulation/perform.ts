/** Does to a page what the schedule says. */
import type { Actor } from './actor.ts';
import type { Stage } from './stage.ts';
import { actOnEntry } from './entries.ts';
import type { PageLife } from './page.ts';
import type { PageAction } from './page-actions.ts';

const NETWORKS = ['wifi', 'cellular'] as const;

export function performOnPage(actor: Actor, action: PageAction, stage: Stage): void {
  const { client, cable, life, reader } = actor;
  /** What the app and the browser do in the page waits until the page runs. */
  const inPage = (run: () => void): void => life.arrive(() => actor.alive && run());
  switch (action.type) {
    case 'publish':
      return inPage(() => actor.publish(action.channel, action.count, action.ttl));
    case 'tell':
      return inPage(() => actor.tell(action.channel));
    case 'history':
      return inPage(() => void actor.past.read(action));
    case 'enter':
    case 'alter':
    case 'exit':
    case 'look':
      return inPage(() => actor.company?.perform(action.type, action.channel));
    case 'request':
      return inPage(() => void actor.asking.ask(action));
    case 'cancel':
      return inPage(() => actor.cancel());
    case 'cancel-entry':
    case 'retry-entry':
    case 'discard-entry':
      return inPage(() => actOnEntry(actor, action.type, stage));
    case 'user-switch':
      return inPage(() => {
        if (actor.desk === null) return;
        stage.profiles.of(actor.slot)?.switchUser(actor.slot);
        actor.destroy();
      });
    case 'retry':
      return inPage(() => client.retryNow());
    case 'pause':
      return inPage(() => actor.pause());
    case 'resume':
      return inPage(() => client.connect());
    case 'leave':
      return inPage(() => reader.leave());
    case 'join':
      return inPage(() => reader.joinAll());
    case 'hide':
      return inPage(() => life.hide());
    case 'show':
      return inPage(() => life.show());
    case 'offline':
      return inPage(() => life.page.set({ online: false }));
    case 'online':
      return inPage(() => life.page.set({ online: true }));
    case 'hammer':
      return inPage(() => void actor.hammer(action.times, action.every));
    case 'cut':
      return cable.cut(action.who);
    case 'vanish':
      return cable.vanish(action.way);
    case 'stall':
      return cable.stall(action.way);
    case 'heal':
      return cable.heal();
    case 'mode':
      return cable.set(action.mode);
    case 'latency':
      return cable.latency(action.min, action.max, action.rate ?? Infinity);
    case 'jump':
      return stage.profiles.jump(actor, action.ms);
    case 'revoke':
      for (const other of stage.actors()) if (other.user === actor.user) other.revoked();
      return stage.fleet().servers.forEach((server) => void server.revoke(actor.user));
    case 'thaw':
      return life.thaw(action.timersFirst);
    case 'reload':
      return action.how === 'destroy' ? inPage(() => actor.destroy()) : actor.crash(action.how === 'crash');
    case 'roam':
      cable.move(action.network);
      if (action.sockets === 'dead') cable.vanish('both');
      // Another of the same kind is told as well: the kinds are few.
      if (action.told) inPage(() => roam(life, action.network));
      return;
    case 'block':
      cable.block(action.way, action.block);
      if (action.kills) cable.vanish('both', action.way);
      return;
    case 'unblock':
      cable.block(action.way, null);
      if (action.told) inPage(() => life.page.tell('network'));
      return;
    case 'freeze':
    case 'sleep':
    case 'put-away':
      if (!life.stopped) stop(actor, action);
  }
}

function roam({ page }: PageLife, network: 0 | 1): void {
  const name = NETWORKS[network];
  if (page.network() === name) page.tell('network');
  else page.set({ network: name });
}

type Stop = Extract<PageAction, { readonly type: 'freeze' | 'sleep' | 'put-away' }>;

function stop({ cable, life }: Actor, action: Stop): void {
  switch (action.type) {
    case 'freeze':
      if (action.told) life.page.tell('freeze');
      return life.stop({ waking: action.told ? 'resume' : null });
    case 'sleep':
      cable.vanish('both');
      life.stop(action);
      return life.wakeAfter(action.ms, action.timersFirst);
    case 'put-away':
      life.page.tell('pagehide');
      life.stop({ waking: 'pageshow' });
      if (action.sockets === 'closed') cable.cut('client');
      return life.wakeAfter(action.ms, false);
  }
}
