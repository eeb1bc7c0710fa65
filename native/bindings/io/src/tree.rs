//! Trees: open, list, read.

use crate::{reading, to_fault};
use chunker_io::{ListOptions, Requests, Tree};
use chunker_support::{reserve, Fault, Input, Outcome, Output, Ticket, Whole};
use napi_derive::napi;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Listings of one answer end after the directory that passes this.
const ANSWER_BYTES: usize = 256 << 10;
/// Estimates in nanoseconds, for the queue's fairness: one directory, one file, one byte of a window (times 8).
const DIRECTORY_COST: u64 = 20_000;
const FILE_COST: u64 = 4_000;
const EIGHT_BYTES_COST: u64 = 1;

pub(crate) type Held = Arc<OnceLock<Tree>>;

/// A tree that JavaScript holds. Jobs hold the root as well: its descriptor is closed when JavaScript has closed the handle (or dropped it) and no job uses it.
#[napi]
pub struct TreeHandle {
    held: Mutex<Option<Held>>,
}

impl TreeHandle {
    /// The tree, for others that live on it.
    pub(crate) fn shared(&self) -> napi::Result<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().ok_or_else(|| napi::Error::from_reason("the tree is closed"))
    }

    fn held(&self, ticket: &Ticket) -> napi::Result<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().ok_or_else(|| ticket.fail(&Fault::new("already_finished")))
    }
}

#[napi]
impl TreeHandle {
    /// A handle on nothing; `open` comes next.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "made from JavaScript only")]
    pub fn new() -> TreeHandle {
        TreeHandle { held: Mutex::new(Some(Held::default())) }
    }

    /// Takes hold of a path; answers a listing of one entry, the root.
    #[napi(catch_unwind)]
    pub fn open(&self, ticket: Ticket, path: Input) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let path = ticket.source(&path)?;
        ticket.submit(FILE_COST, move |_job| {
            let tree = Tree::open(&path).map_err(to_fault)?;
            let block = tree.describe();
            held.set(tree).map_err(|_| Fault::new("already_finished"))?;
            Ok(block.into())
        })
    }

    /// Lists directories: `paths` are lengths (words of 32 bits) each followed by its path. Answers blocks for the first of them, at least one.
    #[napi(catch_unwind)]
    pub fn list(&self, ticket: Ticket, paths: Input, count: Whole, probe_readable: bool) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let paths = ticket.source(&paths)?;
        ticket.submit(count.0.saturating_mul(DIRECTORY_COST), move |job| {
            let tree = opened(&held)?;
            let mut out = reserve(4096)?;
            let mut rest = &paths[..];
            while let Some((path, next)) = split_path(rest) {
                let options = ListOptions { probe_readable };
                tree.list(path, options, &mut out, &|| job.should_stop()).map_err(to_fault)?;
                if out.len() > ANSWER_BYTES {
                    break;
                }
                rest = next;
            }
            Ok(out.into())
        })
    }

    /// Works through requests (native/kernels/io/src/batch.rs) into `window`; answers two words for each: bytes, fault.
    #[napi(catch_unwind)]
    pub fn read(
        &self,
        ticket: Ticket,
        requests: Input,
        window: Output,
        slice_cap: Whole,
        readahead: Whole,
    ) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let reading = reading(slice_cap, readahead).map_err(|fault| ticket.fail(&fault))?;
        let requests = ticket.source(&requests)?;
        let mut window = ticket.sink(&window)?;
        let files = requests.len() as u64 / (chunker_io::REQUEST_WORDS as u64 * 4);
        let cost = files * FILE_COST + window.len() as u64 / 8 * EIGHT_BYTES_COST;
        ticket.submit(cost, move |job| {
            let tree = opened(&held)?;
            let requests = Requests::parse(&requests).map_err(to_fault)?;
            let outcomes =
                tree.read(&requests, &mut window, reading, &|| job.should_stop()).map_err(to_fault)?;
            let mut words = reserve(outcomes.len() * 2)?;
            for outcome in outcomes {
                words.extend([outcome.bytes, outcome.fault.map_or(0, chunker_io::Fault::packed)]);
            }
            Ok(Outcome::Words(words))
        })
    }

    /// Lets go; jobs that run keep what they use.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

pub(crate) fn opened(held: &Held) -> Result<&Tree, Fault> {
    held.get().ok_or_else(|| Fault::invalid("tree", "a handle that was opened"))
}

fn split_path(paths: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = paths.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
