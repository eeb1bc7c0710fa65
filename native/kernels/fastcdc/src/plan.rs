//! What follows from the options: masks, and where in a chunk which of them is tested.

use crate::options::Options;

/// Masks of FastCDC with spread one-bits, by number of one-bits (64 B to 128 KiB from the authors' destor, the
/// rest from restic-FastCDC; 5 and 25 are reached by normalisation 3 only; below 5 unused).
pub const MASKS: [u64; 26] = [
    0,
    0,
    0,
    0,
    0,
    0x0000000001804110,
    0x0000000001803110,
    0x0000000018035100,
    0x0000001800035300,
    0x0000019000353000,
    0x0000590003530000,
    0x0000d90003530000,
    0x0000d90103530000,
    0x0000d90303530000,
    0x0000d90313530000,
    0x0000d90f03530000,
    0x0000d90303537000,
    0x0000d90703537000,
    0x0000d90707537000,
    0x0000d91707537000,
    0x0000d91747537000,
    0x0000d91767537000,
    0x0000d93767537000,
    0x0000d93777537000,
    0x0000d93777577000,
    0x0000db3777577000,
];

/// Masked bits end below this one, so a test sees the last 48 bytes at most.
pub const MASK_BITS: usize = 48;

/// Checked options in the form the scan needs. Positions count from the start of the chunk.
///
/// The 2020 variant steps in pairs of bytes: every limit is rounded down to even. That is what "odd sizes" change.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// At or below this many bytes a rest is one chunk.
    pub min: usize,
    /// Longest chunk.
    pub max: usize,
    /// First position tested; the hash starts from zero there.
    pub first: usize,
    /// From here on the looser mask is tested.
    pub center: usize,
    /// Mask before `center` (more bits).
    pub strict: u64,
    /// Mask from `center` on (fewer bits).
    pub loose: u64,
    /// Bytes that a test can depend on: one more than the highest masked bit, at most [`MASK_BITS`].
    pub reach: usize,
}

impl Plan {
    /// The plan for options that passed [`Options::check`].
    pub fn new(options: &Options) -> Plan {
        // Rounded, not floored: 4.0.0 of the crate floored and moved the cuts of other averages than powers of two.
        let bits = (options.avg_size as f64).log2().round() as usize;
        let level = options.normalization as usize;
        let (strict, loose) = (MASKS[bits + level], MASKS[bits - level]);
        Plan {
            min: options.min_size as usize,
            max: options.max_size as usize,
            first: (options.min_size & !1) as usize,
            center: (options.avg_size & !1) as usize,
            strict,
            loose,
            reach: 64 - (strict | loose).leading_zeros() as usize,
        }
    }
}
