import type { AlgorithmKind, OptionsSchema, SchemaIssue } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { isSchema } from '../define/form.js';
import { areaError, describeThrown } from '../errors/areas.js';
import { RegistryError } from '../errors/index.js';
import { rangeOf } from './range.js';
import { isPlain, printable, snapshot, UnreadableOptions } from './snapshot.js';

/** Options after their schema. `given` is what the caller said, for the spec. */
export interface ParsedOptions {
  readonly given: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly profile?: string;
}

const MEMO_ENTRIES = 64;
const memos = new WeakMap<Definition, Map<string, ParsedOptions>>();

/** The schema of a definition, loaded when it is a loader. */
export async function schemaOf(definition: Definition): Promise<OptionsSchema | undefined> {
  const { options } = definition;
  if (options === undefined) return undefined;
  if (isSchema(options)) return options as OptionsSchema;
  try {
    const module: unknown = await (options as () => Promise<unknown>)();
    const schema = (module as { default?: unknown } | null)?.default;
    if (isSchema(schema)) return schema as OptionsSchema;
  } catch (cause) {
    throw new RegistryError('invalid_plugin', { name: definition.name, reason: `its options cannot be loaded: ${describeThrown(cause)}` }, { cause });
  }
  throw new RegistryError('invalid_plugin', { name: definition.name, reason: 'the module of its options has no schema as its default export' });
}

/**
 * Reads the caller's options once, expands a profile, and lets the schema parse them. Equal options are parsed once. Throws `invalid_options`, of chunkers
 * `invalid_chunking_options`, naming the parameter, the value and, where the schema tells it, the range.
 */
export async function parseOptions(definition: Definition, options: unknown): Promise<ParsedOptions> {
  const read = readGiven(definition, options);
  const { profile, parameters } = expandProfile(definition, read);
  const key = `${profile ?? ''}|${printable(parameters)}`;
  const memo = memos.get(definition) ?? new Map<string, ParsedOptions>();
  memos.set(definition, memo);
  const known = memo.get(key);
  if (known !== undefined) return known;
  const value = await validate(definition, parameters);
  const parsed: ParsedOptions = Object.freeze({ given: Object.freeze(read), value, ...(profile === undefined ? {} : { profile }) });
  if (key.length < 1024 && isSimple(parameters)) {
    if (memo.size >= MEMO_ENTRIES) memo.delete(memo.keys().next().value as string);
    memo.set(key, parsed);
  }
  return parsed;
}

function readGiven(definition: Definition, options: unknown): Record<string, unknown> {
  if (options === undefined) return {};
  if (!isPlain(options)) throw refused(definition, 'options', printable(options), 'options are an object');
  try {
    return snapshot(options) as Record<string, unknown>;
  } catch (thrown) {
    if (thrown instanceof UnreadableOptions) throw refused(definition, thrown.path, 'unreadable', thrown.message);
    throw refused(definition, 'options', 'unreadable', describeThrown(thrown), thrown);
  }
}

function expandProfile(definition: Definition, given: Record<string, unknown>): { profile?: string; parameters: unknown } {
  if (definition.profiles.size === 0 || !Object.hasOwn(given, 'profile')) return { parameters: given };
  const { profile } = given;
  const parameters = typeof profile === 'string' ? definition.profiles.get(profile) : undefined;
  if (typeof profile !== 'string' || parameters === undefined) {
    throw refused(definition, 'profile', printable(profile), `the profiles are ${[...definition.profiles.keys()].join(', ')}`);
  }
  const other = Object.keys(given).find((key) => key !== 'profile');
  if (other !== undefined) throw refused(definition, other, printable(given[other]), 'a profile is frozen and takes no parameters beside it');
  return { profile, parameters: structuredClone(parameters) };
}

/** Whether nothing is said but what would hold anyway. */
function areDefaults(parameters: unknown, defaults: Readonly<Record<string, unknown>>): boolean {
  return isPlain(parameters) && Object.entries(parameters).every(([name, value]) => Object.hasOwn(defaults, name) && Object.is(value, defaults[name]));
}

async function validate(definition: Definition, parameters: unknown): Promise<unknown> {
  const { defaults } = definition;
  if (defaults !== undefined && areDefaults(parameters, defaults)) return defaults;
  const schema = await schemaOf(definition);
  if (schema === undefined) {
    const [first] = Object.keys(parameters as object);
    if (first !== undefined) throw refused(definition, first, printable((parameters as Record<string, unknown>)[first]), 'it has no options');
    return Object.freeze({});
  }
  let result: Awaited<ReturnType<OptionsSchema['~standard']['validate']>>;
  try {
    result = await schema['~standard'].validate(parameters);
  } catch (cause) {
    throw new RegistryError('invalid_plugin', { name: definition.name, reason: `the schema of its options failed: ${describeThrown(cause)}` }, { cause });
  }
  if (result === null || typeof result !== 'object')
    throw new RegistryError('invalid_plugin', { name: definition.name, reason: 'the schema of its options answered nothing' });
  if (result.issues !== undefined) throw issueError(definition, schema, parameters, result.issues);
  return isPlain(result.value) ? Object.freeze({ ...result.value }) : result.value;
}

function issueError(definition: Definition, schema: OptionsSchema, parameters: unknown, issues: readonly SchemaIssue[]): Error {
  const issue = issues[0] ?? { message: 'the schema refuses the options' };
  const unknownKeys = (issue as { keys?: unknown }).keys;
  const path = (issue.path ?? []).map((step) => (typeof step === 'object' && step !== null ? step.key : step));
  if (path.length === 0 && Array.isArray(unknownKeys)) path.push(String(unknownKeys[0]));
  let value: unknown = parameters;
  for (const step of path) value = isPlain(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  const name = path.length === 0 ? 'options' : path.map(String).join('.');
  return refused(definition, name, printable(value), String(issue.message), undefined, rangeOf(schema, path, issue));
}

function refused(definition: Definition, name: string, value: string, reason: string, cause?: unknown, range?: string): Error {
  const code = definition.kind === 'chunker' ? 'invalid_chunking_options' : 'invalid_options';
  const details = { algorithm: definition.name, name, value, reason, ...(range === undefined ? {} : { range }) };
  return areaError(definition.kind as AlgorithmKind, code, details, cause === undefined ? {} : { cause });
}

/** Only what prints without loss may be a key of the memo. */
function isSimple(value: unknown): boolean {
  if (value === null || typeof value !== 'object')
    return typeof value !== 'function' && typeof value !== 'symbol' && !(typeof value === 'string' && value.length > 100);
  return (Array.isArray(value) || isPlain(value)) && Object.values(value).every(isSimple);
}
