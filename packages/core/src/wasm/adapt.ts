import type { AlgorithmKind, WasmKernel } from '../contracts/index.js';
import type { Definition } from '../define/definition.js';
import { WASM_ABI_VERSION, WasmGroup, WasmOp } from './abi.js';
import { wasmHashKernel } from './hash-kernel.js';
import { WasmRunner } from './runner.js';

const GROUPS: Readonly<Record<AlgorithmKind, number>> = { hash: WasmGroup.hash, codec: WasmGroup.codec, chunker: WasmGroup.chunker };

/** Makes a kernel of a module with the shared ABI. Rejects, in words, a module of another version or kind: they become the reason why the kernel cannot be used. */
export async function adaptWasmKernel(definition: Definition, kernel: WasmKernel<unknown>): Promise<object> {
  if (!(kernel.module instanceof WebAssembly.Module)) throw new Error('its module is no WebAssembly.Module');
  if (WebAssembly.Module.imports(kernel.module).length > 0) throw new Error('its module imports something; the shared interface has no imports');
  const runner = new WasmRunner(kernel.module);
  const described = runner.run({ op: WasmOp.describe });
  if (described.trap !== undefined) throw new Error(`its module traps: ${described.trap}`);
  const version = described.value & 255;
  if (version !== WASM_ABI_VERSION) throw new Error(`its module has version ${version} of the interface, this core ${WASM_ABI_VERSION}`);
  if (((described.value >> 8) & GROUPS[definition.kind]) === 0) throw new Error(`its module is no ${definition.kind}`);
  if (definition.kind === 'hash') return wasmHashKernel(definition, kernel, runner);
  throw new Error(`this version of core runs modules of hashes, not of ${definition.kind}s`);
}
