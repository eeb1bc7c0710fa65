// Two writers of the same archive: the kernel's own, and framing by the nodes, which an entry's listener asks for.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NarStreamOptions, narStream, packNar } from '../src/index.js';
import { Folder, openDescriptors, pack } from './folder.js';

let folder: Folder;
beforeEach(() => {
  folder = new Folder();
  chmodSync(folder.path, 0o755);
});
afterEach(() => folder.dispose());

const framed = { onEntry: () => {} };

/** The archive, or the error, by each writer. */
async function both(path: string, options: NarStreamOptions = {}) {
  const told = async (more: NarStreamOptions) => {
    try {
      return (await pack(path, { ...options, ...more })).toString('base64');
    } catch (error) {
      const { name, code, message, details } = error as { name: string; code: string; message: string; details: object };
      return { name, code, message, details };
    }
  };
  return [await told({}), await told(framed)];
}

async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

function someTree(): void {
  for (let d = 0; d < 30; d++) {
    mkdirSync(folder.at(`d${d}`, 'e'), { recursive: true });
    for (let f = 0; f < 20; f++) writeFileSync(folder.at(`d${d}`, 'e', `f${f}`), 'x'.repeat(d * 50 + f), { mode: f % 3 === 0 ? 0o755 : 0o644 });
    symlinkSync('nowhere', folder.at(`d${d}`, 'link'));
  }
  writeFileSync(folder.at('large'), Buffer.alloc(700_000, 3));
}

test('give the same bytes and the same errors', async () => {
  someTree();
  for (const windowBytes of [1000, 65_536, 1 << 20]) {
    const [ours, judge] = await both(folder.path, { windowBytes });
    expect(ours).toBe(judge);
  }
  const [deep, deepFramed] = await both(folder.path, { maxDepth: 3 });
  expect(deep).toEqual(deepFramed);
  expect(deep).toMatchObject({ code: 'too_deep', details: { path: 'd0/e/f0', limit: 3 } });
  execFileSync('mkfifo', [folder.at('d7', 'fifo')]);
  const [fifo, fifoFramed] = await both(folder.path);
  expect(fifo).toEqual(fifoFramed);
  expect(fifo).toMatchObject({ code: 'unsupported_file_type', details: { path: 'd7/fifo', type: 'fifo' } });
  expect(openDescriptors(folder)).toEqual([]);
});

describe('what may not be read', () => {
  const codes: string[] = [];
  const onError = ({ code, details }: { code: string; details: unknown }) => {
    codes.push(`${code} ${(details as { path: string }).path.slice(folder.path.length)}`);
    return 'skip' as const;
  };

  test.each<[string, () => void]>([
    ['file', () => chmodSync(folder.at('d3', 'e', 'f4'), 0)],
    ['empty file', () => writeFileSync(folder.at('d3', 'closed'), '', { mode: 0 })],
    ['directory', () => chmodSync(folder.at('d3', 'e'), 0)],
    ['directory that may be listed, and not entered,', () => chmodSync(folder.at('d3', 'e'), 0o444)],
  ])('%s is an error, or is left out', async (_, close) => {
    someTree();
    close();
    const [ours, judge] = await asNobody(() => both(folder.path));
    expect(ours).toEqual(judge);
    expect(ours).toMatchObject({ code: 'permission_denied' });
    codes.length = 0;
    const [left, leftFramed] = await asNobody(() => both(folder.path, { onError, windowBytes: 5000 }));
    expect(left).toBe(leftFramed);
    expect(codes.length % 2).toBe(0);
    expect(codes.slice(codes.length / 2)).toEqual(codes.slice(0, codes.length / 2));
    expect(codes.length).toBeGreaterThan(0);
    expect(openDescriptors(folder)).toEqual([]);
  });
});

test('an abort at any window ends it with its reason and leaves nothing open', async () => {
  someTree();
  const windowBytes = 50_000;
  const reason = new Error('enough');
  let windows = 0;
  for await (const _ of narStream(folder.path, { windowBytes })) windows++;
  expect(windows).toBeGreaterThan(20);
  for (let at = 0; at < windows - 4; at += 3) {
    const abort = new AbortController();
    let seen = 0;
    const run = async () => {
      for await (const _ of narStream(folder.path, { windowBytes, signal: abort.signal })) if (seen++ === at) abort.abort(reason);
    };
    await expect(run()).rejects.toBe(reason);
    expect(openDescriptors(folder)).toEqual([]);
  }
  const aborted = AbortSignal.abort(reason);
  const packer = await packNar(folder.path, { signal: aborted });
  await expect(packer.fill(new Uint8Array(10))).rejects.toBe(reason);
  await packer.close();
});

test('64 descriptors are enough', () => {
  someTree();
  for (let i = 0; i < 40; i++) mkdirSync(folder.at(...Array(i).fill('deep'), 'deep'));
  const script = `import { narStream } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))};
    import { createHash } from 'node:crypto';
    const hash = createHash('sha256');
    for await (const piece of narStream(process.argv[1], { windowBytes: 65536 })) hash.update(piece);
    console.log(hash.digest('hex'));`;
  const sources = join(import.meta.dirname, '../../cli/test/sources.mjs');
  const run = (limit: string) =>
    execFileSync(
      'sh',
      [
        '-c',
        `ulimit -n ${limit}; exec "$@"`,
        'sh',
        process.execPath,
        '--conditions=@chunker/source',
        '--import',
        sources,
        '--input-type=module',
        '-e',
        script,
        folder.path,
      ],
      {
        encoding: 'utf8',
      },
    );
  expect(run('64')).toBe(run('1024'));
});
