// Signals that end the command are listened for before anything else is loaded, which takes a tenth of a second and more. So nothing is imported here but what is a part of Node.
import { constants } from 'node:os';

/** Told of a signal, and of the status with which the command ends for it. */
export type SignalReceiver = (signal: string, status: number) => void;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let receiver: SignalReceiver | undefined;
let kept: Parameters<SignalReceiver> | undefined;

/** From here on a signal waits for its receiver. A second one does not: nothing has been written then. */
export function catchSignals(): void {
  for (const signal of SIGNALS) {
    const status = 128 + constants.signals[signal];
    process.on(signal, () => {
      if (receiver !== undefined) receiver(signal, status);
      else if (kept !== undefined) process.exit(status);
      else kept = [signal, status];
    });
  }
}

/** Who is told from now on, and of what came before. */
export function receiveSignals(by: SignalReceiver): void {
  receiver = by;
  if (kept !== undefined) by(...kept);
}
