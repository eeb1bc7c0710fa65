import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { load, type ModuleSource, provideModule } from '../src/wasm.js';

const file = new URL('../build/blake3.wasm', import.meta.url);
const built = existsSync(file);

describe.skipIf(!built)(`where the wasm kernel's module comes from ${built ? '' : '(skipped: blake3.wasm is not built)'}`, () => {
  afterEach(() => provideModule(undefined));

  it('finds the package’s own', async () => {
    expect((await load()).module).toBeInstanceOf(WebAssembly.Module);
  });

  const bytes = built ? new Uint8Array(readFileSync(file)) : new Uint8Array();
  const sources: [string, () => ModuleSource | Promise<ModuleSource>][] = [
    ['a Module', () => WebAssembly.compile(bytes)],
    ['a Response', () => new Response(bytes)],
    ['a promise of a Response', async () => new Response(bytes, { headers: { 'content-type': 'application/wasm' } })],
    ['bytes', () => bytes],
    ['an ArrayBuffer', () => bytes.buffer],
    ['a file URL', () => file],
    ['text of a URL', () => `data:application/wasm;base64,${Buffer.from(bytes).toString('base64')}`],
  ];
  it.each(sources)('takes %s, and gives the same module again', async (_name, source) => {
    provideModule(source());
    const first = await load();
    expect(first.module).toBeInstanceOf(WebAssembly.Module);
    expect((await load()).module).toBe(first.module);
  });

  it('says why it could not, and tries again', async () => {
    provideModule(new Response('not found', { status: 404 }));
    await expect(load()).rejects.toThrow('status 404');
    provideModule(pathToFileURL('/nowhere/blake3.wasm'));
    await expect(load()).rejects.toThrow('ENOENT');
    provideModule(new Uint8Array([1, 2, 3]));
    await expect(load()).rejects.toThrow(WebAssembly.CompileError);
    provideModule(bytes);
    await expect(load()).resolves.toHaveProperty('module');
  });
});
