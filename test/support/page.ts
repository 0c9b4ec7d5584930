import type { Hint, Page } from '../../src/platform/page.ts';

export interface FakePage extends Page {
  set(state: { readonly online?: boolean; readonly visible?: boolean; readonly network?: string }): void;
  /** What changes no state of the page. */
  tell(hint: Hint): void;
  /** Listeners that are attached. */
  readonly watchers: number;
}

export function createFakePage(): FakePage {
  const state = { online: true, visible: true, network: 'wifi' };
  const listeners = new Set<(hint: Hint) => void>();
  const tell = (hint: Hint): void => {
    for (const listener of [...listeners]) listener(hint);
  };
  return {
    online: () => state.online,
    visible: () => state.visible,
    network: () => state.network,
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set({ online = state.online, visible = state.visible, network = state.network }) {
      const before = { ...state };
      Object.assign(state, { online, visible, network });
      if (network !== before.network) tell('network');
      if (online !== before.online) tell(online ? 'online' : 'offline');
      if (visible !== before.visible) tell(visible ? 'visible' : 'hidden');
    },
    tell,
    get watchers() {
      return listeners.size;
    },
  };
}
