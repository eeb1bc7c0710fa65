import type { Algorithm, AlgorithmKind, KernelKind } from '@chunker/core';
import fc from 'fast-check';
import { BrokenLaw, type Failure } from './broken-law.js';
import type { Law } from './law.js';
import { LAWS } from './laws/index.js';
import { DEFAULT_LAW_MILLISECONDS, DEFAULT_RUNS, INPUT_MILLISECONDS, type LawSettings } from './settings.js';
import { type Subject, subjectsOf } from './take.js';

/** One law of one algorithm on one kernel, ready for any test runner. */
export interface LawTest {
  /** `codec.round-trip (native)`. */
  readonly name: string;
  readonly law: string;
  readonly algorithm: string;
  readonly kernel: KernelKind;
  /** Resolves where the law is kept, rejects with `BrokenLaw` where it is not. */
  run(): Promise<void>;
}

/**
 * The laws that the algorithm has to keep, for each kernel that works here: those of its kind, of the guarantees it gives, of what it declares. Takes the algorithm, so it
 * rejects where it cannot be taken. Each `run` may be called in any order and again.
 */
export async function lawsOf(definition: Algorithm, settings: LawSettings = {}): Promise<LawTest[]> {
  const only = settings.only === undefined ? undefined : [settings.only].flat();
  const known = LAWS[definition.kind] as readonly Law[];
  for (const id of only ?? []) {
    if (!known.some((law) => law.id === id))
      throw new RangeError(`there is no law '${id}' for a ${definition.kind}; there are ${known.map((law) => law.id).join(', ')}`);
  }
  const subjects = await subjectsOf(definition, settings);
  return subjects.flatMap((subject) =>
    known
      .filter((law) => only?.includes(law.id) ?? true)
      .filter((law) => law.applies?.(subject.algorithm, subject.context) ?? true)
      .map((law) => testOf(law, subject, settings)),
  );
}

function testOf(law: Law, subject: Subject<AlgorithmKind>, settings: LawSettings): LawTest {
  const { name, kernel } = subject.algorithm;
  return { name: `${law.id} (${kernel})`, law: law.id, algorithm: name, kernel, run: () => check(law, subject, settings) };
}

/** Holds one algorithm to one law. Rejects with `BrokenLaw`. */
export async function check<Kind extends AlgorithmKind>(law: Law<Kind>, subject: Subject<Kind>, settings: LawSettings = {}): Promise<void> {
  const { algorithm, context } = subject;
  const details = await fc.check(law.property(algorithm, context), {
    numRuns: Math.max(1, Math.round((settings.runs ?? DEFAULT_RUNS) * (law.effort ?? 1) * context.inputs.share)),
    interruptAfterTimeLimit: settings.lawMilliseconds ?? DEFAULT_LAW_MILLISECONDS,
    timeout: INPUT_MILLISECONDS,
    ...(settings.seed === undefined ? {} : { seed: settings.seed }),
    ...(settings.path === undefined ? {} : { path: settings.path }),
  });
  // Interrupted without a counterexample: it saw fewer inputs than asked for, and all of them kept the law.
  if (details.failed && details.counterexample !== null) throw new BrokenLaw(law as unknown as Law, algorithm, details as Failure);
}
