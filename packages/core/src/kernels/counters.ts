/** What comparing a kernel with a trusted one found. */
export interface VerificationCounters {
  readonly operations: number;
  readonly bytes: number;
  /** Operations that were compared. */
  readonly compared: number;
  readonly differences: number;
  /** Operations that the kernel failed and the next one did. */
  readonly failures: number;
  /** The trusted kernel's time over the kernel's, on the operations compared; absent before the first. */
  readonly speedUp?: number;
}

/** Counts for one taken algorithm. */
export class KernelCounters {
  operations = 0;
  bytes = 0;
  compared = 0;
  differences = 0;
  failures = 0;
  milliseconds = 0;
  trustedMilliseconds = 0;

  read(): VerificationCounters {
    const { operations, bytes, compared, differences, failures, milliseconds, trustedMilliseconds } = this;
    const speedUp = compared > 0 && milliseconds > 0 ? { speedUp: trustedMilliseconds / milliseconds } : {};
    return { operations, bytes, compared, differences, failures, ...speedUp };
  }
}
