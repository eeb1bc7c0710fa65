import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARGUMENTS, chunker, ended, oracle } from './command.js';
import { testFolder } from './folder.js';

const folder = testFolder();
const bin = join(folder, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'chunker'), `#!/bin/sh\nexec "${process.execPath}" ${ARGUMENTS.map((one) => `'${one}'`).join(' ')} "$@"\n`);
chmodSync(join(bin, 'chunker'), 0o755);
const place = join(folder, 'place');
mkdirSync(place);
writeFileSync(join(place, 'some-data'), '');
writeFileSync(join(place, 'with space'), '');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, TERM: 'dumb', HISTFILE: '/dev/null', HOME: place, XDG_CONFIG_HOME: place };

/** What was typed, and what it is when the tabulator was pressed. */
const COMPLETED: readonly (readonly [string, string])[] = [
  ['chunker dec', 'chunker decompress '],
  ['chunker nar unp', 'chunker nar unpack '],
  ['chunker help conf', 'chunker help conformance '],
  ['chunker hash --enc', 'chunker hash --encoding '],
  ['chunker hash --encoding nix', 'chunker hash --encoding nix32 '],
  ['chunker hash -a sha2', 'chunker hash -a sha256 '],
  ['chunker compress -c xz:extr', 'chunker compress -c xz:extreme='],
  ['chunker compress -c xz:extreme=true,check=crc3', 'chunker compress -c xz:extreme=true,check=crc32'],
  ['chunker compress --codec=xz:extr', 'chunker compress --codec=xz:extreme='],
  ['chunker chunk --chunker fastcdc:norm', 'chunker chunk --chunker fastcdc:normalization='],
  ['chunker chunk --profile fastcdc-2020/nc2', 'chunker chunk --profile fastcdc-2020/nc2@512k '],
  ['chunker completion fi', 'chunker completion fish '],
  ['chunker hash some', 'chunker hash some-data '],
  ['chunker hash --check=some', 'chunker hash --check=some-data '],
  ['chunker hash -- some', 'chunker hash -- some-data '],
];

/** What a shell makes of it where words are broken is bash's own trouble; the others are asked for one of each sort. */
const SOME = COMPLETED.filter((_, index) => index % 2 === 0);

const has = (shell: string) => oracle(shell, ['--version']) !== undefined;

/** Types lines into a terminal with a shell in it, tabulator and all, and answers what the terminal showed. */
async function typed(script: string): Promise<string> {
  const child = spawn('bash', ['-c', script], { cwd: place, env });
  return (await ended(child)).text;
}

describe('completion', () => {
  it.skipIf(!has('bash') || !has('python3')).each(COMPLETED)('of %s in bash', async (given, expected) => {
    // A real terminal: tabulator, then Ctrl-A and `echo`, so that the line is printed as it stands.
    const python = `
import os, pty, sys, time, select
pid, fd = pty.fork()
if pid == 0:
    os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
seen = b''
def until(mark):
    global seen
    end = time.time() + 120
    while mark not in seen and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]: seen += os.read(fd, 65536)
os.write(fd, b'bind "set enable-bracketed-paste off"; source <(chunker completion bash); echo rea""dy\\n'); until(b'ready\\r\\n')
os.write(fd, sys.argv[1].encode() + b'\\t@\\x01echo "<" "\\x05>"\\n'); until(b'@>\\r\\n')
print(seen.decode().split('< ')[-1].split('@>')[0], end='')
os.close(fd)
`;
    const text = await typed(`python3 -c '${python.replaceAll("'", `'\\''`)}' '${given}'`);
    expect(text).toBe(expected);
  });

  it.skipIf(!has('zsh')).each(SOME)('of %s in zsh', async (given, expected) => {
    const script = `
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell 'PS1=""; autoload -Uz compinit; compinit -u -D; source <(chunker completion zsh); show() { print -r -- "<$BUFFER>"; zle send-break; }; zle -N show; bindkey "^X" show; bindkey "^I" expand-or-complete; print rea""dy'
zpty -r shell seen '*ready*'
zpty -w -n shell '${given}'$'\\t\\x18'
zpty -r shell seen '*<chunker*>*'
print -r -- "$seen"
zpty -d shell`;
    const child = spawn('timeout', ['-k', '1', '120', 'zsh', '-f', '-c', script], { cwd: place, env });
    const { text } = await ended(child);
    expect(/<(chunker[^>]*)>/.exec(text)?.[1]).toBe(expected);
  });

  it.skipIf(!has('fish')).each(SOME)('of %s in fish', async (given, expected) => {
    const { text } = await ended(spawn('fish', ['--no-config', '-c', `chunker completion fish | source; complete -C '${given}'`], { cwd: place, env }));
    const words = text
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(words).toContain(expected.trim().split(' ').at(-1));
  });

  it('never complains, whatever stands before the cursor', async () => {
    for (const words of [
      ['nonsense', ''],
      ['hash', '--nonsense', ''],
      ['compress', '-c', 'nonsense:'],
      ['compress', '-c', 'xz:nonsense='],
      ['-'],
      ['--'],
      [],
    ]) {
      const { status, stderr, text } = await chunker(['complete', '--', ...words], { cwd: place });
      expect([status, stderr]).toEqual([0, '']);
      expect(text).toMatch(/^(words|open|files)\n/);
    }
  });

  it('knows only the shells that it knows', async () => {
    const { status, stderr } = await chunker(['completion', 'tcsh']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^chunker: invalid_usage: .*bash, zsh, fish/);
  });
});
