//! Listing a directory: all names, sorted by their bytes, then the facts of each in that order.

use crate::tree::read_target;
use crate::{sys, Code, Facts, Fault, Kind, Stop, Tree, RECORD_BYTES};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes of the head of a listing.
pub const BLOCK_HEAD_BYTES: usize = 16;
/// Room for the entries that one call of the system gives.
const DIRENT_BYTES: usize = 64 << 10;
/// Where `linux_dirent64` keeps the length of a record and the name.
const DIRENT_LENGTH: usize = 16;
const DIRENT_NAME: usize = 19;
/// Entries between two questions whether to stop: about a millisecond.
const STOP_EVERY: usize = 1024;

/// What a listing looks at besides the facts.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListOptions {
    /// Ask for each file whether this process may read it, and mark those that it may not.
    pub probe_readable: bool,
}

/// The names of a directory, each followed by NUL, and where they begin and end.
struct Names {
    bytes: Vec<u8>,
    spans: Vec<(u32, u32)>,
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
        let names = read_names(fd.as_fd(), stop)?;
        let start = out.len();
        reserve(out, BLOCK_HEAD_BYTES + names.spans.len() * RECORD_BYTES + names.bytes.len() + 8)?;
        push_head(out, 0, 0, 0);
        let mut texts = Vec::new();
        texts.try_reserve(names.bytes.len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
        let mut count = 0;
        for (index, &span) in names.spans.iter().enumerate() {
            if index % STOP_EVERY == 0 && stop() {
                return Err(Fault::of(Code::Aborted));
            }
            if push_entry(fd.as_fd(), names.name(span), options, out, &mut texts)? {
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

impl Names {
    /// The name with its NUL.
    fn name(&self, (from, to): (u32, u32)) -> &CStr {
        CStr::from_bytes_with_nul(&self.bytes[from as usize..=to as usize]).unwrap_or(c"")
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

const NO_FACTS: Facts =
    Facts { kind: Kind::Unknown, mode: 0, size: 0, mtime_seconds: 0, mtime_nanoseconds: 0, ino: 0, dev: 0 };

fn read_names(fd: BorrowedFd, stop: Stop) -> Result<Names, Fault> {
    let mut names = Names { bytes: Vec::new(), spans: Vec::new() };
    let mut buffer = vec![0; DIRENT_BYTES];
    loop {
        if stop() {
            return Err(Fault::of(Code::Aborted));
        }
        let length = sys::read_directory(fd, &mut buffer)?;
        if length == 0 {
            break;
        }
        push_names(&buffer[..length], &mut names)?;
    }
    let bytes = &names.bytes;
    names
        .spans
        .sort_unstable_by(|a, b| bytes[a.0 as usize..a.1 as usize].cmp(&bytes[b.0 as usize..b.1 as usize]));
    Ok(names)
}

fn push_names(mut entries: &[u8], names: &mut Names) -> Result<(), Fault> {
    while entries.len() > DIRENT_NAME {
        let length = usize::from(u16::from_le_bytes([entries[DIRENT_LENGTH], entries[DIRENT_LENGTH + 1]]));
        let Some(record) = entries.get(..length).filter(|record| record.len() > DIRENT_NAME) else { break };
        entries = &entries[length..];
        let field = &record[DIRENT_NAME..];
        let name = &field[..field.iter().position(|&b| b == 0).unwrap_or(field.len())];
        if name == b"." || name == b".." {
            continue;
        }
        reserve(&mut names.bytes, name.len() + 1)?;
        names.spans.try_reserve(1).map_err(|_| Fault::of(Code::OutOfMemory))?;
        let from = u32::try_from(names.bytes.len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
        names.bytes.extend_from_slice(name);
        names.spans.push((from, names.bytes.len() as u32));
        names.bytes.push(0);
    }
    Ok(())
}
