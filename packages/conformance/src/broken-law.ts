import type { KernelKind } from '@chunker/core';
import fc from 'fast-check';
import type { Law } from './law.js';

/** A law that an algorithm does not keep: the promise, what was found, the smallest input that shows it, and how to see it again. */
export class BrokenLaw extends Error {
  readonly law: string;
  readonly algorithm: string;
  readonly kernel: KernelKind;
  /** The sentence of the contract. */
  readonly promise: string;
  readonly seed: number;
  readonly path: string | undefined;
  /** The smallest input found, in words; with seed and path. */
  readonly counterexample: string;

  constructor(law: Law, algorithm: { readonly name: string; readonly kernel: KernelKind }, details: Failure) {
    const found = firstLine(details.errorInstance);
    const again = `{ only: '${law.id}', kernels: ['${algorithm.kernel}'], seed: ${details.seed}${details.counterexamplePath ? `, path: '${details.counterexamplePath}'` : ''} }`;
    const input = inWords(details.counterexample);
    const counterexample = `${found}\n  with:    ${input}\n  again:   ${again}`;
    super(
      `${law.id}: '${algorithm.name}' (${algorithm.kernel} kernel) does not keep its promise\n  promise: ${law.promise}\n  found:   ${counterexample}`,
      details.errorInstance instanceof Error ? { cause: details.errorInstance } : undefined,
    );
    this.law = law.id;
    this.algorithm = algorithm.name;
    this.kernel = algorithm.kernel;
    this.promise = law.promise;
    this.seed = details.seed;
    this.path = details.counterexamplePath ?? undefined;
    this.counterexample = counterexample;
  }

  override get name(): string {
    return 'BrokenLaw';
  }
}

/** What fast-check tells of a failure. */
export interface Failure {
  readonly seed: number;
  readonly counterexample: unknown;
  readonly counterexamplePath: string | null;
  readonly errorInstance: unknown;
}

/** Counterexamples stand in terminals and reports: beyond this they say nothing more. */
const LONGEST = 400;

function inWords(counterexample: unknown): string {
  const values = Array.isArray(counterexample) ? counterexample : [counterexample];
  const words = values.map((value) => fc.stringify(value)).join('; ');
  return words.length > LONGEST ? `${words.slice(0, LONGEST)} …` : words;
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0] ?? message;
}
