// Holds I12 (docs/guarantees.md).
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { indexedDBOutbox } from '../../src/outbox/indexeddb-store.ts';
import { outboxStoreContract } from './outbox-store.ts';

outboxStoreContract('indexeddb', () => ({ store: indexedDBOutbox, environment: { indexedDB: new IDBFactory(), IDBKeyRange } }));
