#!/usr/bin/env node
// The `chunker` command. Nothing is imported here but what every run needs; the rest follows when the arguments tell what.
import { readFileSync, writeSync } from 'node:fs';
import module from 'node:module';
import v8 from 'node:v8';
import { catchSignals } from './signals.js';

catchSignals();

// The command allocates little; V8's young generation would grow to tens of megabytes all the same, before it collects what is dead at once.
v8.setFlagsFromString('--max-semi-space-size=1');
v8.setFlagsFromString('--semi-space-growth-factor=1');

const [, , ...given] = process.argv;

if (given.length === 1 && (given[0] === '--version' || given[0] === '-V')) {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  try {
    writeSync(1, `${manifest.version}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') fail(error as Error);
  }
} else {
  // Node 22 keeps what it compiled for the next start.
  (module as { enableCompileCache?: () => void }).enableCompileCache?.();
  try {
    const { main } = await import('./main.js');
    await main(given);
  } catch (error) {
    // What tells of errors could not be loaded itself: no descriptor was left for its files, say.
    fail(error as Error);
  }
}

function fail({ message }: Error): void {
  process.stderr.write(`chunker: io_error: ${message}\n`);
  process.exitCode = 1;
}
