//! Maps and direct reads: the same bytes as plain reads, at any position; a file that is cut short meanwhile ends no process.
#![cfg(target_os = "linux")]

mod support;

use chunker_io::{File, Reading, Way};
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use support::Folder;

const WAYS: [Way; 3] = [Way::Buffered, Way::Mapped, Way::Direct];

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn open(path: &Path, way: Way) -> File {
    File::open_by(path.as_os_str().as_bytes(), way).unwrap().0
}

#[test]
fn every_way_gives_the_same_bytes_wherever_a_read_begins_and_ends() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    for length in [0, 1, 4095, 4096, 4097, 300_001] {
        let data = pattern(length);
        fs::write(&path, &data).unwrap();
        for way in WAYS {
            let file = open(&path, way);
            for position in [0, 1, 511, 4096, 5000, 299_999, 300_001, 400_000] {
                for (from, room) in [(0, 1), (0, 4096), (7, 5000), (0, 8192), (3, 400_000)] {
                    let mut into = vec![0xee; from + room];
                    let read = file.read(position, &mut into[from..], Reading::default(), &|| false).unwrap();
                    let rest = data.get(position as usize..).unwrap_or(&[]);
                    assert_eq!(
                        &into[from..from + read],
                        &rest[..rest.len().min(room)],
                        "{way:?} {length} {position} {room}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_mapped_file_is_read_across_its_windows() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    let file = fs::File::create(&path).unwrap();
    let edge = 64 << 20;
    file.set_len(6 * edge + 100).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"the edge", edge - 4).unwrap();
    let mapped = open(&path, Way::Mapped);
    assert_eq!(mapped.refused(), None);
    let mut into = [1; 8];
    assert_eq!(mapped.read(edge - 4, &mut into, Reading::default(), &|| false).unwrap(), 8);
    assert_eq!(&into, b"the edge");
    for window in 0..7 {
        let mut into = [1; 90];
        assert_eq!(mapped.read(window * edge + 10, &mut into, Reading::default(), &|| false).unwrap(), 90);
        assert_eq!(into, [0; 90]);
    }
}

#[test]
fn a_file_cut_short_under_a_map_ends_early_and_the_process_lives() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    let data = pattern(1 << 20);
    fs::write(&path, &data).unwrap();
    let file = open(&path, Way::Mapped);
    assert_eq!(file.refused(), None);
    OpenOptions::new().write(true).open(&path).unwrap().set_len(100_000).unwrap();
    let mut into = vec![0; data.len()];
    let read = file.read(0, &mut into, Reading::default(), &|| false).unwrap();
    assert!(read <= 102_400, "{read}");
    assert_eq!(&into[..100_000], &data[..100_000]);
    assert_eq!(file.read(500_000, &mut into, Reading::default(), &|| false).unwrap(), 0);
}

#[test]
fn what_has_no_maps_and_no_direct_reads_is_read_as_usual_and_says_so() {
    for way in [Way::Mapped, Way::Direct] {
        let file = open(Path::new("/proc/self/status"), way);
        let mut into = vec![0; 8];
        assert_eq!(file.read(0, &mut into, Reading::default(), &|| false).unwrap(), 8);
        assert_eq!(&into[..5], b"Name:");
        // proc says that its files are empty: nothing is mapped of them.
        assert_eq!(file.refused().is_some(), way == Way::Direct, "{way:?}");
    }
}

#[test]
fn stopping_ends_every_way() {
    let folder = Folder::new();
    let path = folder.path().join("file");
    fs::write(&path, pattern(10_000)).unwrap();
    for way in WAYS {
        let fault = open(&path, way).read(0, &mut [0; 5000], Reading::default(), &|| true).unwrap_err();
        assert_eq!(fault.code, chunker_io::Code::Aborted);
    }
}
