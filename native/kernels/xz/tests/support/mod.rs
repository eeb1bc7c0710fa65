//! What the tests of this crate share.
#![allow(dead_code)] // each test binary uses some of it

use chunker_xz::*;
use std::path::PathBuf;

/// Nobody stops anything, one thread.
pub fn never() -> bool {
    false
}

/// Threads of the standard library, for tests alone.
pub struct Threads(pub usize);

impl Host for Threads {
    fn should_stop(&self) -> bool {
        false
    }

    fn threads(&self) -> usize {
        self.0
    }

    fn each(&self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        let next = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..self.0 {
                scope.spawn(|| loop {
                    let i = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if i >= n {
                        break;
                    }
                    body(i);
                });
            }
        });
    }
}

pub fn compress(input: &[u8], options: &CompressOptions) -> Vec<u8> {
    Compressor::new().compress(input, options, &never).expect("compress")
}

pub fn decompress(input: &[u8], format: Format) -> Result<Vec<u8>> {
    decompress_with(input, format, &DecodeLimits::default())
}

pub fn decompress_with(input: &[u8], format: Format, limits: &DecodeLimits) -> Result<Vec<u8>> {
    Decompressor::new().decompress(input, format, limits, &never)
}

/// What a stream gives before its end or error, with inputs and outputs of the sizes that `sizes` gives in turn.
pub fn stream(
    input: &[u8],
    format: Format,
    limits: &DecodeLimits,
    mut sizes: impl FnMut() -> usize,
) -> (Vec<u8>, Result<()>) {
    let mut stream = DecompressStream::new(Decompressor::new(), format, limits).expect("a stream");
    let (mut output, mut read) = (Vec::new(), 0);
    while read < input.len() || stream.holds_output() {
        let until = input.len().min(read + sizes());
        match stream.push_some(&input[read..until], &mut output, sizes(), &never) {
            Ok(taken) => read += taken,
            Err(error) => return (output, Err(error)),
        }
    }
    let end = stream.finish_to(&mut output, &never);
    (output, end)
}

/// A small generator, so that every run sees the same data.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// Text-like data of a small vocabulary with some noise.
pub fn sample(length: usize, seed: u64) -> Vec<u8> {
    let mut random = Random(seed * 2 + 0x9e37_79b9_7f4a_7c15);
    let mut data = Vec::with_capacity(length + 16);
    while data.len() < length {
        if random.below(20) == 0 {
            data.extend_from_slice(&random.next().to_le_bytes());
        } else {
            data.extend_from_slice(format!("word{} ", random.below(300)).as_bytes());
        }
    }
    data.truncate(length);
    data
}

/// The folder of vectors of other implementations. Its absence is a failure in CI and a named skip elsewhere.
pub fn vectors() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let folder = std::env::var_os("CHUNKER_VECTORS")
        .map_or(root.join("../shared/vectors"), |it| root.join(it))
        .join("xz");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "CHUNKER_VECTORS: nothing at {}", folder.display());
    eprintln!("skipped: CHUNKER_VECTORS, nothing at {}", folder.display());
    None
}
