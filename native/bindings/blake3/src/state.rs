//! The incremental state.

use crate::{settings_of, to_fault, OnJob, BYTES_PER_NANOSECOND};
use chunker_blake3::Hasher;
use chunker_support::{run_sync, Fault, Input, Outcome, Output, Settled, Ticket};
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

/// Feeds the state with what `update` does to it. After a failure or a panic the state is ended: part of the input has been taken.
fn feed(
    state: &Mutex<Option<Hasher>>,
    update: impl FnOnce(&mut Hasher) -> Result<(), Fault>,
) -> Result<Outcome, Fault> {
    let mut place = lock(state);
    let mut hasher = place.take().ok_or_else(ended)?;
    update(&mut hasher)?;
    *place = Some(hasher);
    Ok(Outcome::Nothing)
}

#[napi]
impl State {
    /// A state before its first byte.
    #[napi(catch_unwind, factory)]
    pub fn open(settings: Input) -> napi::Result<State> {
        // Core's settings are valid; a stranger's are told in words.
        let settings = settings_of(&settings).map_err(|fault| napi::Error::from_reason(fault.to_string()))?;
        Ok(State(Arc::new(Mutex::new(Some(Hasher::new(settings.mode().clone()))))))
    }

    /// Takes the input, on a thread of the pool and with help from others.
    #[napi(catch_unwind)]
    pub fn update(&self, ticket: Ticket, input: Input) -> napi::Result<()> {
        let data = ticket.source(&input)?;
        let state = Arc::clone(&self.0);
        ticket.submit(data.len() as u64 / BYTES_PER_NANOSECOND, move |job| {
            feed(&state, |hasher| hasher.update_with(&data, &OnJob::new(job)).map_err(to_fault))
        })
    }

    /// Takes the input at once.
    #[napi(catch_unwind)]
    pub fn update_sync(&self, input: Input) -> Settled {
        run_sync(|job| {
            let host = OnJob::at_once(job, input.bytes().len());
            feed(&self.0, |hasher| hasher.update_with(input.bytes(), &host).map_err(to_fault))
        })
    }

    /// Writes the digest of all that was taken, as many bytes as the output has. The state goes on.
    #[napi(catch_unwind)]
    pub fn digest_into_sync(&self, mut output: Output) -> Settled {
        run_sync(|_| {
            lock(&self.0).as_ref().ok_or_else(ended)?.digest_into(output.bytes());
            Ok(Outcome::Nothing)
        })
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
