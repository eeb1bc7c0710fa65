//! xz and lzma as a Node-API addon.

chunker_support::addon!();
chunker_support_codec::codec_doors!(Setup);

use chunker_support::{run_sync, Fault, FreeList, Input, Job, Outcome, Settled, Whole, Words};
use chunker_support_codec::{
    lend, to_fault, Coding, DecodeLimits, Host, PushCompressor, PushDecompressor, Result as Coded,
};
use chunker_xz::{
    cost, BlockBytes, Check, CompressOptions, CompressStream, Compressor, DecompressStream, Decompressor,
    Format, Summary,
};
use napi_derive::napi;

/// Encoders between two uses. One weighs 94 MiB at level 6, for a content of 64 KiB 1.5 MiB: heavier ones than this are freed after each use.
static COMPRESSORS: FreeList<Compressor> = FreeList::new(128 << 20);
/// As large as the dictionary: 8 MiB at level 6, 64 MiB at level 9.
static DECOMPRESSORS: FreeList<Decompressor> = FreeList::new(96 << 20);

/// Bytes of a stream, whose length nobody knows: 2^53 - 1.
const STREAM: u64 = (1 << 53) - 1;

/// What one taken codec compresses and decompresses with.
pub struct Setup {
    options: CompressOptions,
}

impl Coding for Setup {
    type Compressor = Compressor;
    type Decompressor = Decompressor;

    fn compress_cost(&self, bytes: usize) -> u64 {
        (cost::STREAM_NS + cost::compress_ns_per_byte(&self.options) * bytes as f64) as u64
    }

    fn decompress_cost(&self, bytes: usize) -> u64 {
        // Output is some four times the input.
        (cost::DECOMPRESS_NS_PER_BYTE * 4.0 * bytes as f64) as u64
    }

    fn encoder_memory(&self, bytes: Option<u64>) -> u64 {
        self.options.encoder_memory(bytes)
    }

    fn compressing<T>(&self, work: impl FnOnce(&mut Compressor) -> Coded<T>) -> Result<T, Fault> {
        lend(&COMPRESSORS, || Ok(Compressor::new()), |c| c.memory_bytes() as usize, work)
    }

    fn decompressing<T>(&self, work: impl FnOnce(&mut Decompressor) -> Coded<T>) -> Result<T, Fault> {
        lend(&DECOMPRESSORS, || Ok(Decompressor::new()), |d| d.memory_bytes() as usize, work)
    }

    fn content_bytes(&self, input: &[u8], limits: &DecodeLimits) -> Option<usize> {
        chunker_xz::content_bytes(input, self.options.format, limits)
    }

    fn compress_append(
        &self,
        compressor: &mut Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Coded<usize> {
        compressor.compress_append(input, &self.options, host, output)
    }

    fn compress_into(
        &self,
        compressor: &mut Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut [u8],
    ) -> Coded<usize> {
        compressor.compress_into(input, &self.options, host, output)
    }

    fn decompress_append(
        &self,
        decompressor: &mut Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Coded<usize> {
        decompressor.decompress_append(input, self.options.format, limits, host, output)
    }

    fn decompress_into(
        &self,
        decompressor: &mut Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Coded<usize> {
        decompressor.decompress_into(input, self.options.format, limits, host, output)
    }

    fn push_compressor(&self) -> Coded<Box<dyn PushCompressor>> {
        Ok(Box::new(CompressStream::new(Compressor::new(), &self.options)?))
    }

    fn push_decompressor(&self, limits: &DecodeLimits) -> Coded<Box<dyn PushDecompressor>> {
        Ok(Box::new(DecompressStream::new(Decompressor::new(), self.options.format, limits)?))
    }
}

#[napi]
impl Codec {
    /// `settings`: format (0 xz, 1 lzma), level, extreme, number of the check, dictionary bytes (0: by level), blocks (0 none, 1 automatic, 2 of the bytes that follow), block bytes in two
    /// words, the lower first.
    #[napi(catch_unwind, factory)]
    pub fn open(settings: Words) -> Codec {
        Codec::of(open(&settings.0))
    }

    /// Bytes that an encoder takes for so many bytes of content.
    #[napi(catch_unwind)]
    pub fn encoder_memory(&self, bytes: Whole) -> Settled {
        Settled(self.setup().map(|setup| setup.encoder_memory(Some(bytes.0)).into()))
    }

    /// Bytes that one call on so many bytes works with beside input and output; the largest safe integer says: a stream.
    #[napi(catch_unwind)]
    pub fn working_memory(&self, decompress: bool, bytes: Whole) -> Settled {
        let (length, threads) = ((bytes.0 < STREAM).then_some(bytes.0), Job::at_once().threads());
        Settled(self.setup().map(|setup| {
            let options = &setup.options;
            if decompress {
                options.decompress_memory(length, threads).into()
            } else {
                options.compress_memory(length, threads).into()
            }
        }))
    }

    /// An upper bound of the compressed length of so many bytes.
    #[napi(catch_unwind)]
    pub fn compress_bound(&self, bytes: Whole) -> Settled {
        Settled(self.setup().map(|setup| chunker_xz::compress_bound(bytes.0, &setup.options).into()))
    }
}

fn open(settings: &[u32]) -> Result<Setup, Fault> {
    let &[format, level, extreme, check, dictionary, blocks, low, high] = settings else {
        return Err(Fault::invalid("settings", "eight numbers"));
    };
    let check = u8::try_from(check).ok().and_then(Check::of_id);
    let options = CompressOptions {
        format: if format == 0 { Format::Xz } else { Format::Lzma },
        level,
        extreme: extreme != 0,
        check: check.ok_or_else(|| Fault::invalid("settings", "a check that liblzma knows"))?,
        dictionary_bytes: (dictionary != 0).then_some(dictionary),
        block_bytes: match blocks {
            0 => None,
            1 => Some(BlockBytes::Auto),
            _ => Some(BlockBytes::Exactly(u64::from(high) << 32 | u64::from(low))),
        },
    };
    options.check().map_err(to_fault)?;
    Ok(Setup { options })
}

/// Streams, blocks (-1: not told), content (-1: not told), largest dictionary, number of the check (-1: none to name), bytes of padding.
#[napi(catch_unwind)]
pub fn inspect(input: Input, lzma: bool) -> Settled {
    run_sync(|_| {
        let format = if lzma { Format::Lzma } else { Format::Xz };
        let Summary { streams, blocks, content_bytes, dictionary_bytes, check, padding_bytes } =
            chunker_xz::inspect(input.bytes(), format).map_err(to_fault)?;
        let number = |value: Option<u64>| value.map_or(-1.0, |value| value as f64);
        Ok(Outcome::Doubles(vec![
            streams as f64,
            number(blocks),
            number(content_bytes),
            dictionary_bytes as f64,
            number(check.map(|check| u64::from(check.id()))),
            padding_bytes as f64,
        ]))
    })
}

/// The linked liblzma, as 50080042 for 5.8.4.
#[napi(catch_unwind)]
pub fn library_version() -> u32 {
    chunker_xz::version()
}
