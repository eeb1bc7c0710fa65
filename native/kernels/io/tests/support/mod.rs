//! What the tests need: a folder that goes away, and an independent reader and writer of the kernel's two encodings.
#![allow(dead_code, reason = "each test file uses its part")]

use chunker_io::{
    Facts, Kind, ListOptions, Outcome, Reading, Requests, Tree, APPEND, BLOCK_HEAD_BYTES, RECORD_BYTES,
};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A fresh directory, removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("chunker-io-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::process::Command::new("rm").arg("-rf").arg(&self.0).status().unwrap();
    }
}

pub fn open(path: &Path) -> Tree {
    Tree::open(path.as_os_str().as_bytes()).unwrap()
}

pub fn make_fifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends in NUL.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

/// Runs `work` on a thread without root's rights (credentials of the raw system call are the thread's own).
pub fn as_nobody<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(move || {
        // SAFETY: plain numbers.
        if unsafe { libc::geteuid() } == 0 {
            // SAFETY: plain numbers.
            assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) }, 0);
        }
        work()
    })
    .join()
    .unwrap()
}

pub struct Entry {
    pub name: Vec<u8>,
    pub target: Vec<u8>,
    pub kind: u32,
    pub executable: bool,
    pub size: u64,
    pub mtime: (i64, u32),
    pub ino: u64,
    pub fault: u32,
}

impl Entry {
    pub fn facts(&self) -> Facts {
        Facts {
            kind: Kind::Regular,
            mode: 0,
            size: self.size,
            mtime_seconds: self.mtime.0,
            mtime_nanoseconds: self.mtime.1,
            ctime_seconds: 0,
            ino: self.ino,
            dev: 0,
        }
    }
}

pub struct Listing {
    pub entries: Vec<Entry>,
    pub fault: u32,
}

impl Listing {
    pub fn names(&self) -> Vec<&[u8]> {
        self.entries.iter().map(|e| e.name.as_slice()).collect()
    }

    pub fn fault_code(&self) -> u32 {
        self.fault >> 24
    }
}

pub fn list(tree: &Tree, directory: &[u8], options: ListOptions) -> Listing {
    let mut out = Vec::new();
    tree.list(directory, options, &mut out, &|| false).unwrap();
    let word = |at: usize| u32::from_le_bytes(out[at..at + 4].try_into().unwrap());
    let count = word(0) as usize;
    let texts = &out[BLOCK_HEAD_BYTES + count * RECORD_BYTES..][..word(4) as usize];
    assert_eq!(out.len() % 8, 0);
    let entries = (0..count)
        .map(|index| {
            let one = |i: usize| word(BLOCK_HEAD_BYTES + index * RECORD_BYTES + i * 4);
            let two = |i: usize| u64::from(one(i)) | u64::from(one(i + 1)) << 32;
            let (from, name, target) = (one(11) as usize, one(12) as usize, one(13) as usize);
            Entry {
                name: texts[from..from + name].to_vec(),
                target: texts[from + name..from + name + target].to_vec(),
                kind: one(0) & 0xff,
                executable: one(0) & 0x100 != 0,
                size: two(2),
                mtime: (two(4) as i64, one(6)),
                ino: two(7),
                fault: one(14),
            }
        })
        .collect();
    Listing { entries, fault: word(8) }
}

pub struct Wanted {
    directory: Vec<u8>,
    name: Vec<u8>,
    words: [u32; 13],
}

impl Wanted {
    pub fn append(directory: &[u8], name: &[u8], length: u32) -> Wanted {
        let mut words = [0; 13];
        (words[0], words[3]) = (APPEND, length);
        Wanted { directory: directory.to_vec(), name: name.to_vec(), words }
    }

    pub fn exact(
        directory: &[u8],
        name: &[u8],
        facts: &Facts,
        offset: u64,
        length: u32,
        place: u32,
    ) -> Wanted {
        let (low, high) = (|n: u64| n as u32, |n: u64| (n >> 32) as u32);
        let mtime = facts.mtime_seconds as u64;
        let words = [
            0,
            low(offset),
            high(offset),
            length,
            place,
            low(facts.size),
            high(facts.size),
            low(mtime),
            high(mtime),
            facts.mtime_nanoseconds,
            low(facts.ino),
            high(facts.ino),
            0,
        ];
        Wanted { directory: directory.to_vec(), name: name.to_vec(), words }
    }
}

pub fn encode(wanted: &[Wanted]) -> Vec<u8> {
    let (mut directories, mut requests, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for (index, one) in wanted.iter().enumerate() {
        directories.extend([texts.len() as u32, one.directory.len() as u32]);
        texts.extend_from_slice(&one.directory);
        requests.extend([index as u32, texts.len() as u32, one.name.len() as u32]);
        requests.extend(one.words);
        texts.extend_from_slice(&one.name);
    }
    let count = wanted.len() as u32;
    let words = [count, count, 0, 0].into_iter().chain(directories).chain(requests);
    words.flat_map(u32::to_le_bytes).chain(texts).collect()
}

pub fn read(tree: &Tree, wanted: &[Wanted], window: &mut [u8]) -> Vec<Outcome> {
    let encoded = encode(wanted);
    let requests = Requests::parse(&encoded).unwrap();
    tree.read(&requests, window, Reading::default(), &|| false).unwrap()
}
