use crate::error::{Error, Result};

/// What a decoder may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of output: exactly this many pass.
    pub max_output_bytes: u64,
    /// Bytes of window, dictionary and tables that one decoder may take, checked against headers before anything of that size is allocated, also where decoding needs no window of its own.
    pub max_memory_bytes: u64,
    /// Bytes behind the last frame or stream end the data instead of being refused. A started one is never taken for such bytes.
    pub allow_trailing: bool,
}

/// Room for what decoders take unasked: a window of zstd (ZSTD_WINDOWLOG_LIMIT_DEFAULT), the dictionary of every preset of xz.
pub const DEFAULT_MEMORY_BYTES: u64 = 1 << 27;

impl Default for DecodeLimits {
    fn default() -> Self {
        DecodeLimits {
            max_output_bytes: 1 << 30,
            max_memory_bytes: DEFAULT_MEMORY_BYTES,
            allow_trailing: false,
        }
    }
}

/// Refuses an option that is out of its range.
///
/// Errors: `invalid_options`.
pub fn in_range(name: &'static str, value: i64, range: (i64, i64)) -> Result<()> {
    if value < range.0 || value > range.1 {
        return Err(Error::InvalidOptions { name, value, range });
    }
    Ok(())
}
