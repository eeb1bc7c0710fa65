//! Carrying out orders: directories in order, then entries in groups.

use super::orders::{terminated, Entry};
use super::{calls, NewTree, Orders, BEGINS, ENDS, EXECUTABLE, LINK};
use crate::tree::open_directory_below;
use crate::{sys, Code, Fault, Host, Stop};
use std::ffi::CString;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// Which order could not be carried out: a directory (by its index) or an entry (by its index plus the number of directories).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The order.
    pub order: usize,
    /// Why.
    pub fault: Fault,
}

// Entries of one group: about a tenth of a millisecond.
const GROUP_ENTRIES: usize = 16;
const GROUP_BYTES: u64 = 256 << 10;

/// What the groups of one call share.
struct Shared<'a> {
    orders: &'a Orders<'a>,
    window: &'a [u8],
    stop: &'a (dyn Fn() -> bool + Sync),
    /// The file that the orders before began, until its part is written.
    continued: Mutex<Option<OwnedFd>>,
    /// The file that the next orders go on with.
    unfinished: Mutex<Option<OwnedFd>>,
    failure: Mutex<Option<Failure>>,
}

/// The directory that was used last stays open for the next entry.
type Cursor = Option<(usize, OwnedFd)>;

impl NewTree {
    /// Makes what the orders say. `window` holds the contents.
    ///
    /// # Errors
    /// The first failure met; after it the tree is good for `remove` only. `name_collision`: the file system takes two names for one.
    pub fn write(&self, orders: &Orders, window: &[u8], host: &dyn Host) -> Result<(), Failure> {
        let mut progress = self.turn();
        let stop = || host.should_stop() || self.is_given_up();
        self.make_directories(orders, &stop)?;
        let groups = groups(orders).map_err(|fault| Failure { order: 0, fault })?;
        let shared = Shared {
            orders,
            window,
            stop: &stop,
            continued: Mutex::new(progress.open.take()),
            unfinished: Mutex::default(),
            failure: Mutex::default(),
        };
        match groups.len() {
            1 => self.write_group(&shared, groups[0].clone()),
            n => host.parallel_for(n, &|i| self.write_group(&shared, groups[i].clone())),
        }
        if let Some(failure) = into_inner(shared.failure) {
            return Err(failure);
        }
        progress.open = into_inner(shared.unfinished);
        Ok(())
    }

    fn make_directories(&self, orders: &Orders, stop: Stop) -> Result<(), Failure> {
        let mut cursor = None;
        for index in 0..orders.directories {
            let mut make = || {
                let directory = orders.directory(index)?;
                if !directory.is_new {
                    return Ok(());
                }
                if stop() {
                    return Err(Fault::of(Code::Aborted));
                }
                if index == 0 {
                    return self.make_root_directory();
                }
                let name = terminated(directory.name)?;
                let parent = self.enter(orders, directory.parent, &mut cursor)?;
                calls::make_directory(parent, &name).map_err(collided)
            };
            make().map_err(|fault| Failure { order: index, fault })?;
        }
        Ok(())
    }

    fn write_group(&self, shared: &Shared, group: Range<usize>) {
        let mut cursor = None;
        for index in group {
            if lock(&shared.failure).is_some() {
                return;
            }
            let written =
                shared.orders.entry(index).and_then(|entry| self.write_entry(shared, &entry, &mut cursor));
            if let Err(fault) = written {
                let order = shared.orders.directories + index;
                lock(&shared.failure).get_or_insert(Failure { order, fault });
                return;
            }
        }
    }

    fn write_entry(&self, shared: &Shared, entry: &Entry, cursor: &mut Cursor) -> Result<(), Fault> {
        if (shared.stop)() {
            return Err(Fault::of(Code::Aborted));
        }
        if entry.has(LINK) {
            return self.make_link(shared, entry, cursor);
        }
        let file = if entry.has(BEGINS) {
            self.create_file(shared, entry, cursor)?
        } else {
            lock(&shared.continued).take().ok_or(Fault::of(Code::InvalidInput))?
        };
        calls::write_all(file.as_fd(), shared.orders.contents(entry, shared.window)?, shared.stop)?;
        if entry.has(ENDS) {
            return calls::close(file);
        }
        *lock(&shared.unfinished) = Some(file);
        Ok(())
    }

    fn create_file(&self, shared: &Shared, entry: &Entry, cursor: &mut Cursor) -> Result<OwnedFd, Fault> {
        let mode = if entry.has(EXECUTABLE) { 0o777 } else { 0o666 };
        if is_root(entry) {
            let file = calls::create_file(self.parent(), &self.temporary, mode)?;
            self.remember(sys::stat(file.as_fd())?, None)?;
            return Ok(file);
        }
        let name = terminated(entry.name)?;
        let directory = self.enter(shared.orders, entry.directory, cursor)?;
        calls::create_file(directory, &name, mode).map_err(collided)
    }

    fn make_link(&self, shared: &Shared, entry: &Entry, cursor: &mut Cursor) -> Result<(), Fault> {
        let target: CString = shared.orders.target(entry)?;
        if is_root(entry) {
            calls::make_link(&target, self.parent(), &self.temporary)?;
            return self.remember(sys::stat_at(self.parent(), &self.temporary)?, None);
        }
        let name = terminated(entry.name)?;
        let directory = self.enter(shared.orders, entry.directory, cursor)?;
        calls::make_link(&target, directory, &name).map_err(collided)
    }

    /// A handle on a directory of the tree.
    fn enter<'c>(
        &self,
        orders: &Orders,
        index: usize,
        cursor: &'c mut Cursor,
    ) -> Result<BorrowedFd<'c>, Fault> {
        if cursor.as_ref().is_none_or(|(at, _)| *at != index) {
            let path = orders.path(index)?;
            // Closed before the next is opened: a thread needs one descriptor at a time.
            *cursor = None;
            *cursor = Some((index, open_directory_below(self.root()?, &path, libc::O_PATH)?));
        }
        cursor.as_ref().map(|(_, fd)| fd.as_fd()).ok_or(Fault::of(Code::InvalidInput))
    }
}

/// The directory was made by us and names differ: a name that is taken is one that the file system takes for another.
fn collided(fault: Fault) -> Fault {
    match fault.code {
        Code::AlreadyExists => Fault { code: Code::NameCollision, ..fault },
        _ => fault,
    }
}

fn is_root(entry: &Entry) -> bool {
    entry.name.is_empty() && entry.directory == 0
}

/// Ranges of entries for one thread at a time. Only the first entry may go on with a file, only the last may leave one open.
fn groups(orders: &Orders) -> Result<Vec<Range<usize>>, Fault> {
    let mut groups = Vec::new();
    let mut from = 0;
    let mut bytes = 0;
    for index in 0..orders.entries {
        let entry = orders.entry(index)?;
        let is_last = index + 1 == orders.entries;
        let is_part =
            !entry.has(LINK) && ((!entry.has(BEGINS) && index > 0) || (!entry.has(ENDS) && !is_last));
        if is_part {
            return Err(Fault::of(Code::InvalidInput));
        }
        bytes += u64::from(entry.length);
        if is_last || index + 1 - from == GROUP_ENTRIES || bytes >= GROUP_BYTES {
            groups.push(from..index + 1);
            from = index + 1;
            bytes = 0;
        }
    }
    Ok(groups)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
