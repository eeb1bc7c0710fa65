//! Many items in one crossing: one buffer of results, their lengths, and the faults of those that failed.

use crate::coding::Coding;
use crate::faults::to_fault;
use crate::memory::{Lent, Taken};
use chunker_codec::{work_off, DecodeLimits, Error, Host};
use chunker_support::{partition::by_bytes, reserve, Fault, Job, Outcome, Ranges};
use std::ops::Range;
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
    fn note(&mut self, index: usize, outcome: chunker_codec::Result<usize>) -> Result<(), Fault> {
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

/// Runs `items` over runs of about equal bytes, on free threads too where that pays and `memory` for each is to be had; results are in order, whatever the threads.
fn over_runs<F>(job: &Job, ranges: &Ranges, cost: u64, memory: u64, items: F) -> Result<Outcome, Fault>
where
    F: Fn(Range<usize>, &mut Run, &dyn Host) -> Result<(), Fault> + Sync,
{
    let _taken = Taken::of(memory);
    if cost < WAKES_OTHERS_NS || job.threads() == 1 || ranges.lengths().len() == 1 {
        let mut run = Run::default();
        // A single item may still be cut into blocks for several threads.
        items(0..ranges.lengths().len(), &mut run, &Lent(job))?;
        return join(vec![run]);
    }
    let parts = by_bytes(ranges.lengths(), job.threads());
    let runs: Vec<Mutex<Run>> = parts.iter().map(|_| Mutex::new(Run::default())).collect();
    work_off(&Lent(job), parts.len(), memory, &|| (), &|(), part| {
        let mut run = Run::default();
        items(parts[part].clone(), &mut run, &|| job.should_stop())?;
        *runs[part].lock().unwrap_or_else(PoisonError::into_inner) = run;
        Ok::<(), Fault>(())
    })?;
    join(runs.into_iter().map(|run| run.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
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

/// One stream or frame per range.
pub fn compress_many(setup: &impl Coding, job: &Job, data: &[u8], ranges: &Ranges) -> Result<Outcome, Fault> {
    let longest = ranges.lengths().iter().copied().max().unwrap_or(0);
    let memory = setup.encoder_memory(Some(longest.into()));
    over_runs(job, ranges, setup.compress_cost(ranges.bytes()), memory, |items, run, host| {
        setup.compressing(|compressor| {
            Ok(items.into_iter().try_for_each(|index| {
                let item = ranges.item(data, index);
                let outcome = setup.compress_append(compressor, item, host, &mut run.bytes);
                run.note(index, outcome)
            }))
        })?
    })
}

/// What each range holds. The limit is each item's.
pub fn decompress_many(
    setup: &impl Coding,
    job: &Job,
    data: &[u8],
    ranges: &Ranges,
    limits: &DecodeLimits,
) -> Result<Outcome, Fault> {
    let (total, most) = (AtomicU64::new(0), limits.max_output_bytes.max(BATCH_BYTES));
    // Windows and dictionaries of decoders are held by their own limit.
    over_runs(job, ranges, setup.decompress_cost(ranges.bytes()), 0, |items, run, host| {
        setup.decompressing(|decompressor| {
            Ok(items.into_iter().try_for_each(|index| {
                let item = ranges.item(data, index);
                let outcome = setup.decompress_append(decompressor, item, limits, host, &mut run.bytes);
                let length = *outcome.as_ref().unwrap_or(&0) as u64;
                if total.fetch_add(length, Ordering::Relaxed) + length > most {
                    return Err(Fault::new("size_exceeded").with("limit", most));
                }
                run.note(index, outcome)
            }))
        })?
    })
}
