//! One open file: positions, slices, ends, interruptions, stopping.
#![cfg(target_os = "linux")]

mod support;

use chunker_io::{Code, File, ListOptions, Reading};
use std::cell::Cell;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use support::{make_fifo, open, Folder};

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn any_slice_cap_and_position_gives_the_bytes() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    let data = pattern(100_003);
    fs::write(&path, &data).unwrap();
    let (file, facts) = File::open(path.as_os_str().as_bytes()).unwrap();
    assert_eq!(facts.size, 100_003);
    for slice_cap_bytes in [0, 1000, 4096, 99_999, usize::MAX] {
        let reading = Reading { slice_cap_bytes, readahead_bytes: 4096 };
        for position in [0, 1, 4095, 99_000, 100_002, 100_003, 1 << 40] {
            let mut into = vec![0; 5000];
            if slice_cap_bytes == 0 {
                into.truncate(50);
            }
            let read = file.read(position, &mut into, reading, &|| false).unwrap();
            let rest = data.get(position as usize..).unwrap_or(&[]);
            assert_eq!(&into[..read], &rest[..rest.len().min(into.len())]);
        }
    }
    let beyond = file.read(u64::MAX, &mut [0; 8], Reading::default(), &|| false).unwrap_err();
    assert_eq!(beyond.code, Code::InvalidInput);
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let folder = Folder::new();
    make_fifo(&folder.path().join("fifo"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    for (name, code) in [
        ("fifo", Code::UnsupportedFileType),
        ("socket", Code::UnsupportedFileType),
        ("", Code::IsDirectory),
        ("missing", Code::NotFound),
    ] {
        let path = folder.path().join(name);
        assert_eq!(File::open(path.as_os_str().as_bytes()).unwrap_err().code, code, "{name}");
    }
    let long = [b'/'; 1].into_iter().chain([b'x'; 300]).collect::<Vec<_>>();
    assert_eq!(File::open(&long).unwrap_err().code, Code::NameTooLong);
    assert_eq!(File::open(b"nul\0").unwrap_err().code, Code::InvalidInput);
}

#[test]
fn a_read_stops_between_two_slices() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    fs::write(&path, pattern(10_000)).unwrap();
    let (file, _) = File::open(path.as_os_str().as_bytes()).unwrap();
    let asked = Cell::new(0);
    let reading = Reading { slice_cap_bytes: 1000, readahead_bytes: 0 };
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    assert_eq!(file.read(0, &mut [0; 10_000], reading, &stop).unwrap_err().code, Code::Aborted);
    assert_eq!(asked.get(), 4);
    let tree = open(folder.path());
    let aborted = tree.list(b"", ListOptions::default(), &mut Vec::new(), &|| true).unwrap_err();
    assert_eq!(aborted.code, Code::Aborted);
}

extern "C" fn ignore(_: libc::c_int) {}

#[test]
fn signals_do_not_disturb() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    let data = pattern(8 << 20);
    fs::write(&path, &data).unwrap();
    // SAFETY: the handler does nothing; without SA_RESTART system calls end with EINTR.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ignore as *const () as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()), 0);
    }
    // SAFETY: the thread is this one, alive until the scope below ends.
    let reader = unsafe { libc::pthread_self() };
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                // SAFETY: the reader lives as long as this scope.
                unsafe { libc::pthread_kill(reader, libc::SIGUSR1) };
                std::thread::sleep(std::time::Duration::from_micros(50));
            }
        });
        let mut into = vec![0; data.len()];
        for _ in 0..20 {
            let (file, _) = File::open(path.as_os_str().as_bytes()).unwrap();
            let reading = Reading { slice_cap_bytes: 65_536, readahead_bytes: 0 };
            assert_eq!(file.read(0, &mut into, reading, &|| false).unwrap(), data.len());
            assert!(into == data);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
