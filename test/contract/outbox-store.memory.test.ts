import { memoryOutbox } from '../../src/outbox/memory-store.ts';
import { outboxStoreContract } from './outbox-store.ts';

outboxStoreContract('memory', () => ({ store: memoryOutbox, environment: {} }));
