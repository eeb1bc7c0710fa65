//! The executor of this process, or what would be it: pools, slabs and channels behind one descriptor.

use crate::descriptor::*;
use crate::json::Fact;
use crate::pool::{Pool, CAPACITY};
use crate::slab::Slabs;
use crate::sync::lock;
use crate::threads::{self, Threads};
use crate::{channel, view};
use std::collections::HashMap;
use std::ffi::c_void;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::sync::{Arc, Mutex, OnceLock};

/// A queue's pool is in its high bits, so that looking it up needs no table.
const POOL_SHIFT: u32 = 20;
/// Isolated pools alive at once.
const MOST_POOLS: u32 = 1 << (32 - POOL_SHIFT);
static SLABS: Slabs = Slabs::new();
static DEFAULT: OnceLock<Arc<Pool>> = OnceLock::new();
static ISOLATED: Mutex<Option<HashMap<u32, Isolated>>> = Mutex::new(None);
static SETTINGS: Mutex<Settings> = Mutex::new(Settings { threads: 0, nice: None, reserve: 0 });
static FORKED: AtomicBool = AtomicBool::new(false);
static SPAWNED: AtomicU32 = AtomicU32::new(1);
static NEXT_QUEUE: AtomicU32 = AtomicU32::new(1);
static NEXT_POOL: AtomicU32 = AtomicU32::new(1);
static TIDS: Mutex<Vec<(u32, i32)>> = Mutex::new(Vec::new());

struct Isolated {
    pool: Arc<Pool>,
    nice: i32,
}

#[derive(Clone, Copy)]
struct Settings {
    threads: usize,
    nice: Option<i32>,
    reserve: usize,
}

/// The slabs of this build; of use only to the build that won.
pub fn slabs() -> &'static Slabs {
    &SLABS
}

/// The descriptor of this build.
pub fn descriptor() -> Descriptor {
    #[cfg(unix)]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        unsafe extern "C" fn in_child() {
            FORKED.store(true, SeqCst);
        }
        // Threads do not survive a fork, and a lock may be held for ever in the child: from there on everything runs inline, without locks.
        // SAFETY: the handler only stores to an atomic, and this library is never unmapped.
        ONCE.call_once(|| unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        });
    }
    Descriptor {
        magic: MAGIC,
        major: MAJOR,
        size: size_of::<Descriptor>() as u32,
        submit,
        try_submit,
        parallel_for,
        threads: thread_count,
        create,
        destroy,
        queue,
        configure,
        info,
        slab_take,
        slab_find,
        slab_release,
        slab_view: view::slab_view,
        slab_end: view::slab_end,
        charge,
        channel_open: channel::open,
        channel_slot: channel::slot,
        channel_begin: channel::begin,
        channel_enter: channel::enter,
        channel_complete: channel::complete,
        channel_release: channel::release,
        cancel: channel::cancel,
        measure,
        figures,
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What the threads of the default pool run at; isolated pools may have their own.
fn default_nice() -> i32 {
    let setting = lock(&SETTINGS).nice;
    threads::nice(setting, variable)
}

fn decide() -> Threads {
    let settings = *lock(&SETTINGS);
    threads::decide(
        settings.threads,
        settings.reserve,
        variable,
        threads::affinity(),
        threads::quota(Path::new("/")),
    )
}

fn default_pool() -> &'static Arc<Pool> {
    DEFAULT.get_or_init(|| {
        let pool = Pool::new(0, CAPACITY, spawn);
        pool.resize(decide().count);
        pool
    })
}

/// The pool of a queue; the default one when an isolated pool is gone.
fn pool_of(queue: u32) -> Arc<Pool> {
    let id = queue >> POOL_SHIFT;
    let isolated = (id != 0)
        .then(|| lock(&ISOLATED).as_ref().and_then(|pools| Some(pools.get(&id)?.pool.clone())))
        .flatten();
    isolated.unwrap_or_else(|| default_pool().clone())
}

fn nice_of(pool: u32) -> i32 {
    let isolated = lock(&ISOLATED).as_ref().and_then(|pools| Some(pools.get(&pool)?.nice));
    isolated.unwrap_or_else(default_nice)
}

fn spawn(pool: Arc<Pool>, _number: usize) -> bool {
    // Linux shows the first 15 characters.
    let name = format!("chunker-{}-{}", pool.id(), SPAWNED.fetch_add(1, Relaxed));
    let life = move || {
        let tid = be_nice(nice_of(pool.id()));
        lock(&TIDS).push((pool.id(), tid));
        pool.work();
        lock(&TIDS).retain(|&(_, other)| other != tid);
    };
    std::thread::Builder::new().name(name).stack_size(2 << 20).spawn(life).is_ok()
}

/// Sets this thread's nice level; answers its id. A refusal changes nothing but speed.
fn be_nice(level: i32) -> i32 {
    #[cfg(target_os = "linux")]
    // SAFETY: plain system calls on this thread.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS as _, 0, level);
        return libc::gettid();
    }
    #[allow(unreachable_code)]
    level
}

unsafe extern "C" fn submit(job: *const RawJob) {
    // SAFETY: the caller hands a job over.
    let job = unsafe { job.read() };
    if FORKED.load(Relaxed) {
        // SAFETY: the one call of this job.
        unsafe { (job.run)(job.data) };
    } else {
        pool_of(job.queue).submit(job);
    }
}

unsafe extern "C" fn try_submit(job: *const RawJob) -> bool {
    // SAFETY: the caller hands a job over, if we take it.
    let job = unsafe { job.read() };
    !FORKED.load(Relaxed) && pool_of(job.queue).try_submit(job)
}

unsafe extern "C" fn parallel_for(
    queue: u32,
    context: *const c_void,
    body: unsafe extern "C" fn(*const c_void, usize),
    n: usize,
) {
    if FORKED.load(Relaxed) {
        // SAFETY: promised by the caller.
        (0..n).for_each(|i| unsafe { body(context, i) });
    } else {
        // SAFETY: promised by the caller.
        unsafe { pool_of(queue).parallel_for(queue, context, body, n) };
    }
}

unsafe extern "C" fn thread_count(queue: u32) -> u32 {
    if FORKED.load(Relaxed) {
        return 1;
    }
    pool_of(queue).target() as u32
}

unsafe extern "C" fn create(threads: u32, nice: i32) -> u32 {
    let mut isolated = lock(&ISOLATED);
    let pools = isolated.get_or_insert_with(HashMap::new);
    if pools.len() as u32 >= MOST_POOLS - 1 {
        return 0;
    }
    let id = loop {
        let id = NEXT_POOL.fetch_add(1, Relaxed) % MOST_POOLS;
        if id != 0 && !pools.contains_key(&id) {
            break id;
        }
    };
    let pool = Pool::new(id, CAPACITY, spawn);
    pool.resize(if threads == 0 { decide().count } else { threads.min(512) as usize });
    pools.insert(id, Isolated { pool, nice: if nice < 0 { default_nice() } else { nice.min(19) } });
    id << POOL_SHIFT
}

unsafe extern "C" fn destroy(queue: u32) {
    let pool = lock(&ISOLATED).as_mut().and_then(|pools| pools.remove(&(queue >> POOL_SHIFT)));
    if let Some(isolated) = pool {
        isolated.pool.close();
    }
}

unsafe extern "C" fn queue(sibling: u32) -> u32 {
    let number = NEXT_QUEUE.fetch_add(1, Relaxed) & ((1 << POOL_SHIFT) - 1);
    // 0 is the queue of those who asked for none.
    (sibling >> POOL_SHIFT << POOL_SHIFT) | number.max(1)
}

unsafe extern "C" fn configure(settings: *const RawSettings) {
    // SAFETY: the caller's, readable for this call.
    let wished = unsafe { settings.read() };
    {
        let mut settings = lock(&SETTINGS);
        if wished.threads >= 0 {
            settings.threads = wished.threads as usize;
        }
        if wished.nice >= 0 {
            settings.nice = Some(wished.nice.min(19) as i32);
        }
        if wished.reserve_cpus >= 0 {
            settings.reserve = wished.reserve_cpus as usize;
        }
    }
    if wished.spare_slab_bytes >= 0 {
        SLABS.limit_spare(wished.spare_slab_bytes as usize);
    }
    default_pool().resize(decide().count);
    #[cfg(target_os = "linux")]
    let nice = default_nice();
    #[cfg(target_os = "linux")]
    for &(_, tid) in lock(&TIDS).iter().filter(|&&(pool, _)| pool == 0) {
        // Going back to a lower level needs a privilege; a refusal leaves the level as it is.
        // SAFETY: a plain system call on a thread of ours.
        unsafe { libc::setpriority(libc::PRIO_PROCESS as _, tid as _, nice) };
    }
}

unsafe extern "C" fn info(context: *mut c_void, receive: Receive) {
    let decided = decide();
    let pool = default_pool();
    let usage = SLABS.usage();
    let reserve = lock(&SETTINGS).reserve;
    let isolated = lock(&ISOLATED).as_ref().map_or(0, HashMap::len);
    let facts = Fact::Object(vec![
        ("threads", pool.target().into()),
        ("reason", decided.reason.into()),
        ("running", pool.alive().into()),
        ("waiting", pool.waiting().into()),
        ("isolatedPools", isolated.into()),
        ("affinity", decided.affinity.into()),
        ("quota", decided.quota.map_or(Fact::Null, Fact::Number)),
        ("nice", default_nice().into()),
        ("reserveCpus", reserve.into()),
        ("slabBytes", usage.used.into()),
        ("spareSlabBytes", usage.spare.into()),
        ("jobBytes", usage.charged.into()),
        ("peakBytes", usage.peak.into()),
    ]);
    let mut text = String::new();
    facts.write(&mut text);
    // SAFETY: the caller's function with the caller's context.
    unsafe { receive(context, text.as_ptr(), text.len()) };
}

unsafe extern "C" fn measure(begin: bool) {
    crate::figures::measure(begin);
}

unsafe extern "C" fn figures(out: *mut RawFigures) {
    let counted = crate::figures::figures();
    let threads = default_pool().target() as u64;
    let figures =
        RawFigures { work_ns: counted.work_ns, jobs: counted.jobs, stolen: counted.stolen, threads };
    // SAFETY: the caller's, writable for this call.
    unsafe { out.write(figures) };
}

unsafe extern "C" fn slab_take(bytes: usize, out: *mut RawSlab) -> bool {
    let slab = SLABS.take(bytes);
    if !slab.is_null() {
        // SAFETY: the reference from `take` is handed to the caller; `out` is the caller's.
        unsafe {
            let (data, len) = SLABS.with(slab, |slab| (slab.data(), slab.len()));
            out.write(RawSlab { handle: slab.cast(), data, len });
        }
    }
    !slab.is_null()
}

unsafe extern "C" fn slab_find(data: *const u8, len: usize) -> *const c_void {
    SLABS.find(data, len).cast()
}

unsafe extern "C" fn slab_release(handle: *const c_void) {
    // SAFETY: the caller gives back a reference that it had.
    unsafe { SLABS.release(handle.cast_mut().cast()) };
}

unsafe extern "C" fn charge(bytes: isize) {
    SLABS.charge(bytes);
}
