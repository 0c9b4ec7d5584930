// @vitest-environment jsdom
/** What is imported by itself, without `createHooks`. */
import { cleanup, render } from '@testing-library/react';
import { mount } from '@vue/test-utils';
import * as react from 'holdfast/react';
import * as vue from 'holdfast/vue';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineComponent, h } from 'vue';
import { useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
afterEach(cleanup);

describe.each([
  ['React', react, ['context']],
  ['Vue', vue, []],
] as const)('%s', (_, entry, inside) => {
  it('has all that createHooks makes', () => {
    const made = Object.keys(entry.createHooks());
    expect(Object.keys(entry).sort()).toEqual(
      ['createHooks', ...made.filter((name) => !inside.some((one) => one === name))].sort(),
    );
  });
});

it('a hook of React shows the client of the Provider that is imported with it', () => {
  const { client } = createWorld().open();
  const Shown = () => {
    const isSame = react.useClient() === client;
    return <p>{[react.useStatus().state, isSame, react.usePublish('room').pending].join(' ')}</p>;
  };
  const { container } = render(
    <react.Provider client={client}>
      <Shown />
    </react.Provider>,
  );
  expect(container.textContent).toBe('idle true 0');
  const Other = react.createHooks().Provider;
  expect(() => render(<Other client={client}><Shown /></Other>)).toThrow('There is no <Provider'); // prettier-ignore
});

it('a composable of Vue shows the client of the plugin that is imported with it', () => {
  const { client } = createWorld().open();
  const Shown = defineComponent(() => {
    const [status, { pending }] = [vue.useStatus(), vue.usePublish('room')];
    const isSame = vue.useClient() === client;
    return () => h('p', [status.value.state, isSame, pending.value].join(' '));
  });
  const wrapper = mount(Shown, { global: { plugins: [[vue.plugin, client]] } });
  expect(wrapper.text()).toBe('idle true 0');
  wrapper.unmount();
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  expect(() => mount(Shown, { global: { plugins: [[vue.createHooks().plugin, client]] } })).toThrow('The plugin is missing');
  warn.mockRestore();
});
