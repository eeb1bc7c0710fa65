//! A file read through memory maps, on request. Our own code never touches a mapped byte: of a file that was cut short, that would end the process by SIGBUS. The system copies out of the map
//! (`process_vm_readv` of this very process) and answers EFAULT instead.

use crate::{sys, Code, Fault, Stop, Syscall};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes mapped at a time: address space only, and a multiple of every page size.
const WINDOW_BYTES: u64 = 64 << 20;
/// Maps kept: several reads may be under way at neighbouring places.
const KEPT: usize = 4;
/// The longest single copy; stopping is asked for between two.
const COPY_BYTES: usize = 4 << 20;

struct Map {
    address: *mut libc::c_void,
    length: usize,
    start: u64,
}

// SAFETY: the address is only handed to the system, never read or written by this process; the map lives until drop.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    fn of(fd: BorrowedFd, start: u64, length: usize) -> Result<Map, Fault> {
        // SAFETY: a fresh read-only map at a place of the system's choosing; `start` is a multiple of the page size.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                start as libc::off_t,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Fault::from_errno(sys::errno(), Syscall::Map));
        }
        // SAFETY: the range is the map just made; advice only.
        unsafe { libc::madvise(address, length, libc::MADV_SEQUENTIAL) };
        Ok(Map { address, length, start })
    }

    /// Copies from `position` on; 0 where the page is not there any more.
    fn copy(&self, position: u64, into: &mut [u8]) -> Result<usize, Fault> {
        let offset = (position - self.start) as usize;
        let length = into.len().min(self.length - offset).min(COPY_BYTES);
        let local = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: length };
        let remote = libc::iovec { iov_base: self.address.wrapping_byte_add(offset), iov_len: length };
        let copied = sys::persist(Syscall::Map, || {
            // SAFETY: `local` is ours alone and `length` bytes long; `remote` lies in the map, and where its pages are gone the system answers EFAULT.
            sys::answer(unsafe {
                libc::process_vm_readv(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0)
            })
        });
        match copied {
            Err(fault) if fault.errno == libc::EFAULT => Ok(0),
            other => other.map(|n| n as usize),
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: the range is the map made in `of`, and nothing refers to it any more.
        unsafe { libc::munmap(self.address, self.length) };
    }
}

/// The maps of one file.
pub(crate) struct Mapped {
    size: u64,
    maps: Mutex<Vec<Arc<Map>>>,
}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mapped").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Mapped {
    /// Maps the beginning and copies a byte of it, so that what cannot work here is known at once.
    pub(crate) fn open(fd: BorrowedFd, size: u64) -> Result<Mapped, Fault> {
        let mapped = Mapped { size, maps: Mutex::new(Vec::new()) };
        if size > 0 {
            mapped.map(fd, 0)?.copy(0, &mut [0])?;
        }
        Ok(mapped)
    }

    /// Fills `into` from `position` on; fewer bytes only at the end of the file.
    pub(crate) fn read(
        &self,
        fd: BorrowedFd,
        position: u64,
        into: &mut [u8],
        stop: Stop,
    ) -> Result<usize, Fault> {
        let mut done = 0;
        while done < into.len() {
            if stop() {
                return Err(Fault::of(Code::Aborted));
            }
            let at = position.saturating_add(done as u64);
            let mut copied = if at < self.size { self.map(fd, at)?.copy(at, &mut into[done..])? } else { 0 };
            if copied == 0 {
                // Behind the end, or an error of the disk: reading tells which.
                let end = into.len().min(done + COPY_BYTES);
                copied = sys::read_at(fd.as_fd(), &mut into[done..end], at)?;
            }
            if copied == 0 {
                break;
            }
            done += copied;
        }
        Ok(done)
    }

    fn map(&self, fd: BorrowedFd, position: u64) -> Result<Arc<Map>, Fault> {
        let start = position / WINDOW_BYTES * WINDOW_BYTES;
        let mut maps = self.maps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(map) = maps.iter().find(|map| map.start == start) {
            return Ok(map.clone());
        }
        let map = Arc::new(Map::of(fd, start, WINDOW_BYTES.min(self.size - start) as usize)?);
        if maps.len() == KEPT {
            maps.remove(0);
        }
        maps.push(map.clone());
        Ok(map)
    }
}
