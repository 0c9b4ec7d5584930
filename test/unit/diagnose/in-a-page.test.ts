import { describe, expect, it } from 'vitest';
import { type Environment, diagnose, sse } from '../../../src/index.ts';
import type { Violation } from '../../../src/platform/violations.ts';
import { type Desk, makeDesk, verdicts } from './desk.ts';

describe('in a page', () => {
  const baseUrl = 'https://app.example/';
  const failing = (): Promise<never> => Promise.reject(new TypeError('Failed to fetch'));
  const opaque = (): Promise<Response> => Promise.resolve({ status: 0, headers: new Headers() } as Response);

  const run = async (fetch: Environment['fetch'], change: (desk: Desk) => void = () => {}): Promise<string | null> => {
    const desk = makeDesk({ transports: [sse()] }, { fetch, baseUrl });
    change(desk);
    const told = diagnose(desk.client);
    await desk.clock.advance(10_000);
    const { sse: problem } = verdicts(await told);
    expect(desk.clock.pending).toBe(0);
    return problem!;
  };

  it('a server that answers a plain GET, and the page nothing, allows its origin not', async () => {
    const modes: unknown[] = [];
    const problem = await run((_url, { method, mode, redirect }) => {
      modes.push([method, mode, redirect]);
      return mode === 'no-cors' ? opaque() : failing();
    });
    expect(problem).toMatch(/CORS/);
    expect(modes).toEqual([
      ['POST', undefined, 'manual'],
      ['GET', 'no-cors', undefined],
    ]);
  });

  it('a server that answers nothing is not there', async () => {
    expect(await run(failing)).toMatch(/cannot be reached; a page is not told/);
  });

  it('a policy of the page is named', async () => {
    let violate: ((violation: Violation) => void) | null = null;
    const told = await run(
      () => {
        violate?.({ directive: 'connect-src', blocked: 'https://api.example' });
        return failing();
      },
      ({ page }) =>
        Object.assign(page, {
          violations: (listener: (violation: Violation) => void) => ((violate = listener), () => (violate = null)),
        }),
    );
    expect(told).toMatch(/Content Security Policy of the page forbids it \(connect-src\)/);
    expect(violate).toBeNull();
  });

  it('another violation is none of ours', async () => {
    const told = await run(failing, ({ page }) =>
      Object.assign(page, {
        violations: (listener: (violation: Violation) => void) => {
          listener({ directive: 'img-src', blocked: 'https://pictures.example' });
          listener({ directive: 'script-src', blocked: 'inline' });
          return () => {};
        },
      }),
    );
    expect(told).not.toMatch(/Policy/);
  });
});
