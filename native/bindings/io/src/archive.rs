//! A tree as an archive: one job for a window.

use crate::tree::{opened, Held, TreeHandle};
use crate::{reading, to_fault};
use chunker_io::{Archive, Filled, Host, Resume, WalkLimits, Why};
use chunker_support::{reserve, Fault, Job, Output, Ticket, Whole};
use napi_derive::napi;
use std::sync::{Arc, Mutex, PoisonError};

/// Estimates in nanoseconds, for the queue's fairness: a call, sixteen bytes of a window. Small files take more, large ones less.
const CALL_COST: u64 = 20_000;
const SIXTEEN_BYTES_COST: u64 = 10;

/// Words of an answer's head; packages/io/src/archive.ts is the reader.
const HEAD_WORDS: usize = 8;

/// The tree, which must live as long as its archive, and the archive once it has begun.
struct Begun {
    tree: Held,
    archive: Option<Box<Archive>>,
}

/// An archive that JavaScript holds. It lets go of everything when JavaScript has closed it (or dropped it) and no job uses it.
#[napi]
pub struct ArchiveHandle {
    limits: WalkLimits,
    begun: Arc<Mutex<Option<Begun>>>,
}

/// A job as the kernel's host.
pub(crate) struct OnJob<'a>(pub(crate) &'a Job<'a>);

impl Host for OnJob<'_> {
    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }

    fn is_parallel(&self) -> bool {
        self.0.threads() > 1
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        self.0.parallel_for(count, body);
    }
}

#[napi]
impl ArchiveHandle {
    /// The archive of a tree that was opened; the tree may be closed before it.
    #[napi(constructor, catch_unwind)]
    pub fn new(tree: &TreeHandle, levels: Whole, one_file_system: bool) -> napi::Result<ArchiveHandle> {
        let depth = u32::try_from(levels.0).unwrap_or(u32::MAX);
        let limits = WalkLimits { depth, one_file_system };
        let begun = Begun { tree: tree.shared()?, archive: None };
        Ok(ArchiveHandle { limits, begun: Arc::new(Mutex::new(Some(begun))) })
    }

    /// Puts the next bytes into `window`. `taken` bytes of the unfinished file were read by the caller; `skip` leaves out the entry that was refused.
    #[napi(catch_unwind)]
    pub fn fill(
        &self,
        ticket: Ticket,
        window: Output,
        taken: Whole,
        skip: bool,
        slice_cap: Whole,
        readahead: Whole,
    ) -> napi::Result<()> {
        let reading = reading(slice_cap, readahead).map_err(|fault| ticket.fail(&fault))?;
        let mut window = ticket.sink(&window)?;
        let (begun, limits) = (self.begun.clone(), self.limits);
        let cost = CALL_COST + window.len() as u64 / 16 * SIXTEEN_BYTES_COST;
        ticket.submit(cost, move |job| {
            let mut begun = begun.try_lock().map_err(|_| Fault::invalid("fill", "one call at a time"))?;
            let Begun { tree, archive } = begun.as_mut().ok_or(Fault::new("already_finished"))?;
            let tree = opened(tree)?;
            let archive = archive.get_or_insert_with(|| Box::new(Archive::new(tree, limits)));
            let resume = Resume { taken: taken.0, skip };
            let filled = archive.fill(tree, &mut window, resume, reading, &OnJob(job)).map_err(to_fault)?;
            let length = window.len();
            answer(&filled, archive, length).map(Into::into)
        })
    }

    /// Lets go; a job that runs must have ended.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn answer(filled: &Filled, archive: &Archive, length: usize) -> Result<Vec<u8>, Fault> {
    let unfinished = archive.unfinished().filter(|_| *filled == Filled::Full);
    let (status, bytes, value, path) = match filled {
        Filled::Full => (0, length, 0, &[][..]),
        Filled::Ended(bytes) => (1, *bytes, 0, &[][..]),
        Filled::Stopped(bytes, path, why) => match why {
            Why::Refused(fault) => (2, *bytes, fault.packed(), &path[..]),
            Why::Failed(fault) => (3, *bytes, fault.packed(), &path[..]),
            Why::Unsupported(kind) => (4, *bytes, *kind as u32, &path[..]),
            Why::TooDeep => (5, *bytes, 0, &path[..]),
        },
    };
    let file = unfinished.as_ref();
    let offset = file.map_or(0, |file| file.offset);
    let directory = file.map_or(path, |file| &file.directory);
    let name = file.map_or(&[][..], |file| &file.name);
    let (low, high) = (offset as u32, (offset >> 32) as u32);
    let head: [u32; HEAD_WORDS] = [
        status,
        bytes as u32,
        value,
        low,
        high,
        directory.len() as u32,
        name.len() as u32,
        file.is_some().into(),
    ];
    let mut out = reserve(HEAD_WORDS * 4 + chunker_io::RECORD_BYTES + directory.len() + name.len())?;
    head.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    match file {
        Some(file) => out.extend_from_slice(&file.facts.record(0, name.len() as u32, 0, 0)),
        None => out.resize(out.len() + chunker_io::RECORD_BYTES, 0),
    }
    // The name where its record says it is: at the beginning.
    out.extend_from_slice(name);
    out.extend_from_slice(directory);
    Ok(out)
}
