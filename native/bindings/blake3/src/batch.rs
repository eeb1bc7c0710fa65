//! Many messages in one crossing.

use crate::{settings_of, to_fault, OnJob, BYTES_PER_NANOSECOND};
use chunker_blake3::{hash_many, Settings};
use chunker_support::{run_sync, Fault, Input, Offsets, Outcome, Output, Ranges, Settled, Ticket, Words};
use napi_derive::napi;

fn hash(
    ranges: &Ranges,
    host: &OnJob,
    data: &[u8],
    settings: &Settings,
    out: &mut [u8],
) -> Result<(), Fault> {
    let message = |index: usize| ranges.item(data, index);
    hash_many(ranges.lengths().len(), message, settings, out, host).map_err(to_fault)
}

/// Estimated nanoseconds: a message costs a block even when it is empty.
fn cost(ranges: &Ranges) -> u64 {
    ranges.lengths().iter().map(|length| u64::from(*length).max(64) / BYTES_PER_NANOSECOND).sum()
}

/// Digests of ranges of the input, one behind the other, into memory of exactly their size.
#[napi(catch_unwind)]
pub fn hash_many_into(
    ticket: Ticket,
    input: Input,
    lengths: Words,
    offsets: Option<Offsets>,
    settings: Input,
    output: Output,
) -> napi::Result<()> {
    let fail = |fault: Fault| ticket.fail(&fault);
    let ranges = Ranges::new(lengths, offsets, input.bytes().len()).map_err(fail)?;
    let settings = settings_of(&settings).map_err(fail)?;
    let (data, mut sink) = (ticket.source(&input)?, ticket.sink(&output)?);
    ticket.submit(cost(&ranges), move |job| {
        hash(&ranges, &OnJob::new(job), &data, &settings, &mut sink)?;
        let bytes = sink.len();
        Ok(sink.finish(bytes))
    })
}

/// The same at once.
#[napi(catch_unwind)]
pub fn hash_many_into_sync(
    input: Input,
    lengths: Words,
    offsets: Option<Offsets>,
    settings: Input,
    mut output: Output,
) -> Settled {
    run_sync(|job| {
        let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
        let host = OnJob::at_once(job, input.bytes().len());
        hash(&ranges, &host, input.bytes(), &settings_of(&settings)?, output.bytes())?;
        Ok(Outcome::Nothing)
    })
}
