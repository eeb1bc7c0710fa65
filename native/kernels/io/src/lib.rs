//! Reading and making files and directories of Linux: the one kernel that makes system calls.
//!
//! Five operations stand on one idea: everything below a root is named relative to a handle on that root, and no symbolic link below it is ever followed.
//! * [`Tree::list`] reads one directory: names sorted by their bytes, with the facts of each entry, as fixed records of 64 bytes.
//! * [`Tree::read`] works through a list of requests: open, read into a place of the caller's window, compare the facts, close. Nothing stays open between
//!   two calls, so neither the number of files nor the depth of a tree can exhaust descriptors.
//! * [`Archive`] is the tree as a Nix archive, window by window.
//! * [`File`] is one file held open, read at positions.
//! * [`NewTree`] makes a tree under a temporary name and gives it its own when it is whole.
//!
//! Names are bytes. The kernel has no threads and keeps no state. A `stop` question is asked between two system calls; when it answers true, the operation
//! ends with [`Code::Aborted`].
//!
//! Other systems have no door here: their kernel is `node:fs`.
#![cfg(target_os = "linux")]

mod archive;
mod batch;
mod direct;
mod facts;
mod fault;
mod file;
mod list;
mod mapped;
mod names;
mod sys;
mod tree;
mod unpack;
mod uring;

pub use archive::{Archive, Filled, Resume, Unfinished, WalkLimits, Why};
pub use batch::{Outcome, Requests, APPEND, REQUEST_WORDS};
pub use facts::{Facts, Kind, RECORD_BYTES, RECORD_WORDS};
pub use fault::{Code, Fault, Syscall};
pub use file::{File, Reading, Way, DEFAULT_SLICE_CAP_BYTES};
pub use list::{ListOptions, BLOCK_HEAD_BYTES};
pub use sys::open_files_limit;
pub use tree::Tree;
pub use unpack::{Failure, NewTree, Orders, BEGINS, ENDS, EXECUTABLE, LINK, MAKE};
pub use uring::io_uring_errno;

/// Where an operation runs: it may be told to stop, and may share its work among threads.
pub trait Host: Sync {
    /// Asked between two system calls; true ends the operation with [`Code::Aborted`].
    fn should_stop(&self) -> bool;
    /// Is it worth splitting work?
    fn is_parallel(&self) -> bool;
    /// Calls `body(i)` once for each i below `count`, on any threads, and returns when all have returned.
    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync));
}

/// Asked between two system calls; true ends the operation.
pub type Stop<'a> = &'a dyn Fn() -> bool;
