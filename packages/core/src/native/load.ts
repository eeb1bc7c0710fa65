import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Addon, missingExports } from './addon.js';

/** Where an addon may come from. */
export interface AddonSource {
  /** Names the binding: `native/bindings/<stem>`. */
  readonly stem: string;
  /** The plugin's package; its platform packages are called `<packageName>-<platform>`. */
  readonly packageName: string;
  /** `import.meta.url` of the caller, a file inside that package. */
  readonly from: string;
}

/** The program header that names the ELF interpreter lies in the first page. */
const ELF_HEADERS = 4096;

/** `linux-x64-gnu`, `darwin-arm64`, …: the suffix of platform packages. */
export function platformTriple(): string {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  return `${platform}-${arch}-${isMusl() ? 'musl' : 'gnu'}`;
}

/** Whether this Node was linked against musl: its file names the loader it wants. A diagnostic report tells as well, but costs 7 ms. */
function isMusl(): boolean {
  const head = Buffer.alloc(ELF_HEADERS);
  try {
    // Of the global object: an import of `node:process` reads all of its properties, and opens standard input by that, which another process may be reading.
    const file = openSync(process.execPath, 'r');
    try {
      readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return head.includes('/ld-musl-');
}

let triple: string | undefined;

/**
 * Loads an addon: the build in the workspace first, then the installed platform package. A failed load is not remembered.
 *
 * @throws Error whose message says what was tried and why each failed, with the causes in `errors` (an AggregateError): the caller makes it a kernel's report.
 */
export function loadAddon<Exports extends object>(source: AddonSource): Exports & Addon {
  triple ??= platformTriple();
  const require = createRequire(source.from);
  const file = `chunker-${source.stem}.${triple}.node`;
  const failures: Error[] = [];
  const folder = packageFolder(source.from);
  const build = folder === undefined ? undefined : join(folder, '..', '..', 'native', 'bindings', source.stem, 'build', file);
  const places = [...(build !== undefined && existsSync(build) ? [build] : []), `${source.packageName}-${triple}`];
  for (const place of places) {
    try {
      const module = require(place) as Exports & Addon;
      const missing = missingExports(module);
      if (missing.length === 0) return module;
      failures.push(new Error(`${place}: it lacks ${missing.join(', ')}`));
    } catch (cause) {
      failures.push(new Error(`${place}: ${firstLine(cause)}`, { cause }));
    }
  }
  const install = `install ${source.packageName}-${triple}, or build it with: node tools/addon.mjs ${source.stem}`;
  throw new AggregateError(failures, `no native addon for ${source.stem} on ${triple} (${failures.map((e) => e.message).join('; ')}); ${install}`);
}

function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split('\n', 1)[0] ?? '';
}

/** The nearest folder above with a package.json. */
function packageFolder(url: string): string | undefined {
  let folder = dirname(fileURLToPath(url));
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return folder;
}
