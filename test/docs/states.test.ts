import { expect, it } from 'vitest';
import { read } from './blocks.ts';
import { renderStates } from './states.ts';

it('docs/states.md shows the machines as they are (npm run states writes it)', () => {
  expect(read('docs/states.md')).toBe(`${renderStates()}\n`);
});
