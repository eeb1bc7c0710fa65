//! What to make, as one encoded buffer. All numbers are little-endian words of 32 bits.
//!
//! ```text
//! head        directories, entries, 0, 0
//! directory   parent (a directory before it), name offset, name length, flags                  x directories
//! entry       directory, name offset, name length, flags, place, length, 0, 0                  x entries
//! bytes       names and targets
//! ```
//!
//! Directory 0 is the root; it has no name. A directory with [`MAKE`] is made, one without is there already. An entry is a file or part of one, whose bytes lie
//! in the window at (`place`, `length`), or a symbolic link, whose target lies there in the bytes behind the tables. An entry of directory 0 without a name is
//! the root itself, which then is no directory.

use crate::tree::valid_name;
use crate::{Code, Fault};
use std::ffi::CString;

/// A flag of a directory: it is made.
pub const MAKE: u32 = 1;
/// Flags of an entry: what it is, whether it may be executed, and whether its first and its last bytes are here.
pub const LINK: u32 = 1;
/// The file may be executed.
pub const EXECUTABLE: u32 = 2;
/// The file begins here; else it was begun by the orders before.
pub const BEGINS: u32 = 4;
/// The file ends here; else the next orders go on with it.
pub const ENDS: u32 = 8;

const HEAD_WORDS: usize = 4;
const DIRECTORY_WORDS: usize = 4;
const ENTRY_WORDS: usize = 8;

/// The decoded view of an order buffer.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// How many directories are named.
    pub directories: usize,
    /// How many entries there are.
    pub entries: usize,
    words: &'a [u8],
    bytes: &'a [u8],
}

#[derive(Clone, Copy)]
pub(super) struct Directory<'a> {
    pub parent: usize,
    pub name: &'a [u8],
    pub is_new: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub directory: usize,
    pub name: &'a [u8],
    pub flags: u32,
    pub place: u32,
    pub length: u32,
}

impl Entry<'_> {
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

impl<'a> Orders<'a> {
    /// Checks that the tables lie inside the buffer; what they point at is checked per order.
    pub fn parse(encoded: &'a [u8]) -> Result<Orders<'a>, Fault> {
        let bad = || Fault::of(Code::InvalidInput);
        if encoded.len() < HEAD_WORDS * 4 {
            return Err(bad());
        }
        let (directories, entries) = (word(encoded, 0) as usize, word(encoded, 1) as usize);
        let words = HEAD_WORDS as u64
            + directories as u64 * DIRECTORY_WORDS as u64
            + entries as u64 * ENTRY_WORDS as u64;
        let length = usize::try_from(words * 4).map_err(|_| bad())?;
        if length > encoded.len() || directories == 0 {
            return Err(bad());
        }
        let (words, bytes) = encoded.split_at(length);
        Ok(Orders { directories, entries, words, bytes })
    }

    fn text(&self, at: usize) -> Result<&'a [u8], Fault> {
        self.bytes_at(word(self.words, at), word(self.words, at + 1))
    }

    fn bytes_at(&self, from: u32, length: u32) -> Result<&'a [u8], Fault> {
        let from = from as usize;
        let to = from.checked_add(length as usize);
        to.and_then(|to| self.bytes.get(from..to)).ok_or(Fault::of(Code::InvalidInput))
    }

    pub(super) fn directory(&self, index: usize) -> Result<Directory<'a>, Fault> {
        if index >= self.directories {
            return Err(Fault::of(Code::InvalidInput));
        }
        let at = HEAD_WORDS + index * DIRECTORY_WORDS;
        let parent = word(self.words, at) as usize;
        // A parent stands before its children: no chain is endless.
        if index > 0 && parent >= index {
            return Err(Fault::of(Code::InvalidInput));
        }
        Ok(Directory { parent, name: self.text(at + 1)?, is_new: word(self.words, at + 3) & MAKE != 0 })
    }

    pub(super) fn entry(&self, index: usize) -> Result<Entry<'a>, Fault> {
        let at = HEAD_WORDS + self.directories * DIRECTORY_WORDS + index * ENTRY_WORDS;
        let one = |i: usize| word(self.words, at + i);
        Ok(Entry {
            directory: one(0) as usize,
            name: self.text(at + 1)?,
            flags: one(3),
            place: one(4),
            length: one(5),
        })
    }

    /// The bytes of a part of a file, in the window.
    pub(super) fn contents<'w>(&self, entry: &Entry, window: &'w [u8]) -> Result<&'w [u8], Fault> {
        let from = entry.place as usize;
        let to = from.checked_add(entry.length as usize);
        to.and_then(|to| window.get(from..to)).ok_or(Fault::of(Code::InvalidInput))
    }

    pub(super) fn target(&self, entry: &Entry) -> Result<CString, Fault> {
        let target = self.bytes_at(entry.place, entry.length)?;
        CString::new(target).map_err(|_| Fault::of(Code::InvalidInput))
    }

    /// The path of a directory from the root, components joined by `/`; empty for the root.
    pub(super) fn path(&self, index: usize) -> Result<Vec<u8>, Fault> {
        let mut names = Vec::new();
        let mut at = index;
        while at > 0 {
            let directory = self.directory(at)?;
            names.push(directory.name);
            at = directory.parent;
        }
        names.reverse();
        Ok(names.join(&b'/'))
    }
}

/// A name as the system takes it.
pub(super) fn terminated(name: &[u8]) -> Result<CString, Fault> {
    if !valid_name(name) {
        return Err(Fault::of(Code::InvalidInput));
    }
    CString::new(name).map_err(|_| Fault::of(Code::InvalidInput))
}

fn word(bytes: &[u8], index: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[index * 4..index * 4 + 4]);
    u32::from_le_bytes(four)
}
