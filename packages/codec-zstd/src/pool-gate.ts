/*
 * node:zlib computes on libuv's pool, where files and names are looked up, too. Never more than half of it is taken at a time.
 */

const DEFAULT_THREADS = 4;

const threads = Number(process.env.UV_THREADPOOL_SIZE);
let free = Math.max(1, Math.floor((Number.isInteger(threads) && threads > 0 ? threads : DEFAULT_THREADS) / 2));
const waiting: (() => void)[] = [];

/** Runs `work` when there is room for it, in order of arrival. */
export async function throughGate<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}
