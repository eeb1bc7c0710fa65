// `pnpm ready`: all that CI runs (ready/steps.mjs), or the steps that are named. Every step runs, whatever failed before it; the record is build/ready.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { perform } from './ready/perform.mjs';
import { groupsOf } from './ready/steps.mjs';
import { bold, green, red, say, seconds } from './say.mjs';
import { ROOT } from './workspace.mjs';

const steps = [];
const began = performance.now();

/** Runs a step and tells what came of it; `title` is written before that. */
async function tell(step, title) {
  const begins = Math.round(performance.now() - began);
  const { output, record } = await perform(step);
  steps.push({ begins, ...record });
  const { passed, failed, skipped, milliseconds } = record;
  const told = [`${passed} passed`, ...(failed ? [`${failed} failed`] : []), ...(skipped ? [`${skipped} skipped`] : []), seconds(milliseconds)];
  say(`${title}${failed === 0 ? green('ok') : red('failed')} (${told.join(', ')})`);
  if (record.left.length > 0) say(`  left in the temporary folder: ${record.left.join(', ')}`);
  if (failed > 0) say(output.length > 40_000 ? `…${output.slice(-40_000)}` : output);
  else for (const line of (output.match(/^.*\bskipped?: .*$/gim) ?? []).slice(0, 10)) say(`  ${line.trim()}`);
}

for (const lanes of groupsOf(process.argv.slice(2))) {
  const names = lanes.flat().map(({ name }) => bold(name));
  process.stdout.write(`${names.join(', ')} … `);
  const ticker = setInterval(() => process.stdout.write('. '), 30_000);
  if (names.length > 1) say('');
  await Promise.all(
    lanes.map(async (lane) => {
      for (const step of lane) await tell(step, names.length > 1 ? `  ${step.name}: ` : '');
    }),
  );
  clearInterval(ticker);
}
const total = (key) => steps.reduce((sum, one) => sum + one[key], 0);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map(total);
mkdirSync(join(ROOT, 'build'), { recursive: true });
writeFileSync(join(ROOT, 'build', 'ready.json'), `${JSON.stringify({ passed, failed, skipped, steps }, null, 2)}\n`);
say(`\n${bold('ready')} after ${seconds(performance.now() - began)}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = steps.every(({ code, failed: some }) => code === 0 && some === 0) ? 0 : 1;
