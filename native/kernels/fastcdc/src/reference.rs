//! FastCDC as its description reads, one byte at a time. Judges every fast path; never used by them.
//!
//! Wen Xia et al., "The Design of Fast Content-Defined Chunking for Data Deduplication Based Storage Systems"
//! (TPDS 2020), in the form that module `v2020` of the `fastcdc` crate gives it.

use crate::gear::GEAR;
use crate::options::Options;
use crate::plan::MASKS;

/// Length of the first chunk of `data`, when `data` is all there is; 0 for no data.
pub fn next_cut(options: &Options, data: &[u8]) -> usize {
    if data.len() <= options.min_size as usize {
        return data.len();
    }
    let end = data.len().min(options.max_size as usize);
    let bits = (f64::from(options.avg_size)).log2().round() as i32;
    let level = options.normalization as i32;
    let mut hash = 0u64;
    // Pairs of bytes: an odd minimum begins one byte early, and an odd end leaves its last byte untested.
    for position in (options.min_size as usize & !1)..(end & !1) {
        hash = (hash << 1).wrapping_add(GEAR[data[position] as usize] ^ options.seed);
        let strict = position < (options.avg_size as usize & !1);
        let mask = MASKS[(if strict { bits + level } else { bits - level }) as usize];
        if hash & mask == 0 {
            return position;
        }
    }
    end
}

/// Lengths of all chunks of `data`.
pub fn cut_all(options: &Options, data: &[u8]) -> Vec<u32> {
    let mut lengths = Vec::new();
    let mut start = 0;
    while start < data.len() {
        let length = next_cut(options, &data[start..]);
        lengths.push(length as u32);
        start += length;
    }
    lengths
}
