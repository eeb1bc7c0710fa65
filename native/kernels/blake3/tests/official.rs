//! Vectors made by other implementations, through every door of the kernel: the official ones (35 inputs, three modes, 131 bytes
//! of output each), and our golden cases made with b3sum.
//!
//! The official ones lie in `$CHUNKER_VECTORS`, default `../shared/vectors` from the project's root. Absent: a named skip; in CI a
//! failure.

use chunker_blake3::{hash, hash_many, reference, Alone, Hasher, Mode, Settings};
use std::path::PathBuf;

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    std::env::var_os("CHUNKER_VECTORS").map_or(root.join("../shared/vectors"), |set| root.join(set))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn official_vectors() {
    let file = folder().join("blake3/test_vectors.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        assert!(std::env::var("CI").is_err(), "CHUNKER_VECTORS: nothing at {}", file.display());
        eprintln!("skipped: CHUNKER_VECTORS: nothing at {}", file.display());
        return;
    };
    let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(vectors["cases"].as_array().unwrap().len(), 35);
    compare(&vectors, "context_string", "input_len");
}

#[test]
fn golden_vectors() {
    let text = include_str!("../../../../vectors/blake3/golden.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(vectors["cases"].as_array().unwrap().len(), 14);
    compare(&vectors, "context", "inputLength");
}

fn compare(vectors: &serde_json::Value, context_field: &str, length_field: &str) {
    let key: [u8; 32] = vectors["key"].as_str().unwrap().as_bytes().try_into().unwrap();
    let context = vectors[context_field].as_str().unwrap();
    let modes = [
        ("hash", Mode::Hash),
        ("keyed_hash", Mode::Keyed(key)),
        ("derive_key", Mode::derive_key(context)),
        ("derive_key", Mode::DeriveKey(reference::context_key(context))),
    ];
    for case in vectors["cases"].as_array().unwrap() {
        let length = case[length_field].as_u64().unwrap() as usize;
        let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        for (name, mode) in &modes {
            let wanted = unhex(case[*name].as_str().unwrap());
            assert_eq!(wanted.len(), 131);
            agrees(&data, mode, &wanted, &format!("{name} of {length}"));
        }
    }
}

fn agrees(data: &[u8], mode: &Mode, wanted: &[u8], what: &str) {
    let mut out = [0; 131];
    reference::hash(data, mode, &mut out);
    assert_eq!(out[..], *wanted, "reference, {what}");
    for size in [1, 20, 32, 64, 131] {
        let settings = Settings::new(mode.clone(), size).unwrap();
        hash(data, &settings, &mut out[..size], &Alone).unwrap();
        assert_eq!(out[..size], wanted[..size], "one-shot, {what}");
        let mut many = vec![0; size * 5];
        hash_many(5, |_| data, &settings, &mut many, &Alone).unwrap();
        assert_eq!(many, wanted[..size].repeat(5), "batch, {what}");
    }
    let mut hasher = Hasher::new(mode.clone());
    data.chunks(77_777).for_each(|piece| hasher.update(piece));
    hasher.digest_into(&mut out);
    assert_eq!(out[..], *wanted, "incremental, {what}");
}
