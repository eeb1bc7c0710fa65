//! Archives against a slow and obvious writer, on one thread and on several, in windows of any size, with every system call failing in turn.

mod at_rest;

use super::*;
use crate::sys::tests::fail_after;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("chunker-archive-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Descriptors of this process that lead below it.
    fn descriptors(&self) -> usize {
        let links =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        links.filter(|target| target.starts_with(&self.0)).count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::process::Command::new("rm").arg("-rf").arg(&self.0).status().unwrap();
    }
}

/// Says stop at the nth question.
struct TestHost {
    threads: usize,
    questions: AtomicUsize,
}

fn host(threads: usize) -> TestHost {
    TestHost { threads, questions: AtomicUsize::new(usize::MAX) }
}

impl Host for TestHost {
    fn should_stop(&self) -> bool {
        let left = self.questions.load(Ordering::Relaxed);
        self.questions.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }

    fn is_parallel(&self) -> bool {
        self.threads > 1
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            for index in
                std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|&i| i < count)
            {
                body(index);
            }
        };
        std::thread::scope(|scope| (0..self.threads).for_each(|_| drop(scope.spawn(work))));
    }
}

fn token(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
}

/// The format as it is described, read by `std`.
fn reference(path: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    token(&mut out, b"nix-archive-1");
    reference_node(&mut out, path);
    out
}

fn reference_node(out: &mut Vec<u8>, path: &Path) {
    let facts = fs::symlink_metadata(path).unwrap();
    token(out, b"(");
    token(out, b"type");
    if facts.is_symlink() {
        token(out, b"symlink");
        token(out, b"target");
        token(out, fs::read_link(path).unwrap().as_os_str().as_bytes());
    } else if facts.is_file() {
        token(out, b"regular");
        if facts.permissions().mode() & 0o100 != 0 {
            token(out, b"executable");
            token(out, b"");
        }
        token(out, b"contents");
        token(out, &fs::read(path).unwrap());
    } else {
        token(out, b"directory");
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|e| e.unwrap().file_name().into_vec()).collect();
        names.sort();
        for name in names {
            token(out, b"entry");
            token(out, b"(");
            token(out, b"name");
            token(out, &name);
            token(out, b"node");
            reference_node(out, &path.join(OsStr::from_bytes(&name)));
            token(out, b")");
        }
    }
    token(out, b")");
}

const LIMITS: WalkLimits = WalkLimits { depth: 64, one_file_system: false };

fn open(path: &Path) -> Tree {
    Tree::open(path.as_os_str().as_bytes()).unwrap()
}

/// The whole archive in windows of one size; what is refused is left out where `skip` says so. As the caller does, whole windows of a large file are taken by `Tree::read`.
fn packed(
    path: &Path,
    window: usize,
    limits: WalkLimits,
    host: &TestHost,
    skip: bool,
) -> Result<Vec<u8>, (Vec<u8>, Why)> {
    let tree = Tree::open(path.as_os_str().as_bytes()).map_err(|fault| (Vec::new(), Why::Failed(fault)))?;
    let mut archive = Archive::new(&tree, limits);
    let (mut out, mut resume) = (Vec::new(), Resume::default());
    loop {
        let mut room = vec![0xaa; window];
        let mut at = 0;
        let ended = loop {
            let filled = archive
                .fill(&tree, &mut room[at..], resume, Reading::default(), host)
                .map_err(|fault| (Vec::new(), Why::Failed(fault)))?;
            resume = Resume::default();
            match filled {
                Filled::Full => break false,
                Filled::Ended(bytes) => {
                    room.truncate(at + bytes);
                    break true;
                }
                Filled::Stopped(bytes, _, Why::Refused(_)) if skip => {
                    at += bytes;
                    resume.skip = true;
                }
                Filled::Stopped(_, path, why) => return Err((path, why)),
            }
        };
        out.extend_from_slice(&room);
        if ended {
            return Ok(out);
        }
        if let Some(file) = archive.unfinished().filter(|file| file.facts.size - file.offset >= window as u64)
        {
            let below = [&file.directory[..], &file.name].into_iter().filter(|name| !name.is_empty());
            let contents =
                fs::read(below.fold(path.to_owned(), |path, name| path.join(OsStr::from_bytes(name))));
            let contents = contents.unwrap();
            out.extend_from_slice(&contents[file.offset as usize..][..window]);
            resume.taken = window as u64;
        }
    }
}

fn odd_tree(folder: &Folder) {
    let names: [&[u8]; 9] =
        [b"b", b"a", b"a-b", b"a.b", b"\xff", b"caf\xe9", "😀".as_bytes(), b"new\nline", &[b'n'; 255]];
    for name in names {
        fs::write(folder.0.join(OsStr::from_bytes(name)), name).unwrap();
    }
    fs::create_dir_all(folder.at("directory/nested/empty")).unwrap();
    for size in 0..40_usize {
        fs::write(folder.at(&format!("directory/{size}")), vec![size as u8; size]).unwrap();
    }
    for size in [4095, 4096, 4097, 65_536, 300_001] {
        fs::write(folder.at(&format!("directory/nested/large{size}")), vec![size as u8; size]).unwrap();
    }
    fs::write(folder.at("tool"), "#!").unwrap();
    fs::set_permissions(folder.at("tool"), fs::Permissions::from_mode(0o744)).unwrap();
    symlink("nowhere", folder.at("dangling")).unwrap();
    symlink("directory", folder.at("link")).unwrap();
    symlink("t".repeat(4095), folder.at("long")).unwrap();
    for index in 0..100 {
        fs::create_dir_all(folder.at(&format!("many/d{index}/e"))).unwrap();
        fs::write(folder.at(&format!("many/d{index}/e/f")), index.to_string()).unwrap();
    }
}

#[test]
fn windows_of_any_size_and_any_number_of_threads_give_the_reference() {
    let folder = Folder::new();
    odd_tree(&folder);
    for root in
        [folder.0.clone(), folder.at("tool"), folder.at("link"), folder.at("directory/nested/large300001")]
    {
        let expected = reference(&root);
        for window in [1, 7, 64, 100, 4096, 65_536, 1 << 20, expected.len(), expected.len() + 1] {
            for threads in [1, 3] {
                // A scope of threads for each byte is slow and tells nothing.
                let threads = if window < 4096 { 1 } else { threads };
                let archive = packed(&root, window, LIMITS, &host(threads), false).unwrap();
                assert!(archive == expected, "{root:?} in windows of {window} on {threads} threads");
            }
        }
    }
    assert_eq!(folder.descriptors(), 0);
}

#[test]
fn a_large_directory_is_sorted_and_whole() {
    let folder = Folder::new();
    for index in 0..20_000 {
        fs::write(folder.at(&format!("{}", index * 7919 % 20_000)), "").unwrap();
    }
    let expected = reference(&folder.0);
    assert!(packed(&folder.0, 1 << 20, LIMITS, &host(2), false).unwrap() == expected);
}

#[test]
fn any_depth_is_walked_with_few_descriptors_and_no_recursion() {
    const LEVELS: usize = 4000;
    let folder = Folder::new();
    let mut below = std::process::Command::new("python3");
    let script = "import os,sys\nos.chdir(sys.argv[1])\nfor i in range(int(sys.argv[2])):\n os.mkdir('deep'); open('after','w').write('x'); os.chdir('deep')";
    assert!(below.arg("-c").arg(script).arg(&folder.0).arg(LEVELS.to_string()).status().unwrap().success());
    // Inside out: a directory in a directory, behind it in the archive nothing, before it one file.
    let mut expected = Vec::new();
    token(&mut expected, b"nix-archive-1");
    let words = |out: &mut Vec<u8>, words: &[&[u8]]| words.iter().for_each(|word| token(out, word));
    let directory: [&[u8]; 3] = [b"(", b"type", b"directory"];
    words(&mut expected, &directory);
    for _ in 0..LEVELS {
        let file: [&[u8]; 12] = [
            b"entry",
            b"(",
            b"name",
            b"after",
            b"node",
            b"(",
            b"type",
            b"regular",
            b"contents",
            b"x",
            b")",
            b")",
        ];
        words(&mut expected, &file);
        words(&mut expected, &[b"entry", b"(", b"name", b"deep", b"node"]);
        words(&mut expected, &directory);
    }
    (0..LEVELS).for_each(|_| words(&mut expected, &[b")", b")"]));
    token(&mut expected, b")");
    let limits = WalkLimits { depth: u32::MAX, ..LIMITS };
    let tree = open(&folder.0);
    let mut archive = Archive::new(&tree, limits);
    let (mut out, mut most) = (Vec::new(), 0);
    loop {
        let mut window = vec![0; 50_000];
        let filled =
            archive.fill(&tree, &mut window, Resume::default(), Reading::default(), &host(1)).unwrap();
        most = most.max(folder.descriptors());
        match filled {
            Filled::Full => out.extend_from_slice(&window),
            Filled::Ended(bytes) => break out.extend_from_slice(&window[..bytes]),
            stopped => panic!("{stopped:?}"),
        }
    }
    assert!(out == expected);
    assert!(most < 1400, "{most} descriptors");
    let (path, why) = packed(&folder.0, 4096, LIMITS, &host(1), false).unwrap_err();
    assert_eq!((path.len(), why), (63 * 5 + "after".len(), Why::TooDeep));
}

#[test]
fn whatever_call_fails_is_told_with_its_place() {
    let folder = Folder::new();
    fs::create_dir_all(folder.at("d/e")).unwrap();
    symlink("target", folder.at("d/link")).unwrap();
    for name in ["a", "d/b", "d/e/c", "z"] {
        fs::write(folder.at(name), vec![b'x'; 3000]).unwrap();
    }
    let expected = reference(&folder.0);
    let mut failures = 0;
    for (errno, code) in
        [(libc::EIO, Code::IoError), (libc::EACCES, Code::PermissionDenied), (libc::ENOENT, Code::NotFound)]
    {
        for skip in [false, true] {
            for calls in 0.. {
                fail_after(Some((calls, errno)));
                let outcome = packed(&folder.0, 1000, LIMITS, &host(1), skip);
                let unused = fail_after(None);
                assert_eq!(folder.descriptors(), 0, "after {calls} calls");
                match outcome {
                    Ok(archive) if unused => {
                        assert!(archive == expected);
                        break;
                    }
                    // What cannot be read at first is asked for again.
                    Ok(archive) => assert!(
                        archive == expected || skip && archive.len() < expected.len(),
                        "after {calls} calls: {errno}"
                    ),
                    Err((path, Why::Refused(fault) | Why::Failed(fault))) => {
                        assert_eq!(fault.code, code, "{fault:?} after {calls} calls");
                        assert!(
                            fs::symlink_metadata(folder.0.join(OsStr::from_bytes(&path))).is_ok(),
                            "{path:?}"
                        );
                        failures += 1;
                    }
                    Err(other) => panic!("{other:?} after {calls} calls"),
                }
            }
        }
    }
    assert!(failures > 100, "{failures}");
}

#[test]
fn interruptions_and_short_shortages_change_nothing() {
    let folder = Folder::new();
    odd_tree(&folder);
    let expected = reference(&folder.0);
    for errno in [libc::EINTR, libc::EAGAIN, libc::EMFILE, libc::ENFILE] {
        for calls in (0..700).step_by(13) {
            fail_after(Some((calls, errno)));
            assert!(
                packed(&folder.0, 65_536, LIMITS, &host(1), false).unwrap() == expected,
                "{errno} after {calls}"
            );
            fail_after(None);
        }
    }
}

#[test]
fn a_stop_ends_it_at_any_question() {
    let folder = Folder::new();
    odd_tree(&folder);
    let mut stops = 0;
    for questions in (0..).step_by(37) {
        let host = TestHost { threads: 1, questions: AtomicUsize::new(questions) };
        match packed(&folder.0, 100_000, LIMITS, &host, false) {
            Ok(_) => break,
            Err((_, why)) => assert_eq!(why, Why::Failed(Fault::of(Code::Aborted))),
        }
        stops += 1;
        assert_eq!(folder.descriptors(), 0);
    }
    assert!(stops > 5, "{stops}");
}

/// Fills one window, makes a change, and answers what the next windows come to.
fn changed(folder: &Folder, change: impl FnOnce()) -> Filled {
    let tree = open(&folder.0);
    let mut archive = Archive::new(&tree, LIMITS);
    let mut fill = |bytes: usize| {
        archive.fill(&tree, &mut vec![0; bytes], Resume::default(), Reading::default(), &host(1)).unwrap()
    };
    assert_eq!(fill(20_000), Filled::Full);
    change();
    loop {
        match fill(20_000) {
            Filled::Full => {}
            last => return last,
        }
    }
}

#[test]
fn files_that_change_between_two_windows_end_the_archive() {
    let with_file = || {
        let folder = Folder::new();
        fs::write(folder.at("file"), vec![1; 50_000]).unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        fs::File::options().write(true).open(folder.at("file")).unwrap().set_modified(long_ago).unwrap();
        folder
    };
    type Change = fn(&Path);
    let changes: [(Change, Code); 6] = [
        (|path| fs::write(path, vec![1; 50_001]).unwrap(), Code::FileChanged),
        (|path| fs::write(path, vec![1; 30_000]).unwrap(), Code::FileChanged),
        (|path| fs::write(path, vec![2; 50_000]).unwrap(), Code::FileChanged),
        (|path| fs::remove_file(path).unwrap(), Code::NotFound),
        (
            |path| (fs::remove_file(path).unwrap(), symlink("/etc/passwd", path).unwrap()).1,
            Code::SymlinkRefused,
        ),
        (
            |path| (fs::remove_file(path).unwrap(), fs::write(path, vec![1; 50_000]).unwrap()).1,
            Code::FileChanged,
        ),
    ];
    for (change, code) in changes {
        let folder = with_file();
        let Filled::Stopped(_, path, Why::Failed(fault)) = changed(&folder, || change(&folder.at("file")))
        else {
            panic!("{code:?} was expected");
        };
        assert_eq!((&path[..], fault.code), (&b"file"[..], code));
        assert_eq!(folder.descriptors(), 0);
    }
}

/// Makes a change at the nth question whether to stop: there is one between looking at a file and reading it.
struct Meddler<'a> {
    left: AtomicUsize,
    change: &'a (dyn Fn() + Sync),
}

impl Host for Meddler<'_> {
    fn should_stop(&self) -> bool {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            (self.change)();
        }
        false
    }

    fn is_parallel(&self) -> bool {
        false
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(body);
    }
}

#[test]
fn a_small_file_that_changes_while_it_is_read_ends_the_archive() {
    let folder = Folder::new();
    let file = folder.at("file");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for after in [&[2_u8; 1000][..], &[1; 999], &[1; 1001], &[]] {
        let change = || fs::write(&file, after).unwrap();
        let (mut told, mut unseen) = (0, 0);
        for left in 0.. {
            fs::write(&file, [1; 1000]).unwrap();
            fs::File::options().write(true).open(&file).unwrap().set_modified(long_ago).unwrap();
            let before = reference(&folder.0);
            let host = Meddler { left: AtomicUsize::new(left), change: &change };
            let tree = open(&folder.0);
            let mut window = vec![0; 4096];
            let filled = Archive::new(&tree, LIMITS)
                .fill(&tree, &mut window, Resume::default(), Reading::default(), &host)
                .unwrap();
            match filled {
                Filled::Ended(bytes) => {
                    let archive = &window[..bytes];
                    assert!(archive == before || archive == reference(&folder.0), "question {left}");
                    unseen += 1;
                }
                Filled::Stopped(_, path, Why::Failed(fault)) => {
                    assert_eq!((&path[..], fault.code), (&b"file"[..], Code::FileChanged));
                    told += 1;
                }
                other => panic!("{other:?} at question {left}"),
            }
            if host.left.load(Ordering::Relaxed) <= left {
                break;
            }
        }
        assert!(told > 0 && unseen > 1, "{told} told, {unseen} not seen");
        assert_eq!(folder.descriptors(), 0);
    }
}

#[test]
fn a_directory_that_was_swapped_for_a_link_is_not_followed() {
    let folder = Folder::new();
    fs::write(folder.at("a"), vec![0; 50_000]).unwrap();
    // So many that the walk has not come to the last when the first window is full.
    (0..1000).for_each(|index| fs::write(folder.at(&format!("b{index:04}")), vec![0; 100]).unwrap());
    fs::create_dir(folder.at("c")).unwrap();
    let outcome = changed(&folder, || {
        fs::remove_dir(folder.at("c")).unwrap();
        symlink("/etc", folder.at("c")).unwrap();
    });
    assert!(
        matches!(&outcome, Filled::Stopped(_, path, Why::Refused(fault))
            if path == b"c" && matches!(fault.code, Code::NotDirectory | Code::SymlinkRefused)),
        "{outcome:?}"
    );
}

#[test]
fn a_directory_that_was_moved_from_above_the_walk_ends_it() {
    let folder = Folder::new();
    let deep = ["d"; 40].join("/");
    fs::create_dir_all(folder.at(&deep)).unwrap();
    fs::write(folder.at(&format!("{deep}/a")), vec![0; 50_000]).unwrap();
    // So many that the walk is still below when the first window is full.
    (0..1000).for_each(|index| fs::write(folder.at(&format!("{deep}/b{index:04}")), vec![0; 100]).unwrap());
    let outcome =
        changed(&folder, || fs::rename(folder.at(&["d"; 10].join("/")), folder.at("moved")).unwrap());
    let place = ["d"; 9].join("/").into_bytes();
    assert!(
        matches!(&outcome, Filled::Stopped(_, path, Why::Failed(fault)) if *path == place && fault.code == Code::FileChanged),
        "{outcome:?}"
    );
}

#[test]
fn what_no_archive_holds_is_told() {
    let folder = Folder::new();
    let _socket = std::os::unix::net::UnixListener::bind(folder.at("socket")).unwrap();
    let (path, why) = packed(&folder.0, 4096, LIMITS, &host(1), true).unwrap_err();
    assert_eq!((&path[..], why), (&b"socket"[..], Why::Unsupported(Kind::Socket)));
}
