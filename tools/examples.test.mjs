// Documents that run: every file of examples/, and every JavaScript or TypeScript snippet of the pages, as a reader would run it. The guides are followed from an empty folder, by guides.test.mjs.
// A snippet that cannot run by itself says why in its fence: ```ts skip="needs a bucket".
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { after, describe, test } from 'node:test';
import { transform } from 'esbuild';
import { run } from './say.mjs';
import { pages, snippetsOf } from './snippets.mjs';
import { ROOT } from './workspace.mjs';

const EXAMPLES = join(ROOT, 'examples');
const GUIDES = join(ROOT, 'docs', 'guides');
const SNIPPETS = join(EXAMPLES, '.snippets');

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
  const all = [...pages()].filter((page) => dirname(page) !== GUIDES).flatMap((page) => snippetsOf(page));
  test('there are some', () => assert.ok(all.length > 0));
  for (const [index, { name, language, skip, code }] of all.entries()) {
    test(name, { skip: skip ?? false }, async () => {
      const file = join(SNIPPETS, `snippet-${index}.mjs`);
      writeFileSync(file, language === 'ts' ? (await transform(code, { loader: 'ts', format: 'esm' })).code : code);
      await succeeds(file);
    });
  }
});

/** What a heading is called in a link, as GitHub and most others name it. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-');
const anchorsOf = (page) => [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));

test('every link between pages leads somewhere', () => {
  const broken = [];
  let links = 0;
  for (const page of pages()) {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      links += 1;
      const [path, anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor))) broken.push(`${relative(ROOT, page)}: ${link}`);
    }
  }
  assert.ok(links > 20);
  assert.deepEqual(broken, []);
});
