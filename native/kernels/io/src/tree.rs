//! A handle on the root of a tree. Directories below it are opened by their path from the root, without following a link.

use crate::{sys, Code, Facts, Fault, Kind};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The kernel takes paths up to 4095 bytes; longer ones are opened piece by piece.
const PIECE_BYTES: usize = 4000;

/// A directory, file or symbolic link that was named by the caller, and all that lies below it.
#[derive(Debug)]
pub struct Tree {
    /// A directory or file open for reading; for anything else only a handle on the entry itself.
    root: OwnedFd,
    facts: Facts,
    target: Vec<u8>,
}

impl Tree {
    /// Takes hold of a path. The links on the way to its last component are followed, the last component is not.
    pub fn open(path: &[u8]) -> Result<Tree, Fault> {
        let path = CString::new(path).map_err(|_| Fault::of(Code::InvalidInput))?;
        // A handle that opens nothing: a fifo would wait for its other end, a device may act on being opened.
        let entry = sys::open(&path, libc::O_PATH | libc::O_NOFOLLOW)?;
        let facts = sys::stat(entry.as_fd())?;
        let root = match facts.kind {
            Kind::Directory => sys::open_at(entry.as_fd(), c".", libc::O_RDONLY | libc::O_DIRECTORY)?,
            Kind::Regular => {
                let file = sys::open(&path, libc::O_RDONLY | libc::O_NOFOLLOW)?;
                let now = sys::stat(file.as_fd())?;
                if (now.ino, now.dev) != (facts.ino, facts.dev) {
                    return Err(Fault::of(Code::FileChanged));
                }
                file
            }
            _ => entry,
        };
        let target = match facts.kind {
            Kind::Symlink => read_target(root.as_fd(), c"")?,
            _ => Vec::new(),
        };
        Ok(Tree { root, facts, target })
    }

    /// The facts of the root, as they were when it was opened.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The target of the root where it is a symbolic link, else empty.
    pub fn target(&self) -> &[u8] {
        &self.target
    }

    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Opens a directory by its path from the root (components joined by `/`, empty: the root itself).
    pub(crate) fn open_directory(&self, path: &[u8]) -> Result<OwnedFd, Fault> {
        open_directory_below(self.root(), path, libc::O_RDONLY)
    }
}

/// Opens a directory by its path from `root` (components joined by `/`, empty: the root itself), following no link on the way.
pub(crate) fn open_directory_below(root: BorrowedFd, path: &[u8], flags: i32) -> Result<OwnedFd, Fault> {
    check_path(path)?;
    if path.is_empty() {
        return sys::open_at(root, c".", flags | libc::O_DIRECTORY);
    }
    let mut at: Option<OwnedFd> = None;
    let mut rest = path;
    while !rest.is_empty() {
        let (piece, next) = split_piece(rest);
        let flags = libc::O_DIRECTORY | if next.is_empty() { flags } else { libc::O_PATH };
        let from = at.as_ref().map_or(root, |fd| fd.as_fd());
        at = Some(open_below(from, piece, flags)?);
        rest = next;
    }
    at.ok_or(Fault::of(Code::InvalidInput))
}

/// Components that are empty, `.` or `..`, or hold NUL, are never names from a listing.
fn check_path(path: &[u8]) -> Result<(), Fault> {
    let fine = path.is_empty() || path.split(|&b| b == b'/').all(valid_name);
    if fine {
        Ok(())
    } else {
        Err(Fault::of(Code::InvalidInput))
    }
}

/// May a directory hold an entry of this name?
pub(crate) fn valid_name(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|&b| b == 0 || b == b'/')
}

/// The longest beginning that one call can open, and what follows.
fn split_piece(path: &[u8]) -> (&[u8], &[u8]) {
    if path.len() <= PIECE_BYTES {
        return (path, b"");
    }
    match path[..PIECE_BYTES].iter().rposition(|&b| b == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (path, b""),
    }
}

fn open_below(from: BorrowedFd, path: &[u8], flags: i32) -> Result<OwnedFd, Fault> {
    let whole = CString::new(path).map_err(|_| Fault::of(Code::InvalidInput))?;
    if let Some(result) = sys::open_beneath(from, &whole, flags) {
        return result;
    }
    let mut at: Option<OwnedFd> = None;
    let mut components = path.split(|&b| b == b'/').peekable();
    while let Some(component) = components.next() {
        let name = CString::new(component).map_err(|_| Fault::of(Code::InvalidInput))?;
        let wanted = if components.peek().is_none() { flags } else { libc::O_PATH | libc::O_DIRECTORY };
        at = Some(sys::open_at(at.as_ref().map_or(from, |fd| fd.as_fd()), &name, wanted)?);
    }
    at.ok_or(Fault::of(Code::InvalidInput))
}

/// The whole target of a link; Linux allows 4095 bytes.
pub(crate) fn read_target(directory: BorrowedFd, name: &CStr) -> Result<Vec<u8>, Fault> {
    let mut target = vec![0; 4096];
    let length = sys::read_link_at(directory, name, &mut target).map_err(|fault| match fault.errno {
        // It was a link a moment ago.
        libc::EINVAL => Fault { code: Code::FileChanged, ..fault },
        _ => fault,
    })?;
    target.truncate(length);
    Ok(target)
}
