//! Making a tree: a directory, file or symbolic link that grows under a temporary name beside its own and appears under its own name whole, or not at all.
//!
//! Everything is made relative to handles. The parent directory is opened once; the new root is opened once it is made; what lies deeper is reached from the
//! root by one `openat2` that follows no link and cannot leave the root. Every entry is made with an exclusive call. So whatever somebody puts in the place of a
//! directory meanwhile, nothing outside the root is made, changed or followed. Until it is published the root belongs to the process's user alone (mode 0700).
//!
//! Orders ([`Orders`]) come window by window, one call at a time; within a call directories are made in order, then the entries in groups that may run on
//! several threads.

mod calls;
mod orders;
mod publish;
mod remove;
mod write;

pub use orders::{Orders, BEGINS, ENDS, EXECUTABLE, LINK, MAKE};
pub use write::Failure;

use crate::tree::valid_name;
use crate::{sys, Code, Facts, Fault};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// A tree that is being made.
#[derive(Debug)]
pub struct NewTree {
    parent: OwnedFd,
    name: CString,
    temporary: CString,
    /// Set when it is to be removed: running calls end at their next question.
    given_up: AtomicBool,
    made: OnceLock<Made>,
    /// Held by the call that writes, publishes or removes.
    turn: Mutex<Progress>,
}

/// The root, as it was when it was made.
#[derive(Debug)]
struct Made {
    facts: Facts,
    /// A handle on the root where it is a directory.
    directory: Option<OwnedFd>,
}

#[derive(Debug, Default)]
struct Progress {
    /// A file that goes on in the next orders.
    open: Option<OwnedFd>,
    /// It has its own name already, and that is not on the disk yet.
    is_renamed: bool,
    is_published: bool,
}

impl NewTree {
    /// Takes hold of the parent directory (links on the way to it are followed: the caller named it). Nothing is made yet.
    ///
    /// # Errors
    /// `already_exists` when there is something of this name, were it a link to nowhere; `not_found`, `not_a_directory`, …
    pub fn open(parent: &[u8], name: &[u8], temporary: &[u8]) -> Result<NewTree, Fault> {
        let terminated = |text: &[u8]| CString::new(text).map_err(|_| Fault::of(Code::InvalidInput));
        if !valid_name(name) || !valid_name(temporary) {
            return Err(Fault::of(Code::InvalidInput));
        }
        let tree = NewTree {
            parent: sys::open(&terminated(parent)?, libc::O_PATH | libc::O_DIRECTORY)?,
            name: terminated(name)?,
            temporary: terminated(temporary)?,
            given_up: AtomicBool::new(false),
            made: OnceLock::new(),
            turn: Mutex::default(),
        };
        match sys::stat_at(tree.parent(), &tree.name) {
            Err(fault) if fault.code == Code::NotFound => Ok(tree),
            Err(fault) => Err(fault),
            Ok(_) => Err(Fault::of(Code::AlreadyExists)),
        }
    }

    fn parent(&self) -> BorrowedFd<'_> {
        self.parent.as_fd()
    }

    fn turn(&self) -> MutexGuard<'_, Progress> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// The root's handle.
    fn root(&self) -> Result<BorrowedFd<'_>, Fault> {
        let directory = self.made.get().and_then(|made| made.directory.as_ref());
        directory.map(|fd| fd.as_fd()).ok_or(Fault::of(Code::InvalidInput))
    }

    /// Remembers what was made under the temporary name.
    fn remember(&self, facts: Facts, directory: Option<OwnedFd>) -> Result<(), Fault> {
        self.made.set(Made { facts, directory }).map_err(|_| Fault::of(Code::InvalidInput))
    }

    fn make_root_directory(&self) -> Result<(), Fault> {
        if self.made.get().is_some() {
            return Err(Fault::of(Code::InvalidInput));
        }
        calls::make_directory(self.parent(), &self.temporary)?;
        let flags = libc::O_RDONLY | libc::O_DIRECTORY;
        let directory = sys::open_at(self.parent(), &self.temporary, flags)?;
        let facts = sys::stat(directory.as_fd())?;
        calls::change_mode(directory.as_fd(), 0o700)?;
        self.remember(facts, Some(directory))
    }

    /// Is what stands under this name of the parent what we made?
    fn is_ours(&self, name: &CStr) -> Result<bool, Fault> {
        let Some(made) = self.made.get() else { return Ok(false) };
        let now = sys::stat_at(self.parent(), name)?;
        Ok((now.ino, now.dev) == (made.facts.ino, made.facts.dev))
    }
}
