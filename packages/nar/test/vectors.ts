import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where archives made by others lie (CONTRIBUTING.md). */
export const VECTORS = resolve(process.env.CHUNKER_VECTORS ?? '../shared/vectors', 'nar');
export const haveVectors = existsSync(VECTORS);
if (!haveVectors && process.env.CI === 'true') throw new Error(`CI needs the vectors: $CHUNKER_VECTORS/nar is not at ${VECTORS}`);

export interface VectorEntry {
  readonly path?: string;
  readonly pathHex?: string;
  readonly type: 'regular' | 'directory' | 'symlink';
  readonly size?: number;
  readonly executable?: boolean;
  readonly narOffset?: number;
  readonly target?: string;
  readonly targetHex?: string;
}

export interface VectorCase {
  readonly file: string;
  readonly expect: 'accept' | 'refuse';
  readonly violation?: string;
  readonly byteOffset?: number;
  readonly acceptedWhen?: string;
  readonly entries?: readonly VectorEntry[];
  readonly narHash?: string;
}

export const cases: readonly VectorCase[] = haveVectors ? JSON.parse(readFileSync(resolve(VECTORS, 'vectors.json'), 'utf8')).cases : [];

export function archiveOf({ file }: VectorCase): Buffer {
  return readFileSync(resolve(VECTORS, file));
}

/** The one word that is another in this house. */
export function codeOf({ violation }: VectorCase): string {
  return violation === 'truncated' ? 'truncated_input' : (violation as string);
}
