//! What can go wrong, as facts: our word, the system call, the kernel's number. The path is known to the caller.

/// The word of an error; the same words are the codes in TypeScript. The numbers cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Nothing of this name.
    NotFound = 1,
    /// The process may not.
    PermissionDenied = 2,
    /// A file was expected.
    IsDirectory = 3,
    /// A directory was expected.
    NotDirectory = 4,
    /// A socket, device or fifo.
    UnsupportedFileType = 5,
    /// A name over 255 bytes or a path over the system's limit.
    NameTooLong = 6,
    /// The process or the system has too many files open.
    TooManyOpenFiles = 7,
    /// A symbolic link stands where none is followed.
    SymlinkRefused = 8,
    /// The file is not the one that was listed, or changed while it was read.
    FileChanged = 9,
    /// The file is larger than the room that the request gave it.
    FileTooLarge = 10,
    /// A request names what no directory can hold, or a place outside the window.
    InvalidInput = 11,
    /// Memory could not be had.
    OutOfMemory = 12,
    /// The caller asked to stop.
    Aborted = 13,
    /// Any other answer of the system.
    IoError = 14,
    /// The name is taken.
    AlreadyExists = 15,
    /// The disk or the quota is full.
    NoSpace = 16,
    /// Two names of a new tree are one to its file system.
    NameCollision = 17,
}

/// Where it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Syscall {
    /// No system call: a check of our own.
    None = 0,
    /// `open`, `openat`, `openat2`.
    Open = 1,
    /// `fstat`, `fstatat`.
    Stat = 2,
    /// `pread`.
    Read = 3,
    /// `getdents64`.
    ReadDirectory = 4,
    /// `readlinkat`.
    ReadLink = 5,
    /// `faccessat`.
    Access = 6,
    /// `mkdirat`.
    MakeDirectory = 7,
    /// `write`.
    Write = 8,
    /// `close`.
    Close = 9,
    /// `symlinkat`.
    MakeLink = 10,
    /// `renameat2`, or `linkat` where it stands in.
    Rename = 11,
    /// `unlinkat`.
    Unlink = 12,
    /// `fchmod`.
    ChangeMode = 13,
    /// `syncfs`, `fsync`.
    Sync = 14,
    /// `mmap`, `process_vm_readv`.
    Map = 15,
}

/// One failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Our word for it.
    pub code: Code,
    /// Where it happened.
    pub syscall: Syscall,
    /// The system's number, 0 where the check was our own.
    pub errno: i32,
}

impl Fault {
    /// A check of our own that failed.
    pub const fn of(code: Code) -> Fault {
        Fault { code, syscall: Syscall::None, errno: 0 }
    }

    /// The system's answer, translated.
    pub fn from_errno(errno: i32, syscall: Syscall) -> Fault {
        let code = match errno {
            libc::ENOENT => Code::NotFound,
            libc::EACCES | libc::EPERM => Code::PermissionDenied,
            libc::EISDIR => Code::IsDirectory,
            libc::ENOTDIR => Code::NotDirectory,
            // ENXIO: a socket, or a device without a driver; ESPIPE: a fifo has no positions.
            libc::ENXIO | libc::ESPIPE | libc::ENODEV => Code::UnsupportedFileType,
            libc::ENAMETOOLONG => Code::NameTooLong,
            libc::EMFILE | libc::ENFILE => Code::TooManyOpenFiles,
            libc::ELOOP => Code::SymlinkRefused,
            libc::ENOMEM => Code::OutOfMemory,
            libc::EEXIST | libc::ENOTEMPTY => Code::AlreadyExists,
            libc::ENOSPC | libc::EDQUOT => Code::NoSpace,
            _ => Code::IoError,
        };
        Fault { code, syscall, errno }
    }

    /// As one number: code in the highest byte, system call in the next, errno in the low half. Never 0.
    pub fn packed(self) -> u32 {
        (self.code as u32) << 24 | (self.syscall as u32) << 16 | (self.errno as u32 & 0xffff)
    }
}
