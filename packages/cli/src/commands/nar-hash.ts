import { lstat } from 'node:fs/promises';
import type { Hash } from '@chunker/core';
import { checkedNar, packNar } from '@chunker/nar';
import { type PipelineInput, wholeDigest } from '@chunker/pipeline';
import { openRegistry, takeHash } from '../algorithms.js';
import { openIfArchive } from '../archive.js';
import type { Context } from '../context.js';
import { encodeDigest } from '../digests.js';
import { withoutStage } from '../failure.js';
import { descriptorOf } from '../files.js';
import { bytesOf, printable } from '../names.js';

/** `chunker nar hash`: NarHash and NarSize. Of an archive, told by its magic or read from standard input, they are those of its bytes; of anything else, those of the archive it would be. */
export async function narHash(context: Context, operands: readonly string[]): Promise<void> {
  const [path] = operands as [string];
  const { registry } = await openRegistry(context);
  const sha256 = await takeHash(registry, 'sha256');
  const { digest, narSize } = await digestOf(context, sha256, path);
  const text = encodeDigest(digest, 'sri', 'sha256');
  if (context.json) await context.document({ narHash: text, narSize });
  else await context.line(`${text}  ${narSize}`);
}

async function digestOf(context: Context, sha256: Hash, path: string): Promise<{ readonly digest: Uint8Array; readonly narSize: number }> {
  let narSize = 0;
  const onBytes = (bytes: number) => {
    narSize += bytes;
  };
  context.showProgress(() => ({ label: `nar hash ${printable(path)}`, bytes: narSize }));
  try {
    const digest = await wholeDigest(sha256, await inputOf(context, path), { signal: context.signal, onBytes });
    return { digest, narSize };
  } catch (error) {
    throw withoutStage(error);
  } finally {
    await context.hideProgress();
  }
}

async function inputOf(context: Context, path: string): Promise<PipelineInput> {
  const { signal } = context;
  if (descriptorOf(path) === undefined && !(await isFileLike(path))) return packNar(bytesOf(path), { signal });
  const archive = await openIfArchive(context, path);
  // A hash of what is no archive would be taken for one of an archive.
  return archive === undefined ? packNar(bytesOf(path), { signal }) : checkedNar(archive, { signal });
}

/** As `nix-store --dump` does: a link is packed, not followed. */
async function isFileLike(path: string): Promise<boolean> {
  return lstat(Buffer.from(bytesOf(path))).then(
    (facts) => facts.isFile(),
    // What is wrong with it is said by the one who opens it.
    () => false,
  );
}
