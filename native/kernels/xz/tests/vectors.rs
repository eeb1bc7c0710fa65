//! Files of the format's own implementation, each with the outcome that its origin states, by every door.

mod support;

use chunker_xz::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use support::*;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The code and offset of each refused file, by the descriptions in UPSTREAM-README.txt and the bytes themselves.
const REFUSED: &[(&str, &str, Option<u64>)] = &[
    // The footer begins at byte 20 of an empty stream.
    ("bad-0-backward_size.xz", "corrupt_data", Some(20)),
    ("bad-0-empty-truncated.xz", "truncated_input", Some(31)),
    ("bad-0-header_magic.xz", "unknown_format", None),
    ("bad-0-index-1.xz", "corrupt_data", Some(12)),
    ("bad-0cat-alone.xz", "trailing_data", Some(32)),
    ("bad-0cat-header_magic.xz", "trailing_data", Some(32)),
    ("bad-0pad-empty.xz", "trailing_data", Some(36)),
    ("bad-1-block_header-1.xz", "corrupt_data", Some(12)),
    ("bad-1-block_header-3.xz", "checksum_mismatch", Some(20)),
    ("bad-1-block_header-4.xz", "corrupt_data", Some(12)),
    ("bad-1-block_header-6.xz", "corrupt_data", Some(12)),
    ("bad-1-check-crc32-2.xz", "checksum_mismatch", Some(48)),
    ("bad-1-check-crc64.xz", "checksum_mismatch", Some(44)),
    ("bad-1-check-sha256.xz", "checksum_mismatch", Some(44)),
    ("bad-1-lzma2-1.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-2.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-3.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-5.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-6.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-8.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-9.xz", "corrupt_data", Some(12)),
    ("bad-1-lzma2-10.xz", "corrupt_data", Some(12)),
    ("bad-1-stream_flags-2.xz", "checksum_mismatch", Some(8)),
    ("bad-1-stream_flags-3.xz", "checksum_mismatch", Some(56)),
    ("bad-1-vli-2.xz", "corrupt_data", Some(12)),
    ("bad-2-compressed_data_padding.xz", "corrupt_data", Some(12)),
    ("bad-2-index-2.xz", "corrupt_data", Some(68)),
    ("bad-2-index-3.xz", "corrupt_data", Some(68)),
    ("bad-2-index-5.xz", "corrupt_data", Some(68)),
    ("bad-3-index-uncomp-overflow.xz", "corrupt_data", Some(92)),
    ("unsupported-check.xz", "unsupported_feature", Some(0)),
    ("unsupported-filter_flags-1.xz", "unsupported_feature", Some(12)),
    ("unsupported-filter_flags-3.xz", "unsupported_feature", Some(12)),
];

fn offset(error: &Error) -> Option<u64> {
    match *error {
        Error::CorruptData { offset, .. }
        | Error::TruncatedInput { offset }
        | Error::ChecksumMismatch { offset }
        | Error::TrailingData { offset }
        | Error::UnsupportedFeature { offset, .. } => Some(offset),
        _ => None,
    }
}

/// By every door; all must agree.
fn outcome(data: &[u8], format: Format, name: &str) -> Result<Vec<u8>> {
    let limits = DecodeLimits::default();
    let whole = decompress(data, format);
    let several = Decompressor::new().decompress(data, format, &limits, &Threads(3));
    assert_eq!(several, whole, "{name} by several threads");
    let mut place = vec![0; 1 << 20];
    let into = Decompressor::new().decompress_into(data, format, &limits, &never, &mut place);
    assert_eq!(into.map(|written| place[..written].to_vec()), whole, "{name} into");
    for size in [1, 2, 7, 1 << 20] {
        let (given, end) = stream(data, format, &limits, || size);
        match &whole {
            Ok(plain) => assert_eq!((&given, end), (plain, Ok(())), "{name} in pieces of {size}"),
            Err(error) => assert_eq!(end.as_ref(), Err(error), "{name} in pieces of {size}"),
        }
    }
    whole
}

#[test]
fn every_file_has_its_outcome() {
    let Some(folder) = vectors() else { return };
    let list: Value =
        serde_json::from_slice(&std::fs::read(folder.join("vectors.json")).expect("a list")).expect("JSON");
    let mut seen = [0; 4];
    for case in list["cases"].as_array().expect("cases") {
        let name = case["file"].as_str().expect("a name");
        let data = std::fs::read(folder.join(name)).expect("a file");
        assert_eq!(Some(hex(&data).as_str()), case["sha256"].as_str(), "{name}");
        let xz = outcome(&data, Format::Xz, name);
        match case["expect"].as_str().expect("expect") {
            "accept" => {
                let plain = xz.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(Some(hex(&plain).as_str()), case["plain"]["sha256"].as_str(), "{name}");
                let summary = inspect(&data, Format::Xz).expect("whole");
                assert_eq!(summary.content_bytes, Some(plain.len() as u64), "{name}");
                seen[0] += 1;
            }
            "refuse" | "either" => {
                let error = xz.expect_err(name);
                let (_, code, at) =
                    REFUSED.iter().find(|one| one.0 == name).unwrap_or_else(|| panic!("{name}: {error}"));
                assert_eq!((error.code(), offset(&error)), (*code, *at), "{name}");
                seen[1] += 1;
            }
            "other-format" => {
                assert_eq!(xz.expect_err(name).code(), "unknown_format", "{name}");
                seen[2] += 1;
                if name.ends_with(".lzma") {
                    lzma(&data, name, case);
                    seen[3] += 1;
                }
            }
            other => panic!("{name}: {other}"),
        }
    }
    assert_eq!(seen, [14, 33, 18, 5]);
}

fn lzma(data: &[u8], name: &str, case: &Value) {
    let outcome = outcome(data, Format::Lzma, name);
    if case["ifClaimed"] == "accept" {
        assert_eq!(Some(hex(&outcome.expect(name)).as_str()), case["plain"]["sha256"].as_str(), "{name}");
        return;
    }
    let error = outcome.expect_err(name);
    // Without a mark and without a size nothing says where the data end.
    let expected = if name.starts_with("bad-unknown") {
        ("truncated_input", Some(31))
    } else {
        ("corrupt_data", Some(13))
    };
    assert_eq!((error.code(), offset(&error)), expected, "{name}");
}
