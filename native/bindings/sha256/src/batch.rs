//! Many messages in one crossing.

use crate::{cost, to_fault};
use chunker_sha256::hash_many;
use chunker_support::{run_sync, Fault, Input, Job, Offsets, Outcome, Output, Settled, Ticket, Words};
use napi_derive::napi;

/// Ranges of one buffer, each checked to lie within it.
struct Ranges {
    lengths: Vec<u32>,
    offsets: Vec<u64>,
}

impl Ranges {
    fn new(Words(lengths): Words, offsets: Option<Offsets>, bytes: usize) -> Result<Ranges, Fault> {
        let offsets = match offsets {
            Some(Offsets(offsets)) if offsets.len() == lengths.len() => offsets,
            Some(_) => return Err(Fault::invalid("ranges.offsets", "as many offsets as lengths")),
            None => running_sum(&lengths)?,
        };
        let fits = |(offset, length): (&u64, &u32)| {
            offset.checked_add(u64::from(*length)).is_some_and(|end| end <= bytes as u64)
        };
        if !offsets.iter().zip(&lengths).all(fits) {
            return Err(Fault::invalid("ranges", "ranges within the buffer"));
        }
        Ok(Ranges { lengths, offsets })
    }

    fn hash(&self, job: &Job, data: &[u8], out: &mut [u8]) -> Result<(), Fault> {
        let message = |index: usize| &data[self.offsets[index] as usize..][..self.lengths[index] as usize];
        hash_many(self.lengths.len(), message, out, &|| job.should_stop()).map_err(to_fault)
    }
}

/// Without offsets the pieces lie one behind the other.
fn running_sum(lengths: &[u32]) -> Result<Vec<u64>, Fault> {
    let mut offsets = chunker_support::reserve(lengths.len())?;
    let mut end = 0u64;
    for length in lengths {
        offsets.push(end);
        end += u64::from(*length);
    }
    Ok(offsets)
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
    let cost = ranges.lengths.iter().map(|length| cost(u64::from(*length) + 64)).sum();
    ticket.submit(cost, move |job| {
        ranges.hash(job, &data, &mut sink)?;
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
        Ranges::new(lengths, offsets, input.bytes().len())?.hash(job, input.bytes(), output.bytes())?;
        Ok(Outcome::Nothing)
    })
}
