//! The names of a directory, sorted by their bytes.

use crate::{sys, Code, Fault, Kind, Stop};
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

/// Room for the entries that one call of the system gives.
const DIRENT_BYTES: usize = 64 << 10;
/// Where `linux_dirent64` keeps the length of a record, the kind and the name.
const DIRENT_LENGTH: usize = 16;
const DIRENT_KIND: usize = 18;
const DIRENT_NAME: usize = 19;

/// The names, each followed by NUL, and what the directory says of each. Memory grows with the directory, by its names and nine bytes for each.
#[derive(Debug, Default)]
pub(crate) struct Names {
    bytes: Vec<u8>,
    entries: Vec<Name>,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    from: u32,
    length: u16,
    kind: Kind,
}

impl Names {
    /// Reads all names of a directory. The room is lent: who reads many directories keeps it.
    pub(crate) fn read(directory: BorrowedFd, room: &mut Vec<u8>, stop: Stop) -> Result<Names, Fault> {
        let mut names = Names::default();
        room.resize(DIRENT_BYTES, 0);
        loop {
            if stop() {
                return Err(Fault::of(Code::Aborted));
            }
            let length = sys::read_directory(directory, room)?;
            if length == 0 {
                break;
            }
            names.push_all(&room[..length])?;
        }
        let Names { bytes, entries } = &mut names;
        let name = |entry: &Name| &bytes[entry.from as usize..][..usize::from(entry.length)];
        entries.sort_unstable_by(|a, b| name(a).cmp(name(b)));
        Ok(names)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of all names and their NULs.
    pub(crate) fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The name with its NUL.
    pub(crate) fn name(&self, index: usize) -> &CStr {
        let entry = self.entries[index];
        let (from, length) = (entry.from as usize, usize::from(entry.length));
        CStr::from_bytes_with_nul(&self.bytes[from..=from + length]).unwrap_or(c"")
    }

    /// What the directory says the entry is; many file systems do not say, which is `Unknown`.
    pub(crate) fn kind(&self, index: usize) -> Kind {
        self.entries[index].kind
    }

    fn push_all(&mut self, mut records: &[u8]) -> Result<(), Fault> {
        while records.len() > DIRENT_NAME {
            let length =
                usize::from(u16::from_le_bytes([records[DIRENT_LENGTH], records[DIRENT_LENGTH + 1]]));
            let Some(record) = records.get(..length).filter(|record| record.len() > DIRENT_NAME) else {
                break;
            };
            records = &records[length..];
            let field = &record[DIRENT_NAME..];
            let name = &field[..field.iter().position(|&b| b == 0).unwrap_or(field.len())];
            if name != b"." && name != b".." {
                self.push(name, kind_of(record[DIRENT_KIND]))?;
            }
        }
        Ok(())
    }

    fn push(&mut self, name: &[u8], kind: Kind) -> Result<(), Fault> {
        let out_of_memory = || Fault::of(Code::OutOfMemory);
        self.bytes.try_reserve(name.len() + 1).map_err(|_| out_of_memory())?;
        self.entries.try_reserve(1).map_err(|_| out_of_memory())?;
        let from = u32::try_from(self.bytes.len()).map_err(|_| out_of_memory())?;
        let length = u16::try_from(name.len()).map_err(|_| Fault::of(Code::NameTooLong))?;
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        self.entries.push(Name { from, length, kind });
        Ok(())
    }
}

fn kind_of(kind: u8) -> Kind {
    match kind {
        libc::DT_REG => Kind::Regular,
        libc::DT_DIR => Kind::Directory,
        libc::DT_LNK => Kind::Symlink,
        libc::DT_FIFO => Kind::Fifo,
        libc::DT_SOCK => Kind::Socket,
        libc::DT_BLK => Kind::BlockDevice,
        libc::DT_CHR => Kind::CharacterDevice,
        _ => Kind::Unknown,
    }
}
