//! What work costs, in nanoseconds per byte of content: decides on which thread it runs. `poll_bytes` also decides the form of compression, so it depends on
//! the level alone: the same input and options give the same bytes on every machine and by every door.

use crate::frame::BLOCK_BYTES_MAX;

/// One Zen 4 core at 3.7 GHz, 1 MiB pieces of executables, levels -7 to 22 (`examples/measure.rs` prints them).
const COMPRESS_NS: [f32; 30] = [
    0.9, 0.95, 1.05, 1.1, 1.2, 1.25, 1.4, 4.5, 1.8, 2.5, 4.5, 5.5, 10.0, 11.0, 12.0, 14.0, 15.0, 19.0, 22.0,
    22.0, 51.0, 51.0, 52.0, 100.0, 110.0, 170.0, 200.0, 200.0, 200.0, 200.0,
];

/// Estimated cost of compressing one byte at `level`.
pub fn compress_ns_per_byte(level: i32) -> f64 {
    f64::from(COMPRESS_NS[(level.clamp(-7, 22) + 7) as usize])
}

/// Estimated cost of one byte of decompressed content.
pub const DECOMPRESS_NS_PER_BYTE: f64 = 1.0;

/// Bytes compressed between two looks at the host, and the length up to which inputs are compressed in one call: less than 100 ms of work. Beyond, libzstd
/// is handed blocks, which it then cannot cut where it likes: 1 % larger at levels 13 to 15, 0.5 % at 10 to 12, 0.2 % and less elsewhere. So slow levels, which
/// lose least, look up once per block.
pub(crate) fn poll_bytes(level: i32) -> usize {
    const BLOCK: usize = BLOCK_BYTES_MAX as usize;
    let blocks = match level {
        ..=9 => 32,
        10..=12 => 16,
        13..=15 => 8,
        _ => 1,
    };
    blocks * BLOCK
}
