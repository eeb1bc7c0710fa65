//! One command a line: `NAME ARGUMENT…`; one answer a line: `{"ns":…,"result":"…"}`.
use std::fs::File;
use std::io::{BufRead, Write};
use std::os::unix::fs::FileExt;
use std::sync::mpsc;
use std::time::Instant;

/// CPU time of this thread: what else runs on the machine does not count.
fn thread_cpu_ns() -> u128 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the pointer is to a local.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    t.tv_sec as u128 * 1_000_000_000 + t.tv_nsec as u128
}

struct Checksum(u64);
impl Checksum {
    fn new() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }
    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x0000_0100_0000_01b3);
    }
    fn hex(&self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Sizes of the pieces: one number cuts evenly, `LOW-HIGH` takes lengths from a fixed sequence (the same on both sides of a comparison).
fn pieces(total: usize, spec: &str) -> Vec<(usize, usize)> {
    let (low, high): (usize, usize) = match spec.split_once('-') {
        Some((a, b)) => (a.parse().unwrap(), b.parse().unwrap()),
        None => (spec.parse().unwrap(), spec.parse().unwrap()),
    };
    let (mut at, mut state, mut all) = (0, 1u32, vec![]);
    while at < total {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let n = (low + (state >> 8) as usize % (high - low + 1)).min(total - at);
        all.push((at, n));
        at += n;
    }
    all
}

fn cuts(data: &[u8], min: usize, avg: usize, max: usize) -> String {
    let (mut sum, mut count) = (Checksum::new(), 0u32);
    for chunk in fastcdc::v2020::FastCDC::new(data, min, avg, max) {
        sum.add(chunk.length as u64);
        count += 1;
    }
    format!("{count}:{}", sum.hex())
}

fn hashes(data: &[u8], pieces: &[(usize, usize)]) -> String {
    let mut sum = Checksum::new();
    for &(at, n) in pieces {
        let digest = blake3::hash(&data[at..at + n]);
        sum.add(u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap()));
    }
    sum.hex()
}

/// libzstd with one context that is kept, output into a buffer that is kept.
fn compress(data: &[u8], pieces: &[(usize, usize)], level: i32, fresh: bool) -> (u128, String, Vec<Vec<u8>>) {
    let longest = pieces.iter().map(|p| p.1).max().unwrap_or(0);
    let mut out = vec![0u8; zstd::zstd_safe::compress_bound(longest)];
    let mut kept = zstd::bulk::Compressor::new(level).unwrap();
    let mut all = Vec::with_capacity(pieces.len());
    let mut ns = 0;
    for &(at, n) in pieces {
        let began = thread_cpu_ns();
        let size = if fresh {
            zstd::bulk::Compressor::new(level).unwrap().compress_to_buffer(&data[at..at + n], &mut out[..]).unwrap()
        } else {
            kept.compress_to_buffer(&data[at..at + n], &mut out[..]).unwrap()
        };
        ns += thread_cpu_ns() - began;
        all.push(out[..size].to_vec());
    }
    let total: usize = all.iter().map(Vec::len).sum();
    (ns, total.to_string(), all)
}

fn decompress(frames: &[Vec<u8>], pieces: &[(usize, usize)], fresh: bool) -> (u128, String) {
    let longest = pieces.iter().map(|p| p.1).max().unwrap_or(0);
    let mut out = vec![0u8; longest];
    let mut kept = zstd::bulk::Decompressor::new().unwrap();
    let began = thread_cpu_ns();
    let mut total = 0;
    for frame in frames {
        total += if fresh {
            zstd::bulk::Decompressor::new().unwrap().decompress_to_buffer(frame, &mut out[..]).unwrap()
        } else {
            kept.decompress_to_buffer(frame, &mut out[..]).unwrap()
        };
    }
    (thread_cpu_ns() - began, total.to_string())
}

/// liblzma at a preset, a stream per piece: the crate keeps no context.
fn xz_compress(data: &[u8], pieces: &[(usize, usize)], level: u32) -> Vec<Vec<u8>> {
    let compress = |&(at, n): &(usize, usize)| {
        let mut stream = liblzma::stream::Stream::new_easy_encoder(level, liblzma::stream::Check::Crc64).unwrap();
        let mut out = Vec::with_capacity(n + n / 2 + 1024);
        stream.process_vec(&data[at..at + n], &mut out, liblzma::stream::Action::Finish).unwrap();
        out
    };
    pieces.iter().map(compress).collect()
}

fn xz_decompress(streams: &[Vec<u8>], pieces: &[(usize, usize)]) -> String {
    let mut total = 0;
    for (one, &(_, n)) in streams.iter().zip(pieces) {
        let mut stream = liblzma::stream::Stream::new_stream_decoder(1 << 30, 0).unwrap();
        let mut out = Vec::with_capacity(n);
        stream.process_vec(one, &mut out, liblzma::stream::Action::Finish).unwrap();
        total += out.len();
    }
    total.to_string()
}

fn read(file: &File, total: usize, slice: usize) -> String {
    let mut buffer = vec![0u8; slice];
    let mut at = 0;
    while at < total {
        at += file.read_at(&mut buffer, at as u64).unwrap().max(1);
    }
    at.to_string()
}

/// Two threads: one reads windows, one cuts them; the tail of a window is carried to the head of the next.
fn read_and_cut(file: &File, total: usize, min: usize, avg: usize, max: usize) -> String {
    let window = (8 << 20).max(4 * max);
    let (full, to_cut) = mpsc::sync_channel::<(Vec<u8>, usize)>(2);
    let (empty, to_fill) = mpsc::sync_channel::<Vec<u8>>(4);
    for _ in 0..3 {
        empty.send(vec![0u8; window + max]).unwrap();
    }
    let (mut sum, mut count) = (Checksum::new(), 0u32);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut at = 0;
            while at < total {
                let mut buffer = to_fill.recv().unwrap();
                let n = file.read_at(&mut buffer[max..max + window], at as u64).unwrap();
                at += n;
                full.send((buffer, n)).unwrap();
            }
        });
        let (mask_s, mask_l) = fastcdc::v2020::select_masks(avg, fastcdc::v2020::Normalization::Level1);
        let (mut tail, mut at) = (Vec::<u8>::new(), 0);
        while let Ok((mut buffer, n)) = to_cut.recv() {
            let mut start = max - tail.len();
            buffer[start..max].copy_from_slice(&tail);
            at += n;
            let end = max + n;
            while end - start >= max || (at >= total && start < end) {
                let (_, length) = fastcdc::v2020::cut(&buffer[start..end], min, avg, max, mask_s, mask_l, mask_s << 1, mask_l << 1);
                sum.add(length as u64);
                count += 1;
                start += length;
            }
            tail.clear();
            tail.extend_from_slice(&buffer[start..end]);
            let _ = empty.try_send(buffer);
        }
    });
    format!("{count}:{}", sum.hex())
}

pub fn serve(path: &str) {
    let file = File::open(path).unwrap();
    let data = std::fs::read(path).unwrap();
    let mut frames: (String, Vec<Vec<u8>>) = Default::default();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |i: usize| words[i].parse::<usize>().unwrap();
        let cpu = thread_cpu_ns();
        let wall = Instant::now();
        let (ns, result) = match words[0] {
            "cut" => {
                let result = cuts(&data, number(1), number(2), number(3));
                (thread_cpu_ns() - cpu, result)
            }
            "blake3" => {
                let p = pieces(data.len(), words[1]);
                let cpu = thread_cpu_ns();
                let result = hashes(&data, &p);
                (thread_cpu_ns() - cpu, result)
            }
            "compress" | "compress-fresh" => {
                let (ns, result, _) = compress(&data, &pieces(data.len(), words[2]), words[1].parse().unwrap(), words[0] != "compress");
                (ns, result)
            }
            "decompress" | "decompress-fresh" => {
                let p = pieces(data.len(), words[2]);
                let key = format!("{} {}", words[1], words[2]);
                if frames.0 != key {
                    frames = (key, compress(&data, &p, words[1].parse().unwrap(), false).2);
                }
                decompress(&frames.1, &p, words[0] != "decompress")
            }
            "xz-compress" => {
                let p = pieces(number(3).min(data.len()), words[2]);
                let cpu = thread_cpu_ns();
                let all = xz_compress(&data, &p, number(1) as u32);
                (thread_cpu_ns() - cpu, all.len().to_string())
            }
            "xz-decompress" => {
                let p = pieces(number(3).min(data.len()), words[2]);
                let key = words.join(" ");
                if frames.0 != key {
                    frames = (key, xz_compress(&data, &p, number(1) as u32));
                }
                let cpu = thread_cpu_ns();
                let result = xz_decompress(&frames.1, &p);
                (thread_cpu_ns() - cpu, result)
            }
            "read" => {
                let result = read(&file, data.len(), number(1));
                (wall.elapsed().as_nanos(), result)
            }
            "read-cut" => {
                let result = read_and_cut(&file, data.len(), number(1), number(2), number(3));
                (wall.elapsed().as_nanos(), result)
            }
            other => panic!("unknown command {other}"),
        };
        println!("{{\"ns\":{ns},\"result\":\"{result}\"}}");
        std::io::stdout().flush().unwrap();
    }
}
