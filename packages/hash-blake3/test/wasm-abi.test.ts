import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WASM_ABI_VERSION, WASM_ERROR_CODES, type WasmExports, WasmGroup, WasmOp } from '../../core/src/wasm/abi.js';

const file = (path: string) => new URL(`../../../${path}`, import.meta.url);
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe('the interface of wasm modules, written down twice', () => {
  const rust = readFileSync(file('native/wasm-abi/src/lib.rs'), 'utf8');
  const constants = (module: string) => {
    const body = rust.match(new RegExp(`pub mod ${module} \\{([^}]*)\\}`))?.[1] ?? '';
    return Object.fromEntries([...body.matchAll(/pub const (\w+): u32 = (\d+);/g)].map(([, name, value]) => [name?.toLowerCase(), Number(value)]));
  };
  const ours = (table: Readonly<Record<string, number>>) => Object.fromEntries(Object.entries(table).map(([name, value]) => [snake(name), value]));

  it('has the same operations and groups in Rust and TypeScript', () => {
    expect(constants('op')).toEqual(ours(WasmOp));
    expect(constants('group')).toEqual(ours(WasmGroup));
    expect(rust).toContain(`pub const VERSION: u32 = ${WASM_ABI_VERSION};`);
  });

  it('has the same error codes, in the same order', () => {
    const body = rust.match(/pub enum Code \{([^}]*)\}/)?.[1] ?? '';
    const codes = [...body.matchAll(/(\w+) = (\d+),/g)].map(([, name, value]) => [Number(value), snake(name ?? '').slice(1)]);
    expect(codes).toEqual([...WASM_ERROR_CODES.entries()].slice(1));
  });

  it('has every operation and code in its document', () => {
    const text = readFileSync(file('docs/formats/wasm-abi.md'), 'utf8');
    const rows = text.split('\n').map((line) => line.split('|'));
    for (const [name, value] of Object.entries(WasmOp)) {
      const row = rows.find(([, , names]) => names?.split(',').some((one) => one.trim() === name));
      expect(row?.[1]?.split(',').map(Number), name).toContain(value);
    }
    for (const [index, code] of WASM_ERROR_CODES.entries()) if (code) expect(text).toContain(`${index} | \`${code}\``);
  });
});

const built = new URL('../build/blake3.wasm', import.meta.url);
const present = existsSync(built);
if (!present && process.env.CI) throw new Error('blake3.wasm was not built: node tools/wasm.mjs blake3 says what is missing');

describe.skipIf(!present)('blake3.wasm (skipped: not built, see node tools/wasm.mjs)', () => {
  const module = present ? new WebAssembly.Module(readFileSync(built)) : undefined;
  const start = () => new WebAssembly.Instance(module as WebAssembly.Module).exports as unknown as WasmExports;

  /** One call with the pieces copied in, and the output copied out. */
  function call(wasm: WasmExports, op: number, input: Uint8Array, outputBytes: number, options: Uint8Array | number) {
    const put = (bytes: Uint8Array) => {
      const address = wasm.alloc(bytes.length);
      new Uint8Array(wasm.memory.buffer).set(bytes, address);
      return address;
    };
    const [from, to] = [put(input), wasm.alloc(outputBytes)];
    const how = typeof options === 'number' ? options : put(options);
    const answer = Number(wasm.call(op, from, input.length, to, outputBytes, how, typeof options === 'number' ? 0 : options.length));
    const output = new Uint8Array(wasm.memory.buffer, to, outputBytes).slice();
    wasm.free(from, input.length);
    wasm.free(to, outputBytes);
    if (typeof options !== 'number') wasm.free(how, options.length);
    return { answer, hex: Buffer.from(output).toString('hex') };
  }

  const none = new Uint8Array();
  const words = (...list: number[]) => new Uint8Array(Uint32Array.from(list).buffer);
  const abc = new TextEncoder().encode('abc');
  const ABC = '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85';

  it('imports nothing and exports four things', () => {
    expect(WebAssembly.Module.imports(module as WebAssembly.Module)).toEqual([]);
    const names = WebAssembly.Module.exports(module as WebAssembly.Module).map(({ name }) => name);
    expect(names.sort()).toEqual(['alloc', 'call', 'free', 'memory']);
  });

  it('describes itself, hashes, and keeps states by number', () => {
    const wasm = start();
    expect(call(wasm, WasmOp.describe, none, 0, none).answer).toBe(WASM_ABI_VERSION | (WasmGroup.hash << 8));
    expect(call(wasm, WasmOp.hash, abc, 32, none)).toEqual({ answer: 32, hex: ABC });
    const state = call(wasm, WasmOp.hashCreate, none, 0, none).answer;
    expect(call(wasm, WasmOp.hashUpdate, abc.subarray(0, 1), 0, state).answer).toBe(0);
    const copy = call(wasm, WasmOp.hashClone, none, 0, state).answer;
    expect(copy).not.toBe(state);
    call(wasm, WasmOp.hashUpdate, abc.subarray(1), 0, state);
    call(wasm, WasmOp.hashUpdate, abc.subarray(1), 0, copy);
    expect(call(wasm, WasmOp.hashDigest, none, 32, state).hex).toBe(ABC);
    call(wasm, WasmOp.hashDrop, none, 0, state);
    expect(call(wasm, WasmOp.hashDigest, none, 32, state).answer).toBe(-WASM_ERROR_CODES.indexOf('already_finished'));
    expect(call(wasm, WasmOp.hashDigest, none, 32, copy).hex).toBe(ABC);
    expect(call(wasm, WasmOp.hashCreate, none, 0, none).answer, 'the place of a dropped state').toBe(state);
  });

  it('answers codes to what it cannot do', () => {
    const wasm = start();
    const code = (op: number, input: Uint8Array, bytes: number, options: Uint8Array | number) =>
      WASM_ERROR_CODES[-call(wasm, op, input, bytes, options).answer];
    expect(code(WasmOp.compress, abc, 100, none)).toBe('unsupported_feature');
    expect(code(99, abc, 100, none)).toBe('unsupported_feature');
    expect(code(WasmOp.hash, abc, 31, none)).toBe('output_too_small');
    expect(code(WasmOp.hash, abc, 32, abc)).toBe('invalid_options');
    expect(code(WasmOp.hashUpdate, abc, 0, 7)).toBe('already_finished');
    expect(code(WasmOp.hashMany, abc, 32, none)).toBe('invalid_input');
    expect(code(WasmOp.hashMany, abc, 32, words(1))).toBe('invalid_input');
    expect(code(WasmOp.hashMany, abc, 32, words(0, 1, 3))).toBe('invalid_input');
    expect(code(WasmOp.hashMany, abc, 32, words(0, 0xffff_ffff, 1))).toBe('invalid_input');
    expect(code(WasmOp.hashMany, abc, 63, words(0, 0, 3, 1, 1))).toBe('output_too_small');
    expect(call(wasm, WasmOp.hashMany, abc, 32, words(0, 0, 3))).toEqual({ answer: 32, hex: ABC });
    expect(wasm.alloc(0)).toBe(0);
    expect(wasm.alloc(0xffff_fff0)).toBe(0);
  });
});
