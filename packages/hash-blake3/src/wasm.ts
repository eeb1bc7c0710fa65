import type { WasmKernel } from '@chunker/core';
import type { Blake3Options } from './options.js';
import { encodeSettings } from './settings.js';

/** Where a module may come from. A `Response` may have any content type. */
export type ModuleSource = WebAssembly.Module | Response | BufferSource | URL | string;

let provided: ModuleSource | Promise<ModuleSource> | undefined;

/**
 * Has the wasm kernel take its module from `source`, where this package's own `blake3.wasm` cannot be found beside its code (some bundlers) or is to be found elsewhere.
 * Call it before the algorithm is first taken. The module must be this version's. `undefined`: the package's own again.
 */
export function provideModule(source: ModuleSource | Promise<ModuleSource> | undefined): void {
  provided = source;
}

/** The kernel as core's workers run it. Rejects where the module cannot be had. */
export async function load(): Promise<WasmKernel<Blake3Options>> {
  const source = await (provided ?? packaged());
  // A Response can be read once: the module is kept, so that a second load finds it.
  const module = await compile(source);
  if (provided !== undefined) provided = module;
  return { module, encode: encodeSettings };
}

function packaged(): URL {
  const beside = new URL('./blake3.wasm', import.meta.url);
  // In the workspace this file runs from `src`, and the module lies where it was built.
  return beside.pathname.endsWith('/src/blake3.wasm') ? new URL('../build/blake3.wasm', beside) : beside;
}

async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === 'string' || source instanceof URL) return compile(await fetchBytes(source));
  if (source instanceof Response) {
    if (!source.ok) throw new Error(`the module was answered with status ${source.status}`);
    return WebAssembly.compile(await source.arrayBuffer());
  }
  return WebAssembly.compile(source);
}

async function fetchBytes(source: URL | string): Promise<Response | BufferSource> {
  const url = new URL(source, import.meta.url);
  if (url.protocol !== 'file:') return fetch(url);
  // Not an import: bundlers for browsers would look for it.
  const files = globalThis.process?.getBuiltinModule?.('node:fs');
  if (files === undefined) throw new Error('this runtime reads no files; hand in the module with provideModule()');
  return new Uint8Array(await files.promises.readFile(url));
}
