import { CompressionError } from '@chunker/core';

/** What node:zlib complains of, in our words. It tells no place: `from` is where the compressed data begin, `end` how much input there is. */
export function zlibError(algorithm: string, operation: string, thrown: unknown, from: number, end: number): unknown {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (typeof code !== 'string') return thrown;
  if (code === 'Z_BUF_ERROR') return new CompressionError('truncated_input', { algorithm, operation, offset: end }, { cause: thrown });
  const text = String(message);
  if (code === 'Z_DATA_ERROR' && /incorrect (data|length) check/.test(text))
    return new CompressionError('checksum_mismatch', { algorithm, operation, offset: from }, { cause: thrown });
  if (code === 'Z_NEED_DICT')
    return new CompressionError('unsupported_feature', { algorithm, operation, offset: from, feature: 'a preset dictionary' }, { cause: thrown });
  if (code === 'Z_MEM_ERROR') return new CompressionError('out_of_memory', { algorithm, operation, bytes: 0 }, { cause: thrown });
  if (code === 'Z_DATA_ERROR' || code.startsWith('ERR_'))
    return new CompressionError('corrupt_data', { algorithm, operation, offset: from, reason: text }, { cause: thrown });
  return thrown;
}
