import { NarError } from '@chunker/core';
import { displayPath, type FileKind } from '@chunker/io';
import type { NarLimits } from './limits.js';

/** Facts of an entry that no archive may hold. */
export interface NarEntryDetails {
  /** From the root, for people: bytes that are no text are shown as `\xNN`. */
  readonly path: string;
  /** Of an archive that is read: the byte where the item begins that breaks the rule. */
  readonly offset?: number;
}

/** Where an archive breaks a rule. */
export interface NarPlaceDetails {
  /** The first byte of the item that breaks it; of padding the first that is not zero. Counted from the archive's beginning. */
  readonly offset: number;
  /** The entry it belongs to, for people; empty at the root. */
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
    /** The data do not begin with the string `nix-archive-1`. */
    bad_magic: NarPlaceDetails;
    /** A word that the grammar does not allow here. */
    unexpected_token: NarPlaceDetails;
    /** A string longer than any word of the grammar, where a word belongs. */
    token_too_long: NarPlaceDetails;
    /** A node does not begin with its type. */
    missing_type: NarPlaceDetails;
    /** A type that is not `regular`, `directory` or `symlink`. */
    unknown_type: NarPlaceDetails;
    /** An entry does not begin with its name. */
    missing_name: NarPlaceDetails;
    /** An entry has no node. */
    missing_node: NarPlaceDetails;
    /** A file has no contents. */
    missing_contents: NarPlaceDetails;
    /** A symbolic link has no target. */
    missing_target: NarPlaceDetails;
    /** The value of `executable` is not empty. */
    executable_value: NarPlaceDetails;
    /** A name is less than the one before it, by its bytes. */
    entry_out_of_order: NarPlaceDetails;
    /** Contents of more than 2^53 - 1 bytes. */
    length_out_of_range: NarPlaceDetails;
    /** A byte of the padding is not zero. */
    non_zero_padding: NarPlaceDetails;
  }
}

/** Rules of the format that an archive can break. */
export type NarViolation =
  | 'bad_magic'
  | 'unexpected_token'
  | 'token_too_long'
  | 'missing_type'
  | 'unknown_type'
  | 'missing_name'
  | 'missing_node'
  | 'missing_contents'
  | 'missing_target'
  | 'executable_value'
  | 'entry_out_of_order'
  | 'duplicate_entry'
  | 'invalid_name'
  | 'name_too_long'
  | 'invalid_target'
  | 'target_too_long'
  | 'too_deep'
  | 'length_out_of_range'
  | 'non_zero_padding';

const PROSE: Readonly<Record<NarViolation, string>> = {
  bad_magic: 'the data are no Nix archive',
  unexpected_token: 'a word stands where it does not belong',
  token_too_long: 'a string is longer than any word of the format',
  missing_type: 'the type is missing',
  unknown_type: 'the type is unknown',
  missing_name: 'the name of an entry is missing',
  missing_node: 'an entry has nothing but a name',
  missing_contents: 'a file has no contents',
  missing_target: 'a symbolic link has no target',
  executable_value: 'the mark of an executable has a value',
  entry_out_of_order: 'names are out of order',
  duplicate_entry: 'a name is there twice',
  invalid_name: 'a name is empty, . or .., or holds a slash or NUL',
  name_too_long: 'a name is too long',
  invalid_target: 'the target of a symbolic link is empty or holds NUL',
  target_too_long: 'the target of a symbolic link is too long',
  too_deep: 'directories are nested too deeply',
  length_out_of_range: 'the contents claim more than 2^53 - 1 bytes',
  non_zero_padding: 'padding is not zero',
};

/** The error of an archive that breaks a rule; the message says where. */
export function violation(code: NarViolation, offset: number, path: string, limit?: number): NarError {
  const where = path === '' ? '' : ` ('${path}')`;
  const details = limit === undefined ? { offset, path } : { offset, path, limit };
  return new NarError(code, details as never, { message: `${PROSE[code]} at byte ${offset}${where}` });
}

/** The error for an entry below too many others. `shown` is its path for people, beginning with where the root was found. */
export function tooDeep(path: Uint8Array, shown: string, limit: number): NarError {
  return new NarError('too_deep', { path: displayPath(path), limit }, { message: `${shown} lies deeper than the limit of ${limit} levels` });
}

/** The error for a socket, device or fifo. */
export function unsupported(path: Uint8Array, shown: string, kind: FileKind): NarError {
  const message = `${shown} is a ${kind.replace('_', ' ')}, which no archive can hold`;
  return new NarError('unsupported_file_type', { path: displayPath(path), type: kind }, { message });
}
