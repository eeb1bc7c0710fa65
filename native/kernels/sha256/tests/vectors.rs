//! CAVP's vectors, our golden cases made with sha256sum, and the reference over every length where padding changes.
//!
//! CAVP's lie in `$CHUNKER_VECTORS`, default `../shared/vectors` from the project's root. Absent: a named skip; in CI a failure.

use chunker_sha256::{hash, hash_many, reference, Error, Hasher};
use std::cell::Cell;
use std::path::PathBuf;

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn agrees(data: &[u8], wanted: &[u8]) {
    let go_on = || false;
    assert_eq!(hash(data, &go_on).unwrap(), *wanted, "one-shot, {} bytes", data.len());
    let mut many = vec![0; 96];
    hash_many(3, |_| data, &mut many, &go_on).unwrap();
    assert_eq!(many, wanted.repeat(3), "batch, {} bytes", data.len());
    let mut hasher = Hasher::new();
    for piece in data.chunks(data.len() / 7 + 1) {
        hasher.clone().update(b"another way", &go_on).unwrap();
        hasher.update(piece, &go_on).unwrap();
        hasher.digest();
    }
    assert_eq!(hasher.digest(), *wanted, "incremental, {} bytes", data.len());
}

#[test]
fn cavp_vectors() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folder =
        std::env::var_os("CHUNKER_VECTORS").map_or(root.join("../shared/vectors"), |set| root.join(set));
    for (name, count) in [("SHA256ShortMsg.rsp", 65), ("SHA256LongMsg.rsp", 64)] {
        let file = folder.join("sha256").join(name);
        let Ok(text) = std::fs::read_to_string(&file) else {
            assert!(std::env::var("CI").is_err(), "CHUNKER_VECTORS: nothing at {}", file.display());
            eprintln!("skipped: CHUNKER_VECTORS: nothing at {}", file.display());
            return;
        };
        let field = |name: &str| -> Vec<String> {
            text.lines()
                .filter_map(|line| line.strip_prefix(name))
                .map(|value| value.trim().to_owned())
                .collect()
        };
        let (bits, messages, digests) = (field("Len = "), field("Msg = "), field("MD = "));
        assert_eq!((bits.len(), messages.len(), digests.len()), (count, count, count), "{name}");
        for ((bits, message), digest) in bits.iter().zip(&messages).zip(&digests) {
            let data = &unhex(message)[..bits.parse::<usize>().unwrap() / 8];
            assert_eq!(reference::hash(data)[..], unhex(digest));
            agrees(data, &unhex(digest));
        }
    }
}

#[test]
fn golden_vectors() {
    let text = include_str!("../../../../vectors/sha256/golden.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let length = case["inputLength"].as_u64().unwrap() as usize;
        let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        agrees(&data, &unhex(case["hash"].as_str().unwrap()));
    }
}

#[test]
fn every_length_to_300() {
    let data: Vec<u8> = (0..300u32).map(|i| ((i * i) >> 3) as u8).collect();
    for length in 0..=data.len() {
        agrees(&data[..length], &reference::hash(&data[..length]));
    }
}

#[test]
fn a_caller_that_wishes_to_stop_is_heard() {
    let data = vec![0; 5 << 20];
    let asked = Cell::new(0);
    let third = || {
        asked.set(asked.get() + 1);
        asked.get() == 3
    };
    assert_eq!(hash(&data, &third), Err(Error::Aborted));
    assert_eq!(asked.get(), 3);
    let mut out = vec![0; 64];
    assert_eq!(hash_many(2, |_| &data[..], &mut out, &|| true), Err(Error::Aborted));
    assert_eq!(hash_many(1, |_| &data[..], &mut out, &|| false), Err(Error::OutputTooSmall));
}
