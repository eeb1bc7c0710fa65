// Walking and reading many small files: what one of ours costs, and `fs.promises.readFile` beside it.
import { readdir, readFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { wallTimed } from '../harness.mjs';
import { place } from '../place.mjs';
import { makeFiles, packed } from './nar-pack.mjs';

/** The contents of all files, a few at a time: more of them at once is no faster. */
async function readEach(root) {
  const directories = (await readdir(root)).sort();
  let bytes = 0;
  const lane = async () => {
    for (let directory = directories.shift(); directory !== undefined; directory = directories.shift()) {
      for (const name of await readdir(join(root, directory))) bytes += (await readFile(join(root, directory, name))).length;
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return bytes;
}

export async function smallFiles({ data, once }) {
  const root = join(place(), 'files');
  const count = once ? 5_000 : 100_000;
  mkdirSync(root);
  makeFiles(root, data, count);
  return [
    {
      name: `walk and read ${count} small files, one thread`,
      limit: 5,
      unit: 'us/file',
      ours: async () => ({ value: packed(root, 1).cpuNs / 1000 / count }),
    },
    {
      name: `walk and read ${count} small files`,
      against: 'fs.promises.readFile',
      target: 8,
      rounds: 5,
      prepare: async () => {
        const [ours, theirs] = [packed(root, 2).bytes, await readEach(root)];
        if (ours <= theirs) throw new Error(`${ours} bytes with framing, ${theirs} without`);
      },
      ours: async () => packed(root, 2),
      theirs: async () => ({ ...(await wallTimed(() => readEach(root))), result: 'compared' }),
    },
  ];
}
