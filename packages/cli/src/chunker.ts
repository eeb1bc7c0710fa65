#!/usr/bin/env node
// The `chunker` command. Nothing is imported here but what every run needs; the rest follows when the arguments tell what.
import { readFileSync } from 'node:fs';

const [, , ...given] = process.argv;

if (given.length === 1 && (given[0] === '--version' || given[0] === '-V')) {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  process.stdout.write(`${manifest.version}\n`);
} else {
  const { main } = await import('./main.js');
  await main(given);
}
