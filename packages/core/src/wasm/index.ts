export * from './abi.js';
export { adaptWasmKernel } from './adapt.js';
export { type WasmAnswer, type WasmRequest, WasmRunner } from './runner.js';
