//! Models of gate, stack, pool and parallel_for: loom runs them under every order of events that matters.
//!
//! RUSTFLAGS="--cfg loom" cargo test -p chunker-support --release --test loom
#![cfg(loom)]

use chunker_support::descriptor::RawJob;
use chunker_support::gate::Gate;
use chunker_support::parallel::Block;
use chunker_support::pool::Pool;
use chunker_support::stack::Stack;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};
use loom::sync::{Condvar, Mutex};
use loom::thread;
use std::ffi::c_void;
use std::sync::Arc;

/// Every order with at most three forced switches: enough for every known bug of this shape, and minutes instead of hours.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[test]
fn a_closed_gate_has_nobody_inside() {
    model(|| {
        let gate = Arc::new(Gate::new());
        let alive = Arc::new(AtomicBool::new(true));
        let jobs: Vec<_> = (0..2)
            .map(|_| {
                let (gate, alive) = (gate.clone(), alive.clone());
                thread::spawn(move || {
                    if gate.enter() {
                        assert!(alive.load(Relaxed), "a job reads memory of an environment that is gone");
                        gate.leave();
                    }
                })
            })
            .collect();
        gate.close();
        alive.store(false, Relaxed);
        assert!(!gate.enter());
        jobs.into_iter().for_each(|job| job.join().unwrap());
    });
}

#[test]
fn nobody_is_woken_after_the_gate_closed() {
    model(|| {
        let gate = Arc::new(Gate::new());
        let gone = Arc::new(AtomicBool::new(false));
        let (gate2, gone2) = (gate.clone(), gone.clone());
        let job = thread::spawn(move || {
            gate2.while_open(|| assert!(!gone2.load(Relaxed), "a call of a function that is gone"));
        });
        gate.close();
        gone.store(true, Relaxed);
        job.join().unwrap();
    });
}

#[test]
fn every_message_is_followed_by_a_wake_up() {
    model(|| {
        let stack = Arc::new(Stack::new());
        let wakes = Arc::new((Mutex::new(0), Condvar::new()));
        let senders: Vec<_> = (0..2)
            .map(|i| {
                let (stack, wakes) = (stack.clone(), wakes.clone());
                thread::spawn(move || {
                    if stack.push(i) {
                        *wakes.0.lock().unwrap() += 1;
                        wakes.1.notify_one();
                    }
                })
            })
            .collect();
        let mut got = Vec::new();
        while got.len() < 2 {
            let mut count = wakes.0.lock().unwrap();
            while *count == 0 {
                count = wakes.1.wait(count).unwrap();
            }
            *count -= 1;
            drop(count);
            stack.drain(&mut got);
        }
        got.sort_unstable();
        assert_eq!(got, [0, 1]);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

/// What the body of a loop may touch only while its caller waits.
struct Frame {
    alive: AtomicBool,
    calls: AtomicUsize,
}

unsafe extern "C" fn count(context: *const c_void, _i: usize) {
    // SAFETY: the models keep frames alive; `alive` says whether the loop should still touch this one.
    let frame = unsafe { &*context.cast::<Frame>() };
    assert!(frame.alive.load(Relaxed), "an iteration runs after the loop returned");
    frame.calls.fetch_add(1, Relaxed);
}

#[test]
fn a_loop_returns_after_its_last_iteration_and_late_tickets_find_nothing() {
    model(|| {
        let frame = Arc::new(Frame { alive: AtomicBool::new(true), calls: AtomicUsize::new(0) });
        let block = Block::new(count, Arc::as_ptr(&frame).cast(), 2);
        let (helper, kept) = (block.clone(), frame.clone());
        let helper = thread::spawn(move || {
            helper.work(|| false);
            drop(kept);
        });
        block.work(|| false);
        block.join();
        frame.alive.store(false, Relaxed);
        assert_eq!(frame.calls.load(Relaxed), 2);
        helper.join().unwrap();
    });
}

#[test]
fn a_helper_that_pauses_leaves_its_share_to_others() {
    model(|| {
        let frame = Arc::new(Frame { alive: AtomicBool::new(true), calls: AtomicUsize::new(0) });
        let block = Block::new(count, Arc::as_ptr(&frame).cast(), 3);
        let (helper, kept) = (block.clone(), frame.clone());
        let helper = thread::spawn(move || {
            helper.work(|| true);
            drop(kept);
        });
        block.work(|| false);
        block.join();
        assert_eq!(frame.calls.load(Relaxed), 3);
        helper.join().unwrap();
    });
}

fn spawn(pool: Arc<Pool>, _number: usize) -> bool {
    thread::spawn(move || pool.work());
    true
}

unsafe extern "C" fn run_boxed(data: *mut c_void) {
    // SAFETY: `job` made it.
    let work = unsafe { Box::from_raw(data.cast::<Box<dyn FnOnce() + Send>>()) };
    work();
}

fn job(work: impl FnOnce() + Send + 'static) -> RawJob {
    let work: Box<dyn FnOnce() + Send> = Box::new(work);
    RawJob { data: Box::into_raw(Box::new(work)).cast(), run: run_boxed, cost: 1, queue: 0, priority: 0 }
}

#[test]
fn every_job_runs_once_and_threads_end() {
    model(|| {
        let pool = Pool::new(0, 16, spawn);
        let runs = Arc::new(AtomicUsize::new(0));
        let done = Arc::new((Mutex::new(0), Condvar::new()));
        for _ in 0..2 {
            let (runs, done) = (runs.clone(), done.clone());
            pool.submit(job(move || {
                runs.fetch_add(1, Relaxed);
                *done.0.lock().unwrap() += 1;
                done.1.notify_one();
            }));
        }
        let mut count = done.0.lock().unwrap();
        while *count < 2 {
            count = done.1.wait(count).unwrap();
        }
        drop(count);
        assert_eq!(runs.load(Relaxed), 2);
        pool.close();
    });
}

#[test]
fn a_job_that_finds_the_queue_full_runs_its_child_itself() {
    model(|| {
        // Capacity 0: always full for the pool's own threads.
        let pool = Pool::new(0, 0, spawn);
        let done = Arc::new((Mutex::new(false), Condvar::new()));
        let (inner, signal) = (pool.clone(), done.clone());
        pool.submit(job(move || {
            let ran = Arc::new(AtomicBool::new(false));
            let ran2 = ran.clone();
            inner.submit(job(move || ran2.store(true, Relaxed)));
            assert!(ran.load(Relaxed), "it was queued where nobody may ever take it");
            *signal.0.lock().unwrap() = true;
            signal.1.notify_one();
        }));
        let mut finished = done.0.lock().unwrap();
        while !*finished {
            finished = done.1.wait(finished).unwrap();
        }
        drop(finished);
        pool.close();
    });
}

struct Nest {
    pool: Arc<Pool>,
    leaves: AtomicUsize,
}

unsafe extern "C" fn leaf(context: *const c_void, _i: usize) {
    // SAFETY: `nested` keeps it alive.
    unsafe { (*context.cast::<Nest>()).leaves.fetch_add(1, Relaxed) };
}

unsafe extern "C" fn branch(context: *const c_void, _i: usize) {
    // SAFETY: as above; the inner loop returns before this does.
    unsafe { (*context.cast::<Nest>()).pool.parallel_for(0, context, leaf, 2) };
}

fn nested(capacity: usize) {
    model(move || {
        let pool = Pool::new(0, capacity, spawn);
        let nest = Nest { pool: pool.clone(), leaves: AtomicUsize::new(0) };
        // SAFETY: `nest` outlives the call, and the bodies do not unwind.
        unsafe { pool.parallel_for(0, std::ptr::from_ref(&nest).cast(), branch, 2) };
        assert_eq!(nest.leaves.load(Relaxed), 4);
        pool.close();
    });
}

#[test]
fn nested_loops_end() {
    nested(2);
}

#[test]
fn nested_loops_end_when_the_queue_is_full() {
    nested(1);
    nested(0);
}
