//! One file held open.

use crate::mapped::Mapped;
use crate::{direct, sys, Code, Facts, Fault, Kind, Stop};
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

/// The longest single read; a longer one is done in several.
pub const DEFAULT_SLICE_CAP_BYTES: usize = 16 << 20;

/// A page, and the block of nearly every file system.
const BLOCK_BYTES: u64 = 4096;

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The longest single read, at least 1.
    pub slice_cap_bytes: usize,
    /// How far beyond the end of each read the system is asked to read ahead; 0: as it sees fit.
    pub readahead_bytes: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Reading { slice_cap_bytes: DEFAULT_SLICE_CAP_BYTES, readahead_bytes: 0 }
    }
}

/// How the bytes come: the numbers cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// Positioned reads, through the page cache.
    Buffered = 0,
    /// Out of memory maps.
    Mapped = 1,
    /// Past the page cache.
    Direct = 2,
}

#[derive(Debug)]
enum Source {
    Buffered,
    Mapped(Mapped),
    Direct,
}

/// A regular file open for reading. Closed when dropped.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
    source: Source,
    /// Why the way that was asked for was left for buffered reads.
    refused: OnceLock<Fault>,
}

impl File {
    /// Opens a path as the process sees it (links are followed, also the last: the caller named it) and asks for sequential read-ahead.
    pub fn open(path: &[u8]) -> Result<(File, Facts), Fault> {
        File::open_by(path, Way::Buffered)
    }

    /// The same for bytes that come in another way. Where the file system or a sandbox refuses it, the file is read as usual, and [`File::refused`] tells why.
    pub fn open_by(path: &[u8], way: Way) -> Result<(File, Facts), Fault> {
        let path = CString::new(path).map_err(|_| Fault::of(Code::InvalidInput))?;
        let refused = OnceLock::new();
        let note = |fault: Fault| {
            let _ = refused.set(fault);
        };
        let direct = match way {
            Way::Direct => sys::open(&path, libc::O_RDONLY | libc::O_DIRECT).map_err(note).ok(),
            _ => None,
        };
        let mut source = if direct.is_some() { Source::Direct } else { Source::Buffered };
        let fd = match direct {
            Some(fd) => fd,
            None => sys::open(&path, libc::O_RDONLY)?,
        };
        let facts = sys::stat(fd.as_fd())?;
        check_regular(facts.kind)?;
        sys::advise(fd.as_fd(), 0, 0, libc::POSIX_FADV_SEQUENTIAL);
        if way == Way::Mapped {
            source = Mapped::open(fd.as_fd(), facts.size).map_or_else(
                |fault| {
                    note(fault);
                    Source::Buffered
                },
                Source::Mapped,
            );
        }
        Ok((File { fd, source, refused }, facts))
    }

    /// Why the file is read as usual though another way was asked for.
    pub fn refused(&self) -> Option<Fault> {
        self.refused.get().copied()
    }

    /// The facts now.
    pub fn facts(&self) -> Result<Facts, Fault> {
        sys::stat(self.fd.as_fd())
    }

    /// Fills `into` from `position` on; fewer bytes only at the end of the file.
    pub fn read(&self, position: u64, into: &mut [u8], reading: Reading, stop: Stop) -> Result<usize, Fault> {
        let fd = self.fd.as_fd();
        let read = match (&self.source, self.refused.get()) {
            (Source::Mapped(mapped), None) => mapped.read(fd, position, into, stop),
            (Source::Direct, None) => direct::read(fd, position, into, reading.slice_cap_bytes, stop),
            _ => return fill(fd, position, into, reading, stop),
        };
        match read {
            // No more maps are to be had, or this file system takes the flag and not the reads.
            Err(fault) if matches!(fault.errno, libc::EINVAL | libc::ENOMEM | libc::EPERM | libc::ENOSYS) => {
                let _ = self.refused.set(fault);
                sys::leave_direct(fd);
                fill(fd, position, into, reading, stop)
            }
            other => other,
        }
    }
}

/// A regular file, or the word for what it is instead.
pub(crate) fn check_regular(kind: Kind) -> Result<(), Fault> {
    match kind {
        Kind::Regular => Ok(()),
        Kind::Directory => Err(Fault::of(Code::IsDirectory)),
        Kind::Symlink => Err(Fault::of(Code::SymlinkRefused)),
        _ => Err(Fault::of(Code::UnsupportedFileType)),
    }
}

/// The longest read from `at` on that the cap allows and that ends with a block, where there is one.
fn slice_bytes(at: u64, cap: usize) -> usize {
    let inside = (at.saturating_add(cap as u64) % BLOCK_BYTES) as usize;
    if cap > inside {
        cap - inside
    } else {
        cap.max(1)
    }
}

/// Reads until `into` is full or the file ends. What takes several reads is read in whole blocks, from the first end of a block on.
pub(crate) fn fill(
    fd: BorrowedFd,
    position: u64,
    into: &mut [u8],
    reading: Reading,
    stop: Stop,
) -> Result<usize, Fault> {
    let mut done = 0;
    while done < into.len() {
        if stop() {
            return Err(Fault::of(Code::Aborted));
        }
        let at = position.saturating_add(done as u64);
        let end = into.len().min(done.saturating_add(slice_bytes(at, reading.slice_cap_bytes)));
        match sys::read_at(fd, &mut into[done..end], at)? {
            0 => break,
            n => done += n,
        }
    }
    if reading.readahead_bytes > 0 && done == into.len() {
        sys::advise(
            fd,
            position.saturating_add(done as u64),
            reading.readahead_bytes,
            libc::POSIX_FADV_WILLNEED,
        );
    }
    Ok(done)
}
