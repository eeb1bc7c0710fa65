//! What the system says about an entry, and how it lies in memory for the caller: sixteen little-endian words of 32 bits.

/// The kinds of entries; the numbers cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Something that this system does not name.
    Unknown = 0,
    /// A regular file.
    Regular = 1,
    /// A directory.
    Directory = 2,
    /// A symbolic link.
    Symlink = 3,
    /// A fifo.
    Fifo = 4,
    /// A socket.
    Socket = 5,
    /// A block device.
    BlockDevice = 6,
    /// A character device.
    CharacterDevice = 7,
}

/// The facts that tell whether a file is still the one that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// File, directory, link, …
    pub kind: Kind,
    /// Permission bits and type, as the system gives them.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Time of the last change of the contents, whole seconds since 1970.
    pub mtime_seconds: i64,
    /// The rest of it, in nanoseconds.
    pub mtime_nanoseconds: u32,
    /// Time of the last change of anything, as nobody can set it; whole seconds since 1970.
    pub ctime_seconds: i64,
    /// Number of the inode.
    pub ino: u64,
    /// Number of the file system.
    pub dev: u64,
}

/// The coarsest clock of a file system, FAT's.
const CLOCK_STEP_SECONDS: i64 = 2;

/// Words of one record.
pub const RECORD_WORDS: usize = 16;
/// Bytes of one record.
pub const RECORD_BYTES: usize = RECORD_WORDS * 4;

impl Facts {
    pub(crate) fn from_stat(stat: &libc::stat) -> Facts {
        let kind = match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => Kind::Regular,
            libc::S_IFDIR => Kind::Directory,
            libc::S_IFLNK => Kind::Symlink,
            libc::S_IFIFO => Kind::Fifo,
            libc::S_IFSOCK => Kind::Socket,
            libc::S_IFBLK => Kind::BlockDevice,
            libc::S_IFCHR => Kind::CharacterDevice,
            _ => Kind::Unknown,
        };
        Facts {
            kind,
            mode: stat.st_mode,
            size: stat.st_size.max(0) as u64,
            mtime_seconds: stat.st_mtime,
            mtime_nanoseconds: stat.st_mtime_nsec as u32,
            ctime_seconds: stat.st_ctime,
            ino: stat.st_ino,
            dev: stat.st_dev,
        }
    }

    /// Is it still the same file with the same contents, as far as facts tell?
    pub(crate) fn same_contents(&self, other: &Facts) -> bool {
        let told = |facts: &Facts| {
            (facts.kind, facts.size, facts.mtime_seconds, facts.mtime_nanoseconds, facts.ino, facts.dev)
        };
        told(self) == told(other)
    }

    /// Facts that were asked for after a read which began at `seconds` (of [`sys::now`]): was nothing of the file changed in between? The clocks of file systems go in steps of up to two seconds; of a
    /// file that was changed lately nobody can tell.
    pub(crate) fn settled_before(&self, seconds: i64) -> bool {
        self.mtime_seconds.max(self.ctime_seconds) < seconds.saturating_sub(CLOCK_STEP_SECONDS)
    }

    /// Nix's rule: the owner's execute bit.
    pub fn executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// The record: kind (bit 8: executable), size, mtime, mode, ino, dev, then name and target as (offset, length) into the bytes that follow the records
    /// (target directly after the name), then the fault of this entry, 0 when there is none.
    pub fn record(
        &self,
        name_offset: u32,
        name_length: u32,
        target_length: u32,
        fault: u32,
    ) -> [u8; RECORD_BYTES] {
        let words: [u32; RECORD_WORDS] = [
            self.kind as u32 | u32::from(self.executable()) << 8,
            self.mode,
            self.size as u32,
            (self.size >> 32) as u32,
            self.mtime_seconds as u32,
            (self.mtime_seconds >> 32) as u32,
            self.mtime_nanoseconds,
            self.ino as u32,
            (self.ino >> 32) as u32,
            self.dev as u32,
            (self.dev >> 32) as u32,
            name_offset,
            name_length,
            target_length,
            fault,
            0,
        ];
        let mut bytes = [0; RECORD_BYTES];
        for (to, word) in bytes.chunks_exact_mut(4).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}
