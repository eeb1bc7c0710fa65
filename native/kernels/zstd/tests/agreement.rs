//! libzstd and the `zstd` command as oracles: same frames, same decisions.
mod support;

use chunker_zstd::frame::{read_header, Header, Reading};
use chunker_zstd::*;
use std::sync::Arc;
use support::*;

/// Header bytes, window, content, dictionary, checksum.
type Fields = (usize, u64, u64, u32, bool);

/// libzstd's own reading of a frame header, or what it lacks, or None for a refusal.
fn libzstd_header(bytes: &[u8]) -> Option<std::result::Result<Fields, usize>> {
    let mut header = std::mem::MaybeUninit::<zstd_sys::ZSTD_FrameHeader>::zeroed();
    // SAFETY: a live slice and a zeroed structure of integers.
    let (result, header) = unsafe {
        let result = zstd_sys::ZSTD_getFrameHeader(header.as_mut_ptr(), bytes.as_ptr().cast(), bytes.len());
        (result, header.assume_init())
    };
    // SAFETY: pure function.
    if unsafe { zstd_sys::ZSTD_isError(result) } != 0 {
        return None;
    }
    if result != 0 {
        return Some(Err(result));
    }
    Some(Ok((
        header.headerSize as usize,
        header.windowSize,
        header.frameContentSize,
        header.dictID,
        header.checksumFlag != 0,
    )))
}

#[test]
fn headers_as_libzstd_reads_them() {
    let mut random = Random(7);
    for _ in 0..300_000 {
        let mut bytes: Vec<u8> = (0..18).map(|_| random.next() as u8).collect();
        match random.below(4) {
            0 => {}
            1 => bytes[..4].copy_from_slice(&[0x50 | random.below(16) as u8, 0x2A, 0x4D, 0x18]),
            _ => bytes[..4].copy_from_slice(&[0x28, 0xB5, 0x2F, 0xFD]),
        }
        let bytes = &bytes[..random.below(19)];
        let theirs = libzstd_header(bytes);
        match read_header(bytes) {
            Reading::Whole(Header::Frame(header))
                if header.window_bytes >= 1 << 32 && !header.single_segment =>
            {
                assert_eq!(
                    theirs, None,
                    "windows of this size are refused there, and here when they are decoded"
                );
            }
            Reading::Whole(Header::Frame(header)) => {
                let content = header.content_bytes.unwrap_or(u64::MAX);
                let ours = (
                    header.header_bytes,
                    header.window_bytes,
                    content,
                    header.dictionary_id,
                    header.checksum,
                );
                assert_eq!(theirs, Some(Ok(ours)));
            }
            Reading::Whole(Header::Skippable { payload_bytes, .. }) => {
                assert_eq!(theirs.unwrap().unwrap().2, u64::from(payload_bytes));
            }
            Reading::Needs(_) => assert!(bytes.len() < 5 || matches!(theirs, Some(Err(_))), "{bytes:02x?}"),
            Reading::Unknown | Reading::Legacy | Reading::Reserved => {
                assert_eq!(theirs, None, "{bytes:02x?}")
            }
        }
    }
}

#[test]
fn the_bundled_library_is_recent() {
    assert!(version() >= 10507);
}

#[test]
fn frames_of_one_call_are_libzstds() {
    for level in [-7, -1, 1, 3, 9, 19] {
        for length in [0, 1, 100, 4096, 100_000] {
            let data = sample(length, 3);
            let mut theirs = vec![0; compress_bound(length).unwrap()];
            // SAFETY: live slices.
            let written = unsafe {
                zstd_sys::ZSTD_compress(
                    theirs.as_mut_ptr().cast(),
                    theirs.len(),
                    data.as_ptr().cast(),
                    length,
                    level,
                )
            };
            theirs.truncate(written);
            assert_eq!(
                compress(&data, &CompressOptions { level, ..Default::default() }),
                theirs,
                "{level} {length}"
            );
        }
    }
}

#[test]
fn the_command_reads_what_we_write() {
    if !has_cli() {
        return;
    }
    for level in LEVELS.0..=LEVELS.1 {
        let data = sample(300_000, level as u64);
        let options = CompressOptions {
            level,
            checksum: level % 2 == 0,
            content_size: level % 3 != 0,
            ..Default::default()
        };
        assert_eq!(cli(&["-dcq"], &compress(&data, &options)).as_deref(), Some(&data[..]), "level {level}");
    }
    let data = sample(9 << 20, 5);
    let options = CompressOptions { long_distance: true, window_log: Some(24), ..Default::default() };
    assert_eq!(cli(&["-dcq"], &compress(&data, &options)).as_deref(), Some(&data[..]));
}

#[test]
fn we_read_what_the_command_writes() {
    if !has_cli() {
        return;
    }
    let data = sample(500_000, 11);
    for level in 1..=19 {
        let frame = cli(&["-cq", &format!("-{level}")], &data).unwrap();
        assert_eq!(decompress(&frame, &DecodeLimits::default(), None).unwrap(), data, "level {level}");
    }
    for arguments in [
        &["-cq", "--fast=7"][..],
        &["-cq", "--ultra", "-22"],
        &["-cq", "--long=27"],
        &["-cq", "--no-check", "--no-content-size"],
        &["-cq", "-T2", "-B200000"],
        &["-cq", "--rsyncable"],
    ] {
        let frame = cli(arguments, &data).unwrap();
        assert_eq!(decompress(&frame, &DecodeLimits::default(), None).unwrap(), data, "{arguments:?}");
    }
}

#[test]
fn dictionaries_trained_by_the_command() {
    if !has_cli() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("chunker-zstd-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut train = std::process::Command::new("zstd");
    train.args(["-q", "--train", "--maxdict=8000", "-o"]).arg(folder.join("dictionary"));
    for seed in 0..200 {
        let path = folder.join(format!("sample{seed}"));
        std::fs::write(&path, sample(1500, seed + 1)).unwrap();
        train.arg(path);
    }
    assert!(train.status().unwrap().success());
    let path = folder.join("dictionary");
    let bytes = std::fs::read(&path).unwrap();
    let option = path.to_str().unwrap();
    let trained = Arc::new(Dictionary::new(&bytes).unwrap());
    assert_ne!(trained.id(), 0);
    let data = sample(1400, 77);
    let mut compressor = Compressor::new().unwrap();
    for level in [1, 3, 9, 19] {
        let options = CompressOptions { level, ..Default::default() };
        let ours = compressor.compress(&data, &options, Some(&trained), GO_ON).unwrap();
        assert!(ours.len() < compressor.compress(&data, &options, None, GO_ON).unwrap().len());
        assert_eq!(cli(&["-dcq", "-D", option], &ours).as_deref(), Some(&data[..]));
        let theirs = cli(&["-cq", &format!("-{level}"), "-D", option], &data).unwrap();
        assert_eq!(decompress(&theirs, &DecodeLimits::default(), Some(&trained)).unwrap(), data);
        assert_eq!(inspect(&theirs).unwrap().dictionary_id, trained.id());
    }
    std::fs::remove_dir_all(folder).unwrap();
}
