// @vitest-environment jsdom
/** A component as an app writes it, with the composables of its contract, against its server. */
import { mount } from '@vue/test-utils';
import { createHooks } from 'holdfast/vue';
import { expect, it } from 'vitest';
import { defineComponent, ref } from 'vue';
import type { App } from '../../types/app.ts';
import { soon, startApp } from './app.ts';

const { plugin, useLatestBy, useMessages, usePresence, usePublish, useUiStatus } = createHooks<App>();

it('a desk shows prices, a room by its id, who is there, and publishes', async () => {
  const app = await startApp();
  const client = app.open('ada', { channels: { prices: { mode: 'live' } } });
  const id = ref('42');
  const name = () => `room:${id.value}` as const;
  let say!: (text: string) => void;
  const Desk = defineComponent({
    setup() {
      const prices = useLatestBy('prices', 'tick', ({ symbol }) => symbol, { frame: false });
      const banner = useUiStatus();
      const { messages } = useMessages(name, { events: ['message'] });
      const { publish } = usePublish(name);
      const members = usePresence('board:7', { enter: () => ({ name: 'Ada', at: id.value }) });
      say = (text) => publish('message', { id: text, text });
      return () => {
        const ticks = [...prices.value].map(([symbol, { price }]) => `${symbol} ${price.toFixed(2)}`);
        const who = members.value.map(({ data }) => `${data.name} at ${data.at}`);
        return [banner.value.banner, ticks.sort(), messages.value.map(({ data }) => data.text), who].map(String).join(' | ');
      };
    },
  });
  const desk = mount(Desk, { global: { plugins: [[plugin, client]] } });
  const shows = async (text: string): Promise<void> => {
    await soon(() => desk.text() === text, `it shows ${text}`).catch(() => {});
    expect(desk.text()).toBe(text);
  };
  await shows('hidden |  |  | Ada at 42');
  await soon(() => client.channel('prices').status.get().state === 'live', 'prices are live');
  for (const price of [1, 2, 3]) await app.server.publish('prices', 'tick', { symbol: price === 2 ? 'X' : 'Y', price });
  say('hi');
  await shows('hidden | X 2.00,Y 3.00 | hi | Ada at 42');
  id.value = '43';
  await shows('hidden | X 2.00,Y 3.00 |  | Ada at 43');
  say('there');
  await shows('hidden | X 2.00,Y 3.00 | there | Ada at 43');
  desk.unmount();
});
