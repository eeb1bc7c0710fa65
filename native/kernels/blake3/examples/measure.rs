//! Against the official crate on one thread: outputs compared first, then thread CPU time, interleaved, medians.
//!
//!     cargo run --release -p chunker-blake3 --example measure [WORD]
//!
//! With a word: the lines whose name holds it.

use chunker_blake3::{hash, hash_many, Alone, Hasher, Host, Settings};

/// Splits work as for many threads and does it on one: what the splitting costs, whatever else the machine does.
struct Split;

impl Host for Split {
    fn is_parallel(&self) -> bool {
        true
    }
}

/// The thread's own clock: neighbours on the same processor do not count.
#[cfg(unix)]
fn cpu_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours, which the call fills in.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(not(unix))]
fn cpu_seconds() -> f64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |time| time.as_secs_f64())
}

fn race(name: &str, bytes: usize, target: f64, mut theirs: impl FnMut(), mut ours: impl FnMut()) {
    if std::env::args().nth(1).is_some_and(|word| !name.contains(&word)) {
        return;
    }
    let repeat = (32 << 20) / bytes.max(1) + 1;
    let time = |run: &mut dyn FnMut()| {
        let start = cpu_seconds();
        (0..repeat).for_each(|_| run());
        (cpu_seconds() - start) / repeat as f64
    };
    let (mut a, mut b, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..11 {
        a.push(time(&mut theirs));
        b.push(time(&mut ours));
        ratios.push(a[a.len() - 1] / b[b.len() - 1]);
    }
    for list in [&mut a, &mut b, &mut ratios] {
        list.sort_by(f64::total_cmp);
    }
    let speed = |seconds: f64| bytes as f64 / seconds / 1e9;
    let verdict = if ratios[5] >= target { "reached" } else { "MISSED" };
    println!(
        "{name:<34} crate {:6.2} GB/s   kernel {:6.2} GB/s   ratio {:5.2} (target {target}) {verdict}",
        speed(a[5]),
        speed(b[5]),
        ratios[5]
    );
}

fn batch(name: &str, data: &[u8], lengths: &[usize], target: f64) {
    let mut offset = 0;
    let messages: Vec<&[u8]> = lengths
        .iter()
        .map(|length| {
            offset += length;
            &data[offset - length..offset]
        })
        .collect();
    let settings = Settings::default();
    let (mut ours, mut theirs) = (vec![0; 32 * lengths.len()], vec![0; 32 * lengths.len()]);
    let one_by_one = |out: &mut [u8]| {
        for (message, out) in messages.iter().zip(out.chunks_exact_mut(32)) {
            out.copy_from_slice(blake3::hash(message).as_bytes());
        }
    };
    let together =
        |out: &mut [u8]| hash_many(messages.len(), |i| messages[i], &settings, out, &Alone).unwrap();
    one_by_one(&mut theirs);
    together(&mut ours);
    assert_eq!(ours, theirs, "{name}");
    race(name, offset, target, || one_by_one(&mut theirs), || together(&mut ours));
}

fn main() {
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let data: Vec<u8> = (0..16 << 20).map(|_| random() as u8).collect();
    let settings = Settings::default();
    for (name, length) in [
        ("64 bytes", 64),
        ("1 KiB", 1 << 10),
        ("32 KiB", 32 << 10),
        ("64 KiB", 64 << 10),
        ("1 MiB", 1 << 20),
        ("16 MiB", 16 << 20),
    ] {
        let data = &data[..length];
        let mut out = [0; 32];
        hash(data, &settings, &mut out, &Alone).unwrap();
        assert_eq!(out, *blake3::hash(data).as_bytes());
        race(
            &format!("one message, {name}"),
            length,
            if length < 1 << 10 { 0.7 } else { 0.95 },
            || _ = std::hint::black_box(blake3::hash(data)),
            || hash(data, &settings, &mut out, &Alone).unwrap(),
        );
    }
    // From memory: more than the caches hold, each piece a message.
    let much: Vec<u8> = (0..128 << 20).map(|at: u32| (at.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
    for (name, size) in
        [("32 KiB", 32 << 10), ("64 KiB", 64 << 10), ("300 000 bytes", 300_000), ("1 MiB", 1 << 20)]
    {
        race(
            &format!("from memory, pieces of {name}"),
            much.len(),
            0.95,
            || much.chunks(size).for_each(|piece| _ = std::hint::black_box(blake3::hash(piece))),
            || much.chunks(size).for_each(|piece| hash(piece, &settings, &mut [0; 32], &Alone).unwrap()),
        );
    }
    drop(much);
    race(
        "one message, 16 MiB, split",
        data.len(),
        0.95,
        || _ = std::hint::black_box(blake3::hash(&data)),
        || hash(&data, &settings, &mut [0; 32], &Split).unwrap(),
    );
    race(
        "one window of 4 MiB, split",
        4 << 20,
        0.95,
        || _ = std::hint::black_box(blake3::hash(&data[..4 << 20])),
        || hash(&data[..4 << 20], &settings, &mut [0; 32], &Split).unwrap(),
    );
    race(
        "incremental, windows of 4 MiB",
        data.len(),
        0.95,
        || {
            let mut hasher = blake3::Hasher::new();
            data.chunks(4 << 20).for_each(|window| _ = hasher.update(window));
            std::hint::black_box(hasher.finalize());
        },
        || {
            let mut hasher = Hasher::new(chunker_blake3::Mode::Hash);
            data.chunks(4 << 20).for_each(|window| hasher.update(window));
            let mut out = [0; 32];
            hasher.digest_into(&mut out);
            std::hint::black_box(out);
        },
    );
    let draw = |count: usize, random: &mut dyn FnMut() -> usize| -> Vec<usize> {
        (0..count).map(|_| 100 + random() % 3901).collect()
    };
    batch("batch of 1000 x 64 bytes", &data, &[64; 1000], 1.0);
    batch("batch of 1000 x 1 KiB", &data, &[1024; 1000], 5.0);
    batch("batch of 16 x 1 KiB", &data, &[1024; 16], 4.0);
    batch("batch of 1000 x 100..4000 bytes", &data, &draw(1000, &mut random), 3.0);
    batch("batch of 64 x 100..4000 bytes", &data, &draw(64, &mut random), 2.0);
    for kib in [4, 6, 8, 10, 12, 16] {
        batch(&format!("batch of 500 x {kib} KiB"), &data, &vec![kib << 10; 500], 1.0);
    }
}
