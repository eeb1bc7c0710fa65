/*
 * Globs over paths whose components are joined by `/`. A star is tried at the place where it first fits, and moved on only when what follows fails: at most length of glob x length of path
 * steps, where a regular expression made of the same glob may take exponentially many (`*a*a*a*a*b`).
 */
import { IoError } from '@chunker/core';

/** One item that must fit; or `undefined`: any run of items, also none. */
export type Wanted<Item> = ((item: Item) => boolean) | undefined;

/** Braces may multiply: more alternatives than this are refused. */
const MOST_ALTERNATIVES = 1000;

/** True where `items` are, one behind the other, what is wanted. */
export function fits<Item>(wanted: readonly Wanted<Item>[], items: readonly Item[]): boolean {
  let at = 0;
  let item = 0;
  // Behind the last run that was met, and where the items go on that it has not swallowed. An earlier run need not be reconsidered: what stands between them was met as early as can be.
  let run = -1;
  let swallowed = 0;
  while (item < items.length) {
    const test = wanted[at];
    if (at < wanted.length && test === undefined) {
      run = ++at;
      swallowed = item;
    } else if (test?.(items[item] as Item) === true) {
      at++;
      item++;
    } else {
      if (run < 0) return false;
      at = run;
      item = ++swallowed;
    }
  }
  while (at < wanted.length && wanted[at] === undefined) at++;
  return at === wanted.length;
}

/**
 * Says whether a path from the root is left out by one of the globs. `*` is any run of characters within a name, also none, `?` one character, `[a-z]` one of a set and `[!a-z]` one that is not,
 * `**` as a whole component any number of components, also none, `{a,b}` one of several; `\` takes the special meaning away. Names that begin with a dot are names like others. A glob without
 * `/` matches names at any depth, one with `/` the path from the root (a `/` at its beginning says so, too); with `/` at its end it matches directories only.
 */
export function excluder(globs: readonly string[]): ((path: Uint8Array, isDirectory: boolean) => boolean) | undefined {
  if (globs.length === 0) return undefined;
  const compiled = globs.flatMap((glob) => alternatives(checked(glob)).map(compile));
  const decoder = new TextDecoder();
  return (path, isDirectory) => {
    const names = decoder
      .decode(path)
      .split('/')
      .map((name) => [...name]);
    return compiled.some(({ wanted, directories }) => (isDirectory || !directories) && fits(wanted, names));
  };
}

type Name = readonly string[];

interface Compiled {
  readonly wanted: readonly Wanted<Name>[];
  readonly directories: boolean;
}

function checked(glob: string): string {
  if (/^\/?$/.test(glob)) throw new IoError('invalid_input', { name: 'exclude', value: 'empty', expected: 'a glob' });
  return glob;
}

function compile(glob: string): Compiled {
  const directories = glob.length > 1 && glob.endsWith('/');
  const parts = (directories ? glob.slice(0, -1) : glob).split('/');
  const anywhere = parts.length === 1;
  if (parts[0] === '' && !anywhere) parts.shift();
  const wanted = parts.map((part): Wanted<Name> => {
    if (part === '**') return undefined;
    const characters = charactersOf(part);
    return (name) => fits(characters, name);
  });
  return { wanted: anywhere ? [undefined, ...wanted] : wanted, directories };
}

function charactersOf(part: string): Wanted<string>[] {
  const wanted: Wanted<string>[] = [];
  const characters = [...part];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const set = character === '[' ? setAt(characters, at) : undefined;
    if (set !== undefined) {
      wanted.push(set.wanted);
      at = set.end;
    } else if (character === '*') {
      wanted.push(undefined);
    } else if (character === '?') {
      wanted.push(() => true);
    } else {
      const plain = character === '\\' && at + 1 < characters.length ? (characters[++at] as string) : character;
      wanted.push((one) => one === plain);
    }
  }
  return wanted;
}

/** The set that begins at `[`, and where its `]` is; undefined where it is not closed: then the bracket is a character. */
function setAt(characters: readonly string[], start: number): { readonly wanted: (one: string) => boolean; readonly end: number } | undefined {
  const not = characters[start + 1] === '!' || characters[start + 1] === '^';
  const ranges: (readonly [string, string])[] = [];
  const first = start + (not ? 2 : 1);
  const plainAt = (at: number): number => (characters[at] === '\\' && at + 1 < characters.length ? at + 1 : at);
  for (let at = first; at < characters.length; at++) {
    if (characters[at] === ']' && at > first) return { wanted: (one) => ranges.some(([low, high]) => low <= one && one <= high) !== not, end: at };
    at = plainAt(at);
    const low = characters[at] as string;
    const isRange = characters[at + 1] === '-' && at + 2 < characters.length && characters[at + 2] !== ']';
    if (isRange) at = plainAt(at + 2);
    ranges.push([low, characters[at] as string]);
  }
  return undefined;
}

/** The globs without braces that one with braces stands for. Braces without a comma, or not closed, are characters. */
function alternatives(glob: string): string[] {
  const found = bracesIn(glob);
  if (found === undefined) return [glob];
  const { start, end, parts } = found;
  const [head, tails] = [glob.slice(0, start), alternatives(glob.slice(end + 1))];
  const bodies = parts.flatMap(alternatives);
  if (bodies.length * tails.length > MOST_ALTERNATIVES) {
    throw new IoError('invalid_input', { name: 'exclude', value: glob.slice(0, 100), expected: `a glob of at most ${MOST_ALTERNATIVES} alternatives` });
  }
  return bodies.flatMap((body) => tails.map((tail) => head + body + tail));
}

function bracesIn(glob: string): { readonly start: number; readonly end: number; readonly parts: readonly string[] } | undefined {
  for (let start = glob.indexOf('{'); start >= 0; start = glob.indexOf('{', start + 1)) {
    const found = isEscaped(glob, start) ? undefined : bracesAt(glob, start);
    if (found !== undefined) return { start, ...found };
  }
  return undefined;
}

function bracesAt(glob: string, start: number): { readonly end: number; readonly parts: readonly string[] } | undefined {
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < glob.length; at++) {
    if (glob[at] === '\\') at++;
    else if (glob[at] === '{') depth++;
    else if (glob[at] === '}' && --depth === 0) return parts.length === 0 ? undefined : { end: at, parts: [...parts, glob.slice(from, at)] };
    else if (glob[at] === ',' && depth === 1) {
      parts.push(glob.slice(from, at));
      from = at + 1;
    }
  }
  return undefined;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === '\\') before--;
  return (at - before) % 2 === 1;
}
