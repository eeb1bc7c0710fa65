//! What work costs, in nanoseconds per byte of content: decides on which thread it runs.

use crate::options::CompressOptions;

/// One Zen 4 core, 1 MiB pieces of executables, levels 0 to 9 (rounded; estimates, not promises).
const COMPRESS_NS: [f32; 10] = [40.0, 60.0, 80.0, 110.0, 150.0, 220.0, 260.0, 260.0, 260.0, 260.0];
/// Extreme levels take so many times as long.
const EXTREME: f64 = 1.4;
/// Tables are made anew for each stream, however short its content is.
pub const STREAM_NS: f64 = 20_000.0;

/// Estimated cost of compressing one byte.
pub fn compress_ns_per_byte(options: &CompressOptions) -> f64 {
    let cost = f64::from(COMPRESS_NS[options.level.min(9) as usize]);
    if options.extreme {
        cost * EXTREME
    } else {
        cost
    }
}

/// Estimated cost of one byte of decompressed content.
pub const DECOMPRESS_NS_PER_BYTE: f64 = 9.0;
