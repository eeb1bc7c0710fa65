import { Registry } from '@chunker/core';
import { runs } from './runs.js';

const registry = Registry.of(runs);
const codec = await registry.codec('runs');
const packed = await codec.compress(new Uint8Array(1000));
console.log(packed.length, registry.detect(packed)); // 13 runs
console.log((await registry.decompressAuto(packed)).length); // 1000

const stream = codec.compressStream([new Uint8Array(400), new Uint8Array(600)]);
for await (const piece of codec.decompressStream(stream)) console.log(piece.length); // 1000
await registry.dispose();
