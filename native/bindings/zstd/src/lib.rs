//! Zstandard as a Node-API addon.

chunker_support::addon!();
chunker_support_codec::codec_doors!(Setup);

use chunker_support::{run_sync, Fault, FreeList, Input, Outcome, Settled, Words};
use chunker_support_codec::{
    lend, to_fault, Coding, DecodeLimits, Host, PushCompressor, PushDecompressor, Result as Coded,
};
use chunker_zstd::{
    cost, CompressOptions, CompressStream, Compressor, DecompressStream, Decompressor, Dictionary, LEVELS,
};
use napi_derive::napi;
use std::sync::Arc;

/// Contexts between two uses. One of level 3 for 1 MiB weighs 1.3 MiB, of level 19 some 20.
static COMPRESSORS: FreeList<Compressor> = FreeList::new(96 << 20);
/// About 160 KiB each, more where a window was needed.
static DECOMPRESSORS: FreeList<Decompressor> = FreeList::new(32 << 20);

/// What one taken codec compresses and decompresses with.
pub struct Setup {
    options: CompressOptions,
    dictionary: Option<Arc<Dictionary>>,
}

impl Setup {
    fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        self.dictionary.as_ref()
    }
}

impl Coding for Setup {
    type Compressor = Compressor;
    type Decompressor = Decompressor;

    fn compress_cost(&self, bytes: usize) -> u64 {
        (cost::compress_ns_per_byte(self.options.level) * bytes as f64) as u64
    }

    fn decompress_cost(&self, bytes: usize) -> u64 {
        // Output is some three times the input.
        (cost::DECOMPRESS_NS_PER_BYTE * 3.0 * bytes as f64) as u64
    }

    fn compressing<T>(&self, work: impl FnOnce(&mut Compressor) -> Coded<T>) -> Result<T, Fault> {
        lend(&COMPRESSORS, Compressor::new, Compressor::memory_bytes, work)
    }

    fn decompressing<T>(&self, work: impl FnOnce(&mut Decompressor) -> Coded<T>) -> Result<T, Fault> {
        lend(&DECOMPRESSORS, Decompressor::new, Decompressor::memory_bytes, work)
    }

    fn content_bytes(&self, input: &[u8], limits: &DecodeLimits) -> Option<usize> {
        chunker_zstd::content_bytes(input, limits, self.dictionary())
    }

    fn compress_append(
        &self,
        compressor: &mut Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Coded<usize> {
        compressor.compress_append(input, &self.options, self.dictionary(), host, output)
    }

    fn compress_into(
        &self,
        compressor: &mut Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut [u8],
    ) -> Coded<usize> {
        compressor.compress_into(input, &self.options, self.dictionary(), host, output)
    }

    fn decompress_append(
        &self,
        decompressor: &mut Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Coded<usize> {
        decompressor.decompress_append(input, limits, self.dictionary(), host, output)
    }

    fn decompress_into(
        &self,
        decompressor: &mut Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Coded<usize> {
        decompressor.decompress_into(input, limits, self.dictionary(), host, output)
    }

    fn push_compressor(&self) -> Coded<Box<dyn PushCompressor>> {
        let compressor = Compressor::new()?;
        Ok(Box::new(CompressStream::new(compressor, &self.options, self.dictionary(), None)?))
    }

    fn push_decompressor(&self, limits: &DecodeLimits) -> Coded<Box<dyn PushDecompressor>> {
        Ok(Box::new(DecompressStream::new(Decompressor::new()?, limits, self.dictionary())?))
    }
}

#[napi]
impl Codec {
    /// `settings`: level + 7, flags (1 checksum, 2 content size, 4 long distance), window log, minimum match, target block bytes; 0 means "by level" in the last three.
    #[napi(catch_unwind, factory)]
    pub fn open(settings: Words, dictionary: Option<Input>) -> Codec {
        Codec::of(open(&settings.0, dictionary.as_ref().map(Input::bytes)))
    }
}

fn open(settings: &[u32], dictionary: Option<&[u8]>) -> Result<Setup, Fault> {
    let &[level, flags, window_log, min_match, target_block_bytes] = settings else {
        return Err(Fault::invalid("settings", "five numbers"));
    };
    let optional = |field: u32| (field != 0).then_some(field);
    let options = CompressOptions {
        level: level as i32 + LEVELS.0,
        checksum: flags & 1 != 0,
        content_size: flags & 2 != 0,
        long_distance: flags & 4 != 0,
        window_log: optional(window_log),
        min_match: optional(min_match),
        target_block_bytes: optional(target_block_bytes),
    };
    options.check().map_err(to_fault)?;
    let dictionary = dictionary.map(Dictionary::new).transpose().map_err(to_fault)?.map(Arc::new);
    Ok(Setup { options, dictionary })
}

/// Frames, declared size (-1: not told by all), largest window, dictionary id, checksum (1: every frame), bytes of skippable frames.
#[napi(catch_unwind)]
pub fn inspect(input: Input) -> Settled {
    run_sync(|_| {
        let survey = chunker_zstd::inspect(input.bytes()).map_err(to_fault)?;
        Ok(Outcome::Doubles(vec![
            survey.frames as f64,
            survey.content_bytes.map_or(-1.0, |bytes| bytes as f64),
            survey.window_bytes as f64,
            f64::from(survey.dictionary_id),
            f64::from(u8::from(survey.checksum)),
            survey.skippable_bytes as f64,
        ]))
    })
}

/// The linked libzstd, as 10507 for 1.5.7.
#[napi(catch_unwind)]
pub fn library_version() -> u32 {
    chunker_zstd::version()
}
