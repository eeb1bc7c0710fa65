// Runs the command from its sources: `node --conditions=@chunker/source --import this chunker.ts`. Types are stripped by esbuild, `.js` in an import finds the `.ts`.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(url)) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const code = await stripped(readFileSync(fileURLToPath(url), 'utf8'), url);
  return { format: 'module', source: code, shortCircuit: true };
}

const cache = new URL('../node_modules/.cache/sources/', import.meta.url);

/** The source without types; kept by its content, because a test file starts the command dozens of times. */
async function stripped(source, url) {
  const file = fileURLToPath(new URL(createHash('sha256').update(source).digest('hex'), cache));
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const { transformSync } = await import('esbuild');
  const { code } = transformSync(source, { loader: 'ts', format: 'esm', target: 'node20', sourcefile: url });
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, code);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // Somebody who may not write here does without.
  }
  return code;
}
