//! `parallel_for`: the caller takes part, helpers are tickets that touch nothing but a counted block.

use crate::sync::{
    atomic::{AtomicUsize, Ordering::*},
    lock, wait, Arc, Condvar, Mutex,
};
use std::ffi::c_void;

/// The loop that caller and helpers share. `body` and `context` belong to the caller and are touched only between claiming an iteration and counting it done, for
/// which the caller waits; a ticket that comes late finds nothing to claim and touches the block alone.
pub struct Block {
    body: unsafe extern "C" fn(*const c_void, usize),
    context: *const c_void,
    n: usize,
    next: AtomicUsize,
    done: AtomicUsize,
    parked: Mutex<()>,
    finished: Condvar,
}

// SAFETY: the caller of `parallel_for` promises that `body` may be called with `context` from any thread.
unsafe impl Send for Block {}
// SAFETY: as above; the rest is atomics and locks.
unsafe impl Sync for Block {}

impl Block {
    /// A loop over 0..n.
    pub fn new(
        body: unsafe extern "C" fn(*const c_void, usize),
        context: *const c_void,
        n: usize,
    ) -> Arc<Block> {
        Arc::new(Block {
            body,
            context,
            n,
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            parked: Mutex::new(()),
            finished: Condvar::new(),
        })
    }

    /// Runs iterations until none is left (true) or `pause` says so after one of them (false).
    pub fn work(&self, mut pause: impl FnMut() -> bool) -> bool {
        loop {
            // A plain increment could wrap after 2^64 late tickets; that is out of reach.
            let i = self.next.fetch_add(1, Relaxed);
            if i >= self.n {
                return true;
            }
            // SAFETY: iteration i is ours, and the caller waits until it is counted done.
            unsafe { (self.body)(self.context, i) };
            if self.done.fetch_add(1, AcqRel) + 1 == self.n {
                // Under the lock, so that the caller cannot look and park between our count and our call.
                let _parked = lock(&self.parked);
                self.finished.notify_all();
            }
            if pause() {
                return false;
            }
        }
    }

    /// Parks until every iteration is done. Called by the owner after its own share, when all are claimed: it waits for started ones only.
    pub fn join(&self) {
        let mut parked = lock(&self.parked);
        while self.done.load(Acquire) < self.n {
            parked = wait(&self.finished, parked);
        }
    }
}
