import process from 'node:process';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ChunkerError, CompressionError } from '../../src/errors/index.js';
import { callSync, isSlabBacked, type MakeError, openRoom, plainSlab, type Room, type RunOptions } from '../../src/native/index.js';
import { buildProbe, loadProbe, type Probe } from './probe.js';

let addon: Probe;
let room: Room;

beforeAll(async () => {
  await buildProbe();
  addon = loadProbe();
  room = openRoom(addon);
}, 600_000);

const sum = (input: Uint8Array, options: RunOptions = {}) => room.run<number>((ticket, bytes) => addon.sum(ticket, bytes), { input, ...options });
const echo = (input: Uint8Array, options: RunOptions = {}) => room.run<Uint8Array>((ticket, bytes) => addon.echo(ticket, bytes), { input, ...options });
const slow = (milliseconds: number, options: RunOptions = {}) =>
  room.run<number>((ticket, bytes) => addon.slow(ticket, bytes, milliseconds), { input: new Uint8Array(1), ...options });
const refused = (call: () => unknown) => expect((async () => call())()).rejects;
const invalid = expect.objectContaining({ code: 'invalid_input' });

/** A buffer that can be resized; TypeScript's library for es2023 does not know them. */
function resizable(byteLength: number, maxByteLength: number): ArrayBuffer & { resize(byteLength: number): void } {
  const Resizable = ArrayBuffer as unknown as new (
    byteLength: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(byteLength: number): void };
  return new Resizable(byteLength, { maxByteLength });
}

/** Bytes that differ from their neighbours, and what they add up to. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 255;
  return bytes;
}
const total = (bytes: Uint8Array) => bytes.reduce((a, b) => a + b, 0);

describe('values', () => {
  it('arrive as what they are, whole beyond 2^32', async () => {
    const offsets = Float64Array.of(0, 2 ** 32, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER);
    expect(await room.run((ticket) => addon.kinds(ticket, offsets))).toEqual([
      undefined,
      Number.MAX_SAFE_INTEGER,
      Uint8Array.of(1, 2, 3),
      Uint32Array.of(0xffffffff, 7),
      offsets,
      'schön',
    ]);
    for (const n of [0, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) expect(addon.whole(n)).toBe(n);
  });

  it('are refused when they are no whole numbers', async () => {
    for (const n of [-1, 1.9, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, undefined, null, {}]) {
      expect(() => callSync(() => addon.whole(n as number)), String(n)).toThrow(invalid);
    }
    for (const offsets of [[-1], [0.5], [2 ** 53], [Number.NaN]]) {
      await refused(() => room.run((ticket) => addon.kinds(ticket, Float64Array.from(offsets)))).toThrow(invalid);
    }
    await refused(() => room.run(() => addon.sum(2 ** 40, new Uint8Array(1)))).toThrow(invalid);
    await refused(() => room.run(() => addon.sum(-1, new Uint8Array(1)))).toThrow(invalid);
  });

  it('come back exactly as long as they are', async () => {
    for (const length of [0, 1, 63, 16383, 16384, 16385, 1 << 20]) {
      const input = pattern(length);
      const output = await echo(input);
      expect(output.buffer.byteLength).toBe(length);
      expect(Buffer.compare(output, input)).toBe(0);
      // A small result is JavaScript's own memory and can be moved; a large one is native memory, which Node 20 copies instead and later versions refuse: it stays whole.
      const native = length > 256 << 10;
      try {
        structuredClone(output.buffer, { transfer: [output.buffer as ArrayBuffer] });
      } catch (error) {
        expect([native, (error as Error).name]).toEqual([true, 'DataCloneError']);
      }
      expect(output.buffer.byteLength).toBe(native ? length : 0);
      if (native) expect(Buffer.compare(output, input)).toBe(0);
    }
  });
});

describe('errors', () => {
  it('carry code, facts and a sentence, by both doors', async () => {
    const expected = { code: 'corrupt_data', details: { offset: 2 ** 32 + 5, reason: 'a "quoted"\nreason' }, message: expect.stringContaining('damaged') };
    await refused(() => room.run((ticket) => addon.fault(ticket))).toMatchObject(expected);
    await refused(() => callSync(() => addon.faultSync())).toMatchObject(expected);
  });

  it('are of the class that the caller makes', async () => {
    const makeError: MakeError = (code, details, parameters) => new CompressionError(code, { ...details, algorithm: 'probe' } as never, parameters);
    await refused(() => room.run((ticket) => addon.fault(ticket), { makeError })).toSatisfy(
      (error) => error instanceof CompressionError && (error.details as { algorithm: string }).algorithm === 'probe',
    );
    await refused(() => callSync(() => addon.faultSync(), makeError)).toBeInstanceOf(CompressionError);
  });

  it('are what panics become, by both doors and in loops', async () => {
    const panic = (reason: RegExp) => expect.objectContaining({ code: 'native_panic', details: { reason: expect.stringMatching(reason) } });
    for (let i = 0; i < 50; i++) {
      await refused(() => room.run((ticket) => addon.panicInJob(ticket, false))).toEqual(panic(/^the probe panicked on purpose \(.*lib\.rs:\d+\)$/));
      await refused(() => room.run((ticket) => addon.panicInJob(ticket, true))).toEqual(panic(/^iteration \d failed/));
      await refused(() => callSync(() => addon.panicSync())).toEqual(panic(/^the probe panicked on purpose/));
    }
    expect(await sum(Uint8Array.of(1, 2))).toBe(3);
  });

  it('are what allocations become that cannot be had', async () => {
    for (const bytes of [2 ** 46, Number.MAX_SAFE_INTEGER]) {
      await refused(() => room.run((ticket) => addon.allocate(ticket, bytes))).toMatchObject({ code: 'out_of_memory', details: { bytes } });
      await refused(() => room.slabs.take(bytes)).toMatchObject({ code: 'out_of_memory', details: { bytes } });
    }
    for (const bytes of [-1, 1.5, Number.NaN]) await refused(() => room.slabs.take(bytes)).toThrow(invalid);
  });
});

describe('inputs', () => {
  it('of every size and origin are read right', async () => {
    for (const length of [0, 1, 32 << 10, (32 << 10) + 1, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, (9 << 20) + 17]) {
      const input = pattern(length);
      const expected = total(input);
      expect(await sum(input), `${length}`).toBe(expected);
      expect(addon.sumSync(input)).toBe(expected);
    }
    const bytes = pattern(100_000);
    expect(await sum(bytes.subarray(77, 70_001))).toBe(total(bytes.subarray(77, 70_001)));
    expect(await sum(Buffer.from('pooled'))).toBe(total(Buffer.from('pooled')));
  });

  it('that are resizable or shared are copied at once', async () => {
    for (const buffer of [resizable(6 << 20, 8 << 20), new SharedArrayBuffer(6 << 20)]) {
      const input = new Uint8Array(buffer).fill(1);
      const running = sum(input);
      input.fill(2);
      if ('resize' in buffer) buffer.resize(1);
      expect(await running).toBe(6 << 20);
    }
  });

  it('may be shrunk, moved and scribbled over a thousand times meanwhile', async () => {
    for (let i = 0; i < 1000; i++) {
      const fixed = new Uint8Array(50_000).fill(1);
      const shrinking = resizable(50_000, 100_000);
      const running = [sum(fixed), sum(new Uint8Array(shrinking).fill(1))];
      fixed.fill(9);
      structuredClone(fixed.buffer, { transfer: [fixed.buffer] });
      shrinking.resize(0);
      expect(await Promise.all(running)).toEqual([50_000, 50_000]);
    }
  });

  it('that lose their memory before they are read are refused', async () => {
    const gone = new Uint8Array(10);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    await refused(() => sum(gone)).toThrow(invalid);
    const large = new Uint8Array(9 << 20);
    const running = sum(large);
    structuredClone(large.buffer, { transfer: [large.buffer] });
    await refused(() => running).toThrow(invalid);
    expect(JSON.parse(addon.executorInfo()).slabBytes).toBe(0);
  });

  it('that are no Uint8Array are refused', async () => {
    for (const input of ['text', new DataView(new ArrayBuffer(1)), new Float64Array(1), new ArrayBuffer(1), [1], null]) {
      await refused(() => sum(input as never)).toThrow(invalid);
      expect(() => callSync(() => addon.sumSync(input as never))).toThrow(invalid);
    }
  });

  it('are read in place when the caller says so, unless they are not fixed', async () => {
    const input = new Uint8Array(20 << 20).fill(1);
    expect(await sum(input, { inPlace: true })).toBe(20 << 20);
    expect(await sum(new Uint8Array(0), { inPlace: true })).toBe(0);
    await refused(() => sum(new Uint8Array(new SharedArrayBuffer(8)), { inPlace: true })).toThrow(invalid);
    await refused(() => sum(new Uint8Array(resizable(8, 9)), { inPlace: true })).toThrow(invalid);
  });
});

describe('outputs of the caller', () => {
  const into = (input: Uint8Array, output: Uint8Array, options: RunOptions = {}) =>
    room.run<number>((ticket, bytes) => addon.echoInto(ticket, bytes, output), { input, into: output, ...options });

  it('are filled, whatever memory they have', async () => {
    const slab = room.slabs.take(200_000);
    for (const output of [new Uint8Array(150_000), slab.bytes, new Uint8Array(new SharedArrayBuffer(150_000)), new Uint8Array(200_000).subarray(10, 140_000)]) {
      const input = pattern(100_000);
      expect(await into(input, output)).toBe(100_000);
      expect(Buffer.compare(output.subarray(0, 100_000), input)).toBe(0);
    }
    slab.end();
    const fixed = new Uint8Array(100_000);
    expect(await into(pattern(100_000), fixed, { inPlace: true })).toBe(100_000);
    expect(total(fixed)).toBe(total(pattern(100_000)));
    expect(await into(new Uint8Array(0), new Uint8Array(0))).toBe(0);
  });

  it('that are too small, or gone, are errors', async () => {
    await refused(() => into(pattern(10), new Uint8Array(9))).toMatchObject({ code: 'output_too_small', details: { available: 9, needed: 10 } });
    const output = new Uint8Array(100);
    const running = into(pattern(100), output);
    structuredClone(output.buffer, { transfer: [output.buffer] });
    await refused(() => running).toThrow(invalid);
    await refused(() => into(pattern(100), output)).toThrow(invalid);
  });
});

describe('slabs', () => {
  it('cross without a copy and stay as long as a job reads them', async () => {
    const slab = room.slabs.take(8 << 20);
    expect(isSlabBacked(slab.bytes.subarray(5))).toBe(true);
    slab.bytes.fill(1);
    const view = slab.bytes.subarray(1000);
    const before = JSON.parse(addon.executorInfo());
    const running = [sum(slab.bytes), sum(view)];
    expect(JSON.parse(addon.executorInfo()).jobBytes).toBe(before.jobBytes);
    slab.end();
    slab.end();
    expect([slab.bytes.length, view.length]).toEqual([0, 0]);
    const next = room.slabs.take(8 << 20);
    next.bytes.fill(2);
    expect(await Promise.all(running)).toEqual([8 << 20, (8 << 20) - 1000]);
    next.end();
    expect(JSON.parse(addon.executorInfo()).slabBytes).toBe(0);
  });

  it('are refused once they have ended', async () => {
    const slab = room.slabs.take(100);
    const { bytes } = slab;
    slab.end();
    await refused(() => sum(bytes)).toThrow(invalid);
  });

  it('have a twin of plain memory', () => {
    const slab = plainSlab(1000);
    const view = slab.bytes.subarray(10);
    slab.end();
    slab.end();
    expect([slab.bytes.length, view.length]).toEqual([0, 0]);
    expect(() => plainSlab(2 ** 50)).toThrow(expect.objectContaining({ code: 'out_of_memory' }));
  });
});

describe('abort', () => {
  const reason = new Error('enough');

  it('rejects with the reason itself: before, queued, running', async () => {
    await refused(() => sum(new Uint8Array(1), { signal: AbortSignal.abort(reason) })).toBe(reason);
    const controller = new AbortController();
    const { signal } = controller;
    const warned = vi.fn();
    process.on('warning', warned);
    // Ten minutes each, twice as long as a test may take.
    const running = Array.from({ length: 40 }, () => slow(600_000, { signal }));
    setTimeout(() => controller.abort(reason), 30);
    for (const result of await Promise.allSettled(running)) expect(result).toEqual({ status: 'rejected', reason });
    expect(warned, 'too many listeners on one signal').not.toHaveBeenCalled();
    process.off('warning', warned);
  });

  it('stops large inputs that are still being copied', async () => {
    const controller = new AbortController();
    const running = sum(new Uint8Array(40 << 20), { signal: controller.signal });
    controller.abort(reason);
    await refused(() => running).toBe(reason);
    expect(JSON.parse(addon.executorInfo()).slabBytes).toBe(0);
  });

  it('does nothing to the next user of the slot', async () => {
    for (let i = 0; i < 200; i++) {
      const controller = new AbortController();
      await sum(Uint8Array.of(i), { signal: controller.signal });
      const next = sum(Uint8Array.of(i, 1));
      controller.abort(reason);
      expect(await next).toBe(i + 1);
    }
  });
});

describe('many jobs', () => {
  it('end, more of them than there are slots', async () => {
    const answers = await Promise.all(Array.from({ length: 40_000 }, (_, i) => sum(Uint8Array.of(i & 255, 1))));
    expect(answers.every((answer, i) => answer === (i & 255) + 1)).toBe(true);
  });

  it('end when each has loops within loops', async () => {
    expect(await Promise.all(Array.from({ length: 64 }, () => room.run((ticket) => addon.nest(ticket, 4))))).toEqual(Array(64).fill(256));
    expect(addon.nestSync(4)).toBe(256);
  });
});

it("errors of the border are the house's own", async () => {
  await refused(() => sum(1 as never)).toBeInstanceOf(ChunkerError);
});
