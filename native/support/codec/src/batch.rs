//! Many items in one crossing: one buffer of results, their lengths, and the faults of those that failed.

use crate::coding::Coding;
use crate::faults::to_fault;
use crate::memory::{Lent, Taken};
use chunker_codec::{work_off, DecodeLimits, Error, Host};
use chunker_support::{partition::by_bytes, reserve, Fault, Job, Outcome, Piece, Ranges};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Notes what became of an item. An abort is the whole batch's.
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

/// Runs of about equal bytes; a single one where others are not to be woken.
fn parts_of(job: &Job, ranges: &Ranges, cost: u64) -> Vec<Range<usize>> {
    let items = ranges.lengths().len();
    if cost < WAKES_OTHERS_NS || job.threads() == 1 || items < 2 {
        return vec![Range { start: 0, end: items }];
    }
    by_bytes(ranges.lengths(), job.threads())
}

/// Works the parts off, on free threads too where `memory` for each is to be had; results are in order, whatever the threads.
fn over_parts<F>(job: &Job, parts: &[Range<usize>], memory: u64, work: F) -> Result<Vec<Run>, Fault>
where
    F: Fn(usize, &mut Run, &dyn Host) -> Result<(), Fault> + Sync,
{
    let _taken = Taken::of(memory);
    if parts.len() == 1 {
        let mut run = Run::default();
        // A single item may still be cut into blocks for several threads.
        work(0, &mut run, &Lent(job))?;
        return Ok(vec![run]);
    }
    let runs: Vec<Mutex<Run>> = parts.iter().map(|_| Mutex::new(Run::default())).collect();
    work_off(&Lent(job), parts.len(), memory, &|| (), &|(), part| {
        let mut run = Run::default();
        work(part, &mut run, &|| job.should_stop())?;
        *lock(&runs[part]) = run;
        Ok::<(), Fault>(())
    })?;
    Ok(runs.into_iter().map(|run| run.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The results of all runs, which lie in `bytes` one behind the other.
fn answer(bytes: Outcome, runs: &[Run]) -> Outcome {
    let faults: Vec<String> =
        runs.iter().flat_map(|run| &run.faults).map(|(_, fault)| fault_json(fault)).collect();
    let failed: Vec<u32> = runs.iter().flat_map(|run| &run.faults).map(|(index, _)| *index).collect();
    let lengths: Vec<u32> = runs.iter().flat_map(|run| &run.lengths).copied().collect();
    let faults = Outcome::Text(format!("[{}]", faults.join(",")));
    Outcome::List(vec![bytes, lengths.into(), failed.into(), faults])
}

/// The code is a word of ours and needs no escaping.
fn fault_json(fault: &Fault) -> String {
    format!("[\"{}\",{}]", fault.code, fault.details_json())
}

fn join(mut runs: Vec<Run>) -> Result<Outcome, Fault> {
    let bytes = if let [run] = runs.as_mut_slice() {
        std::mem::take(&mut run.bytes)
    } else {
        let mut joined = reserve(runs.iter().map(|run| run.bytes.len()).sum())?;
        for run in &mut runs {
            joined.extend_from_slice(&run.bytes);
            // Given back at once: results and their copies need not all live at the same time.
            run.bytes = Vec::new();
        }
        joined
    };
    Ok(answer(bytes.into(), &runs))
}

/// One stream or frame per range.
pub fn compress_many(setup: &impl Coding, job: &Job, data: &[u8], ranges: &Ranges) -> Result<Outcome, Fault> {
    let longest = ranges.lengths().iter().copied().max().unwrap_or(0);
    let memory = setup.encoder_memory(Some(longest.into()));
    let parts = parts_of(job, ranges, setup.compress_cost(ranges.bytes()));
    join(over_parts(job, &parts, memory, |part, run, host| {
        setup.compressing(|compressor| {
            Ok(parts[part].clone().try_for_each(|index| {
                let item = ranges.item(data, index);
                let outcome = setup.compress_append(compressor, item, host, &mut run.bytes);
                run.note(index, outcome)
            }))
        })?
    })?)
}

/// What each range holds. The limit is each item's. Windows and dictionaries of decoders are held by their own limit.
pub fn decompress_many(
    setup: &impl Coding,
    job: &Job,
    data: &[u8],
    ranges: &Ranges,
    limits: &DecodeLimits,
) -> Result<Outcome, Fault> {
    let most = limits.max_output_bytes.max(BATCH_BYTES);
    let parts = parts_of(job, ranges, setup.decompress_cost(ranges.bytes()));
    if let Some(sizes) = declared(setup, data, ranges, limits, most) {
        return decompress_placed(setup, job, &parts, limits, &sizes, |index| ranges.item(data, index));
    }
    let total = AtomicU64::new(0);
    join(over_parts(job, &parts, 0, |part, run, host| {
        setup.decompressing(|decompressor| {
            Ok(parts[part].clone().try_for_each(|index| {
                let item = ranges.item(data, index);
                let outcome = setup.decompress_append(decompressor, item, limits, host, &mut run.bytes);
                let length = *outcome.as_ref().unwrap_or(&0) as u64;
                if total.fetch_add(length, Ordering::Relaxed) + length > most {
                    return Err(Fault::new("size_exceeded").with("limit", most));
                }
                run.note(index, outcome)
            }))
        })?
    })?)
}

/// What each item declares, where all do and together they are no more than `most` bytes.
fn declared(
    setup: &impl Coding,
    data: &[u8],
    ranges: &Ranges,
    limits: &DecodeLimits,
    most: u64,
) -> Option<Vec<u32>> {
    let mut total = 0;
    let size = |index| {
        let bytes = u32::try_from(setup.content_bytes(ranges.item(data, index), limits)?).ok()?;
        total += u64::from(bytes);
        (total <= most).then_some(bytes)
    };
    (0..ranges.lengths().len()).map(size).collect()
}

/// Items of declared sizes, each decoded where it belongs in the one result.
fn decompress_placed<'a>(
    setup: &impl Coding,
    job: &Job,
    parts: &[Range<usize>],
    limits: &DecodeLimits,
    sizes: &[u32],
    item: impl Fn(usize) -> &'a [u8] + Sync,
) -> Result<Outcome, Fault> {
    let mut piece = Piece::take(total(sizes))?;
    let mut rest = piece.bytes();
    let places: Vec<Mutex<&mut [u8]>> = parts
        .iter()
        .map(|part| {
            let (place, behind) = std::mem::take(&mut rest).split_at_mut(total(&sizes[part.clone()]));
            rest = behind;
            Mutex::new(place)
        })
        .collect();
    let runs = over_parts(job, parts, 0, |part, run, host| {
        let mut places = lock(&places[part]);
        let mut rest = &mut **places;
        setup.decompressing(|decompressor| {
            Ok(parts[part].clone().try_for_each(|index| {
                let (place, behind) = std::mem::take(&mut rest).split_at_mut(sizes[index] as usize);
                rest = behind;
                run.note(index, decompress_item(setup, decompressor, item(index), limits, host, place))
            }))
        })?
    })?;
    drop(places);
    let written = close_gaps(piece.bytes(), sizes, runs.iter().flat_map(|run| &run.lengths));
    Ok(answer(Outcome::Placed(piece, written), &runs))
}

fn total(sizes: &[u32]) -> usize {
    sizes.iter().map(|&size| size as usize).sum()
}

fn decompress_item<C: Coding>(
    setup: &C,
    decompressor: &mut C::Decompressor,
    item: &[u8],
    limits: &DecodeLimits,
    host: &dyn Host,
    place: &mut [u8],
) -> chunker_codec::Result<usize> {
    match setup.decompress_into(decompressor, item, limits, host, place) {
        // More than it declares: what that is called, memory that grows tells.
        Err(Error::OutputTooSmall { .. }) => {
            setup.decompress_append(decompressor, item, limits, host, &mut Vec::new())?;
            Err(Error::CorruptData { offset: item.len() as u64, reason: "more content than it declares" })
        }
        outcome => outcome,
    }
}

/// Moves results together where items gave less than they declared; answers the bytes of all.
fn close_gaps<'a>(bytes: &mut [u8], sizes: &[u32], lengths: impl Iterator<Item = &'a u32>) -> usize {
    let (mut from, mut to) = (0, 0);
    for (&size, &length) in sizes.iter().zip(lengths) {
        if from != to {
            bytes.copy_within(from..from + length as usize, to);
        }
        from += size as usize;
        to += length as usize;
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_closed() {
        let mut bytes = *b"abcDEFGhi";
        assert_eq!(close_gaps(&mut bytes, &[3, 4, 2], [3, 4, 2].iter()), 9);
        assert_eq!(close_gaps(&mut bytes, &[3, 4, 2], [3, 0, 2].iter()), 5);
        assert_eq!(&bytes[..5], b"abchi");
        assert_eq!(close_gaps(&mut [], &[], [].iter()), 0);
    }
}
