//! Many reads in one call: each request names a file of the tree, a range of it and a place in the caller's window.
//!
//! One encoded buffer holds the requests, so that they cross a language border as bytes. All numbers are little-endian words of 32 bits.
//!
//! ```text
//! head        directories, requests, 0, 0
//! directory   offset and length of its path (from the root, no leading slash) in the bytes at the end        x directories
//! request     16 words, see below                                                                           x requests
//! bytes       paths and names
//! ```
//!
//! A request: directory, name offset, name length (0: the root itself, where the root is a file), flags, file offset (2 words), length, place in the window,
//! then the facts the file must have: size (2), mtime seconds (2), nanoseconds, ino (2), 0.

use crate::file::{check_regular, fill};
use crate::tree::valid_name;
use crate::{sys, Code, Facts, Fault, Kind, Reading, Stop, Syscall, Tree};
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Words of one request.
pub const REQUEST_WORDS: usize = 16;
/// A flag of a request: the whole file goes behind what was read before, whatever size it has up to `length`; facts are not compared.
pub const APPEND: u32 = 1;

const HEAD_WORDS: usize = 4;
/// Requests between two questions whether to stop: at most a millisecond of small files.
const STOP_EVERY: usize = 64;
/// The longest name of Linux, and NUL.
const NAME_ROOM: usize = 256;

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Bytes read to its place.
    pub bytes: u32,
    /// Why it failed.
    pub fault: Option<Fault>,
}

struct Request<'a> {
    directory: u32,
    name: &'a [u8],
    append: bool,
    offset: u64,
    length: u32,
    place: u32,
    size: u64,
    mtime_seconds: i64,
    mtime_nanoseconds: u32,
    ino: u64,
}

/// The decoded view of a request buffer.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'a> {
    directories: usize,
    count: usize,
    words: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Requests<'a> {
    /// Checks that the tables lie inside the buffer; what they point at is checked per request.
    pub fn parse(encoded: &'a [u8]) -> Result<Requests<'a>, Fault> {
        let bad = || Fault::of(Code::InvalidInput);
        if encoded.len() < HEAD_WORDS * 4 {
            return Err(bad());
        }
        let directories = word(encoded, 0) as usize;
        let count = word(encoded, 1) as usize;
        let words = HEAD_WORDS as u64 + directories as u64 * 2 + count as u64 * REQUEST_WORDS as u64;
        let length = usize::try_from(words * 4).map_err(|_| bad())?;
        if length > encoded.len() {
            return Err(bad());
        }
        let (words, bytes) = encoded.split_at(length);
        Ok(Requests { directories, count, words, bytes })
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn text(&self, at: usize) -> Option<&'a [u8]> {
        let from = word(self.words, at) as usize;
        let length = word(self.words, at + 1) as usize;
        self.bytes.get(from..from.checked_add(length)?)
    }

    fn directory(&self, index: u32) -> Option<&'a [u8]> {
        let index = index as usize;
        if index < self.directories {
            self.text(HEAD_WORDS + index * 2)
        } else {
            None
        }
    }

    fn get(&self, index: usize) -> Option<Request<'a>> {
        let at = HEAD_WORDS + self.directories * 2 + index * REQUEST_WORDS;
        let one = |i: usize| word(self.words, at + i);
        let two = |i: usize| u64::from(one(i)) | u64::from(one(i + 1)) << 32;
        Some(Request {
            directory: one(0),
            name: self.text(at + 1)?,
            append: one(3) & APPEND != 0,
            offset: two(4),
            length: one(6),
            place: one(7),
            size: two(8),
            mtime_seconds: two(10) as i64,
            mtime_nanoseconds: one(12),
            ino: two(13),
        })
    }
}

fn word(bytes: &[u8], index: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[index * 4..index * 4 + 4]);
    u32::from_le_bytes(four)
}

/// The directory that was used last stays open for the next request.
struct Cursor {
    directory: Option<(u32, OwnedFd)>,
    end: usize,
}

impl Tree {
    /// Works through the requests in order; each has its own outcome, one failing does not disturb the others.
    ///
    /// A request with facts is refused as `file_changed` when the file is not the listed one (size, mtime, ino), also when that happens while it is read.
    ///
    /// # Errors
    /// `aborted`, which concerns the whole call.
    pub fn read(
        &self,
        requests: &Requests,
        window: &mut [u8],
        reading: Reading,
        stop: Stop,
    ) -> Result<Vec<Outcome>, Fault> {
        let mut outcomes = Vec::new();
        outcomes.try_reserve_exact(requests.len()).map_err(|_| Fault::of(Code::OutOfMemory))?;
        let mut cursor = Cursor { directory: None, end: 0 };
        for index in 0..requests.len() {
            if index % STOP_EVERY == 0 && stop() {
                return Err(Fault::of(Code::Aborted));
            }
            outcomes.push(match self.read_one(requests, index, window, reading, &mut cursor, stop) {
                Ok(bytes) => Outcome { bytes, fault: None },
                Err(fault) if fault.code == Code::Aborted => return Err(fault),
                Err(fault) => Outcome { bytes: 0, fault: Some(fault) },
            });
        }
        Ok(outcomes)
    }

    fn read_one(
        &self,
        requests: &Requests,
        index: usize,
        window: &mut [u8],
        reading: Reading,
        cursor: &mut Cursor,
        stop: Stop,
    ) -> Result<u32, Fault> {
        let request = requests.get(index).ok_or(Fault::of(Code::InvalidInput))?;
        if request.name.is_empty() {
            return read_file(self.root(), &request, window, cursor, reading, stop);
        }
        let file = self.open_file(requests, &request, cursor)?;
        read_file(file.as_fd(), &request, window, cursor, reading, stop)
    }

    fn open_file(
        &self,
        requests: &Requests,
        request: &Request,
        cursor: &mut Cursor,
    ) -> Result<OwnedFd, Fault> {
        let mut room = [0; NAME_ROOM];
        let name = terminated(request.name, &mut room)?;
        if cursor.directory.as_ref().is_none_or(|(index, _)| *index != request.directory) {
            let path = requests.directory(request.directory).ok_or(Fault::of(Code::InvalidInput))?;
            cursor.directory = Some((request.directory, self.open_directory(path)?));
        }
        match &cursor.directory {
            Some((_, directory)) => sys::open_at(directory.as_fd(), name, libc::O_RDONLY),
            None => Err(Fault::of(Code::InvalidInput)),
        }
    }
}

fn terminated<'a>(name: &[u8], room: &'a mut [u8; NAME_ROOM]) -> Result<&'a CStr, Fault> {
    if !valid_name(name) {
        return Err(Fault::of(Code::InvalidInput));
    }
    if name.len() >= NAME_ROOM {
        return Err(Fault { code: Code::NameTooLong, syscall: Syscall::Open, errno: libc::ENAMETOOLONG });
    }
    room[..name.len()].copy_from_slice(name);
    CStr::from_bytes_with_nul(&room[..=name.len()]).map_err(|_| Fault::of(Code::InvalidInput))
}

fn read_file(
    fd: BorrowedFd,
    request: &Request,
    window: &mut [u8],
    cursor: &mut Cursor,
    reading: Reading,
    stop: Stop,
) -> Result<u32, Fault> {
    let place = if request.append { cursor.end } else { request.place as usize };
    let end = place.checked_add(request.length as usize).ok_or(Fault::of(Code::InvalidInput))?;
    if request.append {
        let end = end.min(window.len());
        let into = window.get_mut(place..end).ok_or(Fault::of(Code::InvalidInput))?;
        let read = append_file(fd, into, reading, stop)?;
        cursor.end = place + read;
        return Ok(read as u32);
    }
    let into = window.get_mut(place..end).ok_or(Fault::of(Code::InvalidInput))?;
    let read = fill(fd, request.offset, into, reading, stop).map_err(|fault| moved(fd, fault))?;
    // Facts after the read, against those of the listing: one look covers the time before and during it.
    let now = sys::stat(fd)?;
    if read < into.len() || !unchanged(&now, request) {
        return Err(Fault::of(Code::FileChanged));
    }
    Ok(read as u32)
}

/// A whole file of unknown size; a file that fills its room is asked for its size.
fn append_file(fd: BorrowedFd, into: &mut [u8], reading: Reading, stop: Stop) -> Result<usize, Fault> {
    let read = fill(fd, 0, into, reading, stop)?;
    let now = sys::stat(fd)?;
    check_regular(now.kind)?;
    match now.size {
        size if size == read as u64 => Ok(read),
        size if size > into.len() as u64 => Err(Fault::of(Code::FileTooLarge)),
        // Files of proc and its like say 0 and have contents: what was read is all, unless there was no room for more.
        0 if read < into.len() => Ok(read),
        0 => Err(Fault::of(Code::FileTooLarge)),
        _ => Err(Fault::of(Code::FileChanged)),
    }
}

fn unchanged(now: &Facts, request: &Request) -> bool {
    now.kind == Kind::Regular
        && now.ino == request.ino
        && now.size == request.size
        && now.mtime_seconds == request.mtime_seconds
        && now.mtime_nanoseconds == request.mtime_nanoseconds
}

/// A read fails in odd ways when something else took the file's place; then that is the answer.
pub(crate) fn moved(fd: BorrowedFd, fault: Fault) -> Fault {
    let other = fault.code != Code::Aborted && sys::stat(fd).is_ok_and(|now| now.kind != Kind::Regular);
    if other {
        Fault::of(Code::FileChanged)
    } else {
        fault
    }
}
