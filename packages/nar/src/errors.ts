import type { NarLimits } from './limits.js';

/** Facts of an entry that no archive may hold. */
export interface NarEntryDetails {
  /** From the root, for people: bytes that are no text are shown as `\xNN`. */
  readonly path: string;
}

declare module '@chunker/core' {
  interface ErrorDetails {
    /** More levels than the limit; the root is the first. */
    too_deep: NarEntryDetails & { readonly limit: NarLimits['depth'] };
    /** A name that is empty, `.` or `..`, or has a slash or NUL in it. */
    invalid_name: NarEntryDetails;
    /** A directory has two entries of one name. */
    duplicate_entry: NarEntryDetails;
    /** The target of a symbolic link is empty or has NUL in it. */
    invalid_target: NarEntryDetails;
    /** The target of a symbolic link is over 4095 bytes. */
    target_too_long: NarEntryDetails;
  }
}
