//! What a caller may choose, as plain structs with named fields.

use chunker_codec::{in_range, Result};

/// How to compress. The compressed bytes depend on these, the dictionary and the input alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressOptions {
    /// -7 (fastest) ..= 22 (smallest); 0 means libzstd's default, 3.
    pub level: i32,
    /// Ends each frame with the low 32 bits of the content's XXH64.
    pub checksum: bool,
    /// Writes the content's length into the frame header, where it is known.
    pub content_size: bool,
    /// Finds matches across the whole window by sparse hashing. Without `window_log` the window is then 2^27, the largest that decoders take unasked.
    pub long_distance: bool,
    /// log2 of the window, 10 ..= 31 (30 on 32-bit machines); above 27 decoders must raise their limit. None: by level and input length.
    pub window_log: Option<u32>,
    /// Shortest match looked for, 3 ..= 7. None: by level.
    pub min_match: Option<u32>,
    /// Aims at compressed blocks of this many bytes, 1340 ..= 131072, for receivers that decode while they read. Costs ratio and speed. None: off.
    pub target_block_bytes: Option<u32>,
}

impl Default for CompressOptions {
    fn default() -> Self {
        CompressOptions {
            level: 3,
            checksum: false,
            content_size: true,
            long_distance: false,
            window_log: None,
            min_match: None,
            target_block_bytes: None,
        }
    }
}

/// Smallest and largest level.
pub const LEVELS: (i32, i32) = (-7, 22);
/// Smallest and largest `window_log` (ZSTD_WINDOWLOG_MIN, ZSTD_WINDOWLOG_MAX).
pub const WINDOW_LOGS: (u32, u32) = (10, if cfg!(target_pointer_width = "64") { 31 } else { 30 });
/// Smallest and largest `min_match` (ZSTD_MINMATCH_MIN, ZSTD_MINMATCH_MAX).
pub const MIN_MATCHES: (u32, u32) = (3, 7);
/// Smallest and largest `target_block_bytes` (ZSTD_TARGETCBLOCKSIZE_MIN, ZSTD_TARGETCBLOCKSIZE_MAX).
pub const TARGET_BLOCK_BYTES: (u32, u32) = (1340, 1 << 17);

impl CompressOptions {
    /// Refuses what libzstd would silently clamp.
    pub fn check(&self) -> Result<()> {
        in_range("level", i64::from(self.level), (i64::from(LEVELS.0), i64::from(LEVELS.1)))?;
        for (name, value, range) in [
            ("windowLog", self.window_log, WINDOW_LOGS),
            ("minMatch", self.min_match, MIN_MATCHES),
            ("targetBlockBytes", self.target_block_bytes, TARGET_BLOCK_BYTES),
        ] {
            if let Some(value) = value {
                in_range(name, i64::from(value), (i64::from(range.0), i64::from(range.1)))?;
            }
        }
        Ok(())
    }
}
