//! Many messages in one crossing.

use crate::{cost, to_fault};
use chunker_sha256::hash_many;
use chunker_support::{
    run_sync, Fault, Input, Job, Offsets, Outcome, Output, Ranges, Settled, Ticket, Words,
};
use napi_derive::napi;

fn hash(ranges: &Ranges, job: &Job, data: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    let message = |index: usize| ranges.item(data, index);
    hash_many(ranges.lengths().len(), message, out, &|| job.should_stop()).map_err(to_fault)
}

/// Digests of ranges of the input, one behind the other, into memory of exactly their size.
#[napi(catch_unwind)]
pub fn hash_many_into(
    ticket: Ticket,
    input: Input,
    lengths: Words,
    offsets: Option<Offsets>,
    output: Output,
) -> napi::Result<()> {
    let ranges = Ranges::new(lengths, offsets, input.bytes().len()).map_err(|fault| ticket.fail(&fault))?;
    let (data, mut sink) = (ticket.source(&input)?, ticket.sink(&output)?);
    // A message costs a block even when it is empty.
    let cost = ranges.lengths().iter().map(|length| cost(u64::from(*length) + 64)).sum();
    ticket.submit(cost, move |job| {
        hash(&ranges, job, &data, &mut sink)?;
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
    mut output: Output,
) -> Settled {
    run_sync(|job| {
        let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
        hash(&ranges, job, input.bytes(), output.bytes())?;
        Ok(Outcome::Nothing)
    })
}
