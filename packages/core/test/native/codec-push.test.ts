import { describe, expect, it } from 'vitest';
import type { NativeStream } from '../../src/native/codec-addon.js';
import { encoderPush } from '../../src/native/codec-push.js';
import { MemoryGate } from '../../src/native/memory-gate.js';

const BYTES = 100;

/** An encoder that takes all and gives nothing, at a gate with room for one. */
function opened(gate: MemoryGate, open?: () => NativeStream) {
  let ends = 0;
  const stream: NativeStream = {
    push() {},
    pushSync: () => new Uint8Array(0),
    end() {
      ends++;
    },
  };
  const makeError = (code: string) => Object.assign(new Error(code), { code });
  const way = { room: {}, run: {}, makeError } as unknown as Parameters<typeof encoderPush>[0];
  const push = encoderPush(way, open ?? (() => stream), { gate, bytes: BYTES, signal: undefined }, 1000);
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

describe('the gate of encoders', () => {
  it('lets encoders begin in order, as memory allows', async () => {
    const gate = new MemoryGate(100);
    const entered: string[] = [];
    const enter = (name: string, bytes: number, signal?: AbortSignal) => gate.enter(bytes, signal).then(() => entered.push(name));
    await enter('large', 150);
    const controller = new AbortController();
    const [first, gone, last] = [enter('first', 60), enter('gone', 80, controller.signal), enter('last', 40)];
    const refused = expect(gone).rejects.toThrow('away');
    controller.abort(new Error('away'));
    await refused;
    expect(entered).toEqual(['large']);
    gate.leave(150);
    await Promise.all([first, last]);
    expect([entered, gate.taken]).toEqual([['large', 'first', 'last'], 100]);
  });
});
