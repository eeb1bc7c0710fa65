//! Zstandard as a Node-API addon.

chunker_support::addon!();

mod batch;
mod faults;
mod stream;

use chunker_support::{
    run_sync, Fault, FreeList, Input, Job, Outcome, Output, Settled, Ticket, Whole, Words,
};
use chunker_zstd::{cost, CompressOptions, Compressor, DecodeLimits, Decompressor, Dictionary, LEVELS};
use faults::to_fault;
use napi_derive::napi;
use std::sync::Arc;

/// Contexts between two uses. One of level 3 for 1 MiB weighs 1.3 MiB, of level 19 some 20.
static COMPRESSORS: FreeList<Compressor> = FreeList::new(96 << 20);
/// About 160 KiB each, more where a window was needed.
static DECOMPRESSORS: FreeList<Decompressor> = FreeList::new(32 << 20);

/// What one taken codec compresses and decompresses with.
struct Setup {
    options: CompressOptions,
    dictionary: Option<Arc<Dictionary>>,
}

impl Setup {
    fn compress_cost(&self, bytes: usize) -> u64 {
        (cost::compress_ns_per_byte(self.options.level) * bytes as f64) as u64
    }

    fn dictionary(&self) -> Option<&Arc<Dictionary>> {
        self.dictionary.as_ref()
    }

    /// Lends a context to `work`, and weighs it afterwards.
    fn compressing<T>(
        &self,
        work: impl FnOnce(&mut Compressor) -> chunker_zstd::Result<T>,
    ) -> Result<T, Fault> {
        let mut compressor = COMPRESSORS.take(0, Compressor::new).map_err(to_fault)?;
        let outcome = work(&mut compressor);
        let bytes = compressor.memory_bytes();
        compressor.weigh(bytes);
        outcome.map_err(to_fault)
    }

    fn decompressing<T>(
        &self,
        work: impl FnOnce(&mut Decompressor) -> chunker_zstd::Result<T>,
    ) -> Result<T, Fault> {
        let mut decompressor = DECOMPRESSORS.take(0, Decompressor::new).map_err(to_fault)?;
        let outcome = work(&mut decompressor);
        let bytes = decompressor.memory_bytes();
        decompressor.weigh(bytes);
        outcome.map_err(to_fault)
    }

    fn compress(&self, job: &Job, data: &[u8]) -> Result<Outcome, Fault> {
        let stop = || job.should_stop();
        self.compressing(|c| c.compress(data, &self.options, self.dictionary(), &stop)).map(Outcome::Bytes)
    }

    fn compress_into(&self, job: &Job, data: &[u8], output: &mut [u8]) -> Result<usize, Fault> {
        let stop = || job.should_stop();
        self.compressing(|c| c.compress_into(data, &self.options, self.dictionary(), &stop, output))
    }

    fn decompress(&self, job: &Job, data: &[u8], limits: &DecodeLimits) -> Result<Outcome, Fault> {
        let stop = || job.should_stop();
        self.decompressing(|d| d.decompress(data, limits, self.dictionary(), &stop)).map(Outcome::Bytes)
    }

    fn decompress_into(
        &self,
        job: &Job,
        data: &[u8],
        limits: &DecodeLimits,
        output: &mut [u8],
    ) -> Result<usize, Fault> {
        let stop = || job.should_stop();
        self.decompressing(|d| d.decompress_into(data, limits, self.dictionary(), &stop, output))
    }
}

/// Limits as they cross: safe integers, where the largest means none.
fn limits_of(max_output: Whole, max_memory: Whole, allow_trailing: bool) -> DecodeLimits {
    DecodeLimits { max_output_bytes: max_output.0, max_window_bytes: max_memory.0, allow_trailing }
}

fn decompress_cost(bytes: usize) -> u64 {
    // Output is some three times the input; a wrong guess only makes the queue a little less fair.
    (cost::DECOMPRESS_NS_PER_BYTE * 3.0 * bytes as f64) as u64
}

fn optional(field: u32) -> Option<u32> {
    (field != 0).then_some(field)
}

/// A codec with its options and dictionary, or why there is none: a factory could only throw text.
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
    /// `settings`: level + 7, flags (1 checksum, 2 content size, 4 long distance), window log, minimum match, target block bytes; 0 means "by level" in the last three.
    #[napi(catch_unwind, factory)]
    pub fn open(settings: Words, dictionary: Option<Input>) -> Codec {
        Codec(open(&settings.0, dictionary.as_ref().map(Input::bytes)).map(Arc::new))
    }

    /// Throws why the codec cannot be used.
    #[napi(catch_unwind)]
    pub fn check(&self) -> Settled {
        Settled(self.setup().map(|_| Outcome::Nothing))
    }

    /// One frame, as new bytes.
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

    /// One frame into the caller's memory.
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

    /// All frames, as new bytes.
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

    /// All frames into the caller's memory.
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

fn open(settings: &[u32], dictionary: Option<&[u8]>) -> Result<Setup, Fault> {
    let &[level, flags, window_log, min_match, target_block_bytes] = settings else {
        return Err(Fault::invalid("settings", "five numbers"));
    };
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
