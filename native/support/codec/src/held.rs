//! A codec as JavaScript holds it: each operation has one body and two doors.

use crate::batch::{compress_many, decompress_many};
use crate::coding::Coding;
use crate::memory::{Lent, Taken};
use chunker_codec::DecodeLimits;
use chunker_support::{
    run_sync, view::HANDED_OVER, Fault, Input, Job, Offsets, Outcome, Output, Piece, Ranges, Settled, Ticket,
    Words,
};
use std::sync::Arc;

/// A codec with its options, or why there is none: a factory could only throw text.
pub struct Held<S>(Result<Arc<S>, Fault>);

impl<S: Coding> Held<S> {
    /// What opening came to.
    pub fn new(setup: Result<S, Fault>) -> Self {
        Held(setup.map(Arc::new))
    }

    /// The codec, or why there is none.
    pub fn setup(&self) -> Result<Arc<S>, Fault> {
        self.0.clone()
    }

    fn setup_for(&self, ticket: &Ticket) -> napi::Result<Arc<S>> {
        self.setup().map_err(|fault| ticket.fail(&fault))
    }

    /// Throws why the codec cannot be used.
    pub fn check(&self) -> Settled {
        Settled(self.setup().map(|_| Outcome::Nothing))
    }

    /// Compressed data, as new bytes.
    pub fn compress(&self, ticket: Ticket, input: &Input) -> napi::Result<()> {
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(input)?);
        ticket.submit(setup.compress_cost(data.len()), move |job| compress(&*setup, job, &data))
    }

    /// The same at once.
    pub fn compress_sync(&self, input: &Input) -> Settled {
        run_sync(|job| compress(&*self.setup()?, job, input.bytes()))
    }

    /// Compressed data in the caller's memory.
    pub fn compress_into(&self, ticket: Ticket, input: &Input, output: &Output) -> napi::Result<()> {
        let (setup, data, mut sink) = (self.setup_for(&ticket)?, ticket.source(input)?, ticket.sink(output)?);
        ticket.submit(setup.compress_cost(data.len()), move |job| {
            let written = compress_into(&*setup, job, &data, &mut sink)?;
            Ok(sink.finish(written))
        })
    }

    /// The same at once.
    pub fn compress_into_sync(&self, input: &Input, output: &mut Output) -> Settled {
        run_sync(|job| {
            refuse_overlap(input, output)?;
            compress_into(&*self.setup()?, job, input.bytes(), output.bytes()).map(Outcome::from)
        })
    }

    /// Each range compressed by itself.
    pub fn compress_many(
        &self,
        ticket: Ticket,
        input: &Input,
        lengths: Words,
        offsets: Option<Offsets>,
    ) -> napi::Result<()> {
        let ranges =
            Ranges::new(lengths, offsets, input.bytes().len()).map_err(|fault| ticket.fail(&fault))?;
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(input)?);
        let cost = setup.compress_cost(ranges.bytes());
        ticket.submit(cost, move |job| compress_many(&*setup, job, &data, &ranges))
    }

    /// The same at once.
    pub fn compress_many_sync(&self, input: &Input, lengths: Words, offsets: Option<Offsets>) -> Settled {
        run_sync(|job| {
            let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
            compress_many(&*self.setup()?, job, input.bytes(), &ranges)
        })
    }

    /// All that the input holds, as new bytes.
    pub fn decompress(&self, ticket: Ticket, input: &Input, limits: DecodeLimits) -> napi::Result<()> {
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(input)?);
        let cost = setup.decompress_cost(data.len());
        ticket.submit(cost, move |job| decompress(&*setup, job, &data, &limits))
    }

    /// The same at once.
    pub fn decompress_sync(&self, input: &Input, limits: DecodeLimits) -> Settled {
        run_sync(|job| decompress(&*self.setup()?, job, input.bytes(), &limits))
    }

    /// All that the input holds, in the caller's memory.
    pub fn decompress_into(
        &self,
        ticket: Ticket,
        input: &Input,
        output: &Output,
        limits: DecodeLimits,
    ) -> napi::Result<()> {
        let (setup, data, mut sink) = (self.setup_for(&ticket)?, ticket.source(input)?, ticket.sink(output)?);
        ticket.submit(setup.decompress_cost(data.len()), move |job| {
            let written = decompress_into(&*setup, job, &data, &limits, &mut sink)?;
            Ok(sink.finish(written))
        })
    }

    /// The same at once.
    pub fn decompress_into_sync(&self, input: &Input, output: &mut Output, limits: DecodeLimits) -> Settled {
        run_sync(|job| {
            refuse_overlap(input, output)?;
            decompress_into(&*self.setup()?, job, input.bytes(), &limits, output.bytes()).map(Outcome::from)
        })
    }

    /// All that each range holds.
    pub fn decompress_many(
        &self,
        ticket: Ticket,
        input: &Input,
        lengths: Words,
        offsets: Option<Offsets>,
        limits: DecodeLimits,
    ) -> napi::Result<()> {
        let ranges =
            Ranges::new(lengths, offsets, input.bytes().len()).map_err(|fault| ticket.fail(&fault))?;
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(input)?);
        let cost = setup.decompress_cost(ranges.bytes());
        ticket.submit(cost, move |job| decompress_many(&*setup, job, &data, &ranges, &limits))
    }

    /// The same at once.
    pub fn decompress_many_sync(
        &self,
        input: &Input,
        lengths: Words,
        offsets: Option<Offsets>,
        limits: DecodeLimits,
    ) -> Settled {
        run_sync(|job| {
            let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
            decompress_many(&*self.setup()?, job, input.bytes(), &ranges, &limits)
        })
    }
}

fn compress(setup: &impl Coding, job: &Job, data: &[u8]) -> Result<Outcome, Fault> {
    let _taken = Taken::of(setup.encoder_memory(Some(data.len() as u64)));
    let mut output = Vec::new();
    setup.compressing(|compressor| setup.compress_append(compressor, data, &Lent(job), &mut output))?;
    Ok(Outcome::Bytes(output))
}

fn compress_into(setup: &impl Coding, job: &Job, data: &[u8], output: &mut [u8]) -> Result<usize, Fault> {
    let _taken = Taken::of(setup.encoder_memory(Some(data.len() as u64)));
    setup.compressing(|compressor| setup.compress_into(compressor, data, &Lent(job), output))
}

fn decompress(setup: &impl Coding, job: &Job, data: &[u8], limits: &DecodeLimits) -> Result<Outcome, Fault> {
    if let Some(bytes) = setup.content_bytes(data, limits).filter(|&bytes| bytes >= HANDED_OVER) {
        let mut place = Piece::take(bytes)?;
        match decompress_into(setup, job, data, limits, place.bytes()) {
            Ok(written) => return Ok(Outcome::Placed(place, written)),
            // More than they declare: what that is called, memory that grows tells.
            Err(fault) if fault.code == "output_too_small" => {}
            Err(fault) => return Err(fault),
        }
    }
    let (mut output, host) = (Vec::new(), Lent(job));
    setup.decompressing(|decompressor| {
        setup.decompress_append(decompressor, data, limits, &host, &mut output)
    })?;
    Ok(Outcome::Bytes(output))
}

fn decompress_into(
    setup: &impl Coding,
    job: &Job,
    data: &[u8],
    limits: &DecodeLimits,
    output: &mut [u8],
) -> Result<usize, Fault> {
    setup.decompressing(|decompressor| setup.decompress_into(decompressor, data, limits, &Lent(job), output))
}

fn refuse_overlap(input: &Input, output: &Output) -> Result<(), Fault> {
    if output.overlaps(input) {
        return Err(Fault::invalid("output", "memory that does not overlap the input"));
    }
    Ok(())
}
