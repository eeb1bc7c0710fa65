// Holds the command up before it loads its main part: `held` goes to standard output, and nothing more happens until the file HELD_UNTIL is there.
import { existsSync, writeSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) register(import.meta.url);

export async function resolve(specifier, context, next) {
  if (specifier.endsWith('/main.js') && context.parentURL?.endsWith('/chunker.ts')) {
    writeSync(1, 'held\n');
    while (!existsSync(process.env.HELD_UNTIL)) await new Promise((passed) => setTimeout(passed, 10));
  }
  return next(specifier, context);
}
