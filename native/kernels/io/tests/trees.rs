//! The kernel against real directories: odd names, every kind of entry, and files that change under its hands.
#![cfg(target_os = "linux")]

mod support;

use chunker_io::{Code, Kind, ListOptions, Reading, Tree, APPEND};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, PermissionsExt};
use support::{as_nobody, encode, list, make_fifo, open, read, Folder, Listing, Wanted};

#[test]
fn names_come_as_bytes_in_byte_order() {
    let folder = Folder::new();
    let long = vec![b'n'; 255];
    let names: Vec<&[u8]> = vec![
        b"b",
        b"a",
        b"a-b",
        b"a.b",
        b"a!",
        b"\xff",
        b"caf\xe9",
        "é".as_bytes(),
        "😀".as_bytes(),
        "～".as_bytes(),
        b"new\nline",
        &long,
    ];
    for name in &names {
        fs::write(folder.path().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let mut sorted = names.clone();
    sorted.sort();
    let listed = list(&open(folder.path()), b"", ListOptions::default());
    assert_eq!(listed.names(), sorted);
    assert!(listed
        .entries
        .iter()
        .all(|entry| entry.kind == Kind::Regular as u32 && entry.size == entry.name.len() as u64));
}

#[test]
fn every_kind_is_told_and_links_are_not_followed() {
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("directory")).unwrap();
    fs::write(at("file"), b"x").unwrap();
    fs::write(at("tool"), b"x").unwrap();
    fs::set_permissions(at("tool"), fs::Permissions::from_mode(0o744)).unwrap();
    fs::set_permissions(at("file"), fs::Permissions::from_mode(0o611)).unwrap();
    symlink("directory", at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    make_fifo(&at("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let listed = list(&open(folder.path()), b"", ListOptions::default());
    let kinds: Vec<(&[u8], u32, bool, &[u8])> = listed
        .entries
        .iter()
        .map(|e| (e.name.as_slice(), e.kind, e.executable, e.target.as_slice()))
        .collect();
    assert_eq!(
        kinds,
        vec![
            (&b"dangling"[..], 3, true, &b"nowhere"[..]),
            (b"directory", 2, true, b""),
            (b"fifo", 4, false, b""),
            (b"file", 1, false, b""),
            (b"link", 3, true, b"directory"),
            (b"loop", 3, true, b"loop"),
            (b"socket", 5, true, b""),
            (b"tool", 1, true, b""),
        ]
    );
}

#[test]
fn the_root_may_be_a_file_or_a_link() {
    let folder = Folder::new();
    fs::write(folder.path().join("file"), b"twelve bytes").unwrap();
    symlink("file", folder.path().join("link")).unwrap();
    let tree = open(&folder.path().join("file"));
    assert_eq!((tree.facts().kind, tree.facts().size), (Kind::Regular, 12));
    let mut window = [0; 12];
    let outcome = read(&tree, &[Wanted::exact(&[], &[], tree.facts(), 0, 12, 0)], &mut window);
    assert_eq!((outcome[0].fault, &window), (None, b"twelve bytes"));
    let link = open(&folder.path().join("link"));
    assert_eq!((link.facts().kind, link.target()), (Kind::Symlink, &b"file"[..]));
    let missing = Tree::open(folder.path().join("missing").as_os_str().as_bytes()).unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
}

#[test]
fn paths_that_leave_the_tree_are_refused() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("inside")).unwrap();
    fs::create_dir(folder.path().join("outside")).unwrap();
    fs::write(folder.path().join("outside/secret"), b"secret").unwrap();
    symlink("../outside", folder.path().join("inside/link")).unwrap();
    symlink("../outside/secret", folder.path().join("inside/file")).unwrap();
    let tree = open(&folder.path().join("inside"));
    for (path, code) in [
        (&b"link"[..], Code::NotDirectory),
        (b"link/deeper", Code::SymlinkRefused),
        (b"..", Code::InvalidInput),
        (b"a/../..", Code::InvalidInput),
        (b"/etc", Code::InvalidInput),
        (b".", Code::InvalidInput),
        (b"nul\0", Code::InvalidInput),
        (b"missing", Code::NotFound),
    ] {
        let listed = list(&tree, path, ListOptions::default());
        assert!(listed.entries.is_empty());
        let got = listed.fault_code();
        let also = if code == Code::NotDirectory { Code::SymlinkRefused } else { code };
        assert!(got == code as u32 || got == also as u32, "{path:?} gave {got}");
    }
    let mut window = [0; 16];
    for (directory, name, code) in [
        (&b""[..], &b"file"[..], Code::SymlinkRefused),
        (b"", b"../outside/secret", Code::InvalidInput),
        (b"", b"..", Code::InvalidInput),
        (b"", &[b'n'; 256], Code::NameTooLong),
        (b"", b"missing", Code::NotFound),
        (b"..", b"outside", Code::InvalidInput),
    ] {
        let outcome = read(&tree, &[Wanted::append(directory, name, 16)], &mut window);
        assert_eq!(outcome[0].fault.unwrap().code, code, "{name:?}");
    }
    assert_eq!(window, [0; 16]);
}

#[test]
fn deep_paths_are_opened_piece_by_piece() {
    let folder = Folder::new();
    let name = "d".repeat(200);
    let (mut path, mut levels) = (Vec::new(), 0);
    std::env::set_current_dir(folder.path()).unwrap();
    while path.len() < 9000 {
        fs::create_dir(&name).unwrap();
        std::env::set_current_dir(&name).unwrap();
        if levels > 0 {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        levels += 1;
    }
    fs::write("bottom", b"reached").unwrap();
    std::env::set_current_dir("/").unwrap();
    let tree = open(folder.path());
    let listed = list(&tree, &path, ListOptions::default());
    assert_eq!(listed.names(), vec![b"bottom"]);
    let mut window = [0; 7];
    assert_eq!(read(&tree, &[Wanted::append(&path, b"bottom", 7)], &mut window)[0].bytes, 7);
    assert_eq!(&window, b"reached");
}

#[test]
fn small_files_lie_one_behind_the_other_and_errors_are_per_file() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    for (name, text) in [("a", "first"), ("empty", ""), ("sub/b", "second"), ("large", "0123456789")] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    make_fifo(&folder.path().join("fifo"));
    let tree = open(folder.path());
    let wanted = [
        Wanted::append(b"", b"a", 8),
        Wanted::append(b"", b"missing", 8),
        Wanted::append(b"", b"empty", 8),
        Wanted::append(b"", b"fifo", 8),
        Wanted::append(b"", b"sub", 8),
        Wanted::append(b"", b"large", 8),
        Wanted::append(b"sub", b"b", 8),
        Wanted::append(b"nowhere", b"b", 8),
    ];
    let mut window = [b'.'; 16];
    let outcomes = read(&tree, &wanted, &mut window);
    let told: Vec<_> = outcomes.iter().map(|o| (o.bytes, o.fault.map(|f| f.code))).collect();
    assert_eq!(
        told,
        vec![
            (5, None),
            (0, Some(Code::NotFound)),
            (0, None),
            (0, Some(Code::UnsupportedFileType)),
            (0, Some(Code::IsDirectory)),
            (0, Some(Code::FileTooLarge)),
            (6, None),
            (0, Some(Code::NotFound)),
        ]
    );
    assert_eq!(&window[..11], b"firstsecond");
}

#[test]
fn a_file_that_is_no_longer_the_listed_one_is_refused() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    let tree = open(folder.path());
    let mut window = [0; 4];
    let changes: [&dyn Fn(); 5] = [
        &|| fs::write(&path, b"more than before").unwrap(),
        &|| fs::write(&path, b"les").unwrap(),
        &|| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            fs::write(&path, b"same").unwrap()
        },
        &|| {
            fs::write(folder.path().join("other"), b"four").unwrap();
            fs::rename(folder.path().join("other"), &path).unwrap()
        },
        &|| {
            fs::remove_file(&path).unwrap();
            make_fifo(&path)
        },
    ];
    for change in changes {
        fs::remove_file(&path).ok();
        fs::write(&path, b"four").unwrap();
        let listed = list(&tree, b"", ListOptions::default());
        let entry = listed.entries.iter().find(|e| e.name == b"file").unwrap();
        let wanted = [Wanted::exact(b"", b"file", &entry.facts(), 0, 4, 0)];
        assert_eq!(read(&tree, &wanted, &mut window)[0].fault, None);
        change();
        assert_eq!(read(&tree, &wanted, &mut window)[0].fault.unwrap().code, Code::FileChanged);
    }
}

#[test]
fn malformed_requests_are_refused() {
    let folder = Folder::new();
    fs::write(folder.path().join("file"), b"four").unwrap();
    let tree = open(folder.path());
    let good = encode(&[Wanted::append(b"", b"file", 4)]);
    let mut window = [0; 4];
    for length in 0..good.len() {
        let Ok(requests) = chunker_io::Requests::parse(&good[..length]) else { continue };
        let outcomes = tree.read(&requests, &mut window, Reading::default(), &|| false).unwrap();
        assert_eq!(outcomes[0].fault.unwrap().code, Code::InvalidInput, "cut at {length}");
    }
    let outside = Wanted::exact(b"", b"file", tree.facts(), 0, 4, u32::MAX);
    assert_eq!(read(&tree, &[outside], &mut window)[0].fault.unwrap().code, Code::InvalidInput);
    let mut huge = good.clone();
    huge[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(chunker_io::Requests::parse(&huge).is_err());
    assert_eq!(APPEND, 1);
}

#[test]
fn what_may_not_be_read_is_told_by_probe_and_by_read() {
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path().join("closed"), b"x").unwrap();
    fs::write(folder.path().join("open"), b"x").unwrap();
    fs::create_dir(folder.path().join("locked")).unwrap();
    for (name, mode) in [("closed", 0o000), ("open", 0o644), ("locked", 0o000)] {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let path = folder.path().to_owned();
    let (probed, refused, locked): (Listing, _, Listing) = as_nobody(move || {
        let tree = open(&path);
        let refused = read(&tree, &[Wanted::append(b"", b"closed", 8)], &mut [0; 8])[0];
        (
            list(&tree, b"", ListOptions { probe_readable: true }),
            refused,
            list(&tree, b"locked", ListOptions::default()),
        )
    });
    let faults: Vec<_> = probed.entries.iter().map(|e| (e.name.as_slice(), e.fault >> 24)).collect();
    let denied = Code::PermissionDenied as u32;
    assert_eq!(faults, vec![(&b"closed"[..], denied), (b"locked", 0), (b"open", 0)]);
    assert_eq!(refused.fault.unwrap().code, Code::PermissionDenied);
    assert_eq!(locked.fault_code(), denied);
}

#[test]
fn files_vanish_and_appear_during_a_listing() {
    let folder = Folder::new();
    let path = folder.path().to_owned();
    for i in 0..500 {
        fs::write(path.join(format!("stays{i}")), b"x").unwrap();
    }
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                for i in 0..200 {
                    fs::write(path.join(format!("comes{i}")), b"x").unwrap();
                }
                for i in 0..200 {
                    fs::remove_file(path.join(format!("comes{i}"))).unwrap();
                }
            }
        });
        let tree = open(&path);
        for _ in 0..100 {
            let listed = list(&tree, b"", ListOptions::default());
            assert_eq!(listed.fault_code(), 0);
            assert!(listed.entries.iter().all(|e| e.fault == 0));
            assert_eq!(listed.entries.iter().filter(|e| e.name.starts_with(b"stays")).count(), 500);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
