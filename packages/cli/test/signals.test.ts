import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { chunker, ended, shell, start } from './command.js';
import { noise, testFolder } from './folder.js';

const folder = testFolder();
const MIB = 1 << 20;
writeFileSync(join(folder, 'big'), Buffer.concat([noise(24 * MIB), Buffer.alloc(8 * MIB, 'text that compresses ')]));
mkdirSync(join(folder, 'tree'));
for (let i = 0; i < 1500; i++) {
  mkdirSync(join(folder, 'tree', String(i % 30)), { recursive: true });
  writeFileSync(join(folder, 'tree', String(i % 30), String(i)), noise(12_000, i));
}
await chunker(['compress', '-o', 'big.zst', 'big'], { cwd: folder });
await chunker(['nar', 'pack', '-o', 'tree.nar', 'tree'], { cwd: folder });
const INPUTS = new Set(readdirSync(folder));

const COMMANDS: readonly (readonly string[])[] = [
  ['scan', 'tree', 'big'],
  ['compress', '-c', 'zstd:level=12', '-o', 'out', 'big'],
  ['decompress', '-o', 'out', 'big.zst'],
  ['nar', 'unpack', '-C', 'out', 'tree.nar'],
  ['nar', 'pack', '-o', 'out', 'tree'],
];

const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof STATUS;

/** What is there and was not before. */
const made = () => readdirSync(folder).filter((name) => !INPUTS.has(name));

/** Starts the command, sends the signals after the moment, and answers how it ended; by itself where it was quicker. */
async function interrupted(given: readonly string[], moment: number, signals: readonly NodeJS.Signals[]) {
  const child = start(given, { cwd: folder });
  const ending = ended(child);
  await wait(moment);
  for (const signal of signals) child.kill(signal);
  const { status } = await ending;
  return { status, signal: child.signalCode };
}

describe('a command that is interrupted', () => {
  // Twenty moments from before anything is written to after all is done.
  const moments = Array.from({ length: 20 }, (_, i) => {
    const endings: readonly (readonly Ending[])[] = [['SIGINT'], ['SIGINT', 'SIGINT'], ['SIGTERM'], ['SIGHUP']];
    const signals = endings[i % 4] as readonly Ending[];
    const given = COMMANDS[i % 5] as readonly string[];
    return [`${given.slice(0, 2).join(' ')} by ${signals.join(' and ')}`, 500 + ((i * 7919) % 1300), given, signals] as const;
  });

  it.each(moments)('%s after %d ms leaves nothing half-written', { timeout: 60_000 }, async (_, moment, given, signals) => {
    const { status, signal } = await interrupted(given, moment, signals);
    const left = made();
    for (const name of left) rmSync(join(folder, name), { recursive: true });
    // Before the handlers stand, the signal itself ends the process: nothing has been written then.
    if (signal !== null) expect(signals).toContain(signal);
    else expect([0, STATUS[signals[0] as Ending]]).toContain(status);
    expect(left).toEqual(status === 0 && given[0] !== 'scan' ? ['out'] : []);
  });

  it.skipIf(process.platform === 'win32')('goes on when it was only stopped for a while', { timeout: 60_000 }, async () => {
    const child = start(['compress', '-c', 'zstd:level=12', '-o', 'stopped', 'big'], { cwd: folder });
    const ending = ended(child);
    await wait(900);
    child.kill('SIGTSTP');
    await wait(500);
    child.kill('SIGCONT');
    expect((await ending).status).toBe(0);
    expect((await chunker(['decompress', '--test', 'stopped'], { cwd: folder })).status).toBe(0);
    rmSync(join(folder, 'stopped'));
  });

  it('says so in its document, and does not wait for a reader who has stopped reading', { timeout: 60_000 }, async () => {
    const { text } = await shell(
      `timeout -s INT 3 bash -c 'exec "$NODE" $CHUNKER_SOURCES scan --json -' < <(exec sleep 20 2>&1) | cat; echo "\${PIPESTATUS[0]}"`,
      {
        cwd: folder,
      },
    );
    const [document] = text.trim().split('\n');
    expect(JSON.parse(document as string)).toEqual({
      error: { code: 'interrupted', message: 'interrupted: interrupted by SIGINT', details: { signal: 'SIGINT' } },
    });
    const child = start(['chunk', '--chunker', 'fastcdc:min=64,avg=256,max=1024', 'big'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    await wait(2500);
    const asked = Date.now();
    const ending = new Promise<number | null>((resolve) => child.on('exit', resolve));
    child.kill('SIGINT');
    expect(await ending).toBe(130);
    expect(Date.now() - asked).toBeLessThan(2500);
    child.stdout?.destroy();
  });
});
