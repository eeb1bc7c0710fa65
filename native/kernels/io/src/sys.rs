//! The system calls, each behind a safe function that repeats after EINTR. All `unsafe` of reading is here.

use crate::{Code, Facts, Fault, Syscall};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Flags of every open: nothing is inherited by child processes, a fifo or device that took a file's place does not block. `openat2` refuses the latter two
/// beside O_PATH, which opens nothing.
fn complete(flags: i32) -> i32 {
    let waiting = if flags & libc::O_PATH == 0 { libc::O_NOCTTY | libc::O_NONBLOCK } else { 0 };
    flags | libc::O_CLOEXEC | waiting
}
/// Pauses before the next try when the system is short of something for a moment; a quarter of a second in all.
const PAUSES_MS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

pub(crate) fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// Calls again after EINTR at once, after EAGAIN and a shortage of descriptors with growing pauses.
pub(crate) fn persist(
    syscall: Syscall,
    mut call: impl FnMut() -> Result<isize, i32>,
) -> Result<isize, Fault> {
    let mut pauses = PAUSES_MS.iter();
    loop {
        #[cfg(test)]
        tests::tell(syscall);
        #[cfg(test)]
        let mut call = || tests::trip().map_or_else(&mut call, Err);
        let errno = match call() {
            Ok(value) => return Ok(value),
            Err(errno) => errno,
        };
        match errno {
            libc::EINTR => {}
            libc::EAGAIN | libc::EMFILE | libc::ENFILE => match pauses.next() {
                Some(&pause) => std::thread::sleep(Duration::from_millis(pause)),
                None => return Err(Fault::from_errno(errno, syscall)),
            },
            _ => return Err(Fault::from_errno(errno, syscall)),
        }
    }
}

pub(crate) fn answer(value: isize) -> Result<isize, i32> {
    if value < 0 {
        Err(errno())
    } else {
        Ok(value)
    }
}

pub(crate) fn owned(fd: isize) -> OwnedFd {
    // SAFETY: `fd` is the fresh, non-negative answer of an open call and belongs to nobody else.
    unsafe { OwnedFd::from_raw_fd(fd as i32) }
}

/// Opens a path as the process sees it; a link at its end is not followed.
pub(crate) fn open(path: &CStr, flags: i32) -> Result<OwnedFd, Fault> {
    persist(Syscall::Open, || {
        // SAFETY: the path ends in NUL; no mode is needed without O_CREAT.
        answer(unsafe { libc::open(path.as_ptr(), complete(flags)) } as isize)
    })
    .map(owned)
}

/// Opens a name in a directory; a link is not followed.
pub(crate) fn open_at(directory: BorrowedFd, name: &CStr, flags: i32) -> Result<OwnedFd, Fault> {
    persist(Syscall::Open, || {
        // SAFETY: the name ends in NUL; no mode is needed without O_CREAT.
        answer(unsafe {
            libc::openat(directory.as_raw_fd(), name.as_ptr(), complete(flags) | libc::O_NOFOLLOW)
        } as isize)
    })
    .map(owned)
}

static NO_OPENAT2: AtomicBool = AtomicBool::new(false);

/// Opens a path of several components below a directory, following no link on the way. `None`: this system cannot (before Linux 5.6, or a sandbox
/// forbids the call), go component by component.
pub(crate) fn open_beneath(directory: BorrowedFd, path: &CStr, flags: i32) -> Option<Result<OwnedFd, Fault>> {
    if NO_OPENAT2.load(Ordering::Relaxed) {
        return None;
    }
    // SAFETY: `open_how` is plain integers, zero is a value of each.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (complete(flags) | libc::O_NOFOLLOW) as u64;
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_SYMLINKS | libc::RESOLVE_NO_MAGICLINKS;
    let result = persist(Syscall::Open, || {
        // SAFETY: path and `how` live through the call, the size is that of `how`.
        answer(unsafe {
            libc::syscall(
                libc::SYS_openat2,
                directory.as_raw_fd(),
                path.as_ptr(),
                &raw const how,
                size_of::<libc::open_how>(),
            )
        } as isize)
    });
    match result {
        Err(fault) if fault.errno == libc::ENOSYS || fault.errno == libc::EPERM => {
            NO_OPENAT2.store(true, Ordering::Relaxed);
            None
        }
        other => Some(other.map(owned)),
    }
}

/// Facts of an open file.
pub(crate) fn stat(fd: BorrowedFd) -> Result<Facts, Fault> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    persist(Syscall::Stat, || {
        // SAFETY: the pointer is to room for one `stat`.
        answer(unsafe { fstat(fd.as_raw_fd(), stat.as_mut_ptr()) } as isize)
    })?;
    // SAFETY: the call succeeded and filled it.
    Ok(Facts::from_stat(unsafe { stat.assume_init_ref() }))
}

/// By the call that is made for it: the C library of these years asks for the facts of an empty name, which takes up to 0.2 us longer.
///
/// # Safety
/// `into` points to room for one `stat`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
unsafe fn fstat(fd: i32, into: *mut libc::stat) -> libc::c_long {
    // SAFETY: as promised; here the C library's `stat` is the system's own.
    unsafe { libc::syscall(libc::SYS_fstat, fd, into) }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use libc::fstat;

/// Seconds since 1970 by the clock that files are stamped by.
pub(crate) fn now() -> i64 {
    // SAFETY: a null pointer asks for the answer alone.
    unsafe { libc::time(std::ptr::null_mut()) }
}

/// Facts of a name in a directory, of the link itself where it is one.
pub(crate) fn stat_at(directory: BorrowedFd, name: &CStr) -> Result<Facts, Fault> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    persist(Syscall::Stat, || {
        // SAFETY: the name ends in NUL, the pointer is to room for one `stat`.
        answer(unsafe {
            libc::fstatat(directory.as_raw_fd(), name.as_ptr(), stat.as_mut_ptr(), libc::AT_SYMLINK_NOFOLLOW)
        } as isize)
    })?;
    // SAFETY: the call succeeded and filled it.
    Ok(Facts::from_stat(unsafe { stat.assume_init_ref() }))
}

/// May this process (by its effective user) read the file? Links are not followed.
pub(crate) fn readable_at(directory: BorrowedFd, name: &CStr) -> Result<(), Fault> {
    let flags = libc::AT_EACCESS | libc::AT_SYMLINK_NOFOLLOW;
    persist(Syscall::Access, || {
        // SAFETY: the name ends in NUL.
        answer(unsafe { libc::faccessat(directory.as_raw_fd(), name.as_ptr(), libc::R_OK, flags) } as isize)
    })
    .map(drop)
}

/// One read at a position: 0 at the end of the file, possibly fewer bytes than there is room.
pub(crate) fn read_at(fd: BorrowedFd, into: &mut [u8], position: u64) -> Result<usize, Fault> {
    let Ok(position) = libc::off_t::try_from(position) else { return Err(Fault::of(Code::InvalidInput)) };
    persist(Syscall::Read, || {
        // SAFETY: pointer and length are those of a slice that is ours alone during the call.
        answer(unsafe { libc::pread(fd.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), position) })
    })
    .map(|n| n as usize)
}

/// The next entries of a directory, as the system lays them out; 0 at the end.
pub(crate) fn read_directory(fd: BorrowedFd, into: &mut [u8]) -> Result<usize, Fault> {
    persist(Syscall::ReadDirectory, || {
        // SAFETY: pointer and length are those of a slice that is ours alone during the call.
        answer(unsafe { libc::syscall(libc::SYS_getdents64, fd.as_raw_fd(), into.as_mut_ptr(), into.len()) }
            as isize)
    })
    .map(|n| n as usize)
}

/// The target of a link, up to the length of `into`.
pub(crate) fn read_link_at(directory: BorrowedFd, name: &CStr, into: &mut [u8]) -> Result<usize, Fault> {
    persist(Syscall::ReadLink, || {
        // SAFETY: the name ends in NUL; pointer and length are those of a slice that is ours alone during the call.
        answer(unsafe {
            libc::readlinkat(directory.as_raw_fd(), name.as_ptr(), into.as_mut_ptr().cast(), into.len())
        })
    })
    .map(|n| n as usize)
}

/// Tells the system how the file will be read. Advice only: a refusal changes nothing.
pub(crate) fn advise(fd: BorrowedFd, offset: u64, length: u64, advice: i32) {
    // SAFETY: no memory is involved.
    unsafe { libc::posix_fadvise(fd.as_raw_fd(), offset as libc::off_t, length as libc::off_t, advice) };
}

/// Lets reads of any place and length through again.
pub(crate) fn leave_direct(fd: BorrowedFd) {
    // SAFETY: no memory is involved; the flags are those the descriptor has, less one.
    unsafe {
        let flags = libc::fcntl(fd.as_raw_fd(), libc::F_GETFL);
        if flags >= 0 {
            libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags & !libc::O_DIRECT);
        }
    }
}

/// How many descriptors this process may have open (the soft limit).
pub fn open_files_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to one `rlimit`.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0;
    if failed {
        1024
    } else {
        limit.rlim_cur
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    thread_local! {
        static TRIP: Cell<Option<(usize, i32)>> = const { Cell::new(None) };
    }

    /// Makes one system call of this thread fail, after so many that do not. Answers whether one that was to fail before has not been made yet.
    pub(crate) fn fail_after(calls: Option<(usize, i32)>) -> bool {
        TRIP.replace(calls).is_some()
    }

    type Told = Box<dyn FnMut(Syscall)>;

    thread_local! {
        static TOLD: RefCell<Option<Told>> = const { RefCell::new(None) };
    }

    /// Who is told of each system call of this thread before it is made.
    pub(crate) fn on_call(told: Option<Told>) {
        TOLD.set(told);
    }

    pub(super) fn tell(call: Syscall) {
        TOLD.with_borrow_mut(|told| told.iter_mut().for_each(|told| told(call)));
    }

    pub(super) fn trip() -> Option<i32> {
        let (left, errno) = TRIP.get()?;
        TRIP.set(left.checked_sub(1).map(|left| (left, errno)));
        (left == 0).then_some(errno)
    }

    #[test]
    fn interrupted_calls_are_repeated_at_once_and_shortages_with_pauses() {
        let mut left = vec![libc::EINTR; 1000];
        left.extend([libc::EAGAIN, libc::EMFILE, libc::ENFILE]);
        assert_eq!(persist(Syscall::Read, || left.pop().map_or(Ok(7), Err)), Ok(7));
    }

    #[test]
    fn a_lasting_shortage_ends_in_a_fault() {
        let mut calls = 0;
        let fault = persist(Syscall::Open, || {
            calls += 1;
            Err(libc::EMFILE)
        })
        .unwrap_err();
        assert_eq!(
            fault,
            Fault { code: Code::TooManyOpenFiles, syscall: Syscall::Open, errno: libc::EMFILE }
        );
        assert_eq!(calls, PAUSES_MS.len() + 1);
    }
}
