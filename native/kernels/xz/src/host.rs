//! What the outside lends to a piece of work: threads, memory, and the wish that it ends.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Where work runs. This crate makes no threads of its own.
pub trait Host: Sync {
    /// True when nobody wants the result any more; asked every few milliseconds.
    fn should_stop(&self) -> bool;

    /// Threads that `each` may use.
    fn threads(&self) -> usize {
        1
    }

    /// Calls `body` once for each number below `n`, on any threads and in any order, and returns when all calls have.
    fn each(&self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(body);
    }

    /// Asks for `bytes` for one more coder; a refusal means that the work goes on with those that there are.
    fn acquire(&self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }

    /// Gives back what `acquire` granted.
    fn release(&self, bytes: u64) {
        let _ = bytes;
    }
}

/// The calling thread alone; the closure is `should_stop`.
impl<F: Fn() -> bool + Sync> Host for F {
    fn should_stop(&self) -> bool {
        self()
    }
}

pub(crate) fn check(host: &dyn Host) -> Result<()> {
    if host.should_stop() {
        return Err(Error::Aborted);
    }
    Ok(())
}

/// Works `items` off, each once, by as many workers as there are threads and memory for. A worker is made by `make` and weighs `bytes`. The error is that of the first item that fails,
/// in the order of the items, whatever the threads.
pub fn work_off<W, E: Send>(
    host: &dyn Host,
    items: usize,
    bytes: u64,
    make: &(dyn Fn() -> W + Sync),
    work: &(dyn Fn(&mut W, usize) -> std::result::Result<(), E> + Sync),
) -> std::result::Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let lock = || failed.lock().unwrap_or_else(PoisonError::into_inner);
    host.each(host.threads().min(items), &|number| {
        // The first worker needs no leave: it stands for the caller, who has it.
        if number > 0 && !host.acquire(bytes) {
            return;
        }
        let mut worker = None;
        loop {
            let item = next.fetch_add(1, Ordering::Relaxed);
            if item >= items || lock().is_some() {
                break;
            }
            if let Err(error) = work(worker.get_or_insert_with(make), item) {
                let mut failed = lock();
                if failed.as_ref().is_none_or(|(first, _)| item < *first) {
                    *failed = Some((item, error));
                }
            }
        }
        drop(worker);
        if number > 0 {
            host.release(bytes);
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
}
