// The code blocks of our pages: what the fences say, and where they stand.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './workspace.mjs';

/** Every page of the clone. */
export function* pages(folder = ROOT) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (/^(node_modules|target|dist|build|\..*)$/.test(entry.name)) continue;
    if (entry.isDirectory()) yield* pages(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}

/** The blocks of a page in the named languages. `file="…"` in a fence names the file that the block is (`first="…"`: until a later block has it), `skip="…"` says why it cannot run by itself. */
export function snippetsOf(page, languages = ['js', 'ts']) {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)]
    .filter(([, language]) => languages.includes(language))
    .map(([whole, language, info, code], index) => ({
      name: `${relative(ROOT, page)} #${index + 1} (line ${text.slice(0, text.indexOf(whole)).split('\n').length + 1})`,
      language,
      skip: info.match(/skip="([^"]+)"/)?.[1],
      file: info.match(/(?:file|first)="([^"]+)"/)?.[1],
      code,
    }));
}
