// What is being made under temporary names: a signal handler of the command may have to end the process without waiting.

const unfinished = new Map<unknown, () => void>();

/** `remove` removes it at once. */
export function rememberUnfinished(what: unknown, remove: () => void): void {
  unfinished.set(what, remove);
}

export function forgetUnfinished(what: unknown): void {
  unfinished.delete(what);
}

/** Removes the temporary files and trees of all writes that are under way, synchronously: for handlers of signals that end the process. */
export function removeUnfinishedFiles(): void {
  for (const remove of unfinished.values()) {
    try {
      remove();
    } catch {
      // The next one must go as well.
    }
  }
  unfinished.clear();
}
