import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { colourFor } from '../src/colour.js';
import { pathOf, visibleCommands } from '../src/help.js';
import { PAGES } from '../src/pages.js';
import { buildProgram } from '../src/program.js';
import { chunker } from './command.js';

const never = () => {
  throw new Error('no command is run here');
};

function* leaves(command: Command): Generator<Command> {
  for (const one of visibleCommands(command)) {
    if (one.commands.length > 0) yield* leaves(one);
    else yield one;
  }
}

const program = buildProgram(never, () => {});
const all = [...leaves(program)];

describe('help', () => {
  it('has a page with examples for every command, and no page for others', () => {
    expect(Object.keys(PAGES).sort()).toEqual(
      all
        .map(pathOf)
        .filter((path) => path !== 'help')
        .sort(),
    );
    for (const page of Object.values(PAGES)) expect(page.examples.length).toBeGreaterThan(0);
  });

  it.each([...all, program, ...program.commands.filter((one) => one.commands.length > 0)].map((command) => [pathOf(command), command] as const))(
    "of '%s' fits into 80 columns and tells of each option",
    (_, command) => {
      const text = command.helpInformation();
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      for (const { long } of command.options) expect(text).toContain(long);
      expect(text).not.toMatch(/undefined| \n/);
    },
  );

  it('has examples that the command line understands', async () => {
    const run: string[] = [];
    const checked = buildProgram(never, () => {});
    for (const command of leaves(checked)) command.action(() => void run.push(pathOf(command)));
    for (const [path, { examples }] of Object.entries(PAGES)) {
      for (const [line] of examples) {
        const [call] = /chunker [^|<>)]*/.exec(line) ?? [''];
        const words = [...call.trim().matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));
        await checked.parseAsync(words.slice(1), { from: 'user' });
        expect(run.at(-1)).toBe(path);
      }
    }
  });

  it("is the same by 'help COMMAND' and by --help", async () => {
    for (const words of [['nar', 'pack'], ['hash'], []]) {
      const [one, other] = [await chunker(['help', ...words]), await chunker([...words, '--help'])];
      expect(one.text).toBe(other.text);
      expect([one.status, other.status, one.stderr]).toEqual([0, 0, '']);
    }
    const unknown = await chunker(['help', 'nonsense']);
    expect([unknown.status, unknown.stderr]).toEqual([2, "chunker: invalid_usage: there is no command 'nonsense'\n"]);
  });
});

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ] as const)('on a terminal: %s, with %o: %s', (isTerminal, environment, coloured) => {
    expect(colourFor(isTerminal, environment).strong('x') !== 'x').toBe(coloured);
  });

  it('stand in help where they are forced', async () => {
    expect((await chunker(['--help'], { env: { FORCE_COLOR: '1', NO_COLOR: '' } })).text).toContain('\u001b[1mUsage');
  });
});
