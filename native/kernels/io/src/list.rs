//! Listing a directory: all names, sorted by their bytes, then the facts of each in that order.

use crate::names::Names;
use crate::tree::read_target;
use crate::{sys, Code, Facts, Fault, Kind, Stop, Tree, RECORD_BYTES};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes of the head of a listing.
pub const BLOCK_HEAD_BYTES: usize = 16;
/// Entries between two questions whether to stop: about a millisecond.
const STOP_EVERY: usize = 1024;

/// What a listing looks at besides the facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListOptions {
    /// Ask for each file whether this process may read it, and mark those that it may not.
    pub probe_readable: bool,
}

impl Tree {
    /// Appends the listing of one directory to `out`, as a block: head (`count`, `bytes` of names and targets, `fault`, 0), `count` records, the bytes, zeros
    /// up to a multiple of 8. A directory that cannot be listed gives a block with a fault and no entries; an entry that vanished meanwhile is not there.
    /// Memory grows with the largest directory, never with depth.
    ///
    /// # Errors
    /// `aborted` and `out_of_memory`, which concern the whole call.
    pub fn list(
        &self,
        directory: &[u8],
        options: ListOptions,
        out: &mut Vec<u8>,
        stop: Stop,
    ) -> Result<(), Fault> {
        let start = out.len();
        match self.list_entries(directory, options, out, stop) {
            Ok(()) => Ok(()),
            Err(fault) if matches!(fault.code, Code::Aborted | Code::OutOfMemory) => Err(fault),
            Err(fault) => {
                out.truncate(start);
                reserve(out, BLOCK_HEAD_BYTES)?;
                push_head(out, 0, 0, fault.packed());
                Ok(())
            }
        }
    }

    fn list_entries(
        &self,
        directory: &[u8],
        options: ListOptions,
        out: &mut Vec<u8>,
        stop: Stop,
    ) -> Result<(), Fault> {
        let fd = self.open_directory(directory)?;
        let names = Names::read(fd.as_fd(), &mut Vec::new(), stop)?;
        let start = out.len();
        reserve(out, BLOCK_HEAD_BYTES + names.len() * RECORD_BYTES + names.byte_len() + 8)?;
        push_head(out, 0, 0, 0);
        let mut texts = Vec::new();
        texts.try_reserve(names.byte_len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
        let mut count = 0;
        for index in 0..names.len() {
            if index % STOP_EVERY == 0 && stop() {
                return Err(Fault::of(Code::Aborted));
            }
            if push_entry(fd.as_fd(), names.name(index), options, out, &mut texts)? {
                count += 1;
            }
        }
        let length = u32::try_from(texts.len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
        reserve(out, texts.len() + 8)?;
        out.extend_from_slice(&texts);
        out.resize(start + (out.len() - start).next_multiple_of(8), 0);
        out[start..start + 4].copy_from_slice(&u32::to_le_bytes(count));
        out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }
}

impl Tree {
    /// The root as a listing of one entry without a name.
    pub fn describe(&self) -> Vec<u8> {
        let target = self.target();
        let mut out = Vec::with_capacity(BLOCK_HEAD_BYTES + RECORD_BYTES + target.len() + 8);
        push_head(&mut out, 1, target.len() as u32, 0);
        out.extend_from_slice(&self.facts().record(0, 0, target.len() as u32, 0));
        out.extend_from_slice(target);
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }
}

fn reserve(out: &mut Vec<u8>, bytes: usize) -> Result<(), Fault> {
    out.try_reserve(bytes).map_err(|_| Fault::of(Code::OutOfMemory))
}

fn push_head(out: &mut Vec<u8>, count: u32, bytes: u32, fault: u32) {
    for word in [count, bytes, fault, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// Facts, target and readability of one entry; false: it vanished after its name was read.
fn push_entry(
    directory: BorrowedFd,
    name: &CStr,
    options: ListOptions,
    out: &mut Vec<u8>,
    texts: &mut Vec<u8>,
) -> Result<bool, Fault> {
    let (facts, mut fault) = match sys::stat_at(directory, name) {
        Ok(facts) => (facts, None),
        Err(fault) if fault.code == Code::NotFound => return Ok(false),
        Err(fault) => (NO_FACTS, Some(fault)),
    };
    let mut target = Vec::new();
    if facts.kind == Kind::Symlink {
        match read_target(directory, name) {
            Ok(bytes) => target = bytes,
            Err(why) => fault = Some(why),
        }
    }
    if options.probe_readable && facts.kind == Kind::Regular {
        fault = sys::readable_at(directory, name).err();
    }
    let offset = u32::try_from(texts.len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
    let name = name.to_bytes();
    reserve(texts, name.len() + target.len())?;
    texts.extend_from_slice(name);
    texts.extend_from_slice(&target);
    reserve(out, RECORD_BYTES)?;
    let fault = fault.map_or(0, Fault::packed);
    out.extend_from_slice(&facts.record(offset, name.len() as u32, target.len() as u32, fault));
    Ok(true)
}

const NO_FACTS: Facts = Facts {
    kind: Kind::Unknown,
    mode: 0,
    size: 0,
    mtime_seconds: 0,
    mtime_nanoseconds: 0,
    ctime_seconds: 0,
    ino: 0,
    dev: 0,
};
