export type { ArchivePart, ArchiveResume, TreeArchive, UnfinishedFile } from './archive.js';
export { type AtomicOptions, type OutputSource, writeFileAtomically } from './atomic.js';
export type { TreeCursor } from './cursor.js';
export type { AdaptiveBuffers, BufferStrategy } from './buffers.js';
export { openDescriptorSource } from './descriptor.js';
export { type FileCode, type FileDetails, faultError, fileError } from './errors.js';
export { OpenFile, openFile, type OpenFileOptions } from './file.js';
export {
  explainIo,
  type IoKernel,
  ioKernel,
  type KernelArchive,
  type KernelFile,
  type KernelNewTree,
  type KernelTree,
  platformKernel,
  type Reading,
  type ReadingWay,
} from './kernel.js';
export { compareBytes, displayPath, joinPath, type PathLike, pathBytes } from './names.js';
export { type NewTree, type NewTreeOptions, openNewTree } from './new-tree.js';
export { type EntryOrder, type FileOrder, MakeOrders } from './orders.js';
export { persist } from './persist.js';
export { type FileFacts, type FileKind, KIND, KINDS } from './records.js';
export { type Directory, ReadRequests } from './requests.js';
export { type SmallFileOptions, type SmallFiles, readSmallFiles } from './small-files.js';
export { FileSource, type FileSourceOptions, openFileSource, type WindowSource } from './source.js';
export { openTree, Tree, type WalkEntry, type WalkOptions, walk } from './tree.js';
export { removeUnfinishedFiles } from './unfinished.js';
export { type ReadWindowsSettings, readWindows } from './windows.js';
