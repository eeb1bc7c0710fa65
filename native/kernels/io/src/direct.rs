//! A file read past the page cache (O_DIRECT), on request: for files larger than memory that nobody reads again. Memory, position and length of each read are multiples of a block; what is not goes
//! through a buffer of our own.

use crate::{sys, Code, Fault, Stop};
use std::os::fd::BorrowedFd;

/// Logical blocks are 512 or 4096 bytes; the larger fits both.
const BLOCK: usize = 4096;
/// What goes through our own buffer at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// Fills `into` from `position` on; fewer bytes only at the end of the file. The system's EINVAL is passed on: this file system wants no such reads.
pub(crate) fn read(
    fd: BorrowedFd,
    position: u64,
    into: &mut [u8],
    slice_cap_bytes: usize,
    stop: Stop,
) -> Result<usize, Fault> {
    let mut buffer = None;
    let mut done = 0;
    while done < into.len() {
        if stop() {
            return Err(Fault::of(Code::Aborted));
        }
        let at = position.saturating_add(done as u64);
        let rest = &mut into[done..];
        let read = if is_aligned(rest, at) {
            let length = rest.len().min(slice_cap_bytes.max(BLOCK)) / BLOCK * BLOCK;
            sys::read_at(fd, &mut rest[..length], at)?
        } else {
            if buffer.is_none() {
                buffer = Some(Aligned::new()?);
            }
            let buffer = buffer.as_mut().ok_or(Fault::of(Code::OutOfMemory))?;
            read_through(fd, at, rest, buffer.bytes())?
        };
        if read == 0 {
            break;
        }
        done += read;
    }
    Ok(done)
}

fn is_aligned(into: &[u8], position: u64) -> bool {
    into.len() >= BLOCK
        && (into.as_ptr() as usize).is_multiple_of(BLOCK)
        && position.is_multiple_of(BLOCK as u64)
}

/// Reads whole blocks around `position` and takes over what is asked for.
fn read_through(fd: BorrowedFd, position: u64, into: &mut [u8], buffer: &mut [u8]) -> Result<usize, Fault> {
    let before = (position % BLOCK as u64) as usize;
    let wanted = (before + into.len()).next_multiple_of(BLOCK).min(buffer.len());
    let read = sys::read_at(fd, &mut buffer[..wanted], position - before as u64)?;
    let usable = read.saturating_sub(before).min(into.len());
    into[..usable].copy_from_slice(&buffer[before..before + usable]);
    Ok(usable)
}

/// A buffer that begins at a block.
struct Aligned {
    memory: Vec<u8>,
    from: usize,
}

impl Aligned {
    fn new() -> Result<Aligned, Fault> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(BUFFER_BYTES + BLOCK).map_err(|_| Fault::of(Code::OutOfMemory))?;
        memory.resize(BUFFER_BYTES + BLOCK, 0);
        let from = memory.as_ptr().align_offset(BLOCK);
        Ok(Aligned { memory, from })
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.from..self.from + BUFFER_BYTES]
    }
}
