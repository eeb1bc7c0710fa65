//! One entry on its way from the walk into a window.

use super::read;
use crate::names::Names;
use crate::{sys, Code, Facts, Fault, Host, Kind, Reading};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// A file up to this is small: what is read of those that are looked at together stays in a core's own cache until it is laid.
const HELD_BYTES: u64 = 4 << 10;

/// A directory on the way down. It knows the one above it, so that a path is made only for whom it concerns.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) above: Option<(Arc<Directory>, usize)>,
    pub(super) names: Names,
    /// The root has 0.
    pub(super) depth: u32,
}

/// Where an entry is: a directory and the index of its name there. None: the root.
pub(super) type Place = Option<(Arc<Directory>, usize)>;

/// What is known of an entry.
#[derive(Debug)]
pub(super) enum State {
    /// A file, not looked at yet.
    File,
    /// A file, open, and its facts at that moment.
    Opened(OwnedFd, Facts),
    /// A small file that has been read into the item's room, and its facts.
    Held(Facts),
    /// A directory; what is in it follows.
    Directory,
    /// A symbolic link and its target.
    Link(Vec<u8>),
    /// What no archive can hold.
    Other(Kind),
    /// More levels than are allowed.
    TooDeep,
    /// The system refused it. The caller may leave it out.
    Refused(Fault),
    /// The walk cannot go on.
    Broken(Fault),
}

/// An entry.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    /// The directory that it is in, open.
    pub(super) handle: Option<Arc<OwnedFd>>,
    pub(super) depth: u32,
    pub(super) state: State,
    /// Where a small file is read to; lent, so that the next one finds it warm.
    pub(super) room: Vec<u8>,
}

impl Item {
    pub(super) fn name(&self) -> &[u8] {
        self.place.as_ref().map_or(b"", |(directory, index)| directory.names.name(*index).to_bytes())
    }

    /// Is it a file that will be opened, and has nowhere to be read to?
    pub(super) fn wants_room(&self) -> bool {
        matches!(self.state, State::File) && self.room.capacity() == 0
    }

    /// Opens a file and asks for its facts; both before its framing is written, because that tells size and executability. A small one is read as well and closed: its inode is in the nearest cache now,
    /// and copying it once more costs less than coming back. When too many files are open, it is left as it is, unless this is the last chance.
    ///
    /// One that is `likely_small` is read first and asked then: where that was all of it, and its times say that it was at rest since before it was opened, there is nothing more to ask. Else it goes
    /// the same way as all others, with a look before and one after.
    pub(super) fn open(&mut self, last_chance: bool, likely_small: bool, reading: Reading, host: &dyn Host) {
        let (State::File, Some((directory, index)), Some(handle)) = (&self.state, &self.place, &self.handle)
        else {
            return;
        };
        let name = directory.names.name(*index);
        let room = &mut self.room;
        let began = sys::now();
        let opened = sys::open_at(handle.as_fd(), name, libc::O_RDONLY).and_then(|file| {
            // What cannot be read is asked for again below, where it is known what it is.
            let read = likely_small
                .then(|| sys::read_at(file.as_fd(), grown(room, HELD_BYTES as usize), 0).ok())
                .flatten();
            let facts = sys::stat(file.as_fd())?;
            let is_whole = read.is_some_and(|bytes| bytes as u64 == facts.size);
            Ok((file, facts, is_whole && facts.settled_before(began)))
        });
        self.state = match opened {
            Ok((_, facts, true)) if facts.kind == Kind::Regular => State::Held(facts),
            Ok((file, facts, _)) if facts.kind == Kind::Regular && facts.size <= HELD_BYTES => {
                let into = grown(&mut self.room, facts.size as usize);
                match into.is_empty() {
                    true => State::Held(facts),
                    false => read::unchanged(file.as_fd(), &facts, 0, into, reading, host)
                        .map_or_else(State::Broken, |()| State::Held(facts)),
                }
            }
            Ok((file, facts, _)) if facts.kind == Kind::Regular => State::Opened(file, facts),
            Ok(_) => State::Broken(Fault::of(Code::FileChanged)),
            Err(fault) if fault.code == Code::TooManyOpenFiles && !last_chance => return,
            // Where the directory may not be searched, that is the reason, and the same as for whom looks before opening.
            Err(fault) => State::Refused(sys::stat_at(handle.as_fd(), name).err().unwrap_or(fault)),
        };
    }
}

/// The first bytes of a room, which has at least so many from then on.
fn grown(room: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    if room.len() < bytes {
        room.resize(bytes, 0);
    }
    &mut room[..bytes]
}

/// The path from the root, components joined by `/`.
pub(super) fn path_of(place: &Place) -> Vec<u8> {
    let mut names = Vec::new();
    let mut at = place.as_ref();
    while let Some((directory, index)) = at {
        names.push(directory.names.name(*index).to_bytes());
        at = directory.above.as_ref();
    }
    names.reverse();
    names.join(&b'/')
}
