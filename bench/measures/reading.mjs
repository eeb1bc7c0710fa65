// Reading a large file out of the page cache into slabs, against a plain loop of `pread` into one buffer.
import { statSync } from 'node:fs';
import { ioKernel, openFileSource } from '@chunker/io';
import { wallTimed } from '../harness.mjs';

const WINDOW = 4 << 20;

/** Reads all of a file by as many windows at a time; answers its bytes. */
async function drain(file, windows) {
  const { slabs } = await ioKernel();
  const held = Array.from({ length: windows }, () => slabs.take(WINDOW));
  const source = await openFileSource(file);
  const filling = held.map(({ bytes }) => source.fill(bytes));
  let total = 0;
  for (let i = 0; ; i = (i + 1) % windows) {
    const length = await filling[i];
    total += length;
    if (length < WINDOW) break;
    filling[i] = source.fill(held[i].bytes);
  }
  await Promise.all(filling);
  await source.close();
  for (const slab of held) slab.end();
  return total;
}

export function reading({ contender, file }) {
  const bytes = statSync(file).size;
  const line = (name, windows, target) => ({
    name,
    against: 'a loop of pread',
    ...(target === undefined ? {} : { target }),
    bytes,
    ours: async () => wallTimed(async () => String(await drain(file, windows))),
    theirs: () => contender.ask(`read ${WINDOW}`),
  });
  return [line('read, one window at a time', 1), line('read, three windows at a time', 3, 0.95)];
}
