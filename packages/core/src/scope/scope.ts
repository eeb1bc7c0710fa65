import type { Definition } from '../define/definition.js';
import { EventChannel } from '../events/channel.js';
import type { KernelCounters } from '../kernels/counters.js';
import { Caches } from '../cache/caches.js';
import { MemoryBudget } from '../memory/budget.js';
import { readMemorySettings } from '../memory/settings.js';
import { Credits } from './credits.js';
import { Lifetime } from './lifetime.js';
import { readSettings, type Settings } from './settings.js';

/** What the operations of a taken algorithm need of the registry it was taken from. */
export interface Scope {
  readonly settings: Settings;
  readonly events: EventChannel;
  readonly credits: Credits;
  readonly memory: MemoryBudget;
  readonly caches: Caches;
  readonly life: Lifetime;
  /** Counters of the algorithms whose kernels are compared with others, by definition. */
  readonly counters: WeakMap<Definition, KernelCounters>;
}

let ofProcess: Scope | undefined;

/** The scope of what is configured without a registry. It lives as long as the process. */
export function processScope(): Scope {
  if (ofProcess === undefined) {
    const settings = readSettings();
    const memory = new MemoryBudget(readMemorySettings());
    ofProcess = {
      settings,
      events: new EventChannel(),
      credits: new Credits(settings.maxBytesInFlight),
      memory,
      caches: new Caches(settings.hashCache, memory),
      life: new Lifetime(),
      counters: new WeakMap(),
    };
  }
  return ofProcess;
}
