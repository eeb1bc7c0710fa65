//! What the executor's threads do, counted while somebody asks for it.

use crate::sync::lock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

static ASKING: AtomicUsize = AtomicUsize::new(0);
static COUNTS: Mutex<Counts> = Mutex::new(Counts { jobs: 0, stolen: 0, ended_ns: 0, running: 0, began_ns: 0 });

#[derive(Clone, Copy)]
struct Counts {
    jobs: u64,
    stolen: u64,
    /// Time in jobs that have ended.
    ended_ns: u64,
    running: u64,
    /// Sum of the moments at which the running ones began.
    began_ns: u64,
}

/// Counts since the process began, of the times in which somebody asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Time that threads spent in jobs, those that run now included.
    pub work_ns: u64,
    /// Jobs that began.
    pub jobs: u64,
    /// Iterations of `parallel_for` that another thread took from the one that began the loop.
    pub stolen: u64,
}

/// Nanoseconds since the first call.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// Begins to count, or (false) takes one such wish back.
pub fn measure(begin: bool) {
    if begin {
        ASKING.fetch_add(1, Relaxed);
    } else {
        ASKING.fetch_sub(1, Relaxed);
    }
}

/// The counts as they are now.
pub fn figures() -> Figures {
    let counts = *lock(&COUNTS);
    let running_ns = (counts.running * now()).saturating_sub(counts.began_ns);
    Figures { work_ns: counts.ended_ns + running_ns, jobs: counts.jobs, stolen: counts.stolen }
}

/// A job begins on a thread of the executor. Where nobody asks, this is one load.
pub fn began() -> Option<u64> {
    if ASKING.load(Relaxed) == 0 {
        return None;
    }
    let mut counts = lock(&COUNTS);
    let began = now();
    counts.jobs += 1;
    counts.running += 1;
    counts.began_ns += began;
    Some(began)
}

/// The job that `began` was told of has ended.
pub fn ended(began: Option<u64>) {
    let Some(began) = began else { return };
    let mut counts = lock(&COUNTS);
    counts.running -= 1;
    counts.began_ns -= began;
    counts.ended_ns += now() - began;
}

/// So many iterations were done for another thread.
pub fn stole(iterations: u64) {
    if iterations > 0 && ASKING.load(Relaxed) > 0 {
        lock(&COUNTS).stolen += iterations;
    }
}
