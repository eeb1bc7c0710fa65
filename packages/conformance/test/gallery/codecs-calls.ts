import { type BatchOutput, type Call, defineCodec, type Ranges } from '@chunker/core';
import * as z from 'zod';
import { batchOutput } from './codecs-doors.js';
import { ALL_GUARANTEES, decodeFrames, encodeFrame, FRAMES, frameBound } from './frames.js';
import type { BrokenPlugin } from './gallery.js';

const remembered = new WeakMap<ArrayBufferLike, Map<string, Uint8Array>>();

/** The frame of the same place of the same buffer, if it was compressed before: whatever stands there by now. */
function rememberedFrame(data: Uint8Array): Uint8Array {
  const places = remembered.get(data.buffer) ?? new Map<string, Uint8Array>();
  remembered.set(data.buffer, places);
  const place = `${data.byteOffset}+${data.length}`;
  const frame = places.get(place) ?? encodeFrame(data);
  places.set(place, frame);
  return frame.slice();
}

function soundMany(buffer: Uint8Array, { lengths, offsets }: Ranges): BatchOutput {
  let running = 0;
  const parts = Array.from(lengths, (length, i) => {
    const at = offsets?.[i] ?? running;
    running += length;
    return encodeFrame(buffer.slice(at, at + length));
  });
  return batchOutput(parts);
}

let reused = new Uint8Array(1 << 16);
let kept: Uint8Array = new Uint8Array();
const lastOf = {};

/** Codecs that do not respect whose bytes are whose, or stand in each other's way. */
export const BROKEN_CALLS: readonly BrokenPlugin[] = [
  {
    fault: 'compress marks the input as done by zeroing its first byte',
    definition: defineCodec({
      name: 'marking',
      ...FRAMES,
      compress(data) {
        const frame = encodeFrame(data);
        if (data.length > 0) data[0] = 0;
        return frame;
      },
    }),
    breaks: 'codec.input-is-not-modified',
  },
  {
    fault: 'decompress restores a bit in its input',
    definition: defineCodec({
      name: 'repairing',
      ...FRAMES,
      decompress(data, _options, call) {
        const output = decodeFrames(data, call);
        data[data.length - 1] = 0;
        return output;
      },
    }),
    breaks: 'codec.input-is-not-modified',
  },
  {
    fault: 'compress remembers results by the buffer they were made of',
    definition: defineCodec({ name: 'remembering', ...FRAMES, compress: rememberedFrame }),
    breaks: 'codec.input-is-not-kept',
  },
  {
    fault: 'compress gives a view of one buffer that it uses again and again',
    definition: defineCodec({
      name: 'reusing',
      ...FRAMES,
      compress(data) {
        const frame = encodeFrame(data);
        if (frame.length > reused.length) reused = new Uint8Array(frame.length * 2);
        reused.set(frame);
        return reused.subarray(0, frame.length);
      },
    }),
    breaks: ['codec.output-belongs-to-the-caller', 'codec.calls-side-by-side'],
    because: 'of calls side by side each changes the results of those before it; the items of a batch are laid down one by one',
  },
  {
    fault: 'reads from the start of the buffer instead of the start of the view',
    definition: defineCodec({
      name: 'starting-at-zero',
      ...FRAMES,
      guarantees: { ...ALL_GUARANTEES, concatenable: false },
      compress: (data) => encodeFrame(new Uint8Array(data.buffer, 0, data.length)),
      // Its batch form is sound: otherwise every batch in one buffer would show the fault, too.
      compressMany: soundMany,
      compressManySync: soundMany,
    }),
    breaks: 'codec.any-view',
  },
  {
    fault: 'keeps its input in a shared variable over an await',
    definition: defineCodec({
      name: 'sharing',
      ...FRAMES,
      async compress(data) {
        kept = data;
        await Promise.resolve();
        return encodeFrame(kept);
      },
    }),
    breaks: 'codec.calls-side-by-side',
  },
  {
    fault: 'takes what a scratch holds for part of the input',
    definition: defineCodec({
      name: 'leaking',
      ...FRAMES,
      compress(data, _options, call: Call) {
        const last = call.scratch?.keep(lastOf, () => ({ length: 0 }), 8);
        const frame = encodeFrame(last === undefined ? data : data.subarray(0, data.length - Math.min(last.length, 1)));
        if (last !== undefined) last.length = data.length;
        return frame;
      },
    }),
    breaks: 'codec.scratch-changes-nothing',
  },
  {
    fault: 'its schema lets unknown options pass',
    definition: defineCodec({ name: 'lenient', ...FRAMES, options: z.object({ level: z.int().min(1).max(9).default(3) }) }),
    breaks: 'codec.bad-options-are-refused',
  },
  {
    fault: 'its schema lets any value of an option pass',
    definition: defineCodec({ name: 'anything-goes', ...FRAMES, options: z.strictObject({ level: z.any().default(3) }) }),
    breaks: 'codec.bad-options-are-refused',
  },
  {
    fault: 'has an option that no spec can hold',
    definition: defineCodec({ name: 'unspeakable', ...FRAMES, options: z.strictObject({ steps: z.array(z.int()).default([]) }) }),
    settings: { options: { steps: [1, 2] } },
    breaks: 'codec.spec-reads-back',
  },
  {
    fault: 'one of its kernels fails on inputs of 1 KiB and more',
    definition: defineCodec({
      name: 'half-working',
      guarantees: ALL_GUARANTEES,
      magicBytes: FRAMES.magicBytes,
      kernels: {
        platform: async () => ({ compress: encodeFrame, decompress: FRAMES.decompress, compressBound: frameBound }),
        js: async () => ({
          compress(data) {
            if (data.length >= 1024) throw new RangeError('too long');
            return encodeFrame(data);
          },
          decompress: FRAMES.decompress,
          compressBound: frameBound,
        }),
      },
    }),
    breaks: 'codec.round-trip',
  },
  {
    fault: 'the default it names is refused by its schema',
    definition: defineCodec({
      name: 'otherwise-codec',
      ...FRAMES,
      options: z.strictObject({ level: z.int().max(9).default(9) }),
      defaults: { level: 10 },
    }),
    breaks: 'codec.defaults-are-the-schemas',
  },
];
