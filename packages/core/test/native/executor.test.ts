import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  configureExecutor,
  cpuFeatures,
  createPool,
  createQueue,
  executorInfo,
  loadAddon,
  openRoom,
  platformTriple,
  type Room,
} from '../../src/native/index.js';
import { measureExecutor } from '../../src/runtime/index.js';
import { buildProbe, loadProbe, type Probe } from './probe.js';

let addon: Probe;
let room: Room;

beforeAll(async () => {
  await buildProbe();
  addon = loadProbe();
  room = openRoom(addon);
}, 600_000);

const slow = (milliseconds: number, queue = 0, priority = 0) =>
  room.run<number>((ticket, bytes) => addon.slow(ticket, bytes, milliseconds), { input: new Uint8Array(1), queue, priority });
const settled = (promise: Promise<unknown>, order: string[], name: string) => promise.then(() => order.push(name));

/** Names of this process's pool threads: `chunker-<pool>-<number>`. */
function threads(): string[] {
  const names = readdirSync('/proc/self/task').map((tid) => {
    try {
      return readFileSync(`/proc/self/task/${tid}/comm`, 'utf8').trim();
    } catch {
      return '';
    }
  });
  return names.filter((name) => name.startsWith('chunker-'));
}

async function until(check: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!check()) {
    if (performance.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('settings', () => {
  it('change the number of threads of a running pool', async () => {
    await slow(1);
    for (const count of [5, 1, 3]) {
      configureExecutor(addon, { threads: count });
      await until(() => executorInfo(addon).running === count);
      expect(executorInfo(addon)).toMatchObject({ threads: count, reason: 'setting' });
      expect(await slow(1)).toBeGreaterThan(0);
    }
    configureExecutor(addon, { threads: 0 });
    expect(executorInfo(addon).reason).not.toBe('setting');
  });

  it('are refused when they make no sense', () => {
    for (const settings of [{ threads: -1 }, { threads: 1.5 }, { threads: 1e9 }, { nice: 20 }, { reserveCpus: Number.NaN }, { spareSlabBytes: -5 }]) {
      expect(() => configureExecutor(addon, settings), JSON.stringify(settings)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    }
    expect(() => createPool(addon, { threads: -3 })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  it('say what doctor shows', () => {
    expect(executorInfo(addon)).toMatchObject({ shared: true, ours: true, major: 1, nice: 5, affinity: expect.any(Number) });
    if (process.arch === 'x64') expect(cpuFeatures(addon)).toContain('sse2');
  });
});

describe('queues', () => {
  it("share the threads: one tenant's backlog does not hold up another", async () => {
    configureExecutor(addon, { threads: 1 });
    await until(() => executorInfo(addon).running === 1);
    const [busy, other] = [createQueue(addon), createQueue(addon)];
    expect(new Set([0, busy, other]).size).toBe(3);
    const order: string[] = [];
    const backlog = Array.from({ length: 20 }, () => settled(slow(15, busy), order, 'busy'));
    await Promise.all([...backlog, settled(slow(0, other), order, 'other')]);
    expect(order.indexOf('other')).toBeLessThanOrEqual(2);
  });

  it('serve late stages before early ones', async () => {
    configureExecutor(addon, { threads: 1 });
    await until(() => executorInfo(addon).running === 1);
    const queue = createQueue(addon);
    const order: string[] = [];
    // Long enough for the others to come while it runs, also where this thread is held up.
    const first = slow(1000, queue);
    const rest = [0, 1, 7, 3].map((priority) => settled(slow(0, queue, priority), order, `stage ${priority}`));
    await Promise.all([first, ...rest]);
    expect(order).toEqual(['stage 7', 'stage 3', 'stage 1', 'stage 0']);
    configureExecutor(addon, { threads: 0 });
  });
});

describe.skipIf(process.platform !== 'linux')('isolated pools', () => {
  it('have threads of their own, which end with them', async () => {
    const isolated = () => threads().filter((name) => !name.startsWith('chunker-0-'));
    const pool = createPool(addon, { threads: 3, nice: 9 });
    expect(executorInfo(addon).isolatedPools).toBe(1);
    expect(isolated()).toEqual([]);
    await slow(1, pool.queue);
    await until(() => new Set(isolated()).size === 3);
    const sibling = createQueue(addon, pool.queue);
    expect(sibling).not.toBe(pool.queue);
    const waiting = [slow(20, pool.queue), slow(20, sibling), ...Array.from({ length: 10 }, () => slow(5, sibling))];
    pool.destroy();
    pool.destroy();
    await Promise.all(waiting);
    await until(() => isolated().length === 0);
    expect(await slow(1, pool.queue), 'later jobs run on the common pool').toBeGreaterThan(0);
    expect(executorInfo(addon).isolatedPools).toBe(0);
  });

  it('are not held up by the common pool, nor hold it up', async () => {
    configureExecutor(addon, { threads: 1 });
    const pool = createPool(addon, { threads: 1 });
    // A job that holds up its pool for longer than a test may take, unless it is told to end, and one of the other pool that must not wait for it.
    for (const [held, free] of [
      [0, pool.queue],
      [pool.queue, 0],
    ] as const) {
      const controller = new AbortController();
      const holding = room.run((ticket, bytes) => addon.slow(ticket, bytes, 600_000), { input: new Uint8Array(1), queue: held, signal: controller.signal });
      expect(await slow(1, free)).toBeGreaterThan(0);
      controller.abort('enough');
      await expect(holding).rejects.toBe('enough');
    }
    pool.destroy();
    configureExecutor(addon, { threads: 0 });
  });
});

describe('loading', () => {
  it('says what was tried, why it failed and what to do', () => {
    const load = () => loadAddon({ stem: 'nothing', packageName: '@chunker/codec-nothing', from: import.meta.url });
    expect(load).toThrow(AggregateError);
    expect(load).toThrow(`install @chunker/codec-nothing-${platformTriple()}`);
    expect(load).toThrow('Cannot find module');
  });

  it('opens one room per environment', () => {
    expect(openRoom(loadProbe())).toBe(room);
  });
});

describe('figures', () => {
  it('are counted while somebody measures, and not beyond', async () => {
    const measurement = measureExecutor();
    if (measurement === undefined) throw new Error('a room is open, so there is an executor');
    const before = measurement.figures();
    expect(before.threads).toBe(executorInfo(addon).threads);
    await Promise.all([slow(40), slow(40), slow(40)]);
    measurement.end();
    const { jobs, workMilliseconds, wallMilliseconds, parallelEfficiency } = measurement.figures();
    expect(jobs).toBe(3);
    expect(workMilliseconds).toBeGreaterThanOrEqual(120);
    // Each of the three ran within the measurement.
    expect(workMilliseconds).toBeLessThan(3 * wallMilliseconds);
    expect(parallelEfficiency).toBeCloseTo(workMilliseconds / wallMilliseconds, 6);
    await slow(10);
    measurement.end();
    expect(measurement.figures()).toEqual({
      wallMilliseconds,
      workMilliseconds,
      parallelEfficiency,
      jobs,
      steals: measurement.figures().steals,
      threads: before.threads,
    });
    const second = measureExecutor();
    expect(second?.figures().jobs).toBe(0);
    second?.end();
  });

  it('count a job that still runs', async () => {
    const measurement = measureExecutor();
    const running = slow(200);
    await until(() => (measurement?.figures().workMilliseconds ?? 0) > 20);
    expect(measurement?.figures().jobs).toBe(1);
    await running;
    measurement?.end();
  });

  it('count the iterations that another thread took', async () => {
    const loops = (depth: number) => room.run<number>((ticket) => addon.nest(ticket, depth));
    const measurement = measureExecutor();
    const steals = () => measurement?.figures().steals ?? Number.NaN;
    configureExecutor(addon, { threads: 1 });
    await until(() => executorInfo(addon).running === 1);
    await loops(6);
    expect(steals()).toBe(0);
    configureExecutor(addon, { threads: 4 });
    // The test's own limit ends it where none is ever taken.
    for (let depth = 6; steals() === 0; depth = Math.min(depth + 1, 10)) await loops(depth);
    measurement?.end();
    configureExecutor(addon, { threads: 0 });
  });
});
