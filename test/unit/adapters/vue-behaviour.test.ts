// @vitest-environment jsdom
import { describeBehaviour } from './behaviour.ts';
import { vueDriver } from './vue-driver.ts';

describeBehaviour(vueDriver);
