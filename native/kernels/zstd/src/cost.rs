//! What work costs, in nanoseconds per byte of content: decides on which thread it runs. `poll_bytes` also decides the form of compression, so it depends on
//! the level alone: the same input and options give the same bytes on every machine and by every door.

use crate::frame::BLOCK_BYTES_MAX;

/// One Zen 4 core at 3.7 GHz, 1 MiB pieces of executables, levels -7 to 22 (`examples/measure.rs` prints them).
const COMPRESS_NS: [f32; 30] = [
    1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.6, 2.0, 2.5, 3.6, 4.5, 7.5, 9.0, 11.0, 14.0, 16.0, 20.0, 25.0, 35.0,
    45.0, 60.0, 70.0, 100.0, 130.0, 150.0, 200.0, 250.0, 260.0, 270.0,
];

/// Estimated cost of compressing one byte at `level`.
pub fn compress_ns_per_byte(level: i32) -> f64 {
    f64::from(COMPRESS_NS[(level.clamp(-7, 22) + 7) as usize])
}

/// Estimated cost of one byte of decompressed content.
pub const DECOMPRESS_NS_PER_BYTE: f64 = 1.0;

/// Bytes compressed between two looks at `should_stop`: whole blocks, about 20 ms of work, at most 4 MiB. Inputs up to this length are compressed in one call.
/// Levels that need longer for one block look up once per block, as libzstd compresses blocks whole.
pub(crate) fn poll_bytes(level: i32) -> usize {
    const BLOCK: usize = BLOCK_BYTES_MAX as usize;
    let blocks = match level {
        ..=5 => 32,
        6..=9 => 8,
        10..=12 => 4,
        13..=15 => 2,
        _ => 1,
    };
    blocks * BLOCK
}
