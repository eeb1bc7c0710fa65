//! A tree as a Nix archive, window by window.
//!
//! Entries go through four stages: the walk names them, their files are opened and asked for their facts, what is known is laid into the window (framing written,
//! contents given their places), the contents are read to their places and the files closed. Small files are read and closed when they are opened, and copied when they are laid. In each round all but
//! the laying runs on several threads, for entries that follow one another. Directories say what their entries are and an open file says the rest, so a file costs five system calls: open, fstat,
//! pread, fstat again for what changed meanwhile, close. Among small files that have been at rest for some seconds it is four: one look, after the read, tells that too
//! (docs/decisions/0006-look-at-small-files-once.md).
//!
//! A file that a window cannot hold is read in pieces and opened again for each; the caller may read whole windows of it by [`Tree::read`] and say so.

mod framing;
mod item;
mod read;
#[cfg(test)]
mod tests;
mod walk;

pub use walk::WalkLimits;

use crate::{sys, Code, Facts, Fault, Host, Kind, Reading, Tree};
use framing::Framing;
use item::{path_of, Item, Place, State};
use read::{grouped, From, Read, Unread};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use walk::Walk;

/// Entries looked at together: that many files may be open at once, or a quarter of what the process may open.
const ROUND_ENTRIES: u64 = 512;
const LEAST_ENTRIES: u64 = 8;
/// Entries that a thread opens before it looks for more.
const GROUP_ENTRIES: usize = 16;
/// Tasks that are worth waking other threads for.
const WORTH_WAKING: usize = 4;
/// Bytes of an entry with its framing, before any was seen.
const USUAL_BYTES: u64 = 16 << 10;

/// Why an archive stopped at an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The system refused the entry; it may be left out.
    Refused(Fault),
    /// The archive cannot go on.
    Failed(Fault),
    /// A socket, device or fifo.
    Unsupported(Kind),
    /// More levels than allowed.
    TooDeep,
}

/// What a window got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The window is full. A file may go on behind it.
    Full,
    /// The archive ended at this byte of the window.
    Ended(usize),
    /// It stopped at this byte; the entry's path from the root tells at what.
    Stopped(usize, Vec<u8>, Why),
}

/// A file whose contents go on behind the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Path of its directory from the root.
    pub directory: Vec<u8>,
    /// Its name; empty for the root.
    pub name: Vec<u8>,
    /// What it must still be.
    pub facts: Facts,
    /// Bytes that are in windows already.
    pub offset: u64,
}

#[derive(Debug)]
struct Current {
    place: Place,
    handle: Option<Arc<OwnedFd>>,
    depth: u32,
    facts: Facts,
    offset: u64,
}

/// What the caller did since the last window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Resume {
    /// Bytes of the unfinished file that it read itself.
    pub taken: u64,
    /// The entry that was refused is left out.
    pub skip: bool,
}

/// An archive that is being read. Between two calls it holds some directories open, and the few files that were looked at and did not fit into the window.
#[derive(Debug)]
pub struct Archive {
    walk: Walk,
    walked: bool,
    ended: bool,
    pending: VecDeque<Item>,
    framing: Framing,
    /// Framing that did not fit into the window before, from `spilled` on.
    spill: Vec<u8>,
    spilled: usize,
    current: Option<Current>,
    /// Rooms of items that were laid, for the next small files.
    spare: Vec<Vec<u8>>,
    most_entries: u64,
    /// Bytes of an entry lately, with its framing: how many are worth looking at for the room that is left.
    entry_bytes: u64,
    /// Most files lately were small, so that reading the next before asking for its size pays.
    mostly_small: bool,
}

struct Room<'w> {
    rest: &'w mut [u8],
    used: usize,
}

impl<'w> Room<'w> {
    fn take(&mut self, most: u64) -> &'w mut [u8] {
        let length = usize::try_from(most).map_or(self.rest.len(), |most| most.min(self.rest.len()));
        let (head, tail) = std::mem::take(&mut self.rest).split_at_mut(length);
        self.rest = tail;
        self.used += length;
        head
    }
}

impl Archive {
    /// The archive of a tree. Nothing is read yet.
    pub fn new(tree: &Tree, limits: WalkLimits) -> Archive {
        Archive {
            walk: Walk::new(tree, limits),
            walked: false,
            ended: false,
            pending: VecDeque::new(),
            framing: Framing::default(),
            spill: Vec::new(),
            spilled: 0,
            current: None,
            spare: Vec::new(),
            most_entries: (sys::open_files_limit() / 8).clamp(LEAST_ENTRIES, ROUND_ENTRIES),
            entry_bytes: USUAL_BYTES,
            mostly_small: true,
        }
    }

    /// Puts the next bytes into the window. `tree` is the one that the archive was made of.
    ///
    /// # Errors
    /// `aborted` and `out_of_memory`. After these, and after what is not [`Why::Refused`], the archive is of no use and the window unspecified.
    pub fn fill(
        &mut self,
        tree: &Tree,
        window: &mut [u8],
        resume: Resume,
        reading: Reading,
        host: &dyn Host,
    ) -> Result<Filled, Fault> {
        let root = || tree.root().try_clone_to_owned().map_err(|error| walk::not_cloned(&error));
        let mut room = Room { rest: window, used: 0 };
        let mut reads = Vec::new();
        self.resume(resume);
        self.pour(&mut room);
        self.contents(None, &mut room, &mut reads);
        loop {
            let stopped = self.lay(&mut room, &mut reads);
            let goes_on = stopped.is_none() && !room.rest.is_empty() && !self.ended;
            let left = if goes_on { room.rest.len() as u64 } else { 0 };
            if let Err((place, fault)) =
                self.round(tree, std::mem::take(&mut reads), left, &root, reading, host)?
            {
                return Ok(Filled::Stopped(room.used, path_of(&place), Why::Failed(fault)));
            }
            match stopped {
                Some((path, why)) => return Ok(Filled::Stopped(room.used, path, why)),
                None if room.rest.is_empty() => return Ok(Filled::Full),
                None if self.ended => return Ok(Filled::Ended(room.used)),
                None => {}
            }
        }
    }

    /// The file whose contents are the next bytes of the archive, where there is one: whole windows of it may be read by [`Tree::read`], several at a time.
    pub fn unfinished(&self) -> Option<Unfinished> {
        let current = self.current.as_ref().filter(|_| self.spilled == self.spill.len())?;
        let (directory, name) = match &current.place {
            None => (Vec::new(), Vec::new()),
            Some((directory, index)) => {
                (path_of(&directory.above), directory.names.name(*index).to_bytes().to_vec())
            }
        };
        Some(Unfinished { directory, name, facts: current.facts, offset: current.offset })
    }

    fn resume(&mut self, Resume { taken, skip }: Resume) {
        if let Some(current) = &mut self.current {
            current.offset = current.offset.saturating_add(taken).min(current.facts.size);
        }
        if skip && matches!(self.pending.front(), Some(Item { state: State::Refused(_), .. })) {
            self.pending.pop_front();
        }
    }

    /// Reads what was laid; for room that is left, opens the files of as many entries as may fit, and walks on for the round after.
    fn round(
        &mut self,
        tree: &Tree,
        reads: Vec<Read>,
        room: u64,
        root: &(dyn Fn() -> Result<OwnedFd, Fault> + Sync),
        reading: Reading,
        host: &dyn Host,
    ) -> Result<Result<(), Unread>, Fault> {
        let wanted = match room {
            0 => 0,
            room => (room / self.entry_bytes).clamp(LEAST_ENTRIES, self.most_entries) as usize,
        };
        if self.pending.is_empty() && wanted > 0 {
            let (ahead, walked) = self.walk.some(tree, wanted, host)?;
            self.pending.extend(ahead);
            self.walked = walked;
        }
        let Archive { walk, pending, walked, most_entries, spare, mostly_small, .. } = self;
        let likely_small = *mostly_small;
        let unopened = &mut pending.make_contiguous()[..];
        let (opening, waiting) = unopened.split_at_mut(wanted.min(unopened.len()));
        for item in opening.iter_mut().filter(|item| item.wants_room()) {
            item.room = spare.pop().unwrap_or_default();
        }
        let missing =
            if *walked || room == 0 { 0 } else { (*most_entries as usize).saturating_sub(waiting.len()) };
        let mut tasks = Vec::new();
        if missing > 0 {
            tasks.push(Task::Walk(walk, missing));
        }
        tasks.extend(opening.chunks_mut(GROUP_ENTRIES).map(Task::Open));
        tasks.extend(grouped(reads).into_iter().map(Task::Read));
        let done = share(tasks, host, &|task| match task {
            Task::Walk(walk, missing) => Done::Walked(walk.some(tree, missing, host)),
            Task::Open(items) => {
                let going = items.iter_mut().take_while(|_| !host.should_stop());
                going.for_each(|item| item.open(false, likely_small, reading, host));
                Done::Read(Ok(()))
            }
            Task::Read(group) => Done::Read(read::run(group, root, reading, host)),
        });
        let mut outcome = Ok(());
        for done in done {
            match done {
                Done::Read(read) => outcome = outcome.and(read),
                Done::Walked(walked) => {
                    let (ahead, is_end) = walked?;
                    self.pending.extend(ahead);
                    self.walked = is_end;
                }
            }
        }
        if host.should_stop() || outcome.as_ref().is_err_and(|(_, fault)| fault.code == Code::Aborted) {
            return Err(Fault::of(Code::Aborted));
        }
        // With no descriptor left, those in front are read and closed first; the one in front has nobody to wait for.
        if let Some(first) = self.pending.front_mut().filter(|_| wanted > 0) {
            first.open(true, likely_small, reading, host);
        }
        self.learn(wanted);
        Ok(outcome)
    }

    /// Were those in front small? Reading one in vain costs twice what is saved at a small one.
    fn learn(&mut self, looked_at: usize) {
        let (mut small, mut large) = (0, 0);
        for item in self.pending.iter().take(looked_at) {
            match item.state {
                State::Held(_) => small += 1,
                State::Opened(..) => large += 1,
                _ => {}
            }
        }
        if small + large > 0 {
            self.mostly_small = small >= 2 * large;
        }
    }

    /// Lays what was looked at into the room, until it is full, or an entry cannot be laid.
    fn lay<'w>(&mut self, room: &mut Room<'w>, reads: &mut Vec<Read<'w>>) -> Option<(Vec<u8>, Why)> {
        let (mut entries, mut bytes) = (0, 0);
        while !room.rest.is_empty() {
            let Some(item) = self.pending.pop_front() else { break };
            let why = match &item.state {
                State::File => {
                    self.pending.push_front(item);
                    break;
                }
                State::Refused(fault) => Some(Why::Refused(*fault)),
                State::Broken(fault) => Some(Why::Failed(*fault)),
                State::Other(kind) => Some(Why::Unsupported(*kind)),
                State::TooDeep => Some(Why::TooDeep),
                State::Opened(..) | State::Held(_) | State::Directory | State::Link(_) => None,
            };
            if let Some(why) = why {
                let path = path_of(&item.place);
                self.pending.push_front(item);
                return Some((path, why));
            }
            entries += 1;
            bytes += self.lay_one(item, room, reads);
        }
        if let Some(average) = bytes.checked_div(entries) {
            self.entry_bytes = (self.entry_bytes + average) / 2 + 1;
        }
        if self.walked && self.pending.is_empty() && self.current.is_none() && !self.ended {
            self.framing.leave(0);
            self.frame(room);
            self.ended = true;
        }
        None
    }

    /// Answers how many bytes the entry takes in all, roughly.
    fn lay_one<'w>(&mut self, item: Item, room: &mut Room<'w>, reads: &mut Vec<Read<'w>>) -> u64 {
        const FRAMING_BYTES: u64 = 256;
        let depth = item.depth;
        self.framing.open(depth, item.name());
        let mut bytes = FRAMING_BYTES;
        match item.state {
            State::Opened(file, facts) => {
                bytes = bytes.saturating_add(facts.size);
                self.framing.regular(facts.size, facts.executable());
                self.frame(room);
                self.current =
                    Some(Current { place: item.place, handle: item.handle, depth, facts, offset: 0 });
                self.contents(Some(file), room, reads);
            }
            State::Held(facts) => {
                bytes += facts.size;
                self.framing.regular(facts.size, facts.executable());
                self.framing.bytes.extend_from_slice(&item.room[..facts.size as usize]);
                self.framing.end_regular(facts.size, depth);
            }
            State::Link(target) => self.framing.symlink(&target, depth),
            _ => self.framing.directory(),
        }
        self.frame(room);
        if item.room.capacity() > 0 {
            self.spare.push(item.room);
        }
        bytes
    }

    /// Gives contents of the file at hand their place, and frames what is behind them.
    fn contents<'w>(&mut self, file: Option<OwnedFd>, room: &mut Room<'w>, reads: &mut Vec<Read<'w>>) {
        let Some(current) = &mut self.current else { return };
        let Current { facts, offset, depth, .. } = *current;
        let into = room.take(facts.size - offset);
        current.offset += into.len() as u64;
        let is_done = current.offset == facts.size;
        if !into.is_empty() {
            let from = file.map_or_else(|| From::Again(current.handle.clone()), From::Opened);
            reads.push(Read { place: current.place.clone(), from, facts, offset, into });
        }
        if is_done {
            self.current = None;
            self.framing.end_regular(facts.size, depth);
            self.frame(room);
        }
    }

    /// Moves what was framed to the window; what does not fit waits for the next.
    fn frame(&mut self, room: &mut Room) {
        let bytes = &mut self.framing.bytes;
        let into = room.take(bytes.len() as u64);
        let (now, later) = bytes.split_at(into.len());
        into.copy_from_slice(now);
        self.spill.extend_from_slice(later);
        bytes.clear();
    }

    fn pour(&mut self, room: &mut Room) {
        let into = room.take((self.spill.len() - self.spilled) as u64);
        into.copy_from_slice(&self.spill[self.spilled..self.spilled + into.len()]);
        self.spilled += into.len();
        if self.spilled == self.spill.len() {
            self.spill.clear();
            self.spilled = 0;
        }
    }
}

/// A share of a round.
enum Task<'a, 'w> {
    Walk(&'a mut Walk, usize),
    Open(&'a mut [Item]),
    Read(Vec<Read<'w>>),
}

enum Done {
    Walked(Result<(Vec<Item>, bool), Fault>),
    Read(Result<(), Unread>),
}

/// Does all tasks, on several threads where that is worth while; answers in the order of the tasks.
fn share<T: Send, D: Send>(tasks: Vec<T>, host: &dyn Host, work: &(dyn Fn(T) -> D + Sync)) -> Vec<D> {
    if !host.is_parallel() || tasks.len() < WORTH_WAKING {
        return tasks.into_iter().map(work).collect();
    }
    let slots: Vec<_> = tasks.into_iter().map(|task| Mutex::new((Some(task), None))).collect();
    host.parallel_for(slots.len(), &|index| {
        let mut slot = slots[index].lock().unwrap_or_else(PoisonError::into_inner);
        slot.1 = slot.0.take().map(work);
    });
    slots.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).1).collect()
}
