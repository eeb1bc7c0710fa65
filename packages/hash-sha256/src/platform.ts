import * as crypto from 'node:crypto';
import type { HashKernel } from '@chunker/core';
import { type Running, slicedKernel } from './sliced.js';
import { SLICE_BYTES } from './slices.js';

const DIGEST_BYTES = 32;

/** `Buffer` may be a view of memory shared with others; what we hand out is the caller's alone. */
function own(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  digest.set(bytes);
  return digest;
}

function running(hash: crypto.Hash): Running {
  return {
    update: (data) => hash.update(data),
    digest: () => own(hash.digest()),
    copy: () => running(hash.copy()),
  };
}

const create = (): Running => running(crypto.createHash('sha256'));

/** `crypto.hash` (Node 20.12, 21.7) makes no hash object: twice as fast below some KiB. */
const once: (data: Uint8Array) => Uint8Array =
  typeof crypto.hash === 'function' ? (data) => own(crypto.hash('sha256', data, 'buffer')) : (data) => own(crypto.createHash('sha256').update(data).digest());

/** The kernel on OpenSSL through `node:crypto`. Rejects where the runtime's OpenSSL offers no SHA-256. */
export async function load(): Promise<HashKernel<object>> {
  once(new Uint8Array());
  return slicedKernel({ create, once, sliceBytes: SLICE_BYTES, nanosecondsPerByte: 0.55 });
}
