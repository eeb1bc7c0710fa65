//! xz and lzma as a Node-API addon.

chunker_support::addon!();

mod batch;
mod faults;
mod memory;
mod stream;

use chunker_support::{
    run_sync, Fault, FreeList, Input, Job, Outcome, Output, Settled, Ticket, Whole, Words,
};
use chunker_xz::{
    cost, BlockBytes, Check, CompressOptions, Compressor, DecodeLimits, Decompressor, Format, Summary,
};
use faults::to_fault;
use memory::{Lent, Taken};
use napi_derive::napi;
use std::sync::Arc;

/// Encoders between two uses. One weighs 94 MiB at level 6, for a content of 64 KiB 1.5 MiB: heavier ones than this are freed after each use.
static COMPRESSORS: FreeList<Compressor> = FreeList::new(128 << 20);
/// As large as the dictionary: 8 MiB at level 6, 64 MiB at level 9.
static DECOMPRESSORS: FreeList<Decompressor> = FreeList::new(96 << 20);

/// What one taken codec compresses and decompresses with.
struct Setup {
    options: CompressOptions,
}

impl Setup {
    fn format(&self) -> Format {
        self.options.format
    }

    fn compress_cost(&self, bytes: usize) -> u64 {
        (cost::STREAM_NS + cost::compress_ns_per_byte(&self.options) * bytes as f64) as u64
    }

    /// Lends an encoder to `work`, and weighs it afterwards.
    fn compressing<T>(
        &self,
        bytes: usize,
        work: impl FnOnce(&mut Compressor) -> chunker_xz::Result<T>,
    ) -> Result<T, Fault> {
        let _taken = Taken::of(self.options.encoder_memory(Some(bytes as u64)));
        let mut compressor = COMPRESSORS.take(0, || Ok::<_, Fault>(Compressor::new()))?;
        let outcome = work(&mut compressor);
        let bytes = compressor.memory_bytes();
        compressor.weigh(bytes as usize);
        outcome.map_err(to_fault)
    }

    fn decompressing<T>(
        &self,
        work: impl FnOnce(&mut Decompressor) -> chunker_xz::Result<T>,
    ) -> Result<T, Fault> {
        let mut decompressor = DECOMPRESSORS.take(0, || Ok::<_, Fault>(Decompressor::new()))?;
        let outcome = work(&mut decompressor);
        let bytes = decompressor.memory_bytes();
        decompressor.weigh(bytes as usize);
        outcome.map_err(to_fault)
    }

    fn compress(&self, job: &Job, data: &[u8]) -> Result<Outcome, Fault> {
        self.compressing(data.len(), |c| c.compress(data, &self.options, &Lent(job))).map(Outcome::Bytes)
    }

    fn compress_into(&self, job: &Job, data: &[u8], output: &mut [u8]) -> Result<usize, Fault> {
        self.compressing(data.len(), |c| c.compress_into(data, &self.options, &Lent(job), output))
    }

    fn decompress(&self, job: &Job, data: &[u8], limits: &DecodeLimits) -> Result<Outcome, Fault> {
        self.decompressing(|d| d.decompress(data, self.format(), limits, &Lent(job))).map(Outcome::Bytes)
    }

    fn decompress_into(
        &self,
        job: &Job,
        data: &[u8],
        limits: &DecodeLimits,
        output: &mut [u8],
    ) -> Result<usize, Fault> {
        self.decompressing(|d| d.decompress_into(data, self.format(), limits, &Lent(job), output))
    }
}

/// Limits as they cross: safe integers, where the largest means none.
fn limits_of(max_output: Whole, max_memory: Whole, allow_trailing: bool) -> DecodeLimits {
    DecodeLimits { max_output_bytes: max_output.0, max_memory_bytes: max_memory.0, allow_trailing }
}

fn decompress_cost(bytes: usize) -> u64 {
    // Output is some four times the input; a wrong guess only makes the queue a little less fair.
    (cost::DECOMPRESS_NS_PER_BYTE * 4.0 * bytes as f64) as u64
}

/// A codec with its options, or why there is none: a factory could only throw text.
#[napi]
pub struct Codec(Result<Arc<Setup>, Fault>);

impl Codec {
    fn setup(&self) -> Result<Arc<Setup>, Fault> {
        self.0.clone()
    }

    fn setup_for(&self, ticket: &Ticket) -> napi::Result<Arc<Setup>> {
        self.setup().map_err(|fault| ticket.fail(&fault))
    }
}

#[napi]
impl Codec {
    /// `settings`: format (0 xz, 1 lzma), level, extreme, number of the check, dictionary bytes (0: by level), blocks (0 none, 1 automatic, 2 of the bytes that follow), block bytes in two
    /// words, the lower first.
    #[napi(catch_unwind, factory)]
    pub fn open(settings: Words) -> Codec {
        Codec(open(&settings.0).map(Arc::new))
    }

    /// Throws why the codec cannot be used.
    #[napi(catch_unwind)]
    pub fn check(&self) -> Settled {
        Settled(self.setup().map(|_| Outcome::Nothing))
    }

    /// Bytes that an encoder takes for so many bytes of content.
    #[napi(catch_unwind)]
    pub fn encoder_memory(&self, bytes: Whole) -> Settled {
        Settled(self.setup().map(|setup| Outcome::Number(setup.options.encoder_memory(Some(bytes.0)) as f64)))
    }

    /// An upper bound of the compressed length of so many bytes.
    #[napi(catch_unwind)]
    pub fn compress_bound(&self, bytes: Whole) -> Settled {
        Settled(
            self.setup()
                .map(|setup| Outcome::Number(chunker_xz::compress_bound(bytes.0, &setup.options) as f64)),
        )
    }

    /// One stream, as new bytes.
    #[napi(catch_unwind)]
    pub fn compress(&self, ticket: Ticket, input: Input) -> napi::Result<()> {
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(&input)?);
        ticket.submit(setup.compress_cost(data.len()), move |job| setup.compress(job, &data))
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn compress_sync(&self, input: Input) -> Settled {
        run_sync(|job| self.setup()?.compress(job, input.bytes()))
    }

    /// One stream into the caller's memory.
    #[napi(catch_unwind)]
    pub fn compress_into(&self, ticket: Ticket, input: Input, output: Output) -> napi::Result<()> {
        let (setup, data, mut sink) =
            (self.setup_for(&ticket)?, ticket.source(&input)?, ticket.sink(&output)?);
        ticket.submit(setup.compress_cost(data.len()), move |job| {
            let written = setup.compress_into(job, &data, &mut sink)?;
            Ok(sink.finish(written))
        })
    }

    /// The same at once. Input and output must not overlap.
    #[napi(catch_unwind)]
    pub fn compress_into_sync(&self, input: Input, mut output: Output) -> Settled {
        run_sync(|job| {
            refuse_overlap(&input, &output)?;
            self.setup()?.compress_into(job, input.bytes(), output.bytes()).map(Outcome::from)
        })
    }

    /// All streams, as new bytes.
    #[napi(catch_unwind)]
    pub fn decompress(
        &self,
        ticket: Ticket,
        input: Input,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> napi::Result<()> {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(&input)?);
        ticket.submit(decompress_cost(data.len()), move |job| setup.decompress(job, &data, &limits))
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn decompress_sync(
        &self,
        input: Input,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> Settled {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        run_sync(|job| self.setup()?.decompress(job, input.bytes(), &limits))
    }

    /// All streams into the caller's memory.
    #[napi(catch_unwind)]
    pub fn decompress_into(
        &self,
        ticket: Ticket,
        input: Input,
        output: Output,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> napi::Result<()> {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        let (setup, data, mut sink) =
            (self.setup_for(&ticket)?, ticket.source(&input)?, ticket.sink(&output)?);
        ticket.submit(decompress_cost(data.len()), move |job| {
            let written = setup.decompress_into(job, &data, &limits, &mut sink)?;
            Ok(sink.finish(written))
        })
    }

    /// The same at once. Input and output must not overlap.
    #[napi(catch_unwind)]
    pub fn decompress_into_sync(
        &self,
        input: Input,
        mut output: Output,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> Settled {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        run_sync(|job| {
            refuse_overlap(&input, &output)?;
            self.setup()?.decompress_into(job, input.bytes(), &limits, output.bytes()).map(Outcome::from)
        })
    }
}

fn refuse_overlap(input: &Input, output: &Output) -> Result<(), Fault> {
    if output.overlaps(input) {
        return Err(Fault::invalid("output", "memory that does not overlap the input"));
    }
    Ok(())
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

/// Bytes that encoders at work may take together.
#[napi(catch_unwind)]
pub fn memory_budget() -> f64 {
    memory::budget() as f64
}

/// The linked liblzma, as 50080042 for 5.8.4.
#[napi(catch_unwind)]
pub fn library_version() -> u32 {
    chunker_xz::version()
}
