//! The incremental state.

use crate::{cost, put, to_fault};
use chunker_sha256::Hasher;
use chunker_support::{run_sync, Fault, Input, Job, Outcome, Output, Settled, Ticket};
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A state that JavaScript holds and jobs feed. JavaScript starts one job after the other: the order of updates is the order of their calls.
#[napi]
pub struct State(Arc<Mutex<Option<Hasher>>>);

fn lock(state: &Mutex<Option<Hasher>>) -> MutexGuard<'_, Option<Hasher>> {
    // A panic in an update has left the state half way; `feed` has taken it out before.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() -> Fault {
    Fault::new("already_finished")
}

/// After a failure or a panic the state is ended: part of the input has been taken.
fn feed(state: &Mutex<Option<Hasher>>, data: &[u8], job: &Job) -> Result<Outcome, Fault> {
    let mut place = lock(state);
    let mut hasher = place.take().ok_or_else(ended)?;
    hasher.update(data, &|| job.should_stop()).map_err(to_fault)?;
    *place = Some(hasher);
    Ok(Outcome::Nothing)
}

#[napi]
impl State {
    /// A state before its first byte.
    #[napi(catch_unwind, factory)]
    pub fn open() -> State {
        State(Arc::new(Mutex::new(Some(Hasher::new()))))
    }

    /// Takes the input, on a thread of the pool.
    #[napi(catch_unwind)]
    pub fn update(&self, ticket: Ticket, input: Input) -> napi::Result<()> {
        let data = ticket.source(&input)?;
        let state = Arc::clone(&self.0);
        ticket.submit(cost(data.len() as u64), move |job| feed(&state, &data, job))
    }

    /// Takes the input at once.
    #[napi(catch_unwind)]
    pub fn update_sync(&self, input: Input) -> Settled {
        run_sync(|job| feed(&self.0, input.bytes(), job))
    }

    /// Writes the digest of all that was taken. The state goes on.
    #[napi(catch_unwind)]
    pub fn digest_into_sync(&self, mut output: Output) -> Settled {
        run_sync(|_| put(lock(&self.0).as_ref().ok_or_else(ended)?.digest(), output.bytes()))
    }

    /// A second state that goes on by itself; of an ended state an ended one.
    #[napi(catch_unwind)]
    pub fn copy(&self) -> State {
        State(Arc::new(Mutex::new(lock(&self.0).clone())))
    }

    /// Ends the state and forgets what it held.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        *lock(&self.0) = None;
    }
}
