import { type AlgorithmKind, type Registered, type Registry, toJsonSchema } from '@chunker/core';
import type { Argument, Command, Option } from 'commander';
import { openRegistry } from '../algorithms.js';
import type { Context } from '../context.js';
import { describeOption, visibleCommands } from '../help.js';

/** What can stand at the cursor. `files`: names of files, which the shell completes better. `open`: more can follow the word, so no space behind it. */
interface Candidates {
  readonly words: readonly Candidate[];
  readonly files?: boolean;
  readonly open?: boolean;
}

interface Candidate {
  readonly word: string;
  readonly text?: string;
}

const NOTHING: Candidates = { words: [] };
const FILES: Candidates = { words: [], files: true };

/** Options and operands whose values are algorithms, by the name that the help shows them with. */
const KIND_OF: Readonly<Record<string, AlgorithmKind>> = { chunker: 'chunker', hash: 'hash', algorithm: 'hash', codec: 'codec' };
/** Words beside the algorithms. */
const WORDS_OF: Readonly<Record<string, readonly string[]>> = { hash: ['none'], codec: ['none', 'auto'] };
/** Values of these are nothing that could be known. */
const FREE = new Set(['N', 'SIZE', 'CONTEXT', 'SECONDS', 'GLOB', 'PACKAGE']);

/**
 * Answers the scripts of `chunker completion`: of the words behind `chunker` the last one is completed. First line `files`, `open` or `words`, then a candidate per line, a tab, and what it is. What cannot be completed
 * gives no candidates and no error: nobody wants one at a prompt.
 */
export async function complete(context: Context, program: Command, words: readonly string[]): Promise<void> {
  const { words: found, files, open } = await candidatesFor(context, program, words).catch(() => NOTHING);
  const lines = found.map(({ word, text }) => (text === undefined ? word : `${word}\t${text.replace(/\s+/g, ' ')}`));
  await context.line([files === true ? 'files' : open === true ? 'open' : 'words', ...lines].join('\n'));
}

async function candidatesFor(context: Context, program: Command, words: readonly string[]): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  let command = program;
  let operands = 0;
  let waiting: Option | undefined;
  let onlyOperands = false;
  for (const word of before) {
    if (waiting !== undefined) waiting = undefined;
    else if (word === '--' && !onlyOperands) onlyOperands = true;
    else if (!onlyOperands && word.startsWith('-') && word !== '-') waiting = takesValue(optionNamed(command, word));
    else {
      const below = operands === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (below === undefined) operands += 1;
      else command = below;
    }
  }
  if (waiting !== undefined) return valuesOf(context, command, waiting, current);
  const assigned = /^(--[a-z-]+=)(.*)$/s.exec(current);
  if (!onlyOperands && assigned !== null) return assignedValues(context, command, assigned[1] as string, assigned[2] as string);
  if (!onlyOperands && current.startsWith('-')) return starting(optionWords(command), current);
  if (command.name() === 'help') return starting(commandWords(before.slice(1).reduce(childNamed, program)), current);
  if (command.commands.length > 0) return starting(commandWords(command), current);
  return operandValues(context, command, command.registeredArguments[Math.min(operands, command.registeredArguments.length - 1)], current);
}

function childNamed(command: Command, name: string): Command {
  return command.commands.find((one) => one.name() === name) ?? command;
}

function optionNamed(command: Command, word: string): Option | undefined {
  return command.options.find(({ long, short }) => word === long || word === short);
}

function takesValue(option: Option | undefined): Option | undefined {
  return option?.required === true ? option : undefined;
}

function starting(words: readonly Candidate[], current: string): Candidates {
  return { words: words.filter(({ word }) => word.startsWith(current)) };
}

function commandWords(command: Command): Candidate[] {
  return visibleCommands(command).map((one) => ({ word: one.name(), text: one.description() }));
}

function optionWords(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({ word: option.long ?? option.flags, text: describeOption(option) }));
}

async function assignedValues(context: Context, command: Command, start: string, value: string): Promise<Candidates> {
  const option = takesValue(optionNamed(command, start.slice(0, -1)));
  if (option === undefined) return NOTHING;
  const found = await valuesOf(context, command, option, value);
  return { ...found, words: found.words.map(({ word, ...rest }) => ({ word: `${start}${word}`, ...rest })) };
}

async function valuesOf(context: Context, command: Command, option: Option, current: string): Promise<Candidates> {
  if (option.argChoices !== undefined)
    return starting(
      option.argChoices.map((word) => ({ word })),
      current,
    );
  const placeholder = /<(.*)>/.exec(option.flags)?.[1] ?? '';
  if (placeholder === 'SPEC') {
    const name = option.attributeName();
    const extra =
      name === 'codec' && command.name() === 'compress' ? [] : (WORDS_OF[name] ?? []).filter((word) => (word === 'auto') === (command.name() === 'decompress'));
    return specs(await registryOf(context), KIND_OF[name], current, extra);
  }
  if (option.attributeName() === 'profile') {
    const profiles = (await registryOf(context)).list('chunker').flatMap((entry) => entry.profiles);
    return starting(
      profiles.map((word) => ({ word })),
      current,
    );
  }
  return FREE.has(placeholder) ? NOTHING : FILES;
}

async function operandValues(context: Context, command: Command, argument: Argument | undefined, current: string): Promise<Candidates> {
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined)
    return starting(
      argument.argChoices.map((word) => ({ word })),
      current,
    );
  if (command.name() === 'bench' || command.name() === 'conformance') return specs(await registryOf(context), undefined, current, []);
  return argument.name() === 'INNER' ? NOTHING : FILES;
}

async function registryOf(context: Context): Promise<Registry> {
  return (await openRegistry(context)).registry;
}

/** `zst` → `zstd`; `zstd:le` → `zstd:level=`; `xz:check=` → each of its values. */
async function specs(registry: Registry, kind: AlgorithmKind | undefined, current: string, extra: readonly string[]): Promise<Candidates> {
  const colon = current.indexOf(':');
  const known = registry.list(kind);
  if (colon < 0) {
    const words = [...known.map(({ name, kind: what }) => ({ word: name, text: what })), ...extra.map((word) => ({ word }))].filter(({ word }) =>
      word.startsWith(current),
    );
    // A whole name may go on with its options.
    const only = words.length === 1 && words[0]?.word === current && known.some(({ name }) => name === current);
    return only ? { words: [{ word: `${current}:`, text: 'with options' }, { word: current }], open: true } : { words };
  }
  const entry = known.find(({ name }) => name === current.slice(0, colon));
  return entry === undefined ? NOTHING : { words: await optionsOfSpec(entry, current), open: true };
}

interface Property {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Property[];
}

async function optionsOfSpec({ algorithm, profiles }: Registered, current: string): Promise<Candidate[]> {
  const from = Math.max(current.indexOf(':'), current.lastIndexOf(',')) + 1;
  const start = current.slice(0, from);
  const part = current.slice(from);
  const schema = (await toJsonSchema(algorithm)) as { readonly properties?: Readonly<Record<string, Property>> };
  const properties: Readonly<Record<string, Property>> = {
    ...schema.properties,
    ...(profiles.length === 0 ? {} : { profile: { enum: profiles, description: 'a frozen set of options' } }),
  };
  const equals = part.indexOf('=');
  const said = new Set(
    start
      .slice(start.indexOf(':') + 1)
      .split(',')
      .map((one) => one.split('=')[0]),
  );
  if (equals < 0)
    return Object.entries(properties)
      .filter(([name]) => name.startsWith(part) && !said.has(name))
      .map(([name, { description }]) => ({ word: `${start}${name}=`, ...(description === undefined ? {} : { text: description }) }));
  const property = properties[part.slice(0, equals)];
  const values = property === undefined ? [] : valuesOfProperty(property).filter((value) => value.startsWith(part.slice(equals + 1)));
  return values.map((value) => ({ word: `${start}${part.slice(0, equals + 1)}${value}` }));
}

function valuesOfProperty(property: Property): string[] {
  if (property.type === 'boolean') return ['true', 'false'];
  const own = [...(property.enum ?? []), ...(property.const === undefined ? [] : [property.const])].map(String);
  return [...own, ...(property.anyOf ?? []).flatMap(valuesOfProperty)];
}
