// Writes the reference of every public sub-path from the declarations and their doc comments, and of algorithms the options from their schemas: one page per package. Usage: api-reference.mjs [FOLDER].
// Fails where a public export has no doc comment.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { entries, packages, ROOT } from './workspace.mjs';

const slashes = (path) => path.split(sep).join('/');

/** Public sub-paths of a package that hold declarations. */
const doors = (one) => entries(one).filter(({ name, types }) => name.startsWith('.') && types);

function compilerOptions() {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options;
}

/** All declarations as an installer would see them, by the path of the source that they come from. */
function declarations(sources) {
  const options = { ...compilerOptions(), noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: ROOT, rootDir: ROOT, stripInternal: true };
  const emitted = new Map();
  ts.createProgram(sources, options).emit(undefined, (file, text) => emitted.set(slashes(file), text));
  return emitted;
}

/** A program over those declarations, which lie beside the sources without being written. */
function programOver(emitted) {
  const options = { ...compilerOptions(), noEmit: true };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => emitted.has(slashes(file)) || (!ownSource(file) && fileExists(file));
  host.readFile = (file) => emitted.get(slashes(file)) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = emitted.get(slashes(file));
    return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version, true);
  };
  return ts.createProgram([...emitted.keys()], options, host);
}

/** A source of ours for which a declaration stands in. */
const ownSource = (file) => /\/packages\/[^/]+\/src\/.*(?<!\.d)\.ts$/.test(slashes(file));

const asDeclaration = (source) => slashes(source).replace(/\.ts$/, '.d.ts');

const KINDS = [
  [ts.SymbolFlags.Class, 'Classes'],
  [ts.SymbolFlags.Function, 'Functions'],
  [ts.SymbolFlags.Variable, 'Values'],
  [ts.SymbolFlags.Interface, 'Types'],
  [ts.SymbolFlags.TypeAlias, 'Types'],
  [ts.SymbolFlags.Enum, 'Types'],
];
const HEADINGS = ['Functions', 'Classes', 'Values', 'Types'];

/** The declaration of a variable lies two levels above its name. */
const statementOf = (declaration) => (ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration);

const comment = (symbol, checker) => ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();

/** Tags after the text: what is returned, thrown, deprecated. */
const tags = (symbol, checker) => symbol.getJsDocTags(checker).map(({ name, text }) => `*${name}* ${ts.displayPartsToString(text)}`.trim());

function signature(declaration) {
  const text = statementOf(declaration)
    .getText()
    .replace(/^export (default )?/, '')
    .replace(/^declare /, '');
  return text
    .replace(/^\s*#private;\n/gm, '')
    .replace(/\bimport\("@chunker\/[\w/-]+"\)\./g, '')
    .replace(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 2));
}

function entryOf(symbol, checker) {
  const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declared = (real.declarations ?? []).filter((one) => !ts.isModuleDeclaration(one));
  if (declared.length === 0) return undefined;
  const kind = KINDS.find(([flag]) => real.flags & flag)?.[1] ?? 'Values';
  const owner = slashes(declared[0].getSourceFile().fileName).match(/\/packages\/([^/]+)\/src\//)?.[1];
  return {
    name: symbol.name,
    kind,
    owner,
    text: comment(real, checker) || comment(symbol, checker),
    tags: tags(real, checker),
    code: [...new Set(declared.map(signature))].join('\n'),
  };
}

function render({ name, text, tags: notes, code, from, options = '' }) {
  const lines = [`### \`${name}\``, '', text, ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []), ...(options === '' ? [] : ['', options])];
  if (from) lines.push('', `The same as in [\`@chunker/${from}\`](${from}.md).`);
  // Not `ts`: those are snippets, and run.
  else lines.push('', '```typescript', code, '```');
  return lines.join('\n');
}

/** What a schema allows for one option, in words. */
function valuesOf({ type, enum: words, const: only, anyOf, minimum, maximum, maxLength }) {
  if (anyOf !== undefined) return [...new Set(anyOf.map(valuesOf).filter((words) => words !== ''))].join(', or ');
  if (only !== undefined) return `\`${only}\``;
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ');
  if (type === 'integer') return maximum === Number.MAX_SAFE_INTEGER ? 'an integer' : `${minimum} to ${maximum}`;
  if (type === 'string') return maxLength === undefined ? 'text' : `text of at most ${maxLength} characters`;
  return type ?? '';
}

function optionsTable({ properties = {} }) {
  const rows = Object.entries(properties).map(
    ([name, schema]) => `| \`${name}\` | ${valuesOf(schema)} | ${schema.default === undefined ? '' : `\`${schema.default}\``} | ${schema.description ?? ''} |`,
  );
  return rows.length === 0 ? '' : ['| option | values | default | |', '|---|---|---|---|', ...rows].join('\n');
}

/** Tables of the options of all algorithms that a package exports, by the export's name. From the built package: the schema itself is asked. */
async function optionsOf({ directory, manifest }) {
  if (manifest.chunker?.plugin === undefined) return new Map();
  const { toJsonSchema } = await import(pathToFileURL(join(ROOT, 'packages', 'core', 'dist', 'index.js')).href);
  const exported = Object.entries(await import(pathToFileURL(join(directory, 'dist', 'index.js')).href)).filter(([, value]) => value?.contract !== undefined);
  return new Map(await Promise.all(exported.map(async ([name, algorithm]) => [name, optionsTable(await toJsonSchema(algorithm))])));
}

function page(one, program, options) {
  const checker = program.getTypeChecker();
  const sections = [];
  const problems = [];
  const shown = new Map();
  for (const { name, source } of doors(one)) {
    const path = name === '.' ? one.manifest.name : `${one.manifest.name}/${name.slice(2)}`;
    const file = program.getSourceFile(asDeclaration(source));
    const module = checker.getSymbolAtLocation(file);
    const found = module === undefined ? [] : checker.getExportsOfModule(module).map((symbol) => entryOf(symbol, checker));
    const all = found.filter((entry) => entry !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1));
    sections.push(`## \`${path}\``);
    for (const heading of HEADINGS) {
      for (const entry of all.filter(({ kind }) => kind === heading)) {
        if (entry.text === '') problems.push(`${path}: ${entry.name} has no doc comment`);
        const before = shown.get(`${entry.owner} ${entry.name}`);
        const elsewhere = entry.owner !== undefined && entry.owner !== one.folder;
        if (before !== undefined) sections.push(`### \`${entry.name}\`\n\nAs in \`${before}\`.`);
        else sections.push(render({ ...entry, from: elsewhere ? entry.owner : undefined, options: name === '.' ? options.get(entry.name) : '' }));
        if (before === undefined && entry.name !== 'default') shown.set(`${entry.owner} ${entry.name}`, path);
      }
    }
  }
  const head = `<!-- Written by tools/api-reference.mjs from the doc comments in packages/${one.folder}/src. Do not edit. -->\n\n# ${one.manifest.name}\n\n${one.manifest.description}.`;
  return { text: `${head}\n\n${sections.join('\n\n')}\n`, problems };
}

/** Every page by its file name, and what is wrong. */
export async function apiReference() {
  const all = packages().filter((one) => doors(one).length > 0);
  const program = programOver(declarations(all.flatMap((one) => doors(one).map(({ source }) => source))));
  const pages = new Map();
  const problems = [];
  for (const one of all) {
    const { text, problems: found } = page(one, program, await optionsOf(one));
    pages.set(`${one.folder}.md`, text);
    problems.push(...found);
  }
  const rows = all.map(({ folder, manifest }) => `| [\`${manifest.name}\`](${folder}.md) | ${manifest.description} |`);
  pages.set(
    'README.md',
    `<!-- Written by tools/api-reference.mjs. Do not edit. -->\n\n# Reference\n\nMade from the doc comments of every public sub-path.\n\n| package | brings |\n|---|---|\n${rows.join('\n')}\n`,
  );
  return { pages, problems };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? join(ROOT, 'docs/reference/api');
  const { pages, problems } = await apiReference();
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  if (problems.length > 0) {
    console.error(problems.join('\n'));
    process.exit(1);
  }
}
