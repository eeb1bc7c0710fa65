import { describe, expect, it } from 'vitest';
import type { Stream } from '../src/addon.js';
import { MemoryGate } from '../src/memory-gate.js';
import { encoderPush } from '../src/push.js';

const BYTES = 100;

/** An encoder that takes all and gives nothing, at a gate with room for one. */
function opened(gate: MemoryGate, open?: () => Stream) {
  let ends = 0;
  const stream: Stream = {
    push() {},
    pushSync: () => new Uint8Array(0),
    end() {
      ends++;
    },
  };
  const makeError = (code: string) => Object.assign(new Error(code), { code });
  const way = { room: {}, run: {}, makeError } as unknown as Parameters<typeof encoderPush>[0];
  const push = encoderPush(way, open ?? (() => stream), BYTES, gate, 1000, undefined);
  return { push, ends: () => ends };
}

describe('an encoder that waits for memory', () => {
  it('takes none once it is given up', async () => {
    const gate = new MemoryGate(BYTES);
    const [first, second] = [opened(gate), opened(gate)];
    await first.push.push(new Uint8Array(1));
    const waiting = Promise.resolve(second.push.push(new Uint8Array(1)));
    second.push.dispose?.();
    first.push.dispose?.();
    await expect(waiting).rejects.toMatchObject({ code: 'already_finished' });
    expect([first.ends(), second.ends(), gate.taken]).toEqual([1, 0, 0]);
  });

  it('gives back what it took when it cannot be opened', async () => {
    const gate = new MemoryGate(BYTES);
    const { push } = opened(gate, () => {
      throw new Error('no');
    });
    await expect(Promise.resolve(push.push(new Uint8Array(1)))).rejects.toThrow('no');
    expect(gate.taken).toBe(0);
  });
});
