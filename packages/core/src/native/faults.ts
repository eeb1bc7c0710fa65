import { ChunkerError, type ErrorCode, type ErrorDetails } from '../errors/index.js';

/** Codes of Node-API's own refusals (a string where a number must be, …), for which the addon had no say. */
const NODE_API_CODES = new Set(['InvalidArg', 'ObjectExpected', 'StringExpected', 'NumberExpected', 'BooleanExpected', 'GenericFailure']);

/** Makes an error: plugins make theirs here, `(code, details, parameters) => new CompressionError(…)`. */
export type MakeError = (code: ErrorCode, details: ErrorDetails[ErrorCode], parameters: { readonly message?: string; readonly cause?: unknown }) => Error;

/** The base class, for callers that name none. */
export const plainError: MakeError = (code, details, parameters) => new ChunkerError(code, details, parameters);

/** A native fault as a typed error. `details` is JSON of our own making. */
export function faultError(code: string, message: string, details: string, make: MakeError): Error {
  return make(code as ErrorCode, JSON.parse(details) as ErrorDetails[ErrorCode], message === '' ? {} : { message });
}

/** What an addon threw, as a typed error; anything else as it is. */
export function thrownError(thrown: unknown, make: MakeError): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const { code, details } = thrown as { code?: unknown; details?: unknown };
  if (typeof code !== 'string') return thrown;
  if (typeof details === 'string') return faultError(code, thrown.message, details, make);
  if (NODE_API_CODES.has(code)) return make('invalid_input', { name: 'argument', expected: thrown.message }, { cause: thrown });
  return thrown;
}

/** Runs a `…Sync` operation of an addon; what it throws becomes a typed error. */
export function callSync<T>(operation: () => T, make: MakeError = plainError): T {
  try {
    return operation();
  } catch (thrown) {
    throw thrownError(thrown, make);
  }
}
