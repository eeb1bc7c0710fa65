export * from './abi.js';

/** Makes a kernel of a module with the shared ABI. */
export async function adaptWasmKernel(_definition: unknown, _kernel: unknown): Promise<unknown> {
  throw new Error('modules are not run yet');
}
