// Writes what the command says of itself: docs/reference/cli.md, or for a name that ends in `.1` a manual page. Usage: cli-reference.mjs [FILE].
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, SOURCE } from './workspace.mjs';

const target = process.argv[2] ?? join(ROOT, 'docs/reference/cli.md');
const cli = (file) => join(ROOT, 'packages/cli', file);

// The program is asked itself, from its sources, as its tests run it.
const FLAGS = [`--conditions=${SOURCE}`, '--import', cli('test/sources.mjs')];
if (!process.execArgv.includes(FLAGS[0])) {
  const { status } = spawnSync(process.execPath, [...FLAGS, fileURLToPath(import.meta.url), target], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const { buildProgram } = await import(cli('src/program.ts'));
const { commandGroups, describeOption, optionGroups, pathOf, usageOf, visibleCommands } = await import(cli('src/help.ts'));
const { CONVENTIONS, EXIT_STATUSES, PAGES, VARIABLES } = await import(cli('src/pages.ts'));

const program = buildProgram(() => {
  throw new Error('nothing is run here');
});

/** Commands that do something, each with its page. */
function* leaves(command) {
  for (const one of visibleCommands(command)) {
    if (one.commands.length > 0) yield* leaves(one);
    else yield one;
  }
}

const common = () => optionGroups(program.commands[0]).get('Common options');
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? '' : '.'}`;

function markdown() {
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  const rows = (list) => list.map(([term, text]) => `| \`${term.replaceAll('|', '\\|')}\` | ${cell(text)} |`).join('\n');
  const table = (head, list) => `| ${head} | |\n|---|---|\n${rows(list)}`;
  const optionRows = (options) => options.map((option) => [option.flags, describeOption(option)]);
  const section = (command) => {
    const path = pathOf(command);
    const { about, examples } = PAGES[path] ?? { about: [sentence(command.description())], examples: [] };
    const own = optionGroups(command).get('Options');
    const lines = examples.map(([line, text]) => (text === '' ? line : `# ${text}\n${line}`));
    return [
      `### chunker ${path}`,
      `\`\`\`\n${usageOf(command)}\n\`\`\``,
      ...about,
      ...(own === undefined ? [] : [table('option', optionRows(own))]),
      ...(lines.length === 0 ? [] : [`\`\`\`sh\n${lines.join('\n')}\n\`\`\``]),
    ].join('\n\n');
  };
  const groups = [...commandGroups(program)].map(([name, commands]) => {
    const all = commands.flatMap((one) => (one.commands.length > 0 ? [...leaves(one)] : [one]));
    return [`## ${name}`, ...all.map(section)].join('\n\n');
  });
  return `<!-- Written by tools/cli-reference.mjs from the program itself. Do not edit. -->

# The command

${sentence(program.description())} \`chunker help COMMAND\` shows what stands here.

${groups.join('\n\n')}

## Everywhere

${table('word', CONVENTIONS)}

${table('option', optionRows(common()))}

${table('exit status', EXIT_STATUSES)}

${table('variable', VARIABLES)}

An error is one line on standard error, \`chunker: \` and a message that begins with its code ([all codes](errors.md)); with \`--json\` it is also the last document on
standard output, \`{"error":{"code","message","details"}}\`. Progress goes to standard error, and only where that is a terminal or \`--progress\` asks for it.
`;
}

function manual() {
  const text = (words) =>
    words
      .replaceAll('\\', '\\e')
      .replaceAll('-', '\\-')
      .replace(/^(['.])/, '\\&$1');
  const item = ([term, words]) => `.TP\n.B ${text(term)}\n${text(words)}`;
  const options = (list) => list.map((option) => item([option.flags, describeOption(option)])).join('\n');
  const section = (command) => {
    const path = pathOf(command);
    const { about, examples } = PAGES[path] ?? { about: [sentence(command.description())], examples: [] };
    const own = optionGroups(command).get('Options');
    const lines = examples.map(([line, words]) => `${words === '' ? '' : `# ${text(words)}\n`}${text(line)}`);
    return [
      `.SS ${text(usageOf(command))}`,
      about.map(text).join('\n.PP\n'),
      ...(own === undefined ? [] : [options(own)]),
      ...(lines.length === 0 ? [] : [`.PP\n.nf\n.RS\n${lines.join('\n')}\n.RE\n.fi`]),
    ].join('\n');
  };
  return `.\\" Written by tools/cli\\-reference.mjs from the program itself.
.TH CHUNKER 1 "" "chunker ${program.version()}" "User Commands"
.SH NAME
chunker \\- ${text(program.description())}
.SH SYNOPSIS
.B chunker
${text(program.usage())}
.SH COMMANDS
${[...leaves(program)].map(section).join('\n')}
.SH COMMON OPTIONS
${options(common())}
.SH WORDS
${CONVENTIONS.map(item).join('\n')}
.SH EXIT STATUS
${EXIT_STATUSES.map(item).join('\n')}
.SH ENVIRONMENT
${VARIABLES.map(item).join('\n')}
`;
}

mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, target.endsWith('.1') ? manual() : markdown());
