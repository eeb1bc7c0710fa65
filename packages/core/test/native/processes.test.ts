import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, Fixtures } from './probe.js';

const fixtures = new Fixtures();
beforeAll(() => fixtures.prepare(), 600_000);
afterAll(() => fixtures.dispose());

/** The one line that a fixture said, when it ended well. */
function said(ended: Ended): Record<string, unknown> {
  expect({ code: ended.code, signal: ended.signal, stderr: ended.stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  expect(ended.said).toHaveLength(1);
  return ended.said[0] as Record<string, unknown>;
}

describe('one executor per process', () => {
  it('when sixteen workers load two addons at once', async () => {
    const answer = said(await fixtures.run('race'));
    expect(answer).toEqual({ executors: 1, shared: true, sums: Array(16).fill(1000) });
  });

  it('for two addons in one environment, with one channel', async () => {
    const answer = said(await fixtures.run('two'));
    expect(answer).toMatchObject({ distinct: true, sameRoom: true, sums: [200_000, 200_000, 3 << 20], codes: ['native_panic', 'corrupt_data'] });
    expect([...(answer['ours'] as boolean[])].sort()).toEqual([false, true]);
    expect(answer['threads']).toBe(answer['expected']);
  });

  it('when addons are loaded in workers only, and after those are gone', async () => {
    const answer = said(await fixtures.run('workers-only'));
    expect(answer).toMatchObject({ executors: 1, sums: Array(5).fill(1000) });
  });
});

describe('the end of an environment', () => {
  it('survives 200 workers terminated in mid-job with 8 x 32 MiB in flight', async () => {
    const answer = said(await fixtures.run('terminate', { args: ['200'] }));
    expect(answer).toMatchObject({ ended: 200, sum: 100, waiting: 0, slabBytes: 0, jobBytes: 0 });
    expect(answer['worst']).toBeLessThan(20_000);
  });

  it('survives process.exit in workers', async () => {
    expect(said(await fixtures.run('worker-exit'))).toEqual({ ended: 100 });
  });

  it('exits with the code that was asked for', async () => {
    const begin = performance.now();
    expect(await fixtures.run('process-exit', { args: ['exit'] })).toMatchObject({ code: 7, signal: null, stderr: '' });
    // Before any of its jobs of a minute has ended.
    expect(performance.now() - begin).toBeLessThan(55_000);
  });

  it('exits with 1 on an uncaught exception', async () => {
    const ended = await fixtures.run('process-exit', { args: ['throw'] });
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toContain('on purpose');
  });

  it('dies of SIGTERM as any process does', async () => {
    expect(await fixtures.run('process-exit', { args: ['wait'], signalWhenReady: 'SIGTERM' })).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('waits for pending promises and for nothing else', async () => {
    const ended = await fixtures.run('keep-alive');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.said[0]?.['rounds']).toBeGreaterThan(0);
    // Nothing is left to wait for: without a channel that lets go it would be the limit of fixtures that ends it.
    expect(ended.said[1]?.['idle']).toBeLessThan(30_000);
  });
});

describe('limits', () => {
  const cpus = availableParallelism();

  it('takes as many threads as the process may use CPUs', async () => {
    expect(said(await fixtures.run('limits'))).toMatchObject({
      threads: cpus,
      reason: expect.stringMatching(/^(affinity|cgroup quota)$/),
      right: true,
      leaves: 64,
    });
  });

  it('prefers a setting to CHUNKER_THREADS to RAYON_NUM_THREADS', async () => {
    const env = { CHUNKER_THREADS: '3', RAYON_NUM_THREADS: '4' };
    expect(said(await fixtures.run('limits', { env }))).toMatchObject({ threads: 3, running: 3, reason: 'CHUNKER_THREADS', nices: [5, 5, 5] });
    expect(said(await fixtures.run('limits', { env: { RAYON_NUM_THREADS: '4' } }))).toMatchObject({ threads: 4, reason: 'RAYON_NUM_THREADS' });
    const settings = JSON.stringify({ threads: 5, nice: 7, spareSlabBytes: 0 });
    expect(said(await fixtures.run('limits', { env, args: [settings] }))).toMatchObject({ threads: 5, reason: 'setting', nice: 7, nices: [7, 7, 7, 7, 7] });
  });

  it.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/taskset'))('counts the CPUs of its affinity', async () => {
    const answer = said(await fixtures.run('limits', { prefix: ['taskset', '-c', '0'] }));
    expect(answer).toMatchObject({ threads: 1, affinity: 1, reason: 'affinity', right: true, leaves: 64 });
  });

  it('keeps CPUs free when told to', async () => {
    const answer = said(await fixtures.run('limits', { args: [JSON.stringify({ reserveCpus: cpus - 1 })] }));
    expect(answer).toMatchObject({ threads: 1, reserveCpus: cpus - 1 });
  });

  it.skipIf(process.platform !== 'linux')('works with fewer threads, or none, when the system gives no more', async () => {
    for (const more of [3, 0]) {
      const answer = said(await fixtures.run('limits', { args: [JSON.stringify({ threads: 64 }), String(more)], prefix: asSomebody() }));
      expect(answer).toMatchObject({ right: true, leaves: 64, running: more });
    }
  });

  it.skipIf(process.platform !== 'linux')('answers out_of_memory under a limit of address space', async () => {
    const answer = said(await fixtures.run('limits', { prefix: ['prlimit', `--as=${6 * 2 ** 30}`] }));
    expect(answer).toMatchObject({ memory: 'out_of_memory', slab: 'out_of_memory', right: true });
  });
});

/** Limits on the number of threads do not hold for root: another user, who runs nothing else, stands in. */
function asSomebody(): string[] {
  if (process.getuid?.() !== 0) return [];
  return ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
}

describe('memory', () => {
  it('belongs to whoever took a slab view away, until that is collected', async () => {
    expect(said(await fixtures.run('slab-transfer'))).toEqual({ right: true, empty: 0, others: [0, 0, 0, 0] });
  });

  it('comes back with the objects that nobody ended', async () => {
    const answer = said(await fixtures.run('collect', { nodeArgs: ['--expose-gc'] }));
    expect(answer['held']).toBe(16 << 20);
    expect(answer).toMatchObject({ after: 0, jobBytes: 0 });
    expect(answer['peak']).toBeGreaterThanOrEqual(17 << 20);
  });
});

describe('costs', () => {
  it('leaves file system calls and the event loop alone while 16 jobs run', async () => {
    const answer = said(await fixtures.run('responsive')) as Record<string, number>;
    const { jobMilliseconds = 0, statMedian, statP99, delayMedian, delayP99 } = answer;
    console.log(`fs.stat p99 ${statP99?.toFixed(2)} ms, event loop p99 ${delayP99?.toFixed(2)} ms`);
    // The targets, 2 and 10 ms for one in a hundred, are measured by bench on a quiet machine. On libuv's pool every stat would wait until a whole job is done, and on the event loop every turn.
    expect(statMedian).toBeLessThan(jobMilliseconds / 2);
    expect(delayMedian).toBeLessThan(jobMilliseconds / 2);
  });

  it('costs microseconds per job and less per synchronous call', async () => {
    const answer = said(await fixtures.run('cost')) as Record<string, number>;
    console.log(
      Object.entries(answer)
        .map(([name, ns]) => `${name} ${Math.round(ns)} ns`)
        .join(', '),
    );
    // Bench holds them to their targets; here a mistake by a factor is found, on any machine.
    expect(answer['inFlight']).toBeLessThan(50_000);
    expect(answer['sync']).toBeLessThan(50_000);
  });
});
