import type { Awaitable } from '../contracts/index.js';
import { isThenable } from '../bytes/results.js';
import type { Definition } from '../define/definition.js';
import { after } from '../derive/awaitable.js';
import { areaError } from '../errors/areas.js';
import { reportFault } from '../events/channel.js';
import type { Scope } from '../scope/scope.js';
import type { BoundKernel } from './bound.js';
import type { KernelCounters } from './counters.js';
import { type Deed, type Policy, sameBytes } from './pair.js';

/** What an operation came to, whatever it was. */
type Result<T> = { readonly value: T } | { readonly thrown: unknown };

/**
 * Every so many operations both kernels do the work; where they differ, that is an error event, and the trusted one's result is returned. Refusing what the other accepts is a difference, too; two refusals
 * may have different words.
 */
export function verifying(definition: Definition, kernel: BoundKernel, trusted: BoundKernel, every: number, scope: Scope, counters: KernelCounters): Policy {
  const differ = (operation: string) => {
    counters.differences++;
    const details = { algorithm: definition.name, operation, kernel: kernel.kind, trusted: trusted.kind };
    reportFault(scope.events, definition.kind, definition.name, operation, areaError(definition.kind, 'kernel_mismatch', details));
  };
  const judge = <T>(deed: Deed<T>, first: Result<T>, second: Result<T>): T => {
    counters.compared++;
    const same = 'value' in first && 'value' in second ? sameBytes(first.value, second.value) : 'thrown' in first === 'thrown' in second;
    if (!same) differ(deed.operation);
    if ('thrown' in second) throw second.thrown;
    return same && 'value' in first ? first.value : second.value;
  };
  return (deed) => {
    counters.bytes += deed.bytes;
    if (counters.operations++ % every !== 0) return deed.first();
    return after(timed(deed.first, counters, 'milliseconds'), (first) => {
      if (deed.call?.signal?.aborted === true) throw deed.call.signal.reason;
      if (deed.confirm !== undefined && 'value' in first) return confirmed(deed, deed.confirm, first.value);
      return after(timed(deed.second, counters, 'trustedMilliseconds'), (second) => judge(deed, first, second));
    });
  };

  /** Compressed data differ from kernel to kernel, and are right when the trusted one turns them back. */
  function confirmed<T>(deed: Deed<T>, confirm: (result: T) => Awaitable<boolean>, value: T): Awaitable<T> {
    counters.compared++;
    return after(confirm(value), (right) => {
      if (right) return value;
      differ(deed.operation);
      return deed.second();
    });
  }
}

function timed<T>(work: () => Awaitable<T>, counters: KernelCounters, field: 'milliseconds' | 'trustedMilliseconds'): Awaitable<Result<T>> {
  const started = performance.now();
  const count = <R>(result: R): R => {
    counters[field] += performance.now() - started;
    return result;
  };
  try {
    const value = work();
    if (!isThenable(value)) return count({ value: value as T });
    return Promise.resolve(value as Promise<T>).then(
      (settled) => count({ value: settled }),
      (thrown: unknown) => count({ thrown }),
    );
  } catch (thrown) {
    return count({ thrown });
  }
}
