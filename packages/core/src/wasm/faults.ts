import { areaError } from '../errors/areas.js';
import type { ErrorCode, ErrorDetails } from '../errors/index.js';
import type { AlgorithmKind } from '../contracts/index.js';
import { WASM_ERROR_CODES } from './abi.js';
import type { WasmAnswer } from './runner.js';

/** The answer, or what it complains of as a typed error. */
export function checkedAnswer(kind: AlgorithmKind, algorithm: string, operation: string, answer: WasmAnswer): WasmAnswer {
  if (answer.trap !== undefined) throw areaError(kind, 'native_panic', { algorithm, operation, reason: `the module trapped: ${answer.trap}` });
  if (answer.error === undefined) return answer;
  const code = (WASM_ERROR_CODES[answer.error] ?? 'plugin_failed') as ErrorCode;
  throw areaError(kind, code, { algorithm, operation } as unknown as ErrorDetails[typeof code]);
}
