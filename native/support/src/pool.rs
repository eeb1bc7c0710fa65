//! A pool of threads over the queues.

use crate::descriptor::RawJob;
use crate::parallel::Block;
use crate::queues::Queues;
use crate::sync::{
    atomic::{AtomicUsize, Ordering::*},
    lock, wait, Arc, Condvar, Mutex,
};
use std::cell::Cell;
use std::ffi::c_void;
use std::time::{Duration, Instant};

/// Waiting jobs of a pool beyond which its own threads run what they submit at once, and helpers are no longer called.
pub const CAPACITY: usize = 4096;
/// Jobs of at most this cost (nanoseconds) are not worth waking a thread for when one is about to look at the queue anyway: waking takes longer, and most of it on the thread that submits. No job that may
/// block says so little.
const BRIEF: u64 = 2_000;
/// Beyond so many waiting jobs that thread is not quick enough.
const PILE: usize = 8;
/// How long a thread looks for the next job before it sleeps, when its last one was brief.
#[cfg(not(loom))]
const LOOKING: Duration = Duration::from_micros(10);
/// A helper of `parallel_for` lets others have a turn after so long.
const SLICE: Duration = Duration::from_millis(if cfg!(loom) { u64::MAX } else { 4 });

crate::sync::thread_local! {
    // Number + 1 of the pool whose job this thread runs; no destructor, so it is safe at any point of a thread's life.
    // loom's macro knows no const initialisers.
    #[allow(clippy::missing_const_for_thread_local)]
    static INSIDE: Cell<u32> = Cell::new(0);
}

/// Starts a thread that calls the pool's `work`; false when the system gives none.
pub type Spawn = fn(Arc<Pool>, usize) -> bool;

/// Threads, and the jobs that wait for them.
pub struct Pool {
    id: u32,
    spawn: Spawn,
    capacity: usize,
    state: Mutex<State>,
    wake: Condvar,
    waiting: AtomicUsize,
}

struct State {
    queues: Queues,
    /// Threads wanted; decided at the first submit when None.
    target: Option<usize>,
    alive: usize,
    idle: usize,
    /// Idle threads that were woken and have not come yet. Waking costs a system call, so a burst of jobs wakes each thread once. Never more than are on their way: a
    /// thread that wakes for another reason takes one off too, and then the next job wakes one more than needed.
    woken: usize,
    /// Threads that run a brief job or look for one: they come to the queue within a moment.
    alert: usize,
    closing: bool,
}

impl State {
    /// Counts a thread as alert or no longer; `counted` is whether it was.
    fn count_alert(&mut self, counted: &mut bool, alert: bool) {
        self.alert = self.alert + usize::from(alert) - usize::from(*counted);
        *counted = alert;
    }
}

impl Pool {
    /// A pool without threads: they start at the first submit.
    pub fn new(id: u32, capacity: usize, spawn: Spawn) -> Arc<Pool> {
        let state = State {
            queues: Queues::default(),
            target: None,
            alive: 0,
            idle: 0,
            woken: 0,
            alert: 0,
            closing: false,
        };
        Arc::new(Pool {
            id,
            spawn,
            capacity,
            state: Mutex::new(state),
            wake: Condvar::new(),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Number of the pool; 0 is the default one.
    pub fn id(&self) -> u32 {
        self.id
    }

    fn is_inside(&self) -> bool {
        INSIDE.with(|inside| inside.get() == self.id + 1)
    }

    /// Threads alive now.
    pub fn alive(&self) -> usize {
        lock(&self.state).alive
    }

    /// Threads that it has or will have.
    pub fn target(&self) -> usize {
        lock(&self.state).target.unwrap_or(1)
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Sets the number of threads; running ones above it end after their job.
    pub fn resize(self: &Arc<Pool>, threads: usize) {
        let mut state = lock(&self.state);
        let started = state.alive > 0;
        state.target = Some(threads.max(1));
        if started {
            self.fill(&mut state);
        }
        self.wake.notify_all();
    }

    /// Lets the waiting jobs run, then ends the threads.
    pub fn close(&self) {
        lock(&self.state).closing = true;
        self.wake.notify_all();
    }

    /// Queues the job. Runs it here when this is a thread of the pool and the queue is full, or when no thread can be had.
    pub fn submit(self: &Arc<Pool>, job: RawJob) {
        let mut state = lock(&self.state);
        let full = state.queues.len() >= self.capacity && self.is_inside();
        if full || !self.fill(&mut state) {
            drop(state);
            // SAFETY: `RawJob` promises that `run(data)` may be called on any thread, and this is the one call.
            unsafe { (job.run)(job.data) };
            return;
        }
        self.push(state, job);
    }

    /// Queues the job unless the queue is full or there is no thread.
    pub fn try_submit(self: &Arc<Pool>, job: RawJob) -> bool {
        let mut state = lock(&self.state);
        if state.queues.len() >= self.capacity || !self.fill(&mut state) {
            return false;
        }
        self.push(state, job);
        true
    }

    fn push(&self, mut state: crate::sync::MutexGuard<'_, State>, job: RawJob) {
        let left_to_alert = job.cost <= BRIEF && state.alert > 0 && state.queues.len() < PILE;
        state.queues.push(job);
        self.waiting.store(state.queues.len(), Relaxed);
        let wake = !left_to_alert && state.idle > state.woken;
        state.woken += usize::from(wake);
        drop(state);
        if wake {
            self.wake.notify_one();
        }
    }

    /// Starts missing threads; false when there is none at all.
    fn fill(self: &Arc<Pool>, state: &mut State) -> bool {
        if state.closing {
            return state.alive > 0;
        }
        let target = state.target.unwrap_or(1);
        while state.alive < target {
            // Counted before it runs: the new thread waits for the lock that we hold.
            state.alive += 1;
            if !(self.spawn)(self.clone(), state.alive) {
                state.alive -= 1;
                // Fewer threads than wished; with none, the next submit tries again.
                if state.alive > 0 {
                    state.target = Some(state.alive);
                }
                break;
            }
        }
        state.alive > 0
    }

    /// The life of a pool thread.
    pub fn work(&self) {
        INSIDE.with(|inside| inside.set(self.id + 1));
        let mut alert = false;
        while let Some(job) = self.next(&mut alert) {
            #[cfg(not(loom))]
            let began = crate::figures::began();
            // SAFETY: the one call of this job.
            unsafe { (job.run)(job.data) };
            #[cfg(not(loom))]
            crate::figures::ended(began);
        }
    }

    /// The next job of this thread; `alert` says whether it is counted as such.
    fn next(&self, alert: &mut bool) -> Option<RawJob> {
        let mut state = lock(&self.state);
        let mut looked = false;
        loop {
            let surplus = state.target.is_some_and(|target| state.alive > target);
            if surplus || (state.closing && state.queues.is_empty()) {
                state.count_alert(alert, false);
                state.alive -= 1;
                // The wake-up that brought us here may have been meant for a job.
                self.wake.notify_one();
                return None;
            }
            if let Some(job) = state.queues.pop() {
                self.waiting.store(state.queues.len(), Relaxed);
                state.count_alert(alert, job.cost <= BRIEF);
                // Jobs may have been left to this thread, which has no time for them now.
                let wake = state.alert == 0 && !state.queues.is_empty() && state.idle > state.woken;
                state.woken += usize::from(wake);
                drop(state);
                if wake {
                    self.wake.notify_one();
                }
                return Some(job);
            }
            if *alert && state.alert == 1 && !looked {
                drop(state);
                self.look();
                looked = true;
                state = lock(&self.state);
                continue;
            }
            state.count_alert(alert, false);
            state.idle += 1;
            state = wait(&self.wake, state);
            state.idle -= 1;
            state.woken = state.woken.saturating_sub(1);
        }
    }

    /// Waits a moment for a job without sleeping.
    fn look(&self) {
        #[cfg(not(loom))]
        {
            let begin = Instant::now();
            while self.waiting() == 0 && begin.elapsed() < LOOKING {
                (0..16).for_each(|_| std::hint::spin_loop());
            }
        }
    }

    /// See [`crate::descriptor::Descriptor::parallel_for`].
    ///
    /// # Safety
    /// `body` may be called with `context` and 0..n from any thread until this returns, and does not unwind.
    pub unsafe fn parallel_for(
        self: &Arc<Pool>,
        queue: u32,
        context: *const c_void,
        body: unsafe extern "C" fn(*const c_void, usize),
        n: usize,
    ) {
        let inside = self.is_inside();
        let threads = lock(&self.state).target.unwrap_or(1);
        let helpers = (threads - usize::from(inside).min(threads)).min(n.saturating_sub(1));
        let block = Block::new(body, context, n);
        for _ in 0..helpers {
            if !self.call_helper(&block, queue) {
                break;
            }
        }
        block.work(|| false);
        block.join();
    }

    fn call_helper(self: &Arc<Pool>, block: &Arc<Block>, queue: u32) -> bool {
        let ticket = Box::into_raw(Box::new(Ticket { block: block.clone(), pool: self.clone(), queue }));
        // Last stage: what has begun goes before what has not. Its cost is one slice, paid again for each further one.
        let job = RawJob {
            data: ticket.cast(),
            run: run_ticket,
            cost: 4_000_000,
            queue,
            priority: crate::queues::PRIORITIES as u32 - 1,
        };
        let queued = self.try_submit(job);
        if !queued {
            // SAFETY: it was not queued, so it is still ours.
            drop(unsafe { Box::from_raw(ticket) });
        }
        queued
    }
}

struct Ticket {
    block: Arc<Block>,
    pool: Arc<Pool>,
    queue: u32,
}

unsafe extern "C" fn run_ticket(data: *mut c_void) {
    // SAFETY: `call_helper` made it by `Box::into_raw`, and each job runs once.
    let ticket = unsafe { Box::from_raw(data.cast::<Ticket>()) };
    let begin = Instant::now();
    let mut iterations = 0u64;
    let mut tired = || {
        iterations += 1;
        ticket.pool.waiting() > 0 && begin.elapsed() > SLICE
    };
    while !ticket.block.work(&mut tired) {
        if ticket.pool.call_helper(&ticket.block, ticket.queue) {
            break;
        }
    }
    #[cfg(not(loom))]
    crate::figures::stole(iterations);
    #[cfg(loom)]
    let _ = iterations;
}
