// @vitest-environment jsdom
import { describeBehaviour } from './behaviour.ts';
import { reactDriver } from './react-driver.ts';

describeBehaviour(reactDriver);
