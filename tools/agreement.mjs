// `node tools/agreement.mjs [--quick] [PATH...]`: the built command against the tools that everybody trusts, on real files. Without a path it looks for a tree of 1 GB (--quick: 100 MB) and says which.
// Ends with 1 where anything differs. A tool that is not installed is a skip; with CI=true a failure.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildContender, CONTENDER } from '../bench/contender.mjs';
import { checkTree } from './agreement/archives.mjs';
import { checkCodecs } from './agreement/codecs.mjs';
import { checkDigests } from './agreement/digests.mjs';
import { Report } from './agreement/report.mjs';
import { endAll, quoted, text } from './agreement/shell.mjs';
import { filesOf, treeOf } from './agreement/trees.mjs';
import { say } from './say.mjs';
import { ROOT } from './workspace.mjs';

const GB = 1_000_000_000;
const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
const wanted = values.quick ? GB / 10 : GB;

const folder = mkdtempSync(join(tmpdir(), 'chunker-agreement-'));
process.on('exit', () => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.on(signal, () => process.exit(status));

buildContender();
const tools = {
  chunker: `${quoted(process.execPath)} ${quoted(join(ROOT, 'packages', 'cli', 'dist', 'chunker.js'))}`,
  contender: quoted(CONTENDER),
};
const trees = positionals.length > 0 ? positionals.map((path) => resolve(path)) : [treeOf(wanted)];
const report = new Report();
for (const tree of trees) {
  const files = [...filesOf(tree)];
  say(`${tree}: ${files.length} files, ${files.reduce((sum, { bytes }) => sum + bytes, 0).toLocaleString('en')} bytes`);
  await checkTree(report, tools, tree, files);
  await checkDigests(report, tools, folder, files);
  const large = join(folder, 'large');
  // Our own archive: another tool's was compared with it above, and need not be installed here. `head` ends the one who writes.
  await text(`${tools.chunker} nar pack ${quoted(tree)} | head -c ${wanted} > ${quoted(large)} || [ $(stat -c %s ${quoted(large)}) = ${wanted} ]`);
  say(`a file of ${statSync(large).size.toLocaleString('en')} bytes`);
  await checkCodecs(report, tools, folder, large);
}
process.exitCode = report.end() ? 0 : 1;
