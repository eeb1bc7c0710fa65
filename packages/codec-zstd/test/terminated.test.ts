import { expect, it } from 'vitest';
import { terminateWorkers, workersOf } from './terminated.js';

const workers = workersOf(24);

it(`survives ${workers} workers terminated in mid-job with 32 MiB and more at every door`, async () => {
  const answer = await terminateWorkers('zstd', { level: 9 }, workers);
  expect(answer).toMatchObject({ code: 0, signal: null, stderr: '', said: { ended: workers, same: true } });
  // Milliseconds, on however busy a machine: nobody waits for work to come to its end.
  expect(answer.said?.worst).toBeLessThan(20_000);
});
