// Bundles every package: one JavaScript file per public sub-path (shared parts in chunks of their own), declarations beside them.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { bundledNotices } from './notices.mjs';
import { entries, packages, ROOT } from './workspace.mjs';

const slashes = (path) => path.split(sep).join('/');

/**
 * What a bundle leaves to the installer: everything that the manifest names for users. Development dependencies are bundled, and so is zod, of which a schema needs a twentieth: importing
 * it whole costs 50 ms and 12 MiB, the part 7 ms and 1.6. It stays a dependency for its types.
 */
function externals({ manifest }) {
  const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }).filter((name) => name !== 'zod');
  return ['node:*', '#*', ...names.flatMap((name) => [name, `${name}/*`])];
}

async function bundle(one) {
  const wanted = entries(one);
  const dist = join(one.directory, 'dist');
  rmSync(dist, { recursive: true, force: true });
  if (wanted.length === 0) return;
  const { metafile } = await build({
    absWorkingDir: one.directory,
    entryPoints: wanted.map(({ source, output }) => ({ in: source, out: slashes(relative(dist, output)).replace(/\.js$/, '') })),
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'node20',
    mainFields: ['module', 'main'],
    chunkNames: 'chunks/[name]-[hash]',
    external: externals(one),
    legalComments: 'linked',
    logLevel: 'warning',
    metafile: true,
  });
  const notices = bundledNotices(Object.keys(metafile.inputs).map((input) => join(one.directory, input)));
  if (notices) writeFileSync(join(dist, 'THIRD-PARTY.md'), notices);
  for (const { name, output } of wanted) if (name.startsWith('bin ')) chmodSync(output, 0o755);
  const built = join(one.directory, 'build');
  if (existsSync(built)) for (const name of readdirSync(built)) if (name.endsWith('.wasm')) copyFileSync(join(built, name), join(dist, name));
}

function declarations(all) {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT);
  const wanted = all.flatMap((one) => entries(one).map(({ source }) => source));
  const program = ts.createProgram(wanted, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: ROOT,
    rootDir: ROOT,
    stripInternal: true,
  });
  const place = (file) => {
    const [, folder, , ...rest] = slashes(relative(ROOT, file)).split('/');
    return join(ROOT, 'packages', folder, 'dist', ...rest);
  };
  const { diagnostics, emitSkipped } = program.emit(undefined, (file, text) => {
    if (!slashes(relative(ROOT, file)).startsWith('packages/')) return;
    mkdirSync(dirname(place(file)), { recursive: true });
    writeFileSync(place(file), text);
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (emitSkipped || problems.length > 0) {
    throw new Error(ts.formatDiagnostics(problems, { getCanonicalFileName: (f) => f, getCurrentDirectory: () => ROOT, getNewLine: () => '\n' }));
  }
  for (const one of all) for (const found of entries(one)) if (found.types) pointAt(one, found);
}

/** A sub-path's declarations lie where its source lay; where the manifest names another place, a file there points at them. */
function pointAt(one, { source, types }) {
  const emitted = join(one.directory, 'dist', relative(join(one.directory, 'src'), source).replace(/\.ts$/, '.d.ts'));
  if (emitted === types) return;
  const target = `./${slashes(relative(dirname(types), emitted)).replace(/\.d\.ts$/, '.js')}`;
  const hasDefault = /export default|export \{[^}]*\bdefault\b/.test(readFileSync(emitted, 'utf8'));
  mkdirSync(dirname(types), { recursive: true });
  writeFileSync(types, `export * from '${target}';\n${hasDefault ? `export { default } from '${target}';\n` : ''}`);
}

/** Bundles all packages; throws with the compiler's words where a type is wrong. */
export async function buildDist() {
  const all = packages();
  for (const one of all) await bundle(one);
  declarations(all);
}
