/*
 * What the runtime computes for us (node:zlib) runs on libuv's pool, where files and names are looked up, too. All plugins together take never more than half of it at a time: one count per
 * environment, on globalThis, because several copies of core may share the environment.
 */

interface Gate {
  free: number;
  readonly waiting: (() => void)[];
}

const GATE = Symbol.for('chunker.libuv-gate.1');
const DEFAULT_THREADS = 4;

function gate(): Gate {
  const shared = globalThis as { [GATE]?: Gate };
  if (shared[GATE] === undefined) {
    const threads = Number(globalThis.process?.env.UV_THREADPOOL_SIZE);
    const half = Math.floor((Number.isInteger(threads) && threads > 0 ? threads : DEFAULT_THREADS) / 2);
    shared[GATE] = { free: Math.max(1, half), waiting: [] };
  }
  return shared[GATE];
}

/** Runs `work`, which computes on libuv's pool, when there is room for it, in order of arrival. Settles as `work` does. */
export async function throughGate<T>(work: () => Promise<T>): Promise<T> {
  const shared = gate();
  if (shared.free > 0) shared.free--;
  else await new Promise<void>((resolve) => shared.waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = shared.waiting.shift();
    if (next === undefined) shared.free++;
    else next();
  }
}
