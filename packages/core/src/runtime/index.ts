export { type ExecutorFigures, type ExecutorMeasurement, measureExecutor } from './executor-figures.js';
export { throughGate } from './pool-gate.js';
export { type ComputingStream, PulledStream } from './pulled-stream.js';
export { unlessAborted } from './unless-aborted.js';
