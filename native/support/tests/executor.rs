//! Pools and loops with real threads; the orders of events are loom's business (loom.rs).
#![cfg(not(loom))]

use chunker_support::descriptor::RawJob;
use chunker_support::pool::Pool;
use chunker_support::queues::Queues;
use std::collections::HashSet;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn spawn(pool: Arc<Pool>, _number: usize) -> bool {
    std::thread::Builder::new().spawn(move || pool.work()).is_ok()
}

fn refuse(_pool: Arc<Pool>, _number: usize) -> bool {
    false
}

fn only_one(pool: Arc<Pool>, number: usize) -> bool {
    number == 1 && spawn(pool, number)
}

unsafe extern "C" fn run_boxed(data: *mut c_void) {
    // SAFETY: `job` made it.
    let work = unsafe { Box::from_raw(data.cast::<Box<dyn FnOnce() + Send>>()) };
    work();
}

fn job(queue: u32, cost: u64, priority: u32, work: impl FnOnce() + Send + 'static) -> RawJob {
    let work: Box<dyn FnOnce() + Send> = Box::new(work);
    RawJob { data: Box::into_raw(Box::new(work)).cast(), run: run_boxed, cost, queue, priority }
}

/// A job that is never run: only its place in the queue matters.
fn idle(queue: u32, cost: u64, priority: u32, name: usize) -> RawJob {
    RawJob { data: name as *mut c_void, run: run_boxed, cost, queue, priority }
}

fn order(queues: &mut Queues) -> Vec<usize> {
    std::iter::from_fn(|| queues.pop()).map(|job| job.data as usize).collect()
}

const LARGE: u64 = 5 << 20;

#[test]
fn within_a_queue_small_goes_before_large_and_late_before_early() {
    let mut queues = Queues::default();
    queues.push(idle(1, LARGE, 7, 1));
    queues.push(idle(1, LARGE, 0, 2));
    queues.push(idle(1, 10, 0, 3));
    queues.push(idle(1, 10, 2, 4));
    queues.push(idle(1, 10, 2, 5));
    assert_eq!(order(&mut queues), [4, 5, 3, 1, 2]);
    assert!(queues.is_empty());
}

#[test]
fn a_large_job_waits_for_sixteen_small_ones_at_most() {
    let mut queues = Queues::default();
    queues.push(idle(1, LARGE, 0, 999));
    (0..40).for_each(|i| queues.push(idle(1, 10, 0, i)));
    assert_eq!(order(&mut queues).iter().position(|&name| name == 999), Some(16));
}

#[test]
fn queues_get_equal_time_whatever_they_submit() {
    let mut queues = Queues::default();
    // Tenant 1 has a thousand large jobs, tenant 2 small ones of a tenth of the cost.
    (0..1000).for_each(|i| queues.push(idle(1, 10 << 20, 0, i)));
    (0..1000).for_each(|i| queues.push(idle(2, 1 << 20, 0, 10_000 + i)));
    let first: Vec<_> = (0..330).map(|_| queues.pop().unwrap()).collect();
    let spent = |queue| first.iter().filter(|job| job.queue == queue).map(|job| job.cost).sum::<u64>() as f64;
    let ratio = spent(1) / spent(2);
    assert!((0.9..1.15).contains(&ratio), "tenant 1 got {ratio} times the time of tenant 2");
}

#[test]
fn a_small_job_of_another_queue_does_not_wait_for_a_backlog() {
    let mut queues = Queues::default();
    (0..1000).for_each(|i| queues.push(idle(1, LARGE, 0, i)));
    queues.pop();
    queues.push(idle(2, 1000, 0, 5000));
    let waited = order(&mut queues).iter().position(|&name| name == 5000).unwrap();
    assert!(waited <= 2, "it waited for {waited} jobs");
}

#[test]
fn costs_beyond_measure_neither_starve_nor_spin() {
    let mut queues = Queues::default();
    queues.push(idle(1, u64::MAX, 0, 1));
    queues.push(idle(2, u64::MAX, 0, 2));
    (0..100).for_each(|i| queues.push(idle(3, 1, 0, 10 + i)));
    let order = order(&mut queues);
    assert_eq!(order.len(), 102);
    assert_eq!(order[..100], (10..110).collect::<Vec<_>>());
}

#[test]
fn a_thousand_queues_leave_nothing_behind() {
    let mut queues = Queues::default();
    for round in 0..3 {
        (0..1000u32).for_each(|queue| queues.push(idle(queue, 1, 0, (round * 1000 + queue) as usize)));
        assert_eq!(queues.len(), 1000);
        let names: HashSet<_> = order(&mut queues).into_iter().collect();
        assert_eq!(names.len(), 1000);
    }
}

#[test]
fn without_threads_jobs_run_at_once() {
    let pool = Pool::new(0, 16, refuse);
    pool.resize(4);
    let here = std::thread::current().id();
    let (send, receive) = channel();
    pool.submit(job(0, 1, 0, move || send.send(std::thread::current().id()).unwrap()));
    assert_eq!(receive.try_recv(), Ok(here));
    assert!(!pool.try_submit(idle(0, 1, 0, 0)));
    let calls = AtomicUsize::new(0);
    // SAFETY: `calls` outlives the call.
    unsafe { pool.parallel_for(0, std::ptr::from_ref(&calls).cast(), count, 100) };
    assert_eq!(calls.into_inner(), 100);
}

#[test]
fn fewer_threads_than_wished_are_enough() {
    let pool = Pool::new(0, 16, only_one);
    pool.resize(8);
    let (send, receive) = channel();
    for i in 0..10 {
        let send = send.clone();
        pool.submit(job(0, 1, 0, move || send.send(i).unwrap()));
    }
    let mut got: Vec<i32> =
        (0..10).map(|_| receive.recv_timeout(Duration::from_secs(120)).unwrap()).collect();
    got.sort_unstable();
    assert_eq!(got, (0..10).collect::<Vec<_>>());
    assert_eq!(pool.alive(), 1);
    pool.close();
}

#[test]
fn a_job_that_lied_about_its_cost_does_not_hold_up_the_others() {
    let pool = Pool::new(0, 4096, spawn);
    pool.resize(2);
    let (hold, held) = channel::<()>();
    let (send, receive) = channel();
    let brief = |name: usize| {
        let send = send.clone();
        job(0, 1, 0, move || send.send(name).unwrap())
    };
    pool.submit(brief(0));
    receive.recv_timeout(Duration::from_secs(120)).unwrap();
    let liar = send.clone();
    pool.submit(job(0, 1, 0, move || {
        liar.send(1).unwrap();
        held.recv().unwrap();
    }));
    assert_eq!(receive.recv_timeout(Duration::from_secs(120)), Ok(1));
    // One may be left to the thread that says it is about to look. A longer one, or a pile of brief ones, wakes the other thread, which then does them all.
    for count in [1, 8] {
        (0..count).for_each(|_| pool.submit(brief(2)));
        if count == 1 {
            let send = send.clone();
            pool.submit(job(0, LARGE, 0, move || send.send(2).unwrap()));
        } else {
            pool.submit(brief(2));
        }
        for _ in 0..=count {
            assert_eq!(receive.recv_timeout(Duration::from_secs(120)), Ok(2));
        }
    }
    hold.send(()).unwrap();
    pool.close();
    wait_for("the end of the threads", || pool.alive() == 0);
}

fn wait_for(what: &str, check: impl Fn() -> bool) {
    let begin = Instant::now();
    while !check() {
        assert!(begin.elapsed() < Duration::from_secs(120), "{what} did not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn pools_grow_shrink_and_close() {
    let pool = Pool::new(0, 16, spawn);
    pool.resize(2);
    assert_eq!(pool.alive(), 0, "threads start at the first submit");
    pool.submit(job(0, 1, 0, || {}));
    wait_for("two threads", || pool.alive() == 2);
    pool.resize(5);
    wait_for("five threads", || pool.alive() == 5);
    pool.resize(1);
    wait_for("one thread", || pool.alive() == 1);
    let (send, receive) = channel();
    for i in 0..20 {
        let send: Sender<i32> = send.clone();
        pool.submit(job(0, 1, 0, move || send.send(i).unwrap()));
    }
    pool.close();
    drop(send);
    assert_eq!(receive.iter().count(), 20, "waiting jobs run before the threads end");
    wait_for("no thread", || pool.alive() == 0);
}

unsafe extern "C" fn count(context: *const c_void, _i: usize) {
    // SAFETY: the tests give an `AtomicUsize` that outlives the loop.
    unsafe { (*context.cast::<AtomicUsize>()).fetch_add(1, Relaxed) };
}

struct Nest {
    pool: Arc<Pool>,
    leaves: AtomicUsize,
    depth: usize,
}

unsafe extern "C" fn nest(context: *const c_void, _i: usize) {
    // SAFETY: the context of each level lives until its loop returns.
    unsafe {
        let level = &*context.cast::<Nest>();
        if level.depth == 0 {
            level.leaves.fetch_add(1, Relaxed);
            return;
        }
        let below = Nest { pool: level.pool.clone(), leaves: AtomicUsize::new(0), depth: level.depth - 1 };
        level.pool.parallel_for(0, std::ptr::from_ref(&below).cast(), nest, 4);
        level.leaves.fetch_add(below.leaves.into_inner(), Relaxed);
    }
}

#[test]
fn nested_loops_end_with_the_queue_full_and_with_more_jobs_than_threads() {
    for capacity in [0, 1, 3, 4096] {
        let pool = Pool::new(0, capacity, spawn);
        pool.resize(3);
        let (send, receive) = channel();
        for _ in 0..32 {
            let (send, inner) = (send.clone(), pool.clone());
            pool.submit(job(0, 1, 0, move || {
                let level = Nest { pool: inner.clone(), leaves: AtomicUsize::new(0), depth: 3 };
                // SAFETY: `level` outlives the call.
                unsafe { inner.parallel_for(0, std::ptr::from_ref(&level).cast(), nest, 4) };
                send.send(level.leaves.into_inner()).unwrap();
            }));
        }
        for _ in 0..32 {
            assert_eq!(receive.recv_timeout(Duration::from_secs(120)), Ok(256), "capacity {capacity}");
        }
        pool.close();
    }
}

/// Iterations of a loop: who ran them, and how many threads each waits for.
#[derive(Default)]
struct Spread {
    threads: Mutex<HashSet<std::thread::ThreadId>>,
    calls: Mutex<Vec<usize>>,
    wanted: usize,
}

unsafe extern "C" fn spread(context: *const c_void, i: usize) {
    // SAFETY: the test's frame outlives the loop.
    let spread = unsafe { &*context.cast::<Spread>() };
    spread.threads.lock().unwrap().insert(std::thread::current().id());
    spread.calls.lock().unwrap().push(i);
    std::thread::sleep(Duration::from_millis(2));
    // A busy machine may start a thread late: nobody runs away with its share.
    wait_for("all threads", || spread.threads.lock().unwrap().len() >= spread.wanted);
}

#[test]
fn a_loop_runs_each_iteration_once_on_several_threads() {
    let pool = Pool::new(0, 4096, spawn);
    pool.resize(3);
    let frame = Spread { wanted: 4, ..Spread::default() };
    // SAFETY: `frame` outlives the call.
    unsafe { pool.parallel_for(0, std::ptr::from_ref(&frame).cast(), spread, 100) };
    let mut calls = frame.calls.into_inner().unwrap();
    calls.sort_unstable();
    assert_eq!(calls, (0..100).collect::<Vec<_>>());
    let threads = frame.threads.into_inner().unwrap();
    assert_eq!(threads.len(), 4, "three of the pool and the caller, who takes part");
    pool.close();
}

#[test]
fn a_long_loop_lets_another_queue_have_its_turn() {
    let pool = Pool::new(0, 4096, spawn);
    pool.resize(1);
    let frame = Arc::new(Spread::default());
    let (send, receive) = channel();
    let (owner, helped) = (pool.clone(), frame.clone());
    let caller = std::thread::spawn(move || {
        // SAFETY: `helped` outlives the call.
        unsafe { owner.parallel_for(1, Arc::as_ptr(&helped).cast(), spread, 2000) };
    });
    wait_for("a helper", || frame.threads.lock().unwrap().len() == 2);
    let seen = frame.clone();
    pool.submit(job(2, 1, 0, move || send.send(seen.calls.lock().unwrap().len()).unwrap()));
    let done = receive.recv_timeout(Duration::from_secs(120)).unwrap();
    assert!(done < 1000, "{done} of 2000 iterations ran before the other queue's job");
    caller.join().unwrap();
    pool.close();
}

#[test]
#[cfg(unix)]
fn after_a_fork_everything_runs_at_once() {
    let descriptor = chunker_support::executor::descriptor();
    let (send, receive) = channel();
    let first = job(0, 1, 0, move || send.send(()).unwrap());
    // SAFETY: jobs run once; the child calls nothing but the executor and `_exit`, and its counter outlives the calls.
    let child = unsafe {
        (descriptor.submit)(&first);
        receive.recv_timeout(Duration::from_secs(120)).unwrap();
        let child = libc::fork();
        if child == 0 {
            static RUNS: AtomicUsize = AtomicUsize::new(0);
            unsafe extern "C" fn run(_data: *mut c_void) {
                RUNS.fetch_add(1, Relaxed);
            }
            let here = RawJob { data: std::ptr::null_mut(), run, cost: 1, queue: 0, priority: 0 };
            (descriptor.submit)(&here);
            (descriptor.parallel_for)(0, std::ptr::from_ref(&RUNS).cast(), count, 10);
            let right =
                RUNS.load(Relaxed) == 11 && !(descriptor.try_submit)(&here) && (descriptor.threads)(0) == 1;
            libc::_exit(if right { 0 } else { 1 });
        }
        child
    };
    let status = std::cell::Cell::new(-1);
    // SAFETY: our own child, and a place for its status.
    wait_for("the child's end", || unsafe { libc::waitpid(child, status.as_ptr(), libc::WNOHANG) } == child);
    assert_eq!(status.get(), 0);
}

#[test]
fn a_function_that_an_older_executor_lacks_is_seen() {
    let mut older = chunker_support::executor::descriptor();
    assert!(chunker_support::offered!(&older, figures).is_some());
    older.size -= size_of::<usize>() as u32;
    assert!(chunker_support::offered!(&older, figures).is_none());
    assert!(chunker_support::offered!(&older, channel_release).is_some());
}
