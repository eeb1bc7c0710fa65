//! Thread CPU time against plain libzstd: with reused contexts, and with a context per call. Outputs are compared first; rounds interleave; medians.
//!
//! `cargo run --release -p chunker-zstd --example measure [FILE]`

use chunker_zstd::{compress_bound, CompressOptions, Compressor, DecodeLimits, Decompressor};
use std::hint::black_box;

const ROUNDS: usize = 9;

fn thread_ns() -> u64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: a live structure of the layout that 64-bit Linux uses; clock 3 is the thread's CPU time.
    unsafe { clock_gettime(3, &mut time) };
    (time.seconds * 1_000_000_000 + time.nanoseconds) as u64
}

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Interleaved medians of the contenders, in nanoseconds.
fn race(contenders: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let start = thread_ns();
            contender();
            times.push(thread_ns() - start);
        }
    }
    times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[ROUNDS / 2] as f64
        })
        .collect()
}

struct Plain {
    encoder: *mut zstd_sys::ZSTD_CCtx,
    decoder: *mut zstd_sys::ZSTD_DCtx,
}

impl Plain {
    fn new() -> Self {
        // SAFETY: no arguments; never freed, the process is short.
        unsafe { Plain { encoder: zstd_sys::ZSTD_createCCtx(), decoder: zstd_sys::ZSTD_createDCtx() } }
    }

    fn compress(&self, data: &[u8], out: &mut [u8], level: i32) -> usize {
        // SAFETY: live context and slices.
        unsafe {
            zstd_sys::ZSTD_compressCCtx(
                self.encoder,
                out.as_mut_ptr().cast(),
                out.len(),
                data.as_ptr().cast(),
                data.len(),
                level,
            )
        }
    }

    fn decompress(&self, data: &[u8], out: &mut [u8]) -> usize {
        // SAFETY: live context and slices.
        unsafe {
            zstd_sys::ZSTD_decompressDCtx(
                self.decoder,
                out.as_mut_ptr().cast(),
                out.len(),
                data.as_ptr().cast(),
                data.len(),
            )
        }
    }
}

fn fresh_compress(data: &[u8], out: &mut [u8], level: i32) -> usize {
    // SAFETY: live slices.
    unsafe {
        zstd_sys::ZSTD_compress(out.as_mut_ptr().cast(), out.len(), data.as_ptr().cast(), data.len(), level)
    }
}

fn fresh_decompress(data: &[u8], out: &mut [u8]) -> usize {
    // SAFETY: live slices.
    unsafe { zstd_sys::ZSTD_decompress(out.as_mut_ptr().cast(), out.len(), data.as_ptr().cast(), data.len()) }
}

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| "/usr/bin/node".into());
    let data = std::fs::read(&path).expect("a file to measure with");
    let (plain, limits) = (Plain::new(), DecodeLimits::default());
    let (mut compressor, mut decompressor) = (Compressor::new().unwrap(), Decompressor::new().unwrap());
    let go_on = &|| false;
    println!(
        "{:>6} {:>8} {:>9} {:>9} {:>9} | {:>9} {:>9} {:>9}",
        "level", "piece", "comp ns/B", "/ libzstd", "/ fresh", "dec ns/B", "/ libzstd", "/ fresh"
    );
    for level in [-7, -5, -3, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22] {
        for piece in
            if [1, 3, 9, 19].contains(&level) { &[4 << 10, 16 << 10, 1 << 20][..] } else { &[1 << 20] }
        {
            let piece = *piece;
            let total = (if level > 9 { 1 << 20 } else { 4 << 20 }).max(piece).min(data.len());
            let pieces: Vec<&[u8]> =
                data[data.len() / 2 - total / 2..][..total].chunks_exact(piece).collect();
            let options = CompressOptions { level, ..Default::default() };
            let mut out = vec![0u8; compress_bound(piece).unwrap()];
            let mut back = vec![0u8; piece];
            let frames: Vec<Vec<u8>> = pieces
                .iter()
                .map(|piece| compressor.compress(piece, &options, None, go_on).unwrap())
                .collect();
            for (piece, frame) in pieces.iter().zip(&frames) {
                let written = plain.compress(piece, &mut out, level);
                // Slow levels look up between blocks, and so cut blocks by themselves.
                let by_steps = piece.len() > 128 << 10 && level > 9;
                assert!(by_steps || out[..written] == frame[..], "the same bytes as libzstd");
                assert!(
                    frame.len() <= written + written / 50,
                    "nearly as small as libzstd's: {} {}",
                    frame.len(),
                    written
                );
                assert_eq!(
                    decompressor.decompress_into(frame, &limits, None, go_on, &mut back),
                    Ok(piece.len())
                );
                assert!(back == *piece);
            }
            let (mut out2, mut out3) = (out.clone(), out.clone());
            let times = race(&mut [
                &mut || {
                    pieces.iter().for_each(|piece| {
                        black_box(compressor.compress_into(piece, &options, None, go_on, &mut out).unwrap());
                    })
                },
                &mut || {
                    pieces.iter().for_each(|piece| {
                        black_box(plain.compress(piece, &mut out2, level));
                    })
                },
                &mut || {
                    pieces.iter().for_each(|piece| {
                        black_box(fresh_compress(piece, &mut out3, level));
                    })
                },
            ]);
            let (mut back2, mut back3) = (back.clone(), back.clone());
            let decoded = race(&mut [
                &mut || {
                    frames.iter().for_each(|frame| {
                        black_box(
                            decompressor.decompress_into(frame, &limits, None, go_on, &mut back).unwrap(),
                        );
                    })
                },
                &mut || {
                    frames.iter().for_each(|frame| {
                        black_box(plain.decompress(frame, &mut back2));
                    })
                },
                &mut || {
                    frames.iter().for_each(|frame| {
                        black_box(fresh_decompress(frame, &mut back3));
                    })
                },
            ]);
            let bytes = (pieces.len() * piece) as f64;
            println!(
                "{level:>6} {piece:>8} {:>9.2} {:>9.3} {:>9.2} | {:>9.2} {:>9.3} {:>9.2}",
                times[0] / bytes,
                times[1] / times[0],
                times[2] / times[0],
                decoded[0] / bytes,
                decoded[1] / decoded[0],
                decoded[2] / decoded[0],
            );
        }
    }
}
