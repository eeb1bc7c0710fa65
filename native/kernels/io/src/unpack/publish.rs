//! The last step: the finished tree gets its name.

use super::{calls, NewTree};
use crate::{sys, Code, Fault};
use std::os::fd::AsFd;

impl NewTree {
    /// Renames the tree to its name, which must still be free. With `sync`, all of it is on the disk before, and the new name after.
    ///
    /// # Errors
    /// `already_exists` when something took the name meanwhile, `file_changed` when something else took the temporary one, `aborted` after `remove`; then the tree
    /// is still under its temporary name (unless the disk refuses to take it back there: `remove` finds it).
    pub fn publish(&self, sync: bool) -> Result<(), Fault> {
        let mut progress = self.turn();
        let made = self.made.get().ok_or(Fault::of(Code::InvalidInput))?;
        if self.is_given_up() {
            return Err(Fault::of(Code::Aborted));
        }
        if progress.open.is_some() || progress.is_published {
            return Err(Fault::of(Code::InvalidInput));
        }
        if let Some(directory) = &made.directory {
            calls::change_mode(directory.as_fd(), made.facts.mode & 0o7777)?;
        }
        // The parent's own handle names it only; `syncfs` wants one that is open for reading.
        let flushed = if sync {
            Some(sys::open_at(self.parent(), c".", libc::O_RDONLY | libc::O_DIRECTORY)?)
        } else {
            None
        };
        if let Some(parent) = &flushed {
            calls::sync_file_system(parent.as_fd())?;
        }
        if !self.is_ours(&self.temporary)? {
            return Err(Fault::of(Code::FileChanged));
        }
        self.rename()?;
        if let Some(parent) = &flushed {
            progress.is_renamed = true;
            let synced = calls::sync_file_system(parent.as_fd());
            if synced.is_err() {
                // Back under the temporary name: an error means that nothing stands under the other. Where that fails too, `remove` finds it where it is.
                let back = calls::rename(self.parent(), &self.name, &self.temporary);
                progress.is_renamed = back.is_err();
            }
            synced?;
        }
        progress.is_published = true;
        Ok(())
    }

    fn rename(&self) -> Result<(), Fault> {
        let (parent, from, to) = (self.parent(), &self.temporary, &self.name);
        match calls::rename(parent, from, to) {
            Err(fault) if matches!(fault.errno, libc::EINVAL | libc::ENOSYS) => {}
            other => return other,
        }
        // This file system or system cannot refuse to replace. A hard link can; a directory has none, but it replaces an empty directory only.
        let is_directory = self.made.get().is_some_and(|made| made.directory.is_some());
        if is_directory {
            return calls::rename_over(parent, from, to);
        }
        match calls::link(parent, from, to) {
            Ok(()) => calls::unlink(parent, from, 0).inspect_err(|_| {
                let _ = calls::unlink(parent, to, 0);
            }),
            Err(fault) if fault.code == Code::AlreadyExists => Err(fault),
            Err(_) => calls::rename_over(parent, from, to),
        }
    }
}
