export { throughGate } from './pool-gate.js';
export { type ComputingStream, PulledStream } from './pulled-stream.js';
