//! Many items in one crossing: one buffer of results, their lengths, and the faults of those that failed.

use crate::faults::to_fault;
use crate::{decompress_cost, limits_of, Codec, Setup};
use chunker_support::{
    partition::by_bytes, reserve, run_sync, Fault, Input, Job, Offsets, Outcome, Ranges, Settled, Ticket,
    Whole, Words,
};
use chunker_zstd::{DecodeLimits, Error};
use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Below this estimate a batch stays on one thread: waking others would take as long as the work.
const WAKES_OTHERS_NS: u64 = 200_000;
/// What the results of one batch may weigh together, unless a single item may weigh more; core's own limit.
const BATCH_BYTES: u64 = 1 << 30;

/// Results of a run of items.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
    faults: Vec<(u32, Fault)>,
}

impl Run {
    /// Notes an item that was appended to `bytes`, or not. An abort is the whole batch's.
    fn note(&mut self, index: usize, outcome: chunker_zstd::Result<usize>) -> Result<(), Fault> {
        let length = match outcome {
            Ok(length) => {
                u32::try_from(length).map_err(|_| Fault::new("size_exceeded").with("limit", u32::MAX))
            }
            Err(Error::Aborted) => return Err(Fault::aborted()),
            Err(error) => Err(to_fault(error)),
        };
        match length {
            Ok(length) => self.lengths.push(length),
            Err(fault) => {
                self.lengths.push(0);
                self.faults.push((index as u32, fault));
            }
        }
        Ok(())
    }
}

/// Runs `items` over runs of about equal bytes, on free threads too where that pays; results are in order, whatever the threads.
fn over_runs<F>(job: &Job, ranges: &Ranges, cost: u64, items: F) -> Result<Outcome, Fault>
where
    F: Fn(std::ops::Range<usize>, &mut Run) -> Result<(), Fault> + Sync,
{
    if cost < WAKES_OTHERS_NS || job.threads() == 1 {
        let mut run = Run::default();
        items(0..ranges.lengths().len(), &mut run)?;
        return join(vec![run]);
    }
    let parts = by_bytes(ranges.lengths(), job.threads());
    let runs: Vec<Mutex<Result<Run, Fault>>> = parts.iter().map(|_| Mutex::new(Ok(Run::default()))).collect();
    job.parallel_for(parts.len(), |part| {
        let mut run = Run::default();
        let outcome = items(parts[part].clone(), &mut run).map(|()| run);
        *runs[part].lock().unwrap_or_else(PoisonError::into_inner) = outcome;
    });
    let runs: Result<Vec<Run>, Fault> =
        runs.into_iter().map(|run| run.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
    join(runs?)
}

fn join(mut runs: Vec<Run>) -> Result<Outcome, Fault> {
    let faults: Vec<String> =
        runs.iter().flat_map(|run| &run.faults).map(|(_, fault)| fault_json(fault)).collect();
    let failed: Vec<u32> = runs.iter().flat_map(|run| &run.faults).map(|(index, _)| *index).collect();
    let lengths: Vec<u32> = runs.iter().flat_map(|run| &run.lengths).copied().collect();
    let bytes = if runs.len() == 1 {
        std::mem::take(&mut runs[0].bytes)
    } else {
        let mut joined = reserve(runs.iter().map(|run| run.bytes.len()).sum())?;
        for run in &mut runs {
            joined.extend_from_slice(&run.bytes);
            // Given back at once: results and their copies need not all live at the same time.
            run.bytes = Vec::new();
        }
        joined
    };
    let faults = Outcome::Text(format!("[{}]", faults.join(",")));
    Ok(Outcome::List(vec![bytes.into(), lengths.into(), failed.into(), faults]))
}

/// The code is a word of ours and needs no escaping.
fn fault_json(fault: &Fault) -> String {
    format!("[\"{}\",{}]", fault.code, fault.details_json())
}

impl Setup {
    fn compress_many(&self, job: &Job, data: &[u8], ranges: &Ranges) -> Result<Outcome, Fault> {
        let stop = || job.should_stop();
        over_runs(job, ranges, self.compress_cost(ranges.bytes()), |items, run| {
            self.compressing(|compressor| {
                Ok(items.into_iter().try_for_each(|index| {
                    let item = ranges.item(data, index);
                    let outcome = compressor.compress_append(
                        item,
                        &self.options,
                        self.dictionary(),
                        &stop,
                        &mut run.bytes,
                    );
                    run.note(index, outcome)
                }))
            })?
        })
    }

    fn decompress_many(
        &self,
        job: &Job,
        data: &[u8],
        ranges: &Ranges,
        limits: &DecodeLimits,
    ) -> Result<Outcome, Fault> {
        let stop = || job.should_stop();
        let (total, most) = (AtomicU64::new(0), limits.max_output_bytes.max(BATCH_BYTES));
        over_runs(job, ranges, decompress_cost(ranges.bytes()), |items, run| {
            self.decompressing(|decompressor| {
                Ok(items.into_iter().try_for_each(|index| {
                    let item = ranges.item(data, index);
                    let outcome = decompressor.decompress_append(
                        item,
                        limits,
                        self.dictionary(),
                        &stop,
                        &mut run.bytes,
                    );
                    let length = *outcome.as_ref().unwrap_or(&0) as u64;
                    if total.fetch_add(length, Ordering::Relaxed) + length > most {
                        return Err(Fault::new("size_exceeded").with("limit", most));
                    }
                    run.note(index, outcome)
                }))
            })?
        })
    }
}

#[napi]
impl Codec {
    /// One frame per range.
    #[napi(catch_unwind)]
    pub fn compress_many(
        &self,
        ticket: Ticket,
        input: Input,
        lengths: Words,
        offsets: Option<Offsets>,
    ) -> napi::Result<()> {
        let ranges =
            Ranges::new(lengths, offsets, input.bytes().len()).map_err(|fault| ticket.fail(&fault))?;
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(&input)?);
        ticket
            .submit(setup.compress_cost(ranges.bytes()), move |job| setup.compress_many(job, &data, &ranges))
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn compress_many_sync(&self, input: Input, lengths: Words, offsets: Option<Offsets>) -> Settled {
        run_sync(|job| {
            let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
            self.setup()?.compress_many(job, input.bytes(), &ranges)
        })
    }

    /// What the frames of each range hold. The limit is each item's.
    #[napi(catch_unwind)]
    #[allow(clippy::too_many_arguments)] // a crossing has no named fields
    pub fn decompress_many(
        &self,
        ticket: Ticket,
        input: Input,
        lengths: Words,
        offsets: Option<Offsets>,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> napi::Result<()> {
        let ranges =
            Ranges::new(lengths, offsets, input.bytes().len()).map_err(|fault| ticket.fail(&fault))?;
        let limits = limits_of(max_output, max_memory, allow_trailing);
        let (setup, data) = (self.setup_for(&ticket)?, ticket.source(&input)?);
        ticket.submit(decompress_cost(ranges.bytes()), move |job| {
            setup.decompress_many(job, &data, &ranges, &limits)
        })
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn decompress_many_sync(
        &self,
        input: Input,
        lengths: Words,
        offsets: Option<Offsets>,
        max_output: Whole,
        max_memory: Whole,
        allow_trailing: bool,
    ) -> Settled {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        run_sync(|job| {
            let ranges = Ranges::new(lengths, offsets, input.bytes().len())?;
            self.setup()?.decompress_many(job, input.bytes(), &ranges, &limits)
        })
    }
}
