// One stem runs through everything: checks that each plugin package has the limbs it declares, and declares the ones its kind is expected to have.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, say } from './say.mjs';
import { packages, ROOT } from './workspace.mjs';

const LIMBS = {
  package: ({ folder }) => `packages/${folder}`,
  kernel: ({ stem }) => `native/kernels/${stem}`,
  binding: ({ stem }) => `native/bindings/${stem}`,
  vectors: ({ stem }) => `vectors/${stem}`,
  docs: ({ stem }) => `docs/algorithms/${stem}.md`,
};

const problems = [];
let checked = 0;
for (const one of packages()) {
  const declared = one.manifest.chunker?.limbs;
  if (one.kind && !declared) problems.push(`${one.folder} declares no limbs (package.json, chunker.limbs)`);
  for (const limb of declared ?? []) {
    const place = LIMBS[limb]?.(one);
    if (!place) problems.push(`${one.folder} declares '${limb}', which is no limb (${Object.keys(LIMBS).join(', ')})`);
    else if (!existsSync(join(ROOT, place))) problems.push(`${one.folder} lacks ${place}`);
    checked++;
  }
  if (one.kind)
    for (const limb of ['package', 'vectors', 'docs']) if (declared && !declared.includes(limb)) problems.push(`${one.folder} must have the limb '${limb}'`);
  if (one.manifest.scripts && Object.keys(one.manifest.scripts).some((name) => /install|prepare/.test(name)))
    problems.push(`${one.folder} has an install script`);
  if (!one.manifest.files) problems.push(`${one.folder} lists no files`);
}
if (problems.length > 0) fail(problems.join('\n  '));
say(`${checked} limbs are where their packages say`);
