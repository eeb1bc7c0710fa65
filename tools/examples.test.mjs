// Documents that run: every file of examples/, and every JavaScript or TypeScript snippet of the READMEs and guides, as a reader would run it.
// A snippet that cannot run by itself says why in its fence: ```ts skip="needs a bucket".
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import { transform } from 'esbuild';
import { run } from './say.mjs';
import { ROOT } from './workspace.mjs';

const EXAMPLES = join(ROOT, 'examples');
const SNIPPETS = join(EXAMPLES, '.snippets');

function* pages(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (/^(node_modules|target|dist|build|\..*)$/.test(entry.name)) continue;
    if (entry.isDirectory()) yield* pages(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}

function snippetsOf(page) {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(js|ts)([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, language, info, code], index) => ({
    name: `${relative(ROOT, page)} #${index + 1} (line ${text.slice(0, text.indexOf(code)).split('\n').length})`,
    language,
    skip: info.match(/skip="([^"]+)"/)?.[1],
    code,
  }));
}

async function succeeds(file) {
  const { code, output } = await run(process.execPath, [file], { cwd: EXAMPLES });
  assert.equal(code, 0, output);
}

describe('examples', () => {
  for (const name of readdirSync(EXAMPLES).filter((one) => one.endsWith('.mjs'))) test(name, () => succeeds(join(EXAMPLES, name)));
});

describe('snippets', () => {
  rmSync(SNIPPETS, { recursive: true, force: true });
  mkdirSync(SNIPPETS, { recursive: true });
  after(() => rmSync(SNIPPETS, { recursive: true, force: true }));
  const all = [...pages(ROOT)].flatMap(snippetsOf);
  test('there are some', () => assert.ok(all.length > 0));
  for (const [index, { name, language, skip, code }] of all.entries()) {
    test(name, { skip: skip ?? false }, async () => {
      const file = join(SNIPPETS, `snippet-${index}.mjs`);
      writeFileSync(file, language === 'ts' ? (await transform(code, { loader: 'ts', format: 'esm' })).code : code);
      await succeeds(file);
    });
  }
});
