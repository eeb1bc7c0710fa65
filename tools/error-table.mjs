// Writes the table of all error codes from the source: the members of `ErrorDetails` in core, and those that other packages add to it. Usage: error-table.mjs [FILE].
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { packages, ROOT } from './workspace.mjs';

const target = process.argv[2] ?? join(ROOT, 'docs/reference/errors.md');

const sources = packages().flatMap(({ directory, manifest }) => {
  const folder = join(directory, 'src');
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.ts'));
  return files.map((name) => ({ file: join(folder, name), owner: manifest.name }));
});

/** Every `interface ErrorDetails` of a file, also inside `declare module`. */
function* tables(node) {
  if (ts.isInterfaceDeclaration(node) && node.name.text === 'ErrorDetails') yield node;
  if (ts.isSourceFile(node) || ts.isModuleDeclaration(node) || ts.isModuleBlock(node)) {
    for (const child of ts.isModuleDeclaration(node) ? [node.body] : node.statements) if (child) yield* tables(child);
  }
}

const cell = (text) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();

function documentation(member) {
  const [comment] = ts.getJSDocCommentsAndTags(member);
  return comment === undefined ? '' : cell(ts.getTextOfJSDocComment(comment.comment) ?? '');
}

/** The facts of one code: names of the members of its type, `?` where they may be missing. */
function facts(type, source) {
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => facts(part, source));
  if (ts.isTypeLiteralNode(type)) return type.members.map((member) => `\`${member.name.getText(source)}${member.questionToken ? '?' : ''}\``);
  const name = type.getText(source);
  if (name === 'CommonDetails') return [];
  const declared = source.statements.find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === name);
  if (declared === undefined) return [`\`${name}\``];
  return declared.members.map((member) => `\`${member.name.getText(source)}${member.questionToken ? '?' : ''}\``);
}

const rows = [];
const problems = [];
for (const { file, owner } of sources) {
  const text = readFileSync(file, 'utf8');
  if (!text.includes('interface ErrorDetails')) continue;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const table of tables(source)) {
    for (const member of table.members) {
      const code = member.name.getText(source);
      const meaning = documentation(member);
      if (meaning === '') problems.push(`${code} (${owner}) has no comment`);
      if (!/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(code)) problems.push(`${code} (${owner}) is not in lowercase_snake_case`);
      rows.push({ code, meaning, owner, facts: facts(member.type, source).join(', ') });
    }
  }
}
const seen = new Map();
for (const { code, owner } of rows) {
  if (seen.has(code)) problems.push(`${code} is declared by ${seen.get(code)} and by ${owner}`);
  seen.set(code, owner);
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

rows.sort((a, b) =>
  a.owner === b.owner ? (a.code < b.code ? -1 : 1) : a.owner === '@chunker/core' ? -1 : b.owner === '@chunker/core' ? 1 : a.owner < b.owner ? -1 : 1,
);
const lines = rows.map(({ code, meaning, owner, facts: list }) => `| \`${code}\` | ${meaning} | ${cell(list)} | \`${owner}\` |`);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(
  target,
  `<!-- Written by tools/error-table.mjs from the source. Do not edit. -->

# Error codes

Every error that Chunker throws on purpose has \`code\`, \`details\` and, where something else failed first, \`cause\`; its message begins with the code.
\`isChunkerError(error, 'size_exceeded')\` tells them from others, across copies of core. Most errors of algorithms also carry \`algorithm\`, \`operation\` and \`offset\`.

| code | meaning | facts in \`details\` | package |
|---|---|---|---|
${lines.join('\n')}
`,
);
