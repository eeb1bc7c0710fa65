import type { Command, Option } from 'commander';
import type { Colour } from './colour.js';
import { CONVENTIONS, EXIT_STATUSES, PAGES, VARIABLES } from './pages.js';

type Row = readonly [term: string, text: string];

/** The words by which a command is called, without the program's own. */
export function pathOf(command: Command): string {
  const words: string[] = [];
  for (let at: Command | null = command; at?.parent != null; at = at.parent) words.unshift(at.name());
  return words.join(' ');
}

export function visibleCommands(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}

/** A command's options under their headings, in order. */
export function optionGroups(command: Command): ReadonlyMap<string, readonly Option[]> {
  const groups = new Map<string, Option[]>([['Options', []]]);
  for (const option of command.createHelp().visibleOptions(command)) {
    const heading = option.helpGroupHeading || (option.long === '--help' && pathOf(command) !== '' ? 'Common options' : 'Options');
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  if (groups.get('Options')?.length === 0) groups.delete('Options');
  return groups;
}

/** An option's description with what it can be and what it is when nothing is said. */
export function describeOption({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
  return `${description}${choices}${typeof defaultValue === 'string' ? ` (default: ${defaultValue})` : ''}`;
}

export function usageOf(command: Command): string {
  const path = pathOf(command);
  return ['chunker', path, command.usage()].filter((part) => part !== '').join(' ');
}

/** A page like a manual's: usage, what it is about, options by group, examples. */
export function formatHelp(command: Command, width: number, colour: Colour): string {
  const path = pathOf(command);
  const page = PAGES[path];
  const heading = (text: string) => colour.strong(text);
  const rows = (list: readonly Row[]) => table(list, width, colour);
  const paragraphs = page?.about ?? [capital(command.description())];
  const sections: string[] = [`${heading('Usage')}: ${usageOf(command)}`, ...paragraphs.map((paragraph) => wrap(paragraph, width, ''))];
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  if (described.length > 0) sections.push(`${heading('Arguments')}\n${rows(described.map((argument): Row => [argument.name(), argument.description]))}`);
  for (const [name, commands] of commandGroups(command))
    sections.push(`${heading(name)}\n${rows(commands.map((one): Row => [`${one.name()}${operandsOf(one)}`, one.description()]))}`);
  for (const [name, options] of optionGroups(command))
    sections.push(`${heading(name)}\n${rows(options.map((option): Row => [option.short ? option.flags : `    ${option.flags}`, describeOption(option)]))}`);
  if (page !== undefined && page.examples.length > 0) sections.push(`${heading('Examples')}\n${exampleLines(page.examples, colour).join('\n')}`);
  if (path === '') {
    sections.push(
      `${heading('Words')}\n${rows(CONVENTIONS)}`,
      `${heading('Exit status')}\n${rows(EXIT_STATUSES)}`,
      `${heading('Environment')}\n${rows(VARIABLES)}`,
    );
    sections.push("'chunker help COMMAND' tells more, with examples.");
  }
  return `${sections.join('\n\n')}\n`;
}

export function commandGroups(command: Command): ReadonlyMap<string, readonly Command[]> {
  const groups = new Map<string, Command[]>();
  for (const one of visibleCommands(command)) {
    const heading = one.helpGroup() || 'Commands';
    groups.set(heading, [...(groups.get(heading) ?? []), one]);
  }
  return groups;
}

function operandsOf(command: Command): string {
  return command.registeredArguments
    .map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? ` ${name}` : ` [${name}]`;
    })
    .join('');
}

function exampleLines(examples: readonly Row[], colour: Colour): string[] {
  return examples.flatMap(([line, text]) => [...(text === '' ? [] : [colour.faint(`  # ${text}`)]), `  $ ${line}`]);
}

/** Terms in a column, texts beside them; a long term has its text below it. */
function table(rows: readonly Row[], width: number, colour: Colour): string {
  const column = Math.min(27, Math.max(...rows.map(([term]) => term.length))) + 4;
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width, ' '.repeat(column));
      const head = `  ${term}`;
      if (text === '') return head;
      return head.length + 2 > column ? `${head}\n${lines}` : `${head}${lines.slice(head.length)}`;
    })
    .join('\n')
    .replaceAll(/\(default: [^)]*\)/g, (text) => colour.faint(text));
}

/** Breaks at spaces; every line begins with the indent. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line].join('\n');
}

function capital(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}
