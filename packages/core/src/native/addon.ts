/** What `chunker_support::addon!()` exports from every addon. */
export interface Addon {
  executorId(): number;
  executorInfo(): string;
  executorConfigure(threads: number, nice: number, reserveCpus: number, spareSlabBytes: number): void;
  executorMeasure(begin: boolean): void;
  executorFigures(): number[];
  channelOpen(callback: (count: number, payloads: unknown[] | undefined) => void, ring: Uint32Array, slots: Uint32Array): number;
  channelCancel(channel: number, slot: number): void;
  poolCreate(threads: number, nice: number): number;
  poolDestroy(queue: number): void;
  queueCreate(sibling: number): number;
  slabTake(bytes: number): ArrayBuffer | undefined;
  slabEnd(buffer: ArrayBuffer): boolean;
}

const NAMES = [
  'executorId',
  'executorInfo',
  'executorConfigure',
  'executorMeasure',
  'executorFigures',
  'channelOpen',
  'channelCancel',
  'poolCreate',
  'poolDestroy',
  'queueCreate',
  'slabTake',
  'slabEnd',
] as const satisfies readonly (keyof Addon)[];

/** Says which of the common exports a module lacks; empty for an addon of this version. */
export function missingExports(module: object): readonly string[] {
  return NAMES.filter((name) => typeof (module as Record<string, unknown>)[name] !== 'function');
}
