//! Every kernel, whole and in pieces, against the readable reference.

mod inputs;

use chunker_fastcdc::{reference, Chunker, Feed, Kernel, Options};
use inputs::Random;

/// Debug builds are slow; `cargo test --release` looks harder.
const ROUNDS: usize = if cfg!(debug_assertions) { 45 } else { 1500 };

fn chunkers(options: &Options) -> Vec<Chunker> {
    Kernel::available()
        .into_iter()
        .map(|k| Chunker::with_kernel(options, k).expect("options are in range"))
        .collect()
}

#[test]
fn every_kernel_cuts_as_the_reference_does() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..ROUNDS {
        let options = random.options(false);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        let expected = reference::cut_all(&options, &data);
        for chunker in chunkers(&options) {
            let mut lengths = Vec::new();
            assert_eq!(chunker.cut_all(&data, true, &mut lengths), data.len());
            assert!(
                lengths == expected,
                "{:?}, round {round}, {options:?}, {length} bytes",
                chunker.kernel()
            );
        }
    }
}

#[test]
fn one_cut_at_a_time_gives_the_same() {
    let mut random = Random(7);
    for round in 0..ROUNDS / 4 {
        let options = random.options(false);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        let expected = reference::cut_all(&options, &data);
        for chunker in chunkers(&options) {
            let mut at = 0;
            let cut = |at: &mut usize| {
                let window = &data[*at..data.len().min(*at + chunker.max_size())];
                let length = chunker.next_cut(window);
                *at += length;
                length as u32
            };
            let lengths: Vec<u32> = std::iter::from_fn(|| (at < data.len()).then(|| cut(&mut at))).collect();
            assert!(lengths == expected, "{:?}, round {round}, {options:?}", chunker.kernel());
        }
    }
}

#[test]
fn what_a_window_calls_certain_more_data_does_not_change() {
    let mut random = Random(11);
    for round in 0..ROUNDS {
        let options = random.options(false);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        let expected = reference::cut_all(&options, &data);
        for chunker in chunkers(&options) {
            let (mut lengths, mut start, mut end) = (Vec::new(), 0, 0);
            while end < data.len() {
                end = data.len().min(end + 1 + random.below(options.max_size as usize));
                start += chunker.cut_all(&data[start..end], end == data.len(), &mut lengths);
                assert!(end - start < options.max_size as usize, "less than a largest chunk is left over");
            }
            assert!(lengths == expected, "{:?}, round {round}, {options:?}", chunker.kernel());
        }
    }
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let mut random = Random(13);
    for round in 0..ROUNDS * 2 {
        let options = random.options(false);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        let expected = reference::cut_all(&options, &data);
        let largest = [1, 3, 64, 200, 5000, 100_000][round % 6];
        // Single bytes over much data take long and show no more.
        let data = if largest < 64 { &data[..data.len().min(20_000)] } else { &data };
        let expected = if largest < 64 { reference::cut_all(&options, data) } else { expected };
        for chunker in chunkers(&options) {
            let (mut feed, mut lengths, mut at) = (Feed::new(), Vec::new(), 0);
            while at < data.len() {
                let end = data.len().min(at + random.below(largest + 1));
                assert!(feed.push(&chunker, &data[at..end], &mut lengths, &mut || false));
                at = end;
            }
            lengths.extend(feed.finish());
            assert_eq!(feed, Feed::new());
            assert!(
                lengths == expected,
                "{:?}, round {round}, {options:?}, pieces {largest}",
                chunker.kernel()
            );
        }
    }
}

#[test]
fn bytes_that_look_like_candidates_everywhere_cut_the_same() {
    // Constant bytes pass a filter at every position or at none: all values, plain and seeded.
    for value in 0..=255u8 {
        for seed in if value % 8 == 0 { vec![0, u64::MAX / 3] } else { vec![0] } {
            let options =
                Options { min_size: 256, avg_size: 65_536, max_size: 80_001, normalization: 1, seed };
            let data = vec![value; 100_000];
            let small = Options { min_size: 64, avg_size: 4096, max_size: 16384, normalization: 3, seed };
            for options in [options, small] {
                let expected = reference::cut_all(&options, &data);
                for chunker in chunkers(&options) {
                    let mut lengths = Vec::new();
                    chunker.cut_all(&data, true, &mut lengths);
                    assert!(lengths == expected, "{:?}, value {value}, {options:?}", chunker.kernel());
                }
            }
        }
    }
}

#[test]
fn small_inputs_are_one_chunk_or_none() {
    let options = Options { min_size: 100, avg_size: 256, max_size: 1024, normalization: 1, seed: 0 };
    for chunker in chunkers(&options) {
        for length in 0..=100usize {
            let data = vec![9u8; length];
            let mut lengths = Vec::new();
            assert_eq!(chunker.cut_all(&data, true, &mut lengths), length);
            let one = if length == 0 { vec![] } else { vec![length as u32] };
            assert_eq!(lengths, one);
            assert_eq!(chunker.next_cut(&data), length);
            lengths.clear();
            assert_eq!(chunker.cut_all(&data, false, &mut lengths), 0);
            assert!(lengths.is_empty());
        }
    }
}

#[test]
fn a_stopped_cut_gives_the_true_beginning() {
    let data = Random(3).bytes(0, 20 << 20);
    for options in [
        Options::default(),
        Options { min_size: 1024, avg_size: 4096, max_size: 16384, ..Options::default() },
    ] {
        let expected = reference::cut_all(&options, &data);
        for chunker in chunkers(&options) {
            for patience in 0..6 {
                let mut asked = 0;
                let mut stop = || {
                    asked += 1;
                    asked > patience
                };
                let mut lengths = Vec::new();
                let outcome = chunker.cut_all_until(&data, true, &mut lengths, &mut stop);
                assert!(outcome.stopped);
                assert_eq!(lengths, expected[..lengths.len()]);
                assert_eq!(outcome.consumed, lengths.iter().map(|&l| l as usize).sum::<usize>());
                // Each look comes at most 1 MiB of scanning (and one minimum) after the last.
                assert!(outcome.consumed <= (patience + 1) * ((1 << 20) + chunker.min_size()));
            }
        }
    }
}

#[test]
fn a_stopped_feed_says_so() {
    let data = Random(5).bytes(0, 4 << 20);
    for chunker in chunkers(&Options::default()) {
        assert!(!Feed::new().push(&chunker, &data, &mut Vec::new(), &mut || true));
    }
}
