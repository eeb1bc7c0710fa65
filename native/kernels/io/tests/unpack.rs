//! New trees: what orders make, that damaged orders make nothing elsewhere and never panic, and that what is given up goes away.
#![cfg(target_os = "linux")]

mod support;

use chunker_io::{Code, Failure, Host, NewTree, Orders, BEGINS, ENDS, EXECUTABLE, LINK, MAKE};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::Folder;

/// An independent writer of the encoding.
#[derive(Default)]
struct Encoder {
    directories: Vec<[u32; 4]>,
    entries: Vec<[u32; 8]>,
    texts: Vec<u8>,
}

impl Encoder {
    fn text(&mut self, text: &[u8]) -> (u32, u32) {
        let at = self.texts.len() as u32;
        self.texts.extend_from_slice(text);
        (at, text.len() as u32)
    }

    fn directory(&mut self, parent: u32, name: &[u8]) -> u32 {
        let (at, length) = self.text(name);
        self.directories.push([parent, at, length, MAKE]);
        self.directories.len() as u32 - 1
    }

    fn file(&mut self, directory: u32, name: &[u8], flags: u32, place: u32, length: u32) {
        let (at, name_length) = self.text(name);
        self.entries.push([directory, at, name_length, flags, place, length, 0, 0]);
    }

    fn link(&mut self, directory: u32, name: &[u8], target: &[u8]) {
        let (place, length) = self.text(target);
        self.file(directory, name, LINK, place, length);
    }

    fn encode(&self) -> Vec<u8> {
        let head = [self.directories.len() as u32, self.entries.len() as u32, 0, 0];
        let words = head.iter().chain(self.directories.iter().flatten()).chain(self.entries.iter().flatten());
        words.flat_map(|word| word.to_le_bytes()).chain(self.texts.iter().copied()).collect()
    }
}

fn open(folder: &Folder) -> NewTree {
    NewTree::open(folder.path().as_os_str().as_bytes(), b"target", b".target.tmp-1").unwrap()
}

struct TwoThreads;

impl Host for TwoThreads {
    fn should_stop(&self) -> bool {
        false
    }

    fn is_parallel(&self) -> bool {
        true
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for half in 0..2 {
                scope.spawn(move || (0..count).filter(|i| i % 2 == half).for_each(body));
            }
        });
    }
}

fn write(tree: &NewTree, encoded: &[u8], window: &[u8]) -> Result<(), Failure> {
    let orders = Orders::parse(encoded).map_err(|fault| Failure { order: 0, fault })?;
    tree.write(&orders, window, &TwoThreads)
}

fn sample() -> Encoder {
    let mut orders = Encoder::default();
    orders.directory(0, b"");
    let a = orders.directory(0, b"a");
    let b = orders.directory(a, b"b\xff");
    for i in 0..100u32 {
        orders.file(i % 3, format!("file {i}").as_bytes(), BEGINS | ENDS, i, i % 7);
    }
    orders.file(b, b"tool", BEGINS | ENDS | EXECUTABLE, 0, 2);
    orders.link(b, b"link", b"../../nowhere");
    orders
}

fn names(path: &Path) -> usize {
    fs::read_dir(path).unwrap().count()
}

#[test]
fn orders_make_a_tree_that_appears_when_it_is_published() {
    let folder = Folder::new();
    let tree = open(&folder);
    let window: Vec<u8> = (0..200).collect();
    write(&tree, &sample().encode(), &window).unwrap();
    assert!(!folder.path().join("target").exists());
    tree.publish(false).unwrap();
    let target = folder.path().join("target");
    assert_eq!(fs::read(target.join("a/file 4")).unwrap(), [4, 5, 6, 7]);
    assert_eq!(names(&target), 1 + 34);
    let tool = target.join("a").join(std::ffi::OsStr::from_bytes(b"b\xff")).join("tool");
    assert_eq!(fs::metadata(tool).unwrap().permissions().mode() & 0o100, 0o100);
    // Published is published.
    tree.remove().unwrap();
    assert_eq!(names(folder.path()), 1);
    assert_eq!(names(&target), 35);
}

#[test]
fn a_file_may_go_on_in_the_next_orders_and_no_other_may() {
    let folder = Folder::new();
    let tree = open(&folder);
    let mut first = Encoder::default();
    first.directory(0, b"");
    first.file(0, b"long", BEGINS, 0, 3);
    write(&tree, &first.encode(), b"abc").unwrap();
    assert_eq!(tree.publish(false).unwrap_err().code, Code::InvalidInput);
    let mut second = Encoder::default();
    second.directories.push([0; 4]);
    second.file(0, b"long", ENDS, 0, 3);
    second.file(0, b"other", ENDS, 0, 3);
    assert_eq!(write(&tree, &second.encode(), b"def").unwrap_err().fault.code, Code::InvalidInput);
    second.entries.pop();
    write(&tree, &second.encode(), b"def").unwrap();
    tree.publish(false).unwrap();
    assert_eq!(fs::read(folder.path().join("target/long")).unwrap(), b"abcdef");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [&b".."[..], b".", b"a/b", b"/", b"", b"a\0b"] {
        let folder = Folder::new();
        let tree = open(&folder);
        let mut orders = Encoder::default();
        orders.directory(0, b"");
        let inner = orders.directory(0, b"inner");
        orders.file(inner, name, BEGINS | ENDS, 0, 0);
        let failure = write(&tree, &orders.encode(), b"").unwrap_err();
        assert_eq!((failure.order, failure.fault.code), (2, Code::InvalidInput), "{name:?}");
        tree.remove().unwrap();
        assert_eq!(names(folder.path()), 0);
    }
}

#[test]
fn damaged_orders_fail_and_leave_nothing() {
    let folder = Folder::new();
    let whole = sample().encode();
    let window = [7; 200];
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    for _ in 0..400 {
        let mut damaged = whole.clone();
        for _ in 0..1 + random() % 3 {
            let at = random() as usize % (whole.len() / 4) * 4;
            let value = if random() % 2 == 0 { random() % 9 } else { random() << 8 };
            damaged[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        damaged.truncate(whole.len() - random() as usize % 40);
        let tree = open(&folder);
        let _ = write(&tree, &damaged, &window);
        tree.remove().unwrap();
        assert_eq!(names(folder.path()), 0);
    }
}

#[test]
fn what_stands_under_the_name_is_never_replaced() {
    let folder = Folder::new();
    let tree = open(&folder);
    write(&tree, &sample().encode(), &[0; 200]).unwrap();
    fs::create_dir(folder.path().join("target")).unwrap();
    assert_eq!(tree.publish(false).unwrap_err().code, Code::AlreadyExists);
    tree.remove().unwrap();
    assert_eq!(names(&folder.path().join("target")), 0);
    assert_eq!(names(folder.path()), 1);
    let again = NewTree::open(folder.path().as_os_str().as_bytes(), b"target", b".t");
    assert_eq!(again.unwrap_err().code, Code::AlreadyExists);
}

#[test]
fn something_else_under_the_temporary_name_is_not_published() {
    let folder = Folder::new();
    let tree = open(&folder);
    write(&tree, &sample().encode(), &[0; 200]).unwrap();
    fs::rename(folder.path().join(".target.tmp-1"), folder.path().join("moved")).unwrap();
    fs::create_dir(folder.path().join(".target.tmp-1")).unwrap();
    assert_eq!(tree.publish(false).unwrap_err().code, Code::FileChanged);
    assert!(!folder.path().join("target").exists());
}

#[test]
fn a_given_up_tree_ends_the_call_that_runs() {
    let folder = Folder::new();
    let tree = open(&folder);
    let mut orders = Encoder::default();
    orders.directory(0, b"");
    for i in 0..20_000u32 {
        orders.file(0, i.to_string().as_bytes(), BEGINS | ENDS, 0, 1);
    }
    let encoded = orders.encode();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&tree, &encoded, b"x"));
        while !folder.path().join(".target.tmp-1").exists() && !writing.is_finished() {
            std::thread::yield_now();
        }
        tree.remove().unwrap();
        assert_eq!(names(folder.path()), 0);
        assert!(matches!(writing.join().unwrap(), Err(failure) if failure.fault.code == Code::Aborted));
    });
    assert_eq!(write(&tree, &encoded, b"x").unwrap_err().fault.code, Code::Aborted);
    assert_eq!(names(folder.path()), 0);
}
