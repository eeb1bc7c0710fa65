//! Depth first through a tree, names in byte order, without recursion and without looking at files: a directory says what its entries are.

use super::item::{Directory, Item, State};
use crate::names::Names;
use crate::tree::read_target;
use crate::{sys, Code, Fault, Host, Kind, Stop, Syscall, Tree};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// Directories of the way down that are held open. Those above are opened again on the way up.
const HELD: usize = 16;

const LONG_NAME: Fault = Fault { code: Code::NameTooLong, syscall: Syscall::Open, errno: libc::ENAMETOOLONG };

/// Which directories are entered.
#[derive(Clone, Copy, Debug)]
pub struct WalkLimits {
    /// Levels, the root being the first.
    pub depth: u32,
    /// Directories on other file systems than the root's are entries, but are not entered.
    pub one_file_system: bool,
}

#[derive(Debug)]
struct Frame {
    directory: Arc<Directory>,
    /// None: closed because it is far above. The last frame's is there always.
    handle: Option<Arc<OwnedFd>>,
    /// Device and inode, known once it was closed: what is opened again must be the same directory.
    identity: (u64, u64),
    next: usize,
}

/// A walk. Memory grows with the entries of the directories on the way down, not with the tree.
#[derive(Debug)]
pub(super) struct Walk {
    limits: WalkLimits,
    device: u64,
    begun: bool,
    frames: Vec<Frame>,
    room: Vec<u8>,
}

impl Drop for Walk {
    fn drop(&mut self) {
        // From below: a directory holds the one above it, and dropping a long chain from its end would recurse.
        while self.frames.pop().is_some() {}
    }
}

impl Walk {
    pub(super) fn new(tree: &Tree, limits: WalkLimits) -> Walk {
        Walk { limits, device: tree.facts().dev, begun: false, frames: Vec::new(), room: Vec::new() }
    }

    /// The next entries, so many unless these are the last (then true).
    ///
    /// # Errors
    /// `aborted` and `out_of_memory`; what is wrong with an entry is its state.
    pub(super) fn some(
        &mut self,
        tree: &Tree,
        count: usize,
        host: &dyn Host,
    ) -> Result<(Vec<Item>, bool), Fault> {
        let stop = || host.should_stop();
        let mut items = Vec::with_capacity(count);
        if !self.begun {
            self.begun = true;
            items.push(self.root(tree, &stop)?);
        }
        while items.len() < count {
            match self.next(&stop)? {
                Some(item) => items.push(item),
                None => return Ok((items, true)),
            }
        }
        Ok((items, false))
    }

    /// The root, which everything below follows.
    fn root(&mut self, tree: &Tree, stop: Stop) -> Result<Item, Fault> {
        let facts = *tree.facts();
        let state = match facts.kind {
            _ if self.limits.depth == 0 => State::TooDeep,
            Kind::Directory => match tree.open_directory(b"") {
                Ok(handle) => self.enter(handle, None, stop)?,
                Err(fault) => State::Refused(fault),
            },
            Kind::Regular => match tree.root().try_clone_to_owned() {
                Ok(file) => State::Opened(file, facts),
                Err(error) => State::Refused(not_cloned(&error)),
            },
            Kind::Symlink => State::Link(tree.target().to_vec()),
            kind => State::Other(kind),
        };
        Ok(Item { place: None, handle: None, depth: 0, state, room: Vec::new() })
    }

    /// The next entry; None at the end.
    fn next(&mut self, stop: Stop) -> Result<Option<Item>, Fault> {
        while let Some(frame) = self.frames.last_mut() {
            if frame.next < frame.directory.names.len() {
                frame.next += 1;
                let index = frame.next - 1;
                return self.entry(index, stop).map(Some);
            }
            if let Some(item) = self.leave() {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    fn entry(&mut self, index: usize, stop: Stop) -> Result<Item, Fault> {
        let Some(Frame { directory, handle: Some(handle), .. }) = self.frames.last() else {
            return Err(Fault::of(Code::InvalidInput));
        };
        let (directory, handle) = (Arc::clone(directory), Arc::clone(handle));
        let depth = directory.depth + 1;
        let name = directory.names.name(index);
        let kind = match directory.names.kind(index) {
            Kind::Unknown => sys::stat_at(handle.as_fd(), name).map(|facts| facts.kind),
            kind => Ok(kind),
        };
        let state = match kind {
            _ if depth >= self.limits.depth => State::TooDeep,
            Ok(_) if name.count_bytes() > super::framing::NAME_BYTES => State::Refused(LONG_NAME),
            Ok(Kind::Regular) => State::File,
            Ok(Kind::Directory) => {
                match sys::open_at(handle.as_fd(), name, libc::O_RDONLY | libc::O_DIRECTORY) {
                    Ok(child) => self.enter(child, Some((Arc::clone(&directory), index)), stop)?,
                    Err(fault) => State::Refused(fault),
                }
            }
            Ok(Kind::Symlink) => read_target(handle.as_fd(), name).map_or_else(State::Refused, State::Link),
            Ok(kind) => State::Other(kind),
            Err(fault) => State::Refused(fault),
        };
        Ok(Item { place: Some((directory, index)), handle: Some(handle), depth, state, room: Vec::new() })
    }

    /// Goes down into a directory. One that cannot be listed is refused, as is one that cannot be opened.
    fn enter(
        &mut self,
        handle: OwnedFd,
        above: Option<(Arc<Directory>, usize)>,
        stop: Stop,
    ) -> Result<State, Fault> {
        let names = if self.limits.one_file_system {
            sys::stat(handle.as_fd()).and_then(|facts| match facts.dev == self.device {
                true => Names::read(handle.as_fd(), &mut self.room, stop),
                false => Ok(Names::default()),
            })
        } else {
            Names::read(handle.as_fd(), &mut self.room, stop)
        };
        let names = match names {
            Ok(names) => names,
            Err(fault) if matches!(fault.code, Code::Aborted | Code::OutOfMemory) => return Err(fault),
            Err(fault) => return Ok(State::Refused(fault)),
        };
        if let Err(fault) = self.close_far_above() {
            return Ok(State::Refused(fault));
        }
        let depth = above.as_ref().map_or(0, |(directory, _)| directory.depth + 1);
        let directory = Arc::new(Directory { above, names, depth });
        self.frames.push(Frame { directory, handle: Some(Arc::new(handle)), identity: (0, 0), next: 0 });
        Ok(State::Directory)
    }

    fn close_far_above(&mut self) -> Result<(), Fault> {
        let Some(far) = self.frames.len().checked_sub(HELD) else { return Ok(()) };
        let frame = &mut self.frames[far];
        if let Some(handle) = &frame.handle {
            let facts = sys::stat(handle.as_fd())?;
            frame.identity = (facts.dev, facts.ino);
            frame.handle = None;
        }
        Ok(())
    }

    /// Goes up from a directory that has been walked through. What was closed is opened again from below and must be the same directory: an answer says that it is not.
    fn leave(&mut self) -> Option<Item> {
        let child = self.frames.pop()?;
        let frame = self.frames.last_mut()?;
        if frame.handle.is_some() {
            return None;
        }
        let opened = child.handle.as_ref().map_or(Err(Fault::of(Code::FileChanged)), |child| {
            let handle = sys::open_at(child.as_fd(), c"..", libc::O_RDONLY | libc::O_DIRECTORY)?;
            let facts = sys::stat(handle.as_fd())?;
            if (facts.dev, facts.ino) == frame.identity {
                Ok(handle)
            } else {
                Err(Fault::of(Code::FileChanged))
            }
        });
        match opened {
            Ok(handle) => {
                frame.handle = Some(Arc::new(handle));
                None
            }
            Err(fault) => {
                let place = frame.directory.above.clone();
                let depth = frame.directory.depth;
                while self.frames.pop().is_some() {}
                Some(Item { place, handle: None, depth, state: State::Broken(fault), room: Vec::new() })
            }
        }
    }
}

/// Why a second descriptor of the root could not be had.
pub(super) fn not_cloned(error: &std::io::Error) -> Fault {
    Fault::from_errno(error.raw_os_error().unwrap_or(libc::EIO), Syscall::Open)
}
