//! Everything against the reference, on each machine that this processor has.

use crate::arch::Machine;
use crate::batch::hash_many_on;
use crate::{hash, reference, Alone, Error, Hasher, Host, Mode, Settings, MAX_LENGTH};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes with no period that a block, chunk or lane could hide behind.
pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..length.div_ceil(8)).flat_map(|_| next().to_le_bytes()).take(length).collect()
}

fn modes() -> [Mode; 3] {
    [
        Mode::Hash,
        Mode::Keyed(*b"whats the Elvish word for friend"),
        Mode::derive_key("chunker 2026 test context"),
    ]
}

fn expected(data: &[u8], mode: &Mode, length: usize) -> Vec<u8> {
    let mut digest = vec![0; length];
    reference::hash(data, mode, &mut digest);
    digest
}

/// Two threads, tasks in no order.
struct Two;

impl Host for Two {
    fn is_parallel(&self) -> bool {
        true
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            body(count - 1 - index);
        };
        std::thread::scope(|scope| {
            scope.spawn(work);
            work();
        });
    }
}

/// Wishes to stop after it has been asked some times.
struct Impatient(AtomicUsize, bool);

impl Host for Impatient {
    fn should_stop(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }

    fn is_parallel(&self) -> bool {
        self.1
    }
}

#[test]
fn every_length_to_4200() {
    let data = bytes(4200, 1);
    for length in 0..=data.len() {
        let mode = &modes()[length % 3];
        let mut out = [0; 32];
        hash(&data[..length], &Settings::new(mode.clone(), 32).unwrap(), &mut out, &Alone).unwrap();
        assert_eq!(out[..], expected(&data[..length], mode, 32), "{length} bytes, {mode:?}");
    }
}

#[test]
fn around_powers_of_two_with_and_without_threads() {
    let data = bytes((4 << 20) + 1025, 2);
    for power in 12..=22 {
        for length in [-1025, -1, 0, 1, 1025].map(|step| ((1 << power) + step) as usize) {
            let mode = &modes()[power as usize % 3];
            let settings = Settings::new(mode.clone(), 131).unwrap();
            let expected = expected(&data[..length], mode, 131);
            for host in [&Alone as &dyn Host, &Two] {
                let mut out = [0; 131];
                hash(&data[..length], &settings, &mut out, host).unwrap();
                assert_eq!(out[..], expected, "{length} bytes, parallel: {}", host.is_parallel());
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn trees_in_our_own_lanes_are_the_crates() {
    use crate::{arch::Sixteen, tree};
    use blake3::hazmat::HasherExt;
    let Some(lanes) = Sixteen::detect() else {
        eprintln!("skipped: this processor has no AVX-512");
        return;
    };
    let data = bytes((1 << 20) + 1, 8);
    for mode in modes() {
        // Every number of chunks that leaves another rest at each level, whole and not.
        for chunks in (2..100).chain([127, 128, 129, 511, 513, 1023, 1024]) {
            for length in [chunks * 1024, chunks * 1024 + 1, chunks * 1024 + 1023] {
                let data = &data[..length.min(data.len())];
                for size in [20, 32, 100] {
                    let mut out = vec![0; size];
                    tree::hash(lanes, data, &mode, &mut out);
                    let mut wanted = vec![0; size];
                    mode.hasher().update(data).finalize_xof().fill(&mut wanted);
                    assert_eq!(out, wanted, "{length} bytes, {mode:?}");
                }
            }
        }
        // Numbers of chunks of more than 32 bits, and across that border.
        for size in [32 << 10, 64 << 10, 256 << 10, 1 << 20] {
            for first in [0, size as u64 / 1024, (1 << 32) - 1024, 1 << 32, (1 << 53) - 1024] {
                let mut hasher = mode.hasher();
                hasher.set_input_offset(first * 1024).update(&data[..size]);
                let value = tree::chaining_value(lanes, &data[..size], first, &mode);
                assert_eq!(value, hasher.finalize_non_root(), "{size} bytes from chunk {first}, {mode:?}");
            }
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_digest_of_the_whole() {
    let data = bytes((3 << 20) + 77, 3);
    let sizes = [1, 63, 1024, 65_535, 65_536, 65_537, 131_072, 262_144, 1_000_003, 1 << 20, 3 << 20];
    for mode in modes() {
        for size in sizes.into_iter().filter(|size| *size > 60) {
            for host in [&Alone as &dyn Host, &Two] {
                let mut hasher = Hasher::new(mode.clone());
                let mut taken = 0;
                for piece in data.chunks(size) {
                    hasher.update_with(piece, host).unwrap();
                    taken += piece.len();
                    assert_eq!(hasher.bytes(), taken as u64);
                }
                let mut out = [0; 32];
                hasher.digest_into(&mut out);
                assert_eq!(
                    out[..],
                    *mode.hasher().update(&data).finalize().as_bytes(),
                    "pieces of {size}, {mode:?}"
                );
            }
        }
    }
}

#[test]
fn digests_and_clones_on_the_way_change_nothing() {
    let data = bytes(700_000, 4);
    let mut hasher = Hasher::new(Mode::Hash);
    let (mut taken, mut step) = (0, 1);
    while taken < data.len() {
        let end = data.len().min(taken + step);
        let mut copy = hasher.clone();
        hasher.update(&data[taken..end]);
        copy.update(b"another way");
        let mut out = [0; 32];
        hasher.digest_into(&mut out);
        assert_eq!(out, *blake3::hash(&data[..end]).as_bytes(), "after {end} bytes");
        copy.digest_into(&mut out);
        assert_eq!(
            out,
            *blake3::Hasher::new().update(&data[..taken]).update(b"another way").finalize().as_bytes()
        );
        (taken, step) = (end, step * 3 + 1);
    }
}

#[test]
fn batches_of_every_length_on_every_machine() {
    let data = bytes(13 << 10, 5);
    let mut lengths: Vec<usize> =
        (0..4200).chain([5119, 5120, 5121, 8191, 8192, 8193, 12_287, 12_288, 12_289, 13_000]).collect();
    // Not sorted as the kernel would have it: a fixed stride through the list.
    lengths = (0..lengths.len()).map(|i| lengths[i * 1009 % lengths.len()]).collect();
    let message = |index: usize| &data[data.len() - lengths[index]..];
    for mode in modes() {
        let wanted: Vec<u8> = (0..lengths.len()).flat_map(|i| expected(message(i), &mode, 32)).collect();
        for machine in Machine::all().into_iter().map(Some).chain([None]) {
            for host in [&Alone as &dyn Host, &Two] {
                let mut out = vec![0; lengths.len() * 32];
                let settings = Settings::new(mode.clone(), 32).unwrap();
                hash_many_on(machine, lengths.len(), message, &settings, &mut out, host).unwrap();
                for (index, (got, want)) in out.chunks(32).zip(wanted.chunks(32)).enumerate() {
                    assert_eq!(got, want, "{} bytes, {mode:?}, {machine:?}", lengths[index]);
                }
            }
        }
    }
}

#[test]
fn small_batches_and_other_digest_lengths() {
    let data = bytes(6000, 6);
    for machine in Machine::all().into_iter().map(Some).chain([None]) {
        for count in 0..40 {
            for length in [1, 20, 32, 33, 64, 65, 200] {
                let message = |index: usize| &data[index * 37..][..(index * 331 + count * 97) % 4300];
                let settings = Settings::new(modes()[count % 3].clone(), length).unwrap();
                let mut out = vec![0; count * length];
                hash_many_on(machine, count, message, &settings, &mut out, &Alone).unwrap();
                for (index, got) in out.chunks(length).enumerate() {
                    assert_eq!(
                        got,
                        expected(message(index), settings.mode(), length),
                        "{index} of {count}, {machine:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_host_that_wishes_to_stop_is_heard() {
    let data = bytes(8 << 20, 7);
    for parallel in [false, true] {
        let mut out = [0; 32];
        let host = Impatient(AtomicUsize::new(2), parallel);
        assert_eq!(hash(&data, &Settings::default(), &mut out, &host), Err(Error::Aborted));
        let mut many = vec![0; 32 * 4096];
        let message = |index: usize| &data[index * 2000..][..2000];
        for machine in [Machine::detect(), None] {
            let host = Impatient(AtomicUsize::new(2), parallel);
            let answer = hash_many_on(machine, 4096, message, &Settings::default(), &mut many, &host);
            assert_eq!(answer, Err(Error::Aborted), "{machine:?}, parallel: {parallel}");
        }
    }
}

#[test]
fn settings_are_read_or_refused() {
    let of = |length: u32, mode: u8, secret: &[u8]| [&length.to_le_bytes()[..], &[mode], secret].concat();
    let plain = Settings::decode(&[]).unwrap();
    assert_eq!((plain.length(), format!("{:?}", plain.mode())), (32, "Hash".into()));
    for (encoded, mode) in [
        (of(7, 0, b""), Mode::Hash),
        (of(7, 1, b"whats the Elvish word for friend"), modes()[1].clone()),
        (of(7, 2, b"chunker 2026 test context"), modes()[2].clone()),
    ] {
        let mut out = [0; 7];
        hash(b"abc", &Settings::decode(&encoded).unwrap(), &mut out, &Alone).unwrap();
        assert_eq!(out[..], expected(b"abc", &mode, 7));
        assert!(!format!("{:?}", Settings::decode(&encoded).unwrap()).contains("119"), "Debug shows no key");
    }
    let refused = [
        of(0, 0, b""),
        of(MAX_LENGTH as u32 + 1, 0, b""),
        of(32, 0, b"x"),
        of(32, 1, &[0; 31]),
        of(32, 1, &[0; 33]),
        of(32, 2, &[0xFF]),
        of(32, 3, b""),
        vec![32, 0, 0, 0],
    ];
    for encoded in refused {
        assert_eq!(Settings::decode(&encoded).err(), Some(Error::InvalidOptions), "{encoded:?}");
    }
}

#[test]
fn output_of_another_size_is_refused() {
    let mut out = [0; 33];
    assert_eq!(hash(b"", &Settings::default(), &mut out, &Alone), Err(Error::OutputTooSmall));
    let message = |_: usize| &b""[..];
    let answer = hash_many_on(Machine::detect(), 2, message, &Settings::default(), &mut out, &Alone);
    assert_eq!(answer, Err(Error::OutputTooSmall));
}

#[test]
fn the_reference_hashes_contexts_as_the_crate_does() {
    for length in [0, 1, 64, 65, 1024, 3000] {
        let context = "c".repeat(length);
        assert_eq!(reference::context_key(&context), blake3::hazmat::hash_derive_key_context(&context));
    }
}
