//! Many messages in one crossing.

use crate::{settings_of, to_fault, OnJob, BYTES_PER_NANOSECOND};
use chunker_blake3::{hash_many, Settings};
use chunker_support::{run_sync, Fault, Input, Job, Offsets, Outcome, Output, Settled, Ticket, Words};
use napi_derive::napi;

/// Ranges of one buffer, each checked to lie within it.
struct Ranges {
    lengths: Vec<u32>,
    /// Empty: the pieces lie one behind the other.
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

    fn hash(
        &self,
        job: &Job,
        at_once: bool,
        data: &[u8],
        settings: &Settings,
        out: &mut [u8],
    ) -> Result<(), Fault> {
        let message = |index: usize| &data[self.offsets[index] as usize..][..self.lengths[index] as usize];
        let host = if at_once { OnJob::at_once(job, data.len()) } else { OnJob::new(job) };
        hash_many(self.lengths.len(), message, settings, out, &host).map_err(to_fault)
    }

    /// Estimated nanoseconds: a message costs a block even when it is empty.
    fn cost(&self) -> u64 {
        self.lengths.iter().map(|length| u64::from(*length).max(64) / BYTES_PER_NANOSECOND).sum()
    }
}

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
    settings: Input,
    output: Output,
) -> napi::Result<()> {
    let fail = |fault: Fault| ticket.fail(&fault);
    let ranges = Ranges::new(lengths, offsets, input.bytes().len()).map_err(fail)?;
    let settings = settings_of(&settings).map_err(fail)?;
    let (data, mut sink) = (ticket.source(&input)?, ticket.sink(&output)?);
    ticket.submit(ranges.cost(), move |job| {
        ranges.hash(job, false, &data, &settings, &mut sink)?;
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
        ranges.hash(job, true, input.bytes(), &settings_of(&settings)?, output.bytes())?;
        Ok(Outcome::Nothing)
    })
}
