//! Single files: open, read, facts.

use crate::{reading, to_fault};
use chunker_io::{Facts, File, Way};
use chunker_support::{Fault, Input, Output, Ticket, Whole};
use napi_derive::napi;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Estimates in nanoseconds: a small call, eight bytes from the page cache.
const CALL_COST: u64 = 3_000;
const EIGHT_BYTES_COST: u64 = 1;

type Held = Arc<OnceLock<File>>;

/// A file that JavaScript holds. Jobs hold it as well: its descriptor is closed when JavaScript has closed the handle (or dropped it) and no job uses it.
#[napi]
pub struct FileHandle {
    held: Mutex<Option<Held>>,
}

impl FileHandle {
    fn held(&self, ticket: &Ticket) -> napi::Result<Held> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone().ok_or_else(|| ticket.fail(&Fault::new("already_finished")))
    }
}

#[napi]
impl FileHandle {
    /// A handle on nothing; `open` comes next.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "made from JavaScript only")]
    pub fn new() -> FileHandle {
        FileHandle { held: Mutex::new(Some(Held::default())) }
    }

    /// Opens a path, to be read in one of the ways of packages/io/src/kernel.ts; answers the record of its facts.
    #[napi(catch_unwind)]
    pub fn open(&self, ticket: Ticket, path: Input, way: Whole) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let path = ticket.source(&path)?;
        let way = match way.0 {
            1 => Way::Mapped,
            2 => Way::Direct,
            _ => Way::Buffered,
        };
        ticket.submit(CALL_COST, move |_job| {
            let (file, facts) = File::open_by(&path, way).map_err(to_fault)?;
            held.set(file).map_err(|_| Fault::new("already_finished"))?;
            Ok(record(&facts).into())
        })
    }

    /// Answers the record of the facts now.
    #[napi(catch_unwind)]
    pub fn facts(&self, ticket: Ticket) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        ticket.submit(CALL_COST, move |_job| {
            let facts = opened(&held)?.facts().map_err(to_fault)?;
            Ok(record(&facts).into())
        })
    }

    /// Reads from `position` until `into` is full or the file ends; answers the bytes read.
    #[napi(catch_unwind)]
    pub fn read(
        &self,
        ticket: Ticket,
        position: Whole,
        into: Output,
        slice_cap: Whole,
        readahead: Whole,
    ) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let reading = reading(slice_cap, readahead).map_err(|fault| ticket.fail(&fault))?;
        let mut sink = ticket.sink(&into)?;
        let cost = CALL_COST + sink.len() as u64 / 8 * EIGHT_BYTES_COST;
        ticket.submit(cost, move |job| {
            let file = opened(&held)?;
            let read = file.read(position.0, &mut sink, reading, &|| job.should_stop()).map_err(to_fault)?;
            Ok(sink.finish(read))
        })
    }

    /// Why the file is read as usual though another way was asked for, as a fault in one number; 0: it is not.
    #[napi(catch_unwind)]
    pub fn refused(&self) -> u32 {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let file = held.as_ref().and_then(|held| held.get());
        file.and_then(File::refused).map_or(0, chunker_io::Fault::packed)
    }

    /// Lets go; jobs that run keep what they use.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn opened(held: &Held) -> Result<&File, Fault> {
    held.get().ok_or_else(|| Fault::invalid("file", "a handle that was opened"))
}

fn record(facts: &Facts) -> Vec<u8> {
    facts.record(0, 0, 0, 0).to_vec()
}
