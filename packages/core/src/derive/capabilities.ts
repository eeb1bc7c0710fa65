import type { Awaitable, Capabilities } from '../contracts/index.js';
import { disown, isThenable } from '../bytes/results.js';
import type { Taken } from './operation.js';

/**
 * What a kernel can do. Whether a method without a `Sync` twin answers at once can only be known by asking it, so it is asked about nothing (an empty input) when somebody wants to know.
 */
export function capabilitiesOf(taken: Taken, methods: readonly string[], ask: (method: string) => Awaitable<unknown>): Capabilities {
  const { own, placement } = taken.kernel;
  const sync = methods.every((method) => own.includes(`${method}Sync`) || (placement === 'here' && answersAtOnce(() => ask(method))));
  return Object.freeze({ sync, parallel: placement === 'away', own: Object.freeze([...own]) });
}

function answersAtOnce(ask: () => Awaitable<unknown>): boolean {
  try {
    const answer = ask();
    if (!isThenable(answer)) return true;
    disown(answer);
    return false;
  } catch {
    // It refused the empty input, but at once.
    return true;
  }
}
