// The scan in a process of its own, with probes beside it: prints the 99th percentiles of the event loop's delay and of `fs.stat`, in milliseconds.
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import fastcdc from '@chunker/chunking-fastcdc/plugin';
import zstd from '@chunker/codec-zstd/plugin';
import { Registry } from '@chunker/core';
import blake3 from '@chunker/hash-blake3/plugin';
import { pipeline } from '@chunker/pipeline';

const RESOLUTION_MS = 1;
const [file] = process.argv.slice(2);
const registry = Registry.of(...fastcdc, ...blake3, ...zstd);
const line = pipeline(registry).chunk('fastcdc').hash('blake3').dedup().compress('zstd', { level: 3 });
await Promise.all([registry.ready(), stat(file)]);

let running = true;
const statTimes = [];
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
async function probe() {
  while (running) {
    const began = performance.now();
    await stat(file);
    statTimes.push(performance.now() - began);
    await wait(2);
  }
}
delay.enable();
const probing = probe();
for await (const _ of line.run({ file }).batches());
running = false;
await probing;
delay.disable();
statTimes.sort((a, b) => a - b);
// The histogram counts the timer's own interval as well.
const loopDelayMs = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
process.stdout.write(`${JSON.stringify({ loopDelayMs, statMs: statTimes[Math.floor(statTimes.length * 0.99)], stats: statTimes.length })}\n`);
await registry.dispose();
