//! The system calls that make things, each behind a safe function. Every one names what it makes relative to a directory handle and fails when the name is taken.
//! All `unsafe` of unpacking is here.

use crate::sys::{answer, errno, owned, persist};
use crate::{Code, Fault, Stop, Syscall};
use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};

/// The longest single write; between two of them the job asks whether to stop.
const SLICE_BYTES: usize = 1 << 20;

/// `mkdirat`, less the process's mask.
pub(super) fn make_directory(directory: BorrowedFd, name: &CStr) -> Result<(), Fault> {
    persist(Syscall::MakeDirectory, || {
        // SAFETY: the name ends in NUL.
        answer(unsafe { libc::mkdirat(directory.as_raw_fd(), name.as_ptr(), 0o777) } as isize)
    })
    .map(drop)
}

/// `symlinkat`.
pub(super) fn make_link(target: &CStr, directory: BorrowedFd, name: &CStr) -> Result<(), Fault> {
    persist(Syscall::MakeLink, || {
        // SAFETY: both texts end in NUL.
        answer(unsafe { libc::symlinkat(target.as_ptr(), directory.as_raw_fd(), name.as_ptr()) } as isize)
    })
    .map(drop)
}

/// A new file, open for writing; `mode` less the process's mask. A link of this name is not followed, it is in the way.
pub(super) fn create_file(directory: BorrowedFd, name: &CStr, mode: libc::mode_t) -> Result<OwnedFd, Fault> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    persist(Syscall::Open, || {
        // SAFETY: the name ends in NUL; the mode that O_CREAT needs is there, as the integer that variadic arguments are widened to.
        answer(unsafe { libc::openat(directory.as_raw_fd(), name.as_ptr(), flags, libc::c_uint::from(mode)) }
            as isize)
    })
    .map(owned)
}

/// Writes all bytes at the file's position.
pub(super) fn write_all(fd: BorrowedFd, mut bytes: &[u8], stop: Stop) -> Result<(), Fault> {
    while !bytes.is_empty() {
        if stop() {
            return Err(Fault::of(Code::Aborted));
        }
        let slice = &bytes[..bytes.len().min(SLICE_BYTES)];
        let written = persist(Syscall::Write, || {
            // SAFETY: pointer and length are those of a slice that lives through the call.
            answer(unsafe { libc::write(fd.as_raw_fd(), slice.as_ptr().cast(), slice.len()) })
        })?;
        if written == 0 {
            return Err(Fault::from_errno(libc::EIO, Syscall::Write));
        }
        bytes = &bytes[written as usize..];
    }
    Ok(())
}

/// Closes a file that was written: network file systems and quotas tell of failed writes here.
pub(super) fn close(fd: OwnedFd) -> Result<(), Fault> {
    // SAFETY: the descriptor is ours and is given up here. After EINTR Linux has closed it: no second try.
    let failed = unsafe { libc::close(fd.into_raw_fd()) } != 0;
    match failed.then(errno) {
        None | Some(libc::EINTR) => Ok(()),
        Some(errno) => Err(Fault::from_errno(errno, Syscall::Close)),
    }
}

/// Permission bits of an open directory.
pub(super) fn change_mode(fd: BorrowedFd, mode: libc::mode_t) -> Result<(), Fault> {
    persist(Syscall::ChangeMode, || {
        // SAFETY: plain numbers.
        answer(unsafe { libc::fchmod(fd.as_raw_fd(), mode) } as isize)
    })
    .map(drop)
}

/// Gives its owner all rights on the directory of a handle that may be good for nothing else: `fchmod` refuses such handles, the name that proc has for one is as good and follows nothing.
pub(super) fn let_owner_in(directory: BorrowedFd) -> Result<(), Fault> {
    let name = CString::new(format!("/proc/self/fd/{}", directory.as_raw_fd()))
        .map_err(|_| Fault::of(Code::InvalidInput))?;
    persist(Syscall::ChangeMode, || {
        // SAFETY: the name ends in NUL.
        answer(unsafe { libc::chmod(name.as_ptr(), 0o700) } as isize)
    })
    .map(drop)
}

/// Renames within a directory; a taken name is never replaced.
pub(super) fn rename(directory: BorrowedFd, from: &CStr, to: &CStr) -> Result<(), Fault> {
    let fd = directory.as_raw_fd();
    persist(Syscall::Rename, || {
        // SAFETY: both names end in NUL.
        answer(unsafe { libc::renameat2(fd, from.as_ptr(), fd, to.as_ptr(), libc::RENAME_NOREPLACE) } as isize)
    })
    .map(drop)
}

/// The same without `RENAME_NOREPLACE`: whoever calls it has made sure that the name is free, or may be replaced.
pub(super) fn rename_over(directory: BorrowedFd, from: &CStr, to: &CStr) -> Result<(), Fault> {
    let fd = directory.as_raw_fd();
    persist(Syscall::Rename, || {
        // SAFETY: both names end in NUL.
        answer(unsafe { libc::renameat(fd, from.as_ptr(), fd, to.as_ptr()) } as isize)
    })
    .map(drop)
}

/// A second name for a file or link; fails when the name is taken.
pub(super) fn link(directory: BorrowedFd, from: &CStr, to: &CStr) -> Result<(), Fault> {
    let fd = directory.as_raw_fd();
    persist(Syscall::Rename, || {
        // SAFETY: both names end in NUL.
        answer(unsafe { libc::linkat(fd, from.as_ptr(), fd, to.as_ptr(), 0) } as isize)
    })
    .map(drop)
}

/// Removes a name: a file or link with flags 0, an empty directory with `AT_REMOVEDIR`.
pub(super) fn unlink(directory: BorrowedFd, name: &CStr, flags: i32) -> Result<(), Fault> {
    persist(Syscall::Unlink, || {
        // SAFETY: the name ends in NUL.
        answer(unsafe { libc::unlinkat(directory.as_raw_fd(), name.as_ptr(), flags) } as isize)
    })
    .map(drop)
}

/// Writes all of the file system to the disk.
pub(super) fn sync_file_system(fd: BorrowedFd) -> Result<(), Fault> {
    persist(Syscall::Sync, || {
        // SAFETY: a plain number.
        answer(unsafe { libc::syncfs(fd.as_raw_fd()) } as isize)
    })
    .map(drop)
}
