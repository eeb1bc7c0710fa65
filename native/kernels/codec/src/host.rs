//! What the outside lends to a piece of work: threads, memory, and the wish that it ends.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Where work runs. Kernels make no threads of their own.
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

/// `aborted` where nobody wants the result any more.
pub fn check(host: &dyn Host) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Threads of the standard library, and how much they may take.
    struct Threads {
        count: usize,
        free: AtomicUsize,
    }

    impl Host for Threads {
        fn should_stop(&self) -> bool {
            false
        }

        fn threads(&self) -> usize {
            self.count
        }

        fn each(&self, n: usize, body: &(dyn Fn(usize) + Sync)) {
            std::thread::scope(|scope| {
                for number in 0..n {
                    scope.spawn(move || body(number));
                }
            });
        }

        fn acquire(&self, bytes: u64) -> bool {
            let take = |free: usize| free.checked_sub(bytes as usize);
            self.free.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok()
        }

        fn release(&self, bytes: u64) {
            self.free.fetch_add(bytes as usize, Ordering::SeqCst);
        }
    }

    #[test]
    fn each_item_is_worked_off_once_and_the_first_failure_is_told() {
        for count in 1..=8 {
            let host = Threads { count, free: AtomicUsize::new(25) };
            let (workers, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
            let make = || workers.fetch_add(1, Ordering::SeqCst);
            let outcome = work_off(&host, 100, 10, &make, &|_, item| {
                done.lock().unwrap().push(item);
                if item % 40 == 39 {
                    Err(item)
                } else {
                    Ok(())
                }
            });
            assert_eq!(outcome, Err(39), "{count} threads");
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, (0..done.len()).collect::<Vec<_>>());
            // The caller's worker, and two for which there is memory.
            assert!(workers.into_inner() <= 3);
            assert_eq!(host.free.into_inner(), 25);
        }
    }

    #[test]
    fn nothing_to_do_is_done_at_once() {
        let never = || false;
        assert_eq!(work_off(&never, 0, 1, &|| (), &|_, _| Err(())), Ok(()));
        assert_eq!(check(&never), Ok(()));
        assert_eq!(check(&|| true), Err(Error::Aborted));
    }
}
