import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bytesFrom } from '../src/files.js';
import { ended, listening, shell, start } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
writeFileSync(join(folder, 'data'), noise(500_000));

/** CPU time of a process, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13);
  return Number(user) + Number(system);
}

describe('standard input', () => {
  it.skipIf(process.platform !== 'linux').each(['scan', 'chunk', 'hash', 'compress', 'decompress'])(
    '%s waits for a silent pipe without work, and ends with 130 at once',
    async (name) => {
      const path = join(folder, `silent-${name}`);
      execFileSync('mkfifo', [path]);
      // Open at both ends: it is silent and does not end.
      const silent = openSync(path, 'r+');
      const child = start([name, '-'], { stdio: [silent, 'ignore', 'pipe'] });
      closeSync(silent);
      const ending = ended(child);
      await listening(child);
      // However long it takes to come so far: from some moment on it does nothing.
      let ticks = Number.POSITIVE_INFINITY;
      for (let second = 0; second < 60 && ticks >= 20; second++) {
        const before = cpuTicks(child.pid as number);
        await wait(1000);
        ticks = cpuTicks(child.pid as number) - before;
      }
      expect(ticks).toBeLessThan(20);
      child.kill('SIGINT');
      // The pipe is as silent as before: nothing but the signal can end it.
      expect(await ending).toMatchObject({ stderr: 'chunker: interrupted: interrupted by SIGINT\n', status: 130 });
    },
  );

  it.skipIf(process.platform === 'win32')(
    'and other pipes that are given up before anybody reads them are told to whoever reads then, and to nobody else',
    async () => {
      const path = join(folder, 'given-up');
      execFileSync('mkfifo', [path]);
      const reason = new Error('enough');
      const pieces = bytesFrom(`/dev/fd/${openSync(path, 'r+')}`, AbortSignal.abort(reason));
      // An error that nobody listens for ends the process.
      await wait(50);
      await expect(pieces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'AbortError', cause: reason });
    },
  );

  it('reads a file as standard input from where it stands, and nothing where it is closed', async () => {
    const line = '(dd bs=10 count=1 status=none >&2; chunker hash -) < data; tail -c +11 data | chunker hash -; chunker hash - <&-; chunker hash - < /dev/null';
    const [rest, same, closed, nothing] = (await shell(line, { cwd: folder })).text
      .trim()
      .split('\n')
      .map((row) => row.slice(0, 64));
    expect(rest).toBe(same);
    expect(closed).toBe(nothing);
  });
});
