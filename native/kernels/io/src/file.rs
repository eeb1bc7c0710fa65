//! One file held open.

use crate::{sys, Code, Facts, Fault, Kind, Stop};
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The longest single read; a longer one is done in several.
pub const DEFAULT_SLICE_CAP_BYTES: usize = 16 << 20;

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

/// A regular file open for reading. Closed when dropped.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
}

impl File {
    /// Opens a path as the process sees it (links are followed, also the last: the caller named it) and asks for sequential read-ahead.
    pub fn open(path: &[u8]) -> Result<(File, Facts), Fault> {
        let path = CString::new(path).map_err(|_| Fault::of(Code::InvalidInput))?;
        let fd = sys::open(&path, libc::O_RDONLY)?;
        let facts = sys::stat(fd.as_fd())?;
        check_regular(facts.kind)?;
        sys::advise(fd.as_fd(), 0, 0, libc::POSIX_FADV_SEQUENTIAL);
        Ok((File { fd }, facts))
    }

    /// The facts now.
    pub fn facts(&self) -> Result<Facts, Fault> {
        sys::stat(self.fd.as_fd())
    }

    /// Fills `into` from `position` on; fewer bytes only at the end of the file.
    pub fn read(&self, position: u64, into: &mut [u8], reading: Reading, stop: Stop) -> Result<usize, Fault> {
        fill(self.fd.as_fd(), position, into, reading, stop)
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

/// Reads until `into` is full or the file ends.
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
        let end = into.len().min(done.saturating_add(reading.slice_cap_bytes.max(1)));
        match sys::read_at(fd, &mut into[done..end], position.saturating_add(done as u64))? {
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
