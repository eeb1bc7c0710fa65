import { IoError } from '@chunker/core';
import { constants } from 'node:os';

/** Facts of a failed operation on a file. */
export interface FileDetails {
  /** The path for people: bytes that are no text are shown as `\xNN`. */
  readonly path: string;
  /** `open`, `read`, `stat`, … where the system said no. */
  readonly syscall?: string;
  /** The system's name for it, such as `ENOENT`. */
  readonly errno?: string;
  /** Byte offset in the file. */
  readonly offset?: number;
}

declare module '@chunker/core' {
  interface ErrorDetails {
    /** There is nothing of this name. */
    not_found: FileDetails;
    /** This process may not do this to the file. */
    permission_denied: FileDetails;
    /** A file was expected, this is a directory. */
    is_directory: FileDetails;
    /** A directory was expected, this is something else. */
    not_a_directory: FileDetails;
    /** A socket, device or fifo. */
    unsupported_file_type: FileDetails & { readonly type?: string };
    /** A name over 255 bytes, or a path over the system's limit. */
    name_too_long: FileDetails;
    /** The process or the system has too many files open. */
    too_many_open_files: FileDetails;
    /** A symbolic link stands where none is followed. */
    symlink_refused: FileDetails;
    /** The file changed between being listed and being read, or while it was read. */
    file_changed: FileDetails;
    /** The file is larger than the room it was given. */
    file_too_large: FileDetails & { readonly limit?: number };
    /** The target exists, and replacing it was not asked for. */
    already_exists: FileDetails;
    /** The disk or the quota is full. */
    no_space: FileDetails;
    /** Two names of a tree that is being made are one to its file system, which does not tell case or forms of letters apart. */
    name_collision: FileDetails;
    /** Any other answer of the system. */
    io_error: FileDetails;
  }
}

/** Error codes whose facts are those of a file. */
export type FileCode =
  | 'not_found'
  | 'permission_denied'
  | 'is_directory'
  | 'not_a_directory'
  | 'unsupported_file_type'
  | 'name_too_long'
  | 'too_many_open_files'
  | 'symlink_refused'
  | 'file_changed'
  | 'file_too_large'
  | 'already_exists'
  | 'no_space'
  | 'name_collision'
  | 'io_error';

const PROSE: Readonly<Record<FileCode, string>> = {
  not_found: 'does not exist',
  permission_denied: 'may not be accessed',
  is_directory: 'is a directory',
  not_a_directory: 'is no directory',
  unsupported_file_type: 'is neither file, directory nor symbolic link',
  name_too_long: 'has too long a name',
  too_many_open_files: 'cannot be opened: too many files are open',
  symlink_refused: 'is a symbolic link, which is not followed here',
  file_changed: 'changed while it was read',
  file_too_large: 'is larger than the room given',
  already_exists: 'exists already',
  no_space: 'cannot be written: no space is left',
  name_collision: 'has a name that its file system takes for another one of the same directory',
  io_error: 'cannot be accessed',
};

/** An error about one file; the message names it and the system's word. */
export function fileError(code: FileCode, details: FileDetails, cause?: unknown): IoError {
  const why = details.errno === undefined ? '' : ` (${details.syscall === undefined ? '' : `${details.syscall}: `}${details.errno})`;
  const message = `${details.path} ${PROSE[code]}${why}`;
  return new IoError(code, details, cause === undefined ? { message } : { message, cause });
}

const BY_ERRNO: Readonly<Record<string, FileCode>> = {
  ENOENT: 'not_found',
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  EISDIR: 'is_directory',
  ENOTDIR: 'not_a_directory',
  ENXIO: 'unsupported_file_type',
  ESPIPE: 'unsupported_file_type',
  ENODEV: 'unsupported_file_type',
  ENAMETOOLONG: 'name_too_long',
  EMFILE: 'too_many_open_files',
  ENFILE: 'too_many_open_files',
  ELOOP: 'symlink_refused',
  EEXIST: 'already_exists',
  ENOTEMPTY: 'already_exists',
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
};

/** The code for the system's name of an error. */
export function codeOfErrno(errno: string): FileCode {
  return BY_ERRNO[errno] ?? 'io_error';
}

/** The system's name for an error of `node:fs`; undefined for any other. Node itself has no names for some, such as EDQUOT, but their numbers. */
function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  if (typeof code === 'string' && code in constants.errno) return code;
  return typeof errno === 'number' ? ERRNO_NAMES.get(Math.abs(errno)) : undefined;
}

/** An error of `node:fs` as ours; anything else is returned as it is. */
export function fromNode(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const { syscall } = error as { syscall?: unknown };
  return fileError(codeOfErrno(errno), { path, errno, ...(typeof syscall === 'string' ? { syscall } : {}) }, error);
}

// The numbers of native/kernels/io/src/fault.rs.
const CODES = [
  undefined,
  'not_found',
  'permission_denied',
  'is_directory',
  'not_a_directory',
  'unsupported_file_type',
  'name_too_long',
  'too_many_open_files',
  'symlink_refused',
  'file_changed',
  'file_too_large',
  'invalid_input',
  'out_of_memory',
  'aborted',
  'io_error',
  'already_exists',
  'no_space',
  'name_collision',
] as const;
const SYSCALLS = [
  undefined,
  'open',
  'stat',
  'read',
  'getdents64',
  'readlink',
  'access',
  'mkdir',
  'write',
  'close',
  'symlink',
  'rename',
  'unlink',
  'fchmod',
  'syncfs',
  'mmap',
] as const;
const ERRNO_NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** The system's name of an error number. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(errno) ?? String(errno);
}

/** A fault as one number: code in the highest byte, system call in the next, errno in the low half; 0 is none. */
export type Fault = number;

/** A fault as an error. */
export function faultError(fault: Fault, path: string): IoError {
  const code = CODES[fault >>> 24];
  const syscall = SYSCALLS[(fault >>> 16) & 0xff];
  const errno = fault & 0xffff;
  const facts = {
    path,
    ...(syscall === undefined ? {} : { syscall }),
    ...(errno === 0 ? {} : { errno: errnoName(errno) }),
  };
  if (code === 'invalid_input') return new IoError(code, { name: 'path', value: path, expected: 'a name that a directory can hold' });
  if (code === 'out_of_memory') return new IoError(code, { operation: 'read', bytes: 0 });
  if (code === 'aborted') return new IoError(code, { operation: 'read' });
  return fileError(code ?? 'io_error', facts);
}

/** The fault that stands for a code, for the kernel that is written in TypeScript. */
export function faultOf(code: FileCode | 'invalid_input', errno = 0): Fault {
  return (((CODES as readonly (string | undefined)[]).indexOf(code) << 24) | errno) >>> 0;
}

/** The fault for an error of `node:fs`. */
export function faultOfNode(error: unknown): Fault {
  const errno = errnoOf(error);
  if (errno === undefined) throw error;
  return faultOf(codeOfErrno(errno), constants.errno[errno as keyof typeof constants.errno]);
}
