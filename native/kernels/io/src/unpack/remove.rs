//! Removing what was made, when it will not be finished. No link is followed and nothing outside the tree is touched.

use super::{calls, NewTree};
use crate::tree::open_directory_below;
use crate::{sys, Code, Fault, Syscall};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering;

const DIRENT_BYTES: usize = 32 << 10;
/// Where `linux_dirent64` keeps the length of a record and the name.
const DIRENT_LENGTH: usize = 16;
const DIRENT_NAME: usize = 19;
/// Somebody may put things into directories while they are emptied; they are emptied again a few times.
const ROUNDS: usize = 8;

impl NewTree {
    /// Ends the call that runs, if any, and removes what stands under the temporary name. Nothing happens after `publish`.
    pub fn remove(&self) -> Result<(), Fault> {
        self.given_up.store(true, Ordering::Relaxed);
        let mut progress = self.turn();
        progress.open = None;
        if progress.is_published {
            return Ok(());
        }
        if let Some(root) = self.made.get().and_then(|made| made.directory.as_ref()) {
            empty(root.as_fd())?;
        }
        // What stands there is ours, for the name is random; or it was put in its place, and goes as well if it is no directory with something in it.
        let name = if progress.is_renamed { &self.name } else { &self.temporary };
        let removed = calls::unlink(self.parent(), name, 0)
            .or_else(|_| calls::unlink(self.parent(), name, libc::AT_REMOVEDIR));
        match removed {
            Err(fault) if !matches!(fault.code, Code::NotFound | Code::NotDirectory) => Err(fault),
            _ => Ok(()),
        }
    }
}

/// Removes all below a directory, without recursion: a directory comes up once to be emptied and once more to be removed.
fn empty(root: BorrowedFd) -> Result<(), Fault> {
    let mut rounds = 0;
    let mut waiting = vec![(Vec::new(), false)];
    while let Some((path, was_emptied)) = waiting.pop() {
        if was_emptied {
            let removed = path.is_empty() || unlink_below(root, &path, libc::AT_REMOVEDIR).is_ok();
            if !removed && rounds < ROUNDS {
                rounds += 1;
                waiting.push((path, false));
            }
            continue;
        }
        match clear(root, &path)? {
            Some(below) => {
                let paths: Vec<_> = below.iter().map(|name| (join(&path, name), false)).collect();
                waiting.push((path, true));
                waiting.extend(paths);
            }
            // Moved away, or no directory any more. A link is removed, never followed.
            None => drop(unlink_below(root, &path, 0)),
        }
    }
    Ok(())
}

/// Removes all names of a directory that are no directories; answers those that are, and nothing for what cannot be opened. A directory that the process's mask closed to its
/// own user is opened to him first.
fn clear(root: BorrowedFd, path: &[u8]) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    let once = || match open_directory_below(root, path, libc::O_RDONLY) {
        Ok(directory) => remove_files(directory.as_fd()),
        Err(fault) => Err(fault),
    };
    let mut cleared = once();
    let is_closed = cleared.as_ref().is_err_and(|fault| fault.code == Code::PermissionDenied);
    if is_closed && !path.is_empty() {
        let handle = open_directory_below(root, path, libc::O_PATH)?;
        calls::let_owner_in(handle.as_fd())?;
        cleared = once();
    }
    match cleared {
        Err(fault) if fault.syscall == Syscall::Open && !path.is_empty() => Ok(None),
        other => other.map(Some),
    }
}

/// Removes all names of a directory that are no directories; answers those that are.
fn remove_files(directory: BorrowedFd) -> Result<Vec<Vec<u8>>, Fault> {
    let mut below = Vec::new();
    let mut buffer = vec![0; DIRENT_BYTES];
    loop {
        let length = sys::read_directory(directory, &mut buffer)?;
        if length == 0 {
            return Ok(below);
        }
        let mut rest = &buffer[..length];
        while let Some((name, next)) = split_entry(rest) {
            rest = next;
            if name.to_bytes() == b"." || name.to_bytes() == b".." {
                continue;
            }
            match calls::unlink(directory, name, 0) {
                Ok(()) => {}
                Err(fault) if fault.code == Code::NotFound => {}
                // Linux says EISDIR; POSIX would have EPERM.
                Err(fault) if matches!(fault.errno, libc::EISDIR | libc::EPERM) => {
                    below.push(name.to_bytes().to_vec())
                }
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// The name of the first `linux_dirent64`, and what follows it.
fn split_entry(entries: &[u8]) -> Option<(&CStr, &[u8])> {
    let length =
        usize::from(u16::from_le_bytes([*entries.get(DIRENT_LENGTH)?, *entries.get(DIRENT_LENGTH + 1)?]));
    let name = CStr::from_bytes_until_nul(entries.get(DIRENT_NAME..length)?).ok()?;
    Some((name, &entries[length..]))
}

fn unlink_below(root: BorrowedFd, path: &[u8], flags: i32) -> Result<(), Fault> {
    let slash = path.iter().rposition(|&b| b == b'/');
    let (above, name) = slash.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
    let directory = open_directory_below(root, above, libc::O_PATH)?;
    let name = CString::new(name).map_err(|_| Fault::of(Code::InvalidInput))?;
    calls::unlink(directory.as_fd(), &name, flags)
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() {
        return name.to_vec();
    }
    [directory, name].join(&b'/')
}
