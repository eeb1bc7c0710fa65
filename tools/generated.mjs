// Rebuilds every generated file that is committed and compares: what stands in the repository is what its source says.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, run, say } from './say.mjs';
import { ROOT } from './workspace.mjs';

/** Generator and the file it writes; each takes the target's path as its argument. */
const GENERATED = [['tools/error-table.mjs', 'docs/reference/errors.md']];

const folder = mkdtempSync(join(tmpdir(), 'chunker-generated-'));
for (const [generator, file] of GENERATED) {
  const fresh = join(folder, 'fresh');
  const { code, output } = await run(process.execPath, [join(ROOT, generator), fresh], { cwd: ROOT });
  if (code !== 0) fail(`${generator} failed:\n${output}`);
  if (readFileSync(fresh, 'utf8') !== readFileSync(join(ROOT, file), 'utf8')) fail(`${file} is not what ${generator} writes; run: node ${generator}`);
}
rmSync(folder, { recursive: true });
say(`${GENERATED.length} generated file(s) are up to date`);
