/** What one may want of compressing, whatever the codec. */
export const EFFORTS = ['fastest', 'balanced', 'smallest'] as const;

/** How much work a compression may be, from the least to the most. */
export type Effort = (typeof EFFORTS)[number];

/**
 * How a codec serves one effort. The figures are the author's, of the codec's fastest kernel on one core, over data of many kinds (the ones of `bench/`, say): who chooses between codecs compares them, so
 * honest is enough.
 */
export interface EffortChoice {
  /** As when the codec is taken. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Nanoseconds per byte of input that compressing takes. */
  readonly nanosecondsPerByte: number;
  /** Compressed bytes per byte of input. */
  readonly ratio: number;
}

/** The efforts that a codec serves. One without any is tried with its default options. */
export type Efforts = Readonly<Partial<Record<Effort, EffortChoice>>>;
