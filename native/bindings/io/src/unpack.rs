//! New trees: begin, write, publish, remove.

use crate::archive::OnJob;
use crate::to_fault;
use chunker_io::{NewTree, Orders};
use chunker_support::{Fault, Input, Outcome, Ticket, Whole};
use napi_derive::napi;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Estimates in nanoseconds, for the queue's fairness: a small call, one entry, eight bytes of contents.
const CALL_COST: u64 = 10_000;
const ENTRY_COST: u64 = 8_000;
const EIGHT_BYTES_COST: u64 = 2;
/// Bytes of an entry in the orders, at least.
const ENTRY_BYTES: u64 = 32;

type Held = Arc<OnceLock<NewTree>>;

/// A tree that is being made for JavaScript. Jobs hold it as well: its descriptors are closed when JavaScript has closed the handle (or dropped it) and no job uses it.
#[napi]
pub struct NewTreeHandle {
    held: Mutex<Option<Held>>,
}

impl NewTreeHandle {
    fn if_open(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn held(&self, ticket: &Ticket) -> napi::Result<Held> {
        self.if_open().ok_or_else(|| ticket.fail(&Fault::new("already_finished")))
    }
}

#[napi]
impl NewTreeHandle {
    /// A handle on nothing; `open` comes next.
    #[napi(constructor, catch_unwind)]
    #[allow(clippy::new_without_default, reason = "made from JavaScript only")]
    pub fn new() -> NewTreeHandle {
        NewTreeHandle { held: Mutex::new(Some(Held::default())) }
    }

    /// Takes hold of the directory that the tree will stand in. `name` must be free there.
    #[napi(catch_unwind)]
    pub fn open(&self, ticket: Ticket, parent: Input, name: Input, temporary: Input) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let (parent, name, temporary) =
            (ticket.source(&parent)?, ticket.source(&name)?, ticket.source(&temporary)?);
        ticket.submit(CALL_COST, move |_job| {
            let tree = NewTree::open(&parent, &name, &temporary).map_err(to_fault)?;
            held.set(tree).map_err(|_| Fault::new("already_finished"))?;
            Ok(Outcome::Nothing)
        })
    }

    /// Carries out orders (native/kernels/io/src/unpack/orders.rs); answers nothing, or the order that failed and its fault.
    #[napi(catch_unwind)]
    pub fn write(&self, ticket: Ticket, window: Input, orders: Input) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        let (window, orders) = (ticket.source(&window)?, ticket.source(&orders)?);
        let entries = orders.len() as u64 / ENTRY_BYTES;
        let cost = CALL_COST + entries * ENTRY_COST + window.len() as u64 / 8 * EIGHT_BYTES_COST;
        ticket.submit(cost, move |job| {
            let orders = Orders::parse(&orders).map_err(to_fault)?;
            match opened(&held)?.write(&orders, &window, &OnJob(job)) {
                Ok(()) => Ok(Outcome::Words(Vec::new())),
                Err(failure) if failure.fault.code == chunker_io::Code::Aborted => Err(Fault::aborted()),
                Err(failure) => Ok(Outcome::Words(vec![failure.order as u32, failure.fault.packed()])),
            }
        })
    }

    /// Gives the finished tree its name.
    #[napi(catch_unwind)]
    pub fn publish(&self, ticket: Ticket, sync: bool) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        ticket.submit(CALL_COST, move |_job| {
            opened(&held)?.publish(sync).map_err(to_fault)?;
            Ok(Outcome::Nothing)
        })
    }

    /// Removes what was made.
    #[napi(catch_unwind)]
    pub fn remove(&self, ticket: Ticket, entries: Whole) -> napi::Result<()> {
        let held = self.held(&ticket)?;
        ticket.submit(entries.0.saturating_mul(ENTRY_COST), move |_job| {
            opened(&held)?.remove().map_err(to_fault)?;
            Ok(Outcome::Nothing)
        })
    }

    /// The same at once, on this thread: for a process that is about to end.
    #[napi(catch_unwind)]
    pub fn remove_at_once(&self) -> bool {
        self.if_open().is_none_or(|held| held.get().is_none_or(|tree| tree.remove().is_ok()))
    }

    /// Lets go; jobs that run keep what they use.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn opened(held: &OnceLock<NewTree>) -> Result<&NewTree, Fault> {
    held.get().ok_or_else(|| Fault::invalid("tree", "a handle that was opened"))
}
