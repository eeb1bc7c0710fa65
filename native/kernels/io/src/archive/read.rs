//! Contents to their places in the window.

use super::item::Place;
use crate::batch::moved;
use crate::file::fill;
use crate::{sys, Code, Facts, Fault, Host, Reading};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Files of one group at most, and bytes from which on a group is full: about a tenth of a millisecond.
const GROUP_FILES: usize = 16;
const GROUP_BYTES: usize = 256 << 10;

/// Where contents come from.
#[derive(Debug)]
pub(super) enum From {
    /// Opened just now.
    Opened(OwnedFd),
    /// Begun in a window before, and opened again: nobody knows when the next window comes.
    Again(Option<Arc<OwnedFd>>),
}

/// A range of a file and its place.
#[derive(Debug)]
pub(super) struct Read<'w> {
    pub(super) place: Place,
    pub(super) from: From,
    /// As they were when the framing was written.
    pub(super) facts: Facts,
    pub(super) offset: u64,
    pub(super) into: &'w mut [u8],
}

impl Read<'_> {
    fn run(
        &mut self,
        root: impl Fn() -> Result<OwnedFd, Fault>,
        reading: Reading,
        host: &dyn Host,
    ) -> Result<(), Fault> {
        let again;
        let file = match &self.from {
            From::Opened(file) => file,
            From::Again(handle) => {
                again = match (&self.place, handle) {
                    (Some((directory, index)), Some(handle)) => {
                        sys::open_at(handle.as_fd(), directory.names.name(*index), libc::O_RDONLY)?
                    }
                    _ => root()?,
                };
                &again
            }
        };
        unchanged(file.as_fd(), &self.facts, self.offset, self.into, reading, host)
    }
}

/// Reads a range of an open file, which must have been what its facts told, and must still be when it has been read.
pub(super) fn unchanged(
    file: BorrowedFd,
    facts: &Facts,
    offset: u64,
    into: &mut [u8],
    reading: Reading,
    host: &dyn Host,
) -> Result<(), Fault> {
    let stop = || host.should_stop();
    let read = fill(file, offset, into, reading, &stop).map_err(|fault| moved(file, fault))?;
    let now = sys::stat(file)?;
    if read < into.len() || !now.same_contents(facts) {
        return Err(Fault::of(Code::FileChanged));
    }
    Ok(())
}

/// What could not be read.
pub(super) type Unread = (Place, Fault);

/// Reads all of a group and closes what was opened.
pub(super) fn run(
    group: Vec<Read>,
    root: &(dyn Fn() -> Result<OwnedFd, Fault> + Sync),
    reading: Reading,
    host: &dyn Host,
) -> Result<(), Unread> {
    group
        .into_iter()
        .try_for_each(|mut read| read.run(root, reading, host).map_err(|fault| (read.place.take(), fault)))
}

/// Groups that are worth a turn of a thread each, in order.
pub(super) fn grouped(reads: Vec<Read>) -> Vec<Vec<Read>> {
    let mut groups: Vec<Vec<Read>> = Vec::new();
    let mut bytes = 0;
    for read in reads {
        bytes += read.into.len();
        match groups.last_mut() {
            Some(group) if group.len() < GROUP_FILES && bytes <= GROUP_BYTES => group.push(read),
            _ => {
                bytes = read.into.len();
                groups.push(vec![read]);
            }
        }
    }
    groups
}
