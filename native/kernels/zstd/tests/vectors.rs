//! The shared vectors: files of other implementations with known outcomes, by every door.
mod support;

use chunker_zstd::frame::{read_header, Header, Reading};
use chunker_zstd::*;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use support::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn read(folder: &Path, case: &Value) -> Vec<u8> {
    let name = case["file"].as_str().unwrap();
    let bytes = std::fs::read(folder.join(name)).unwrap();
    assert_eq!(sha256(&bytes), case["sha256"].as_str().unwrap(), "{name} is not the listed file");
    bytes
}

fn cases(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("vectors.json")).unwrap()).unwrap()
}

/// The same decision by one call, into a buffer, and pushed byte by byte.
fn by_every_door(data: &[u8], dictionary: Option<&Arc<Dictionary>>) -> Result<Vec<u8>> {
    let limits = DecodeLimits::default();
    let whole = decompress(data, &limits, dictionary);
    let (pushed, outcome) = decompress_pushed(data, &limits, dictionary, || 1, || 1 << 17);
    assert_eq!(whole.as_ref().err(), outcome.as_ref().err());
    if let Ok(plain) = &whole {
        assert_eq!(*plain, pushed);
        let mut exact = vec![0; plain.len()];
        let written =
            Decompressor::new().unwrap().decompress_into(data, &limits, dictionary, GO_ON, &mut exact);
        assert_eq!((written, &exact), (Ok(plain.len()), plain));
    }
    whole
}

#[test]
fn accepted_and_refused_files() {
    let Some(folder) = vectors() else { return };
    let mut seen = (0, 0);
    for case in cases(&folder)["cases"].as_array().unwrap() {
        let data = read(&folder, case);
        let name = case["file"].as_str().unwrap();
        let dictionary = case["dictionary"]
            .as_str()
            .map(|name| Arc::new(Dictionary::new(&std::fs::read(folder.join(name)).unwrap()).unwrap()));
        match case["expect"].as_str().unwrap() {
            "accept" => {
                let plain = by_every_door(&data, dictionary.as_ref())
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(plain.len() as u64, case["plain"]["bytes"].as_u64().unwrap(), "{name}");
                assert_eq!(sha256(&plain), case["plain"]["sha256"].as_str().unwrap(), "{name}");
                if let Some(dictionary) = dictionary {
                    assert_eq!(
                        by_every_door(&data, None),
                        Err(Error::DictionaryMissing { id: dictionary.id() }),
                        "{name}"
                    );
                }
                seen.0 += 1;
            }
            "refuse" => {
                assert!(by_every_door(&data, None).is_err(), "{name}");
                seen.1 += 1;
            }
            _ => {}
        }
    }
    assert_eq!(seen, (38, 20));
}

#[test]
fn windows_at_the_limit_and_one_byte_below() {
    let Some(folder) = vectors() else { return };
    let mut seen = 0;
    for case in cases(&folder)["cases"].as_array().unwrap() {
        let Some(window) = case["windowBytes"].as_u64() else { continue };
        let data = read(&folder, case);
        let at = DecodeLimits { max_memory_bytes: window, ..Default::default() };
        let below = DecodeLimits { max_memory_bytes: window - 1, ..Default::default() };
        assert!(decompress(&data, &at, None).is_ok());
        let refused = Error::MemoryLimitExceeded { limit: window - 1, needed: window };
        assert_eq!(decompress(&data, &below, None), Err(refused.clone()));
        assert_eq!(decompress_pushed(&data, &below, None, || 1, || 64).1, Err(refused));
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn round_trips_at_every_level() {
    let Some(folder) = vectors() else { return };
    let dictionary_bytes =
        std::fs::read(folder.join("golden-dictionaries/http-dict-missing-symbols")).unwrap();
    let dictionary = Arc::new(Dictionary::new(&dictionary_bytes).unwrap());
    assert_eq!(dictionary.id(), 1386686301);
    let mut compressor = Compressor::new().unwrap();
    let mut seen = 0;
    for case in
        cases(&folder)["cases"].as_array().unwrap().iter().filter(|case| case["expect"] == "round-trip")
    {
        let data = read(&folder, case);
        let levels = (LEVELS.0..=LEVELS.1).map(|level| CompressOptions { level, ..Default::default() });
        let special = [
            CompressOptions { level: 3, target_block_bytes: Some(1340), ..Default::default() },
            CompressOptions { level: 19, min_match: Some(7), ..Default::default() },
            CompressOptions {
                level: 12,
                checksum: true,
                long_distance: true,
                content_size: false,
                ..Default::default()
            },
        ];
        for options in levels.chain(special) {
            for dictionary in [None, Some(&dictionary)] {
                let frame = compressor.compress(&data, &options, dictionary, GO_ON).unwrap();
                assert_eq!(by_every_door(&frame, dictionary).unwrap(), data, "{options:?}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn frames_with_a_dictionary_of_another_implementation() {
    let Some(folder) = vectors() else { return };
    let dictionary =
        Arc::new(Dictionary::new(&std::fs::read(folder.join("dict/systemd-units.dict")).unwrap()).unwrap());
    assert_eq!(dictionary.id(), 618557512);
    let lines = std::fs::read_to_string(folder.join("dict/systemd-units.jsonl")).unwrap();
    for line in lines.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let frame = base64(case["zst"].as_str().unwrap());
        let plain = by_every_door(&frame, Some(&dictionary)).unwrap();
        assert_eq!(plain, case["plain"].as_str().unwrap().as_bytes());
        assert_eq!(by_every_door(&frame, None).unwrap_err().code(), "dictionary_missing");
    }
    assert_eq!(lines.lines().count(), 133);
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0u32, 0, Vec::new());
    for byte in text.bytes().filter(|&byte| byte != b'=') {
        bits = bits << 6 | alphabet.iter().position(|&letter| letter == byte).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[test]
fn headers() {
    let Some(folder) = vectors() else { return };
    let text = std::fs::read_to_string(folder.join("headers.jsonl")).unwrap();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let digits = case[1].as_str().unwrap();
        let head: Vec<u8> = (0..digits.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect();
        let expected = &case[2];
        match (read_header(&head), expected.as_str()) {
            (Reading::Unknown | Reading::Legacy, Some("unknown_format")) => {}
            (Reading::Reserved, Some("unsupported_frame_parameter")) => {}
            (Reading::Whole(Header::Skippable { nibble, payload_bytes }), None) => {
                assert_eq!(expected["skippable"]["id"], nibble, "{line}");
                assert_eq!(expected["skippable"]["size"], payload_bytes, "{line}");
                assert_eq!(expected["headerSize"], 8);
            }
            (Reading::Whole(Header::Frame(header)), None) => {
                assert_eq!(expected["headerSize"], header.header_bytes, "{line}");
                assert_eq!(expected["windowSize"].is_null(), header.single_segment, "{line}");
                assert!(header.single_segment || expected["windowSize"] == header.window_bytes, "{line}");
                let content = header.content_bytes.map(|bytes| bytes.to_string());
                assert_eq!(expected["contentSize"].as_str(), content.as_deref(), "{line}");
                assert_eq!(expected["dictionaryId"], header.dictionary_id, "{line}");
                assert_eq!(expected["checksum"], header.checksum, "{line}");
            }
            (reading, _) => panic!("{reading:?} for {line}"),
        }
    }
    assert_eq!(text.lines().count(), 2525);
}
