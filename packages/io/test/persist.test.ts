import { describe, expect, it } from 'vitest';
import { persist } from '../src/persist.js';

const failing = (code: string) => Object.assign(new Error(code), { code });

/** Fails with each code in turn, then answers. */
function call(codes: readonly string[]) {
  const rest = [...codes];
  let calls = 0;
  return {
    calls: () => calls,
    async run() {
      calls += 1;
      const code = rest.shift();
      if (code !== undefined) throw failing(code);
      return 'done';
    },
  };
}

describe('a call that fails for a moment', () => {
  it('is made again: at once after an interruption, with growing pauses in a shortage', async () => {
    const interrupted = call(new Array(1000).fill('EINTR'));
    expect(await persist(interrupted.run)).toBe('done');
    const short = call(['EAGAIN', 'EMFILE', 'ENFILE', 'EINTR', 'EAGAIN']);
    const started = performance.now();
    expect(await persist(short.run)).toBe('done');
    expect(performance.now() - started).toBeGreaterThan(1 + 2 + 4 + 8 - 4);
    expect(short.calls()).toBe(6);
  });

  it('is given up after eight pauses, and at once for any other reason', async () => {
    const lasting = call(new Array(100).fill('EMFILE'));
    await expect(persist(lasting.run)).rejects.toMatchObject({ code: 'EMFILE' });
    expect(lasting.calls()).toBe(9);
    const denied = call(['EACCES']);
    await expect(persist(denied.run)).rejects.toMatchObject({ code: 'EACCES' });
    expect(denied.calls()).toBe(1);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const lasting = call(new Array(100).fill('EAGAIN'));
    setTimeout(() => controller.abort(reason), 5);
    await expect(persist(lasting.run, controller.signal)).rejects.toBe(reason);
  });
});
