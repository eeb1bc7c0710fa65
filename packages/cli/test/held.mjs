// Holds the command up before it loads its main part: `held` goes to standard output, and half a second passes.
import { writeSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  if (specifier.endsWith('/main.js') && context.parentURL?.endsWith('/chunker.ts')) {
    writeSync(1, 'held\n');
    await new Promise((passed) => setTimeout(passed, 500));
  }
  return next(specifier, context);
}
