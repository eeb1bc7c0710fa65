import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ARGUMENTS, chunker, ended, listening, start } from './command.js';
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

/** What is interrupted, each in a folder of its own; `-` is a pipe that does not end. */
const COMMANDS: readonly (readonly string[])[] = [
  ['scan', '../tree', '../big'],
  ['compress', '-c', 'zstd:level=12', '-o', 'out', '../big'],
  ['decompress', '-o', 'out', '../big.zst'],
  ['nar', 'unpack', '-C', 'out', '../tree.nar'],
  ['nar', 'pack', '-o', 'out', '../tree'],
  ['scan', '--verify', '-'],
  ['compress', '-o', 'out', '-'],
];

const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof STATUS;

/** A pipe that another process writes to for ever. */
function endlessPipe(place: string): { readonly fd: number; readonly stop: () => void } {
  const path = join(place, '..', `${basename(place)}.fifo`);
  execFileSync('mkfifo', [path]);
  // Open at both ends: nobody waits for the other.
  const fd = openSync(path, 'r+');
  const writer = spawn('cat', ['/dev/urandom'], { stdio: ['ignore', fd, 'ignore'] });
  return { fd, stop: () => writer.kill('SIGKILL') };
}

/** Starts the command in a fresh folder, sends the signals after the moment, and answers how it ended and what it left; by itself where it was quicker. */
async function interrupted(given: readonly string[], moment: number, signals: readonly NodeJS.Signals[]) {
  const place = mkdtempSync(join(folder, 'place-'));
  const pipe = given.includes('-') ? endlessPipe(place) : undefined;
  // A group of its own: whatever it starts belongs to it.
  const child = start(given, { cwd: place, detached: true, stdio: [pipe?.fd ?? 'ignore', 'ignore', 'pipe'] });
  if (pipe !== undefined) closeSync(pipe.fd);
  const ending = ended(child).finally(() => pipe?.stop());
  await wait(moment);
  for (const signal of signals) child.kill(signal);
  const { status, stderr } = await ending;
  const left = readdirSync(place);
  const isWhole = left.includes('out') && (await isRight(given, join(place, 'out')));
  rmSync(place, { recursive: true });
  return { status, stderr, signal: child.signalCode, left, isWhole, isAlone: await ends(-(child.pid as number)) };
}

/** True when the group has no process any more, at once or a moment later: esbuild, which strips the types of sources here, has a process of its own that ends behind ours. */
async function ends(group: number): Promise<boolean> {
  for (let i = 0; i < 300 && isRunning(group); i++) await wait(100);
  return !isRunning(group);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What a command made is what it had to make. */
async function isRight(given: readonly string[], out: string): Promise<boolean> {
  if (given[0] === 'compress') return (await chunker(['decompress', '--test', out])).status === 0;
  if (given[0] === 'decompress') return readFileSync(out).equals(readFileSync(join(folder, 'big')));
  if (given[1] === 'pack') return readFileSync(out).equals(readFileSync(join(folder, 'tree.nar')));
  return (await chunker(['nar', 'pack', out])).stdout.equals(readFileSync(join(folder, 'tree.nar')));
}

describe('a command that is interrupted', { concurrent: true }, () => {
  const endings: readonly (readonly Ending[])[] = [['SIGINT'], ['SIGTERM'], ['SIGINT', 'SIGINT'], ['SIGHUP']];
  // From before node runs to after most is done; each command at four of them.
  const moments = Array.from({ length: 28 }, (_, i) => {
    const signals = endings[i % 4] as readonly Ending[];
    const given = COMMANDS[i % 7] as readonly string[];
    return [`${given.slice(0, 2).join(' ')} by ${signals.join(' and ')}`, i * 70, given, signals] as const;
  });

  it.each(moments)('%s after %d ms leaves nothing half-written and no process', async (_, moment, given, signals) => {
    const { status, stderr, signal, left, isWhole, isAlone } = await interrupted(given, moment, signals);
    // While node itself starts, the signal ends the process as any: nothing has been written then.
    if (signal !== null) expect(signals).toContain(signal);
    else expect([0, STATUS[signals[0] as Ending]], stderr).toContain(status);
    if (signal === null && status !== 0 && signals.length === 1) expect(stderr).toBe(`chunker: interrupted: interrupted by ${signals[0]}\n`);
    expect(left).toEqual(isWhole ? ['out'] : []);
    expect(isAlone).toBe(true);
  });

  const kills = Array.from({ length: 6 }, (_, i) => [COMMANDS[1 + (i % 4)] as readonly string[], 350 + i * 170] as const);

  it.each(kills)('%j that is killed after %d ms leaves at most what can be told by its name', async (given, moment) => {
    const { status, left, isWhole } = await interrupted(given, moment, ['SIGKILL']);
    const named = left.filter((name) => !/^\.(chunker-\S+\.tmp|out\.tmp-[0-9a-f]+)$/.test(name));
    // The kill may fall between the moment `out` gets its name and the end of the process: then it is there, and whole.
    expect(named).toEqual(isWhole ? ['out'] : []);
    if (status === 0) expect(left).toEqual(['out']);
  });
});

describe('a signal while the command is being loaded', { concurrent: true }, () => {
  /** Starts the command held up before its main part is loaded, until the signals were sent or, `forEver`, for ever. */
  async function held(given: readonly string[], signals: readonly NodeJS.Signals[], forEver = false) {
    const until = join(mkdtempSync(join(folder, 'held-')), 'go on');
    // What is imported last is asked first.
    const loaders = ['--import', new URL('./held.mjs', import.meta.url).href];
    const child = spawn(process.execPath, [...ARGUMENTS.slice(0, -1), ...loaders, ...ARGUMENTS.slice(-1), ...given], {
      env: { ...process.env, HELD_UNTIL: until },
    });
    const ending = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    for (const signal of signals) {
      child.kill(signal);
      // Two signals of a kind that come at once may be one.
      await wait(200);
    }
    if (!forEver) writeFileSync(until, '');
    return ending;
  }

  it.each(Object.entries(STATUS))('%s ends it with %d, a word and a document', async (signal, code) => {
    const { status, stderr, text } = await held(['list', '--json'], [signal as Ending]);
    expect(stderr).toBe(`chunker: interrupted: interrupted by ${signal}\n`);
    const message = `interrupted: interrupted by ${signal}`;
    expect(text).toBe(`held\n${JSON.stringify({ error: { code: 'interrupted', message, details: { signal } } })}\n`);
    expect(status).toBe(code);
  });

  it('ends it at once when it comes twice', async () => {
    const { status, stderr, text } = await held(['list'], ['SIGINT', 'SIGINT'], true);
    expect([status, stderr, text]).toEqual([130, '', 'held\n']);
  });
});

describe('a command', () => {
  it.skipIf(process.platform === 'win32')('goes on when it was only stopped for a while', async () => {
    const child = start(['compress', '-c', 'zstd:level=12', '-o', 'stopped', 'big'], { cwd: folder });
    const ending = ended(child);
    await listening(child);
    await wait(300);
    child.kill('SIGTSTP');
    await wait(500);
    child.kill('SIGCONT');
    expect((await ending).status).toBe(0);
    expect((await chunker(['decompress', '--test', 'stopped'], { cwd: folder })).status).toBe(0);
    rmSync(join(folder, 'stopped'));
  });

  it('that is interrupted says so in its document', async () => {
    execFileSync('mkfifo', [join(folder, 'silent')]);
    const silent = openSync(join(folder, 'silent'), 'r+');
    const child = start(['scan', '--json', '-'], { cwd: folder, stdio: [silent, 'pipe', 'pipe'] });
    const ending = ended(child);
    await listening(child);
    await wait(500);
    child.kill('SIGINT');
    const { text, status } = await ending;
    closeSync(silent);
    expect(JSON.parse(text)).toEqual({
      error: { code: 'interrupted', message: 'interrupted: interrupted by SIGINT', details: { signal: 'SIGINT' } },
    });
    expect(status).toBe(130);
  });

  it('that is interrupted does not wait for a reader who has stopped reading', async () => {
    const child = start(['chunk', '--chunker', 'fastcdc:min=64,avg=256,max=1024', 'big'], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
    const ending = new Promise<number | null>((resolve) => child.on('exit', resolve));
    // Nobody reads what comes: soon it is more than the pipe holds.
    await new Promise((resolve) => child.stdout?.once('readable', resolve));
    await wait(1000);
    child.kill('SIGINT');
    // That it ends at all is what matters: the reader comes back only afterwards.
    expect(await ending).toBe(130);
    child.stdout?.destroy();
  });
});
