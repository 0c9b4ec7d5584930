/** Publications a second of one client, each acknowledged by the server, with a bounded number on their way. */
import { compare, interleave, main } from './support/measure.mjs';
import { start } from './support/processes.mjs';

const COUNT = 20_000;
const PLAN = { rounds: 9, warmUp: 5 };

async function open(peer) {
  const server = await start(peer, 'server');
  const client = await start(peer, 'client');
  await client.connect(await server.url(), { subscribe: false });
  return async (window) => {
    const took = await client.pipeline(COUNT, window);
    await server.forget();
    return { rate: (COUNT / took) * 1000 };
  };
}

await main(`Acknowledged publications (${PLAN.rounds} rounds of ${COUNT.toLocaleString('en-US')})`, async () => {
  const sides = [await open('raw'), await open('holdfast')];
  const rows = [];
  for (const [window, target] of [
    [256, 3],
    [64, undefined],
  ]) {
    const pairs = await interleave(
      PLAN,
      sides.map((side) => () => side(window)),
    );
    rows.push(compare(`${window} on their way`, { figure: 'rate', unit: '/s', better: 'higher', target }, pairs));
  }
  return rows;
});
