import { expect, it } from 'vitest';
import { terminateWorkers, workersOf } from '../../codec-zstd/test/terminated.js';

const workers = workersOf(12);

it.each([
  ['xz', { level: 1 }],
  ['xz', { level: 3, blockBytes: 1 << 20 }],
  ['lzma', { level: 1 }],
] as const)(`survives ${workers} workers terminated in mid-job with 32 MiB and more at every door: %s %o`, async (name, options) => {
  const answer = await terminateWorkers(name, options, workers);
  expect(answer).toMatchObject({ code: 0, signal: null, stderr: '', said: { ended: workers, same: true } });
  // Milliseconds, on however busy a machine: nobody waits for work to come to its end.
  expect(answer.said?.worst).toBeLessThan(20_000);
});
