/** Pauses before the next try when the system is short of something for a moment; a quarter of a second in all. The same as the native kernel's. */
const PAUSES_MS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128];
const SHORTAGES: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENFILE']);

/**
 * Calls again after EINTR at once, after EAGAIN and a shortage of descriptors with growing pauses, a quarter of a second in all. For system calls of one's own, by `node:fs`. Rejects with what the last call
 * rejects with, or with the signal's reason.
 */
export async function persist<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const pauses = PAUSES_MS.values();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EINTR') continue;
      const pause = SHORTAGES.has(code) ? pauses.next() : undefined;
      if (pause === undefined || pause.done === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause.value));
    }
    signal?.throwIfAborted();
  }
}
