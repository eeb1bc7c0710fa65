import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Output } from '../src/output.js';
import { columnsOf } from '../src/columns.js';
import { openProgress } from '../src/progress.js';
import { shell } from './command.js';
import { testFolder } from './folder.js';

/** An output that remembers what was written, and when. */
function recorder(isTerminal: boolean) {
  const pieces: { readonly text: string; readonly at: number }[] = [];
  const started = performance.now();
  const write = async (text: string) => void pieces.push({ text, at: performance.now() - started });
  return { output: { isTerminal, write } as unknown as Output, pieces, text: () => pieces.map((piece) => piece.text).join('') };
}

/** Time passes as it is told to, however busy the machine is. */
const wait = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
beforeEach(() => {
  vi.useFakeTimers();
  // Whatever the tests themselves are run on.
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe.each([
  ['a terminal', true],
  ['a log', false],
] as const)('progress on %s', (_, isTerminal) => {
  it('begins at once and is never silent for long', async () => {
    const { output, pieces } = recorder(isTerminal);
    let bytes = 0;
    const progress = openProgress(output, () => {
      bytes += 1000;
      return { label: 'work', bytes, totalBytes: 1e6 };
    });
    await wait(1500);
    await progress.stop();
    const times = [0, ...pieces.map(({ at }) => at)];
    expect(times[1]).toBeLessThan(100);
    for (const [i, at] of times.entries()) if (i > 0) expect(at - (times[i - 1] as number)).toBeLessThan(250);
  });

  it('is not longer than a line of 80 columns, whatever the name', async () => {
    const { output, text } = recorder(isTerminal);
    const progress = openProgress(output, () => ({ label: `scan ${'long/'.repeat(100)}`, bytes: 5e9, totalBytes: 123e9 }));
    await wait(3500);
    await progress.stop();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own
    for (const line of text().split(/\r\u001b\[K|\u001b\[K\r|[\r\n]/)) expect(line.replace('\u001b[K', '').length).toBeLessThanOrEqual(80);
    expect(text()).toContain('4 %  4.66 GiB of 115 GiB');
  });
});

describe('progress', () => {
  it('shows a short label whole, and leaves out the last facts where columns are few', async () => {
    const { output, text } = recorder(true);
    const progress = openProgress(output, () => ({ label: 'compress zstd', bytes: 9_876_543_210, totalBytes: 10_737_418_240 }));
    await wait(600);
    await progress.stop();
    expect(text()).toContain(' compress zstd  ');
    expect(text()).toMatch(/ {2}91 % {2}9\.20 GiB of 10\.0 GiB/);
  });

  it('measures names by the columns that they take', async () => {
    const { output, text } = recorder(true);
    const progress = openProgress(output, () => ({ label: `scan ${'漢字'.repeat(60)}`, bytes: 5e9, totalBytes: 123e9 }));
    await wait(600);
    await progress.stop();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own
    for (const line of text().split(/\r\u001b\[K|\u001b\[K\r|\r/)) expect(columnsOf(line.replace('\u001b[K', ''))).toBeLessThanOrEqual(80);
  });

  it('is wiped from a terminal', async () => {
    const { output, text } = recorder(true);
    await openProgress(output, () => ({ label: 'work', bytes: 0 })).stop();
    expect(text().endsWith('\r\u001b[K')).toBe(true);
  });

  it('is lines without control characters on a terminal that knows none', async () => {
    vi.stubEnv('TERM', 'dumb');
    const { output, text } = recorder(true);
    const progress = openProgress(output, () => ({ label: 'work', bytes: 0 }));
    await wait(600);
    await progress.stop();
    vi.unstubAllEnvs();
    expect(text()).toMatch(/^work {2}\.{3,4}\n$/);
  });

  it('tells what was read while nothing is done with it yet, and then what is done', async () => {
    const { output, text } = recorder(true);
    let bytes = 0;
    const progress = openProgress(output, () => ({ label: 'scan', bytes, readBytes: 8 * 1024 * 1024, totalBytes: 16 * 1024 * 1024 }));
    await wait(200);
    expect(text()).toContain('8.00 MiB read');
    bytes = 4 * 1024 * 1024;
    await wait(200);
    await progress.stop();
    expect(text()).toContain('25 %  4.00 MiB of 16.0 MiB');
  });

  it('is lines without control characters in a log, and makes way for complaints', async () => {
    vi.useRealTimers();
    const { stderr } = await shell('chunker hash --progress missing /proc/version missing-as-well');
    const lines = stderr.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('chunker: not_found: ')).length).toBe(2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(lines[0]).toMatch(/^hash /);
  });

  it('begins before anything is loaded that the command needs', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'package.json'), '{ "name": "slow", "version": "1.0.0", "type": "module", "chunker": { "plugin": "./plugin.js" } }');
    writeFileSync(join(folder, 'plugin.js'), "import { writeSync } from 'node:fs'; writeSync(2, '<loaded>'); export default [];");
    writeFileSync(join(folder, 'data'), 'data');
    for (const given of ['scan data', 'hash data', 'compress -o x data', 'decompress --test x', 'nar ls data']) {
      vi.useRealTimers();
      const { stderr } = await shell(`chunker ${given} --progress --plugin ./`, { cwd: folder });
      const label = given.startsWith('nar') ? 'nar ls' : given.split(' ', 1)[0];
      expect(stderr.slice(0, stderr.indexOf('<loaded>'))).toMatch(new RegExp(`^${label} `));
    }
  });
});
