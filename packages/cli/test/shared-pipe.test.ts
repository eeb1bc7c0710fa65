// A pipe that several programs write to: whether writes wait or are refused is a flag of the pipe's end that they share, not of a program.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { shell } from './command.js';
import { testFolder } from './folder.js';

const folder = testFolder();
const source = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));

// Not the command from its sources: what strips their types runs in a thread, for which Node opens standard output, and that sets the flag.
beforeAll(async () => {
  await build({
    entryPoints: [source('output')],
    outfile: join(folder, 'output.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@chunker/source'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  const write = "import { Output } from './output.mjs'; await new Output(Number(process.argv[2])).write('line\\n'.repeat(50_000));";
  writeFileSync(join(folder, 'write.mjs'), write);
});

/** Starts a program on a pipe, waits until it can write no more, looks at the flag, writes something itself and then reads all. */
const LOOK = `
import array, fcntl, os, subprocess, sys, termios, threading, time
reader, writer = os.pipe()
def held():
    count = array.array('i', [0])
    fcntl.ioctl(reader, termios.FIONREAD, count)
    return count[0]
child = subprocess.Popen(sys.argv[2:], **{sys.argv[1]: writer})
before = -1
while child.poll() is None and (held() < 60000 or held() != before):
    before = held()
    time.sleep(0.1)
print('waits' if fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK == 0 else 'refuses', 'running' if child.poll() is None else 'ended')
os.close(writer)
text = b''
while piece := os.read(reader, 65536): text += piece
print(child.wait(), len(text.split(b'\\n')) - 1)
`;
describe('a pipe that others write to as well', { concurrent: true }, () => {
  it.each([
    ['stdout', 1],
    ['stderr', 2],
  ])('is left as it is by what is written to %s', async (stream, fd) => {
    const { text } = await shell(`python3 -c "$LOOK" ${stream} "$NODE" write.mjs ${fd}`, { cwd: folder, env: { LOOK } });
    expect(text).toBe('waits running\n0 50000\n');
  });

  it('ends the command quietly when nobody reads it any more', async () => {
    const { text, stderr } = await shell('{ chunker chunk --hash none --json --chunker fixed:size=64 output.mjs; echo $? >&2; } | head -1', { cwd: folder });
    expect([text, stderr]).toEqual(['{"offset":0,"length":64}\n', '0\n']);
  });
});
