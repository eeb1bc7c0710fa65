//! The reference against the crate whose cut points are ours: `fastcdc` 4.0.1 (all sizes) and 5.0.0 (even sizes).
//!
//! Both crates check sizes by debug assertions only, and those of 5.0.0 refuse odd sizes. `v2020::cut_gear` of 4.0.1 has no
//! assertions, so it is asked directly and answers in debug builds as in release builds.

mod inputs;

use chunker_fastcdc::{reference, Options};
use fastcdc4::v2020::{cut_gear, get_gear_with_seed, MASKS};
use inputs::Random;

const ROUNDS: usize = if cfg!(debug_assertions) { 80 } else { 2000 };

fn with_4(o: &Options, data: &[u8]) -> Vec<u32> {
    let bits = (f64::from(o.avg_size)).log2().round() as usize;
    let level = o.normalization as usize;
    let (strict, loose) = (MASKS[bits + level], MASKS[bits - level]);
    let (gear, shifted) = get_gear_with_seed(o.seed);
    let (min, avg, max) = (o.min_size as usize, o.avg_size as usize, o.max_size as usize);
    let (mut lengths, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let rest = &data[at..];
        let (_, length) =
            cut_gear(rest, min, avg, max, strict, loose, strict << 1, loose << 1, &gear, &shifted);
        lengths.push(length as u32);
        at += length;
    }
    lengths
}

fn with_5(o: &Options, data: &[u8]) -> Vec<u32> {
    use fastcdc::v2020::{FastCDC, Normalization as N};
    let level = [N::Level0, N::Level1, N::Level2, N::Level3][o.normalization as usize];
    let (min, avg, max) = (o.min_size as usize, o.avg_size as usize, o.max_size as usize);
    FastCDC::with_level_and_seed(data, min, avg, max, level, o.seed).map(|c| c.length as u32).collect()
}

#[test]
fn any_sizes_as_4_0_1() {
    let mut random = Random(17);
    for round in 0..ROUNDS {
        let options = random.options(false);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        assert_eq!(
            reference::cut_all(&options, &data),
            with_4(&options, &data),
            "round {round}, {options:?}"
        );
    }
}

#[test]
fn even_sizes_as_5_0_0() {
    let mut random = Random(19);
    for round in 0..ROUNDS {
        let options = random.options(true);
        let length = random.length(&options);
        let data = random.bytes(round % 5, length);
        assert_eq!(
            reference::cut_all(&options, &data),
            with_5(&options, &data),
            "round {round}, {options:?}"
        );
    }
}
