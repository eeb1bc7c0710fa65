//! A job: what it may ask while it runs, how it is submitted, how it is run at once.

use crate::descriptor::*;
use crate::fault::Fault;
use crate::input::{Input, Output};
use crate::meeting::executor;
use crate::memory::{Sink, Source};
use crate::outcome::Outcome;
use crate::panics::guard;
use crate::throw::throw;
use napi::bindgen_prelude::{FromNapiValue, ToNapiValue};
use napi::sys::{napi_env, napi_value};
use std::ffi::c_void;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};
use std::sync::Mutex;

/// What work is handed while it runs, on a pool thread or at once.
pub struct Job<'a> {
    stop: &'a AtomicU32,
    cancelled: &'a AtomicU32,
    queue: u32,
}

/// The flag of jobs that nobody can stop.
static NEVER: AtomicU32 = AtomicU32::new(0);

impl Job<'_> {
    /// The job of a synchronous call.
    pub fn at_once() -> Job<'static> {
        Job { stop: &NEVER, cancelled: &NEVER, queue: 0 }
    }

    /// True when the environment goes away or the caller aborted. Ask every 64 KiB to 1 MiB of work (it costs two loads), and end soon then.
    pub fn should_stop(&self) -> bool {
        (self.stop.load(Relaxed) | self.cancelled.load(Relaxed)) != 0
    }

    /// [`should_stop`](Job::should_stop) as an error, for `job.check()?`.
    pub fn check(&self) -> Result<(), Fault> {
        if self.should_stop() {
            Err(Fault::aborted())
        } else {
            Ok(())
        }
    }

    /// Threads that [`parallel_for`](Job::parallel_for) may use.
    pub fn threads(&self) -> usize {
        // SAFETY: a plain question.
        unsafe { (executor().threads)(self.queue) as usize }
    }

    /// Calls `body(i)` once for each i below `n`, on this thread and on free ones of the pool, and returns when all calls have returned. Order and threads vary: results must
    /// not depend on them. After a panic the rest is skipped and the panic goes on here.
    pub fn parallel_for<F: Fn(usize) + Sync>(&self, n: usize, body: F) {
        let share = Share { body, failed: AtomicBool::new(false), panic: Mutex::new(None) };
        let context = std::ptr::from_ref(&share).cast();
        // SAFETY: `share` outlives the call, which returns when no iteration runs any more; `iterate` does not unwind.
        unsafe { (executor().parallel_for)(self.queue, context, iterate::<F>, n) };
        let panic = crate::sync::lock(&share.panic).take();
        if let Some(panic) = panic {
            resume_unwind(Box::new(panic));
        }
    }
}

struct Share<F> {
    body: F,
    failed: AtomicBool,
    panic: Mutex<Option<String>>,
}

unsafe extern "C" fn iterate<F: Fn(usize) + Sync>(context: *const c_void, i: usize) {
    // SAFETY: `parallel_for` gave a `Share<F>` that lives until it returns.
    let share = unsafe { &*context.cast::<Share<F>>() };
    if share.failed.load(Relaxed) {
        return;
    }
    if let Err(panic) = guard(|| (share.body)(i)) {
        share.failed.store(true, Relaxed);
        crate::sync::lock(&share.panic).get_or_insert(panic);
    }
}

/// The first argument of every asynchronous operation: where its answer goes, and how it is queued.
pub struct Ticket {
    env: napi_env,
    slot: RawSlot,
    used: bool,
}

/// Slots of one channel are numbered below this.
const SLOTS: u64 = 1 << 16;
/// Bit of `RawSlot::flags`: buffers may be used in place.
const IN_PLACE: u32 = 1;

impl FromNapiValue for Ticket {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Ticket> {
        // SAFETY: promised by the caller.
        let number = unsafe { crate::input::Whole::from_napi_value(env, value)? }.0;
        let mut slot = std::mem::MaybeUninit::uninit();
        let (channel, index) = ((number / SLOTS) as u32, (number % SLOTS) as u32);
        // SAFETY: on the JavaScript thread of `env`; the slot is written when the answer is true.
        unsafe {
            if (executor().channel_slot)(env, channel, index, slot.as_mut_ptr()) {
                Ok(Ticket { env, slot: slot.assume_init(), used: false })
            } else {
                Err(throw(env, &Fault::invalid("ticket", "a slot of this environment's channel")))
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.used {
            // SAFETY: the reference that `channel_slot` gave.
            unsafe { (executor().channel_release)(self.slot.channel) };
        }
    }
}

impl Ticket {
    /// The input as a job may read it: its slab retained, copied, or (when the caller allowed it) in place. Throws `out_of_memory`.
    pub fn source(&self, input: &Input) -> napi::Result<Source> {
        if self.slot.flags & IN_PLACE != 0 {
            // SAFETY: the caller promised it by `inPlace`, core keeps the object until the slot is completed, and `run` reads inside the gate alone.
            return Ok(unsafe { Source::in_place(input) });
        }
        Source::new(input).map_err(|fault| self.fail(&fault))
    }

    /// The output as a job may write it; end the job with [`Sink::finish`]. Throws `out_of_memory`.
    pub fn sink(&self, output: &Output) -> napi::Result<Sink> {
        if self.slot.flags & IN_PLACE != 0 {
            // SAFETY: as in `source`.
            return Ok(unsafe { Sink::in_place(output) });
        }
        Sink::new(output).map_err(|fault| self.fail(&fault))
    }

    /// Throws a fault instead of submitting: `return Err(ticket.fail(&fault))`.
    pub fn fail(&self, fault: &Fault) -> napi::Error {
        // SAFETY: a ticket lives on the JavaScript thread, inside its call.
        unsafe { throw(self.env, fault) }
    }

    /// Queues the work. `cost` is its estimated time in nanoseconds (bytes x nanoseconds per byte of the kernel at these options): fairness between registries
    /// and "small before large" go by it. Whatever happens in `work`, the slot is completed.
    pub fn submit<F>(mut self, cost: u64, work: F) -> napi::Result<()>
    where
        F: FnOnce(&Job) -> Result<Outcome, Fault> + Send + 'static,
    {
        self.used = true;
        let job = RawJob {
            data: Box::into_raw(Box::new(Packet { slot: self.slot, work })).cast(),
            run: run::<F>,
            cost,
            queue: self.slot.queue,
            priority: self.slot.priority,
        };
        // SAFETY: on the JavaScript thread; `run` ends the slot exactly once.
        unsafe {
            (executor().channel_begin)(self.env, &self.slot);
            (executor().submit)(&job);
        }
        Ok(())
    }
}

struct Packet<F> {
    slot: RawSlot,
    work: F,
}

unsafe extern "C" fn run<F>(data: *mut c_void)
where
    F: FnOnce(&Job) -> Result<Outcome, Fault> + Send + 'static,
{
    // SAFETY: `submit` made it; each job runs once.
    let Packet { slot, work } = *unsafe { Box::from_raw(data.cast::<Packet<F>>()) };
    let executor = executor();
    // SAFETY: the slot retains its channel until complete or release.
    if !unsafe { (executor.channel_enter)(slot.channel) } {
        // The environment is gone, and with it whoever would hear of a panic in a destructor.
        drop(guard(|| drop(work)));
        // SAFETY: as above.
        unsafe { (executor.channel_release)(slot.channel) };
        return;
    }
    // SAFETY: the flags live as long as the channel is retained, and are only ever used as atomics.
    let (stop, cancelled) =
        unsafe { (AtomicU32::from_ptr(slot.stop.cast_mut()), AtomicU32::from_ptr(slot.cancelled.cast_mut())) };
    let job = Job { stop, cancelled, queue: slot.queue };
    let result = perform(&job, work);
    let (status, value) = match result {
        Ok(outcome) => (STATUS_VALUE, outcome.into()),
        Err(fault) if fault.code == "aborted" => (STATUS_CANCELLED, RawValue::NOTHING),
        Err(fault) => (STATUS_FAULT, (&fault).into()),
    };
    // SAFETY: entered above; the value is handed over.
    unsafe { (executor.channel_complete)(slot.channel, slot.slot, status, &value) };
}

/// Runs the work, with its captures dropped before it answers, and a panic caught.
fn perform<F>(job: &Job, work: F) -> Result<Outcome, Fault>
where
    F: FnOnce(&Job) -> Result<Outcome, Fault>,
{
    guard(|| {
        if job.should_stop() {
            drop(work);
            return Err(Fault::aborted());
        }
        work(job)
    })
    .unwrap_or_else(|message| Err(Fault::panicked(message)))
}

/// The synchronous door: runs the same work at once on the calling thread. `#[napi]` turns the answer into its JavaScript value or throws the fault.
pub fn run_sync<F>(work: F) -> Settled
where
    F: FnOnce(&Job) -> Result<Outcome, Fault>,
{
    Settled(perform(&Job::at_once(), work))
}

/// What [`run_sync`] answers; return it from a `#[napi]` function.
pub struct Settled(pub Result<Outcome, Fault>);

impl ToNapiValue for Settled {
    unsafe fn to_napi_value(env: napi_env, settled: Settled) -> napi::Result<napi_value> {
        match settled.0 {
            Ok(outcome) => {
                let value = RawValue::from(outcome);
                // SAFETY: on the JavaScript thread, inside a call.
                let made = unsafe { crate::view::to_js(env, value, crate::view::Door::AtOnce) };
                if made.is_null() {
                    // SAFETY: as above.
                    return Err(unsafe { throw(env, &Fault::out_of_memory(value.len)) });
                }
                Ok(made)
            }
            // SAFETY: as above.
            Err(fault) => Err(unsafe { throw(env, &fault) }),
        }
    }
}
