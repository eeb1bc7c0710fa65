//! What a caller may choose, as plain structs with named fields.

use crate::error::{Error, Result};
use crate::ffi::Preset;

/// The two containers of LZMA data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.xz`: LZMA2 in blocks, with checks and an index.
    Xz,
    /// `.lzma`, also called LZMA_Alone: a header of 13 bytes and LZMA1, without any check.
    Lzma,
}

/// What stands behind each block to recognise damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing: damage inside a block may go unnoticed.
    None,
    /// 4 bytes.
    Crc32,
    /// 8 bytes; what `xz` writes unasked.
    Crc64,
    /// 32 bytes.
    Sha256,
}

impl Check {
    /// By the number in the stream flags (xz-file-format 1.2.1, section 2.1.1.2), or None where liblzma knows no such check.
    pub fn of_id(id: u8) -> Option<Self> {
        Some(match id {
            0 => Check::None,
            1 => Check::Crc32,
            4 => Check::Crc64,
            10 => Check::Sha256,
            _ => return None,
        })
    }

    /// The number in the stream flags.
    pub fn id(self) -> u8 {
        match self {
            Check::None => 0,
            Check::Crc32 => 1,
            Check::Crc64 => 4,
            Check::Sha256 => 10,
        }
    }

    /// Bytes behind each block.
    pub fn bytes(self) -> u64 {
        match self {
            Check::None => 0,
            Check::Crc32 => 4,
            Check::Crc64 => 8,
            Check::Sha256 => 32,
        }
    }
}

/// How to compress. The compressed bytes depend on these and the input alone, never on threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressOptions {
    /// The container.
    pub format: Format,
    /// 0 (fastest) ..= 9 (smallest): liblzma's presets.
    pub level: u32,
    /// Spends more time on each level, for a percent or two.
    pub extreme: bool,
    /// For `.xz` only.
    pub check: Check,
    /// Largest dictionary, 4096 ..= 1.5 GiB. None: by level. Inputs of known length never get a larger one than they can use.
    pub dictionary_bytes: Option<u32>,
    /// For `.xz` only: cuts the content into blocks of this many bytes, each compressed by itself, so that several threads can work. None: one block.
    pub block_bytes: Option<BlockBytes>,
}

/// How large blocks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockBytes {
    /// Three times the dictionary, at least 1 MiB: what `xz -T` does.
    Auto,
    /// So many bytes, 4096 ..= 1 TiB.
    Exactly(u64),
}

impl Default for CompressOptions {
    fn default() -> Self {
        CompressOptions {
            format: Format::Xz,
            level: 6,
            extreme: false,
            check: Check::Crc64,
            dictionary_bytes: None,
            block_bytes: None,
        }
    }
}

/// Largest level.
pub const LEVEL_MAX: u32 = 9;
/// Smallest and largest dictionary that liblzma's encoders take.
pub const DICTIONARY_BYTES: (u32, u32) = (4096, (1 << 30) + (1 << 29));
/// Smallest and largest block that can be asked for. Smaller ones would be mostly headers.
pub const BLOCK_BYTES: (u64, u64) = (4096, 1 << 40);

impl CompressOptions {
    /// Refuses what is out of range.
    pub fn check(&self) -> Result<()> {
        in_range("level", u64::from(self.level), (0, u64::from(LEVEL_MAX)))?;
        if let Some(bytes) = self.dictionary_bytes {
            let (least, most) = DICTIONARY_BYTES;
            in_range("dictionaryBytes", u64::from(bytes), (u64::from(least), u64::from(most)))?;
        }
        if let Some(BlockBytes::Exactly(bytes)) = self.block_bytes {
            in_range("blockBytes", bytes, BLOCK_BYTES)?;
        }
        Ok(())
    }

    /// liblzma's numbers for these options and a content of `length` bytes, where it is known.
    pub(crate) fn preset(&self, length: Option<u64>) -> Preset {
        let preset = Preset::of(self.level, self.extreme, self.dictionary_bytes);
        match length {
            Some(length) => preset.fitted(length),
            None => preset,
        }
    }

    /// Content bytes of each block; None: one block for all.
    pub fn block_size(&self) -> Option<u64> {
        Some(match self.block_bytes? {
            BlockBytes::Auto => (3 * u64::from(self.preset(None).dictionary_bytes())).max(1 << 20),
            BlockBytes::Exactly(bytes) => bytes,
        })
    }

    /// Bytes that an encoder takes for `length` bytes of content (unknown: for any).
    pub fn encoder_memory(&self, length: Option<u64>) -> u64 {
        let one = match (length, self.block_size()) {
            (Some(length), Some(block)) => Some(length.min(block)),
            (None, block) => block,
            (length, None) => length,
        };
        self.preset(one).encoder_memory()
    }
}

fn in_range(name: &'static str, value: u64, range: (u64, u64)) -> Result<()> {
    if value < range.0 || value > range.1 {
        return Err(Error::InvalidOptions { name, value, range });
    }
    Ok(())
}

/// What a decoder may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of output: exactly this many pass.
    pub max_output_bytes: u64,
    /// Bytes of dictionary and tables that one decoder may take, checked against headers before anything of that size is allocated.
    pub max_memory_bytes: u64,
    /// Bytes behind the last stream end the data instead of being refused. A started stream is never taken for such bytes.
    pub allow_trailing: bool,
}

/// Room for the dictionary of every preset: that of level 9 has 64 MiB.
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
