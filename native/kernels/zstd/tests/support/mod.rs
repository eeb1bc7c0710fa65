//! What the tests of this crate share: sample data, the doors to decode by, the places of vectors and of the `zstd` command.
#![allow(dead_code)] // each test file is a crate of its own and uses a part

use chunker_zstd::*;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

pub const GO_ON: &dyn Host = &|| false;

/// xorshift64*: reproducible, no dependency.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Text-like data: words of a small vocabulary, some noise.
pub fn sample(length: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed | 1);
    let mut data = Vec::with_capacity(length + 16);
    while data.len() < length {
        match random.below(20) {
            0 => data.extend_from_slice(&random.next().to_le_bytes()),
            1 => data.extend(std::iter::repeat_n(b'-', random.below(40))),
            _ => data.extend_from_slice(format!("word{:03} ", random.below(300)).as_bytes()),
        }
    }
    data.truncate(length);
    data
}

pub fn compress(data: &[u8], options: &CompressOptions) -> Vec<u8> {
    Compressor::new().unwrap().compress(data, options, None, GO_ON).unwrap()
}

pub fn decompress(
    data: &[u8],
    limits: &DecodeLimits,
    dictionary: Option<&Arc<Dictionary>>,
) -> Result<Vec<u8>> {
    Decompressor::new().unwrap().decompress(data, limits, dictionary, GO_ON)
}

/// Decodes through the push form, input and output in pieces of the sizes that the closures give. What was given out comes back also with an error.
pub fn decompress_pushed(
    data: &[u8],
    limits: &DecodeLimits,
    dictionary: Option<&Arc<Dictionary>>,
    mut input_piece: impl FnMut() -> usize,
    mut output_piece: impl FnMut() -> usize,
) -> (Vec<u8>, Result<()>) {
    let mut stream = DecompressStream::new(Decompressor::new().unwrap(), limits, dictionary).unwrap();
    let mut plain = Vec::new();
    let mut rest = data;
    let mut idle = 0;
    let mut memory = Vec::new();
    let mut full = false;
    while !rest.is_empty() || full {
        let piece = &rest[..input_piece().min(rest.len())];
        let room = output_piece();
        memory.resize(memory.len().max(room), 0xA5);
        let place = &mut memory[..room];
        let mut progress = Progress::default();
        let outcome = stream.push(piece, place, GO_ON, &mut progress);
        plain.extend_from_slice(&place[..progress.written]);
        if let Err(error) = outcome {
            assert_eq!(stream.push(b"", &mut [], GO_ON, &mut progress), Err(Error::AlreadyFinished));
            return (plain, Err(error));
        }
        assert!(progress.read == piece.len() || progress.written == place.len(), "stopped without reason");
        idle = if progress.read + progress.written == 0 { idle + 1 } else { 0 };
        assert!(idle < 64, "no progress");
        rest = &rest[progress.read..];
        full = progress.written == room;
    }
    let outcome = stream.finish();
    (plain, outcome)
}

/// None, said aloud: the shared vectors are not here. In CI that is a failure.
pub fn vectors() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/vectors");
    let folder = PathBuf::from(std::env::var("CHUNKER_VECTORS").unwrap_or_else(|_| default.into()));
    if folder.join("zstd/vectors.json").is_file() {
        return Some(folder.join("zstd"));
    }
    missing(&format!("shared vectors at {} (CHUNKER_VECTORS)", folder.display()));
    None
}

/// Whether the `zstd` command is here. In CI its absence is a failure.
pub fn has_cli() -> bool {
    let here = Command::new("zstd")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !here {
        missing("the zstd command");
    }
    here
}

fn missing(what: &str) {
    assert!(std::env::var("CI").map_or(true, |ci| ci != "true"), "CI needs {what}");
    eprintln!("skipped: no {what}");
}

/// Runs `zstd` with the arguments, stdin to stdout. None: it refused.
pub fn cli(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    use std::io::Write;
    let mut child = Command::new("zstd")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    });
    output.status.success().then_some(output.stdout)
}
