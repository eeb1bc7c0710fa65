//! The memory of encoders. Some are heavy, those of xz 94 MiB at level 6 and 674 MiB at level 9: how much all of them together may take, and what is taken.

use chunker_codec::Host;
use chunker_support::Job;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the machine does not tell what it has.
const UNKNOWN_MACHINE: u64 = 4 << 30;
/// One encoder must always be possible, and a machine is not ours alone.
const SHARE: u64 = 4;

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Bytes that encoders at work may take together: a quarter of the machine's memory. A single one may take more.
pub fn budget() -> u64 {
    machine_memory().unwrap_or(UNKNOWN_MACHINE) / SHARE
}

#[cfg(unix)]
fn machine_memory() -> Option<u64> {
    // SAFETY: plain questions to the operating system; -1 for what it does not know.
    let (pages, bytes) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    let known = u64::try_from(pages).ok()?.checked_mul(u64::try_from(bytes).ok()?)?;
    (known > 0).then_some(known)
}

#[cfg(not(unix))]
fn machine_memory() -> Option<u64> {
    None
}

/// Memory counted as taken while it lives.
pub struct Taken(u64);

impl Taken {
    /// Counts it, whatever the budget: the caller was admitted before.
    pub fn of(bytes: u64) -> Self {
        TAKEN.fetch_add(bytes, Ordering::Relaxed);
        Taken(bytes)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A job as kernels see it: threads of the executor, memory of the budget.
pub struct Lent<'a>(pub &'a Job<'a>);

impl Host for Lent<'_> {
    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }

    fn threads(&self) -> usize {
        self.0.threads()
    }

    fn each(&self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        if n == 1 {
            body(0);
        } else {
            self.0.parallel_for(n, body);
        }
    }

    fn acquire(&self, bytes: u64) -> bool {
        let most = budget();
        let taken = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            taken.checked_add(bytes).filter(|&sum| sum <= most)
        });
        taken.is_ok()
    }

    fn release(&self, bytes: u64) {
        TAKEN.fetch_sub(bytes, Ordering::Relaxed);
    }
}
