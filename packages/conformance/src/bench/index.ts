export { type BenchResult, type BenchSettings, bench } from './bench.js';
export { WrongOutput } from './operations.js';
