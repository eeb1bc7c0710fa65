import type { Awaitable } from '../contracts/index.js';
import { isThenable } from '../bytes/results.js';
import type { Definition } from '../define/definition.js';
import { asPluginError, isOurs } from '../errors/areas.js';
import { reportFault } from '../events/channel.js';
import type { Scope } from '../scope/scope.js';
import type { KernelCounters } from './counters.js';
import type { Deed, Policy } from './pair.js';

/** Codes that say that the kernel failed, not that the data are wrong. */
const FAILURES: ReadonlySet<string> = new Set(['plugin_failed', 'native_panic', 'out_of_memory']);

/** The first kernel does the work; where it fails, that is an error event, and the second does it. What is wrong with the data is an answer, not a failure. */
export function fallingBack(definition: Definition, scope: Scope, counters: KernelCounters): Policy {
  const carryOn = <T>(deed: Deed<T>, thrown: unknown): Awaitable<T> => {
    const aborted = deed.call?.signal?.aborted === true;
    if (aborted || (isOurs(thrown) && !FAILURES.has(thrown.code))) throw thrown;
    counters.failures++;
    const error = asPluginError(definition.kind, { algorithm: definition.name, operation: deed.operation }, thrown);
    reportFault(scope.events, definition.kind, definition.name, deed.operation, error);
    return deed.second();
  };
  return (deed) => {
    counters.operations++;
    counters.bytes += deed.bytes;
    try {
      const result = deed.first();
      if (!isThenable(result)) return result;
      return Promise.resolve(result).catch((thrown: unknown) => carryOn(deed, thrown)) as typeof result;
    } catch (thrown) {
      return carryOn(deed, thrown);
    }
  };
}
