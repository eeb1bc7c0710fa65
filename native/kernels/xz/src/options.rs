//! What a caller may choose, as plain structs with named fields.

use crate::ffi::Preset;
use chunker_codec::{in_range, Result};

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
        in_range("level", i64::from(self.level), (0, i64::from(LEVEL_MAX)))?;
        if let Some(bytes) = self.dictionary_bytes {
            let (least, most) = DICTIONARY_BYTES;
            in_range("dictionaryBytes", i64::from(bytes), (i64::from(least), i64::from(most)))?;
        }
        if let Some(BlockBytes::Exactly(bytes)) = self.block_bytes {
            let (least, most) = BLOCK_BYTES;
            in_range("blockBytes", i64::try_from(bytes).unwrap_or(i64::MAX), (least as i64, most as i64))?;
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

    /// Bytes that compressing `length` bytes of content (unknown: a stream) works with on so many threads: an encoder, or one for each block at work. Blocks wait for each other, those of a stream
    /// with their content.
    pub fn compress_memory(&self, length: Option<u64>, threads: usize) -> u64 {
        let one = self.encoder_memory(length);
        let Some(size) = self.cut_size() else { return one };
        let at_work = at_work(size, length, threads);
        let waiting = length.unwrap_or_else(|| size.saturating_mul(2 * at_work));
        one.saturating_mul(at_work).saturating_add(waiting)
    }

    /// Bytes that decompressing `length` bytes of what these options make (unknown: a stream) works with on so many threads. A dictionary is filled as far as there is content.
    pub fn decompress_memory(&self, length: Option<u64>, threads: usize) -> u64 {
        let content = length.map(plausible_content);
        let one = self.preset(content).decoder_memory();
        match self.cut_size() {
            // Streams are decoded by one thread.
            Some(size) if content.is_some() => one.saturating_mul(at_work(size, content, threads)),
            _ => one,
        }
    }

    /// As `block_size`, where the format has blocks.
    pub(crate) fn cut_size(&self) -> Option<u64> {
        self.block_size().filter(|_| self.format == Format::Xz)
    }
}

/// Blocks that are worked on at the same time.
fn at_work(size: u64, length: Option<u64>, threads: usize) -> u64 {
    let threads = threads.max(1) as u64;
    length.map_or(threads, |length| length.div_ceil(size).clamp(1, threads))
}

/// Memory for all that an index declares is taken at once up to this multiple of the input. Beyond, it grows with what was decoded: an index is quickly written.
const PLAUSIBLE_RATIO: u64 = 64;
/// Added to it, and the first step of growing memory.
pub(crate) const PLAUSIBLE_BYTES: u64 = 256 << 10;

/// What `length` bytes of input may well hold.
pub(crate) fn plausible_content(length: u64) -> u64 {
    PLAUSIBLE_RATIO.saturating_mul(length).saturating_add(PLAUSIBLE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn memory_is_what_xz_tells_of_its_presets() {
        // MiB that `xz -vv` prints; the decoder's with its own.
        for (level, encoder, decoder) in
            [(0, 3, 1), (1, 9, 2), (3, 32, 5), (4, 48, 5), (6, 94, 9), (7, 186, 17), (9, 674, 65)]
        {
            let options = CompressOptions { level, ..CompressOptions::default() };
            assert_eq!(options.compress_memory(None, 8).div_ceil(MIB), encoder, "level {level}");
            assert_eq!(options.decompress_memory(None, 8).div_ceil(MIB), decoder, "level {level}");
            assert_eq!(options.decompress_memory(Some(u64::MAX), 8), options.decompress_memory(None, 1));
            assert!(options.decompress_memory(Some(0), 8) < MIB);
        }
    }

    #[test]
    fn memory_grows_with_the_blocks_at_work() {
        let block_bytes = Some(BlockBytes::Exactly(MIB));
        let blocks = CompressOptions { block_bytes, ..CompressOptions::default() };
        let one = blocks.encoder_memory(Some(MIB));
        for threads in 1..=8 {
            let most = threads as u64;
            assert_eq!(blocks.compress_memory(Some(3 * MIB), threads), one * most.min(3) + 3 * MIB);
            assert_eq!(blocks.compress_memory(None, threads), one * most + 2 * most * MIB);
            let decoder = blocks.decompress_memory(Some(MIB), 1);
            assert_eq!(blocks.decompress_memory(Some(MIB), threads), decoder * most);
        }
        let lzma = CompressOptions { format: Format::Lzma, ..blocks };
        assert_eq!(lzma.compress_memory(Some(3 * MIB), 8), lzma.encoder_memory(Some(3 * MIB)));
    }
}
