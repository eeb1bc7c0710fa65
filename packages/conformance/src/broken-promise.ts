/** Thrown inside a property where the algorithm does not keep the law; the message says what was found, in one sentence. */
export class BrokenPromise extends Error {
  override get name(): string {
    return 'BrokenPromise';
  }
}

/** For laws: throws a `BrokenPromise` where `kept` is false; `found` says in one sentence what was found instead. */
export function promised(kept: boolean, found: () => string): asserts kept {
  if (!kept) throw new BrokenPromise(found());
}
