import { describe, expect, it } from 'vitest';
// @ts-expect-error -- a script without declarations
import { renderApi as renderUntyped } from '../../scripts/api.mjs';
import { documents, read } from './blocks.ts';

const renderApi = renderUntyped as () => Promise<Readonly<Record<string, string>>>;

describe('the reference of the API', () => {
  it('is made from the declarations of today: if not, `npm run api` makes it anew', async () => {
    const made = await renderApi();
    const written = documents.filter((document) => document.startsWith('docs/api/'));
    expect(written.map((document) => document.replace('docs/api/', '')).sort()).toEqual(Object.keys(made).sort());
    for (const document of written) expect(read(document), document).toBe(made[document.replace('docs/api/', '')]);
  }, 60_000);

  it('has words of its own for everything that can be called', () => {
    const silent = documents
      .filter((document) => document.startsWith('docs/api/'))
      .flatMap((document) => [...read(document).matchAll(/^## (\w+)\n\n```typescript\nfunction/gm)].map(([, name]) => name));
    expect(silent).toEqual([]);
  });
});
