import { isChunkerError, PipelineError } from '@chunker/core';

/** The stages of a pipeline, in the order in which bytes pass them. */
export type StageName = 'read' | 'chunk' | 'hash' | 'compress' | 'verify' | 'digest' | 'fetch' | 'decompress';

declare module '@chunker/core' {
  interface ErrorDetails {
    /** A stage of a pipeline failed; `cause` is its error, `offset` the byte of the input where the piece of work begins, `code` the code of the cause. */
    stage_failed: {
      readonly stage: StageName;
      readonly offset: number;
      readonly algorithm?: string;
      readonly code?: string;
    };
    /** A pipeline or manifest is put together wrongly. */
    invalid_pipeline: { readonly reason: string };
  }
}

/** The error of a stage, once: what is an error of a stage already passes through. */
export function stageError(stage: StageName, offset: number, cause: unknown, algorithm?: string): Error {
  if (isChunkerError(cause, 'stage_failed')) return cause;
  const code = codeOf(cause);
  const what = algorithm === undefined ? stage : `${stage} (${algorithm})`;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new PipelineError(
    'stage_failed',
    { stage, offset, ...(algorithm === undefined ? {} : { algorithm }), ...(code === undefined ? {} : { code }) },
    { cause, message: `${what} failed at byte ${offset}: ${message}` },
  );
}

/** A pipeline that cannot run. */
export function invalidPipeline(reason: string): Error {
  return new PipelineError('invalid_pipeline', { reason }, { message: reason });
}

function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
