//! What every addon offers to core besides its own operations; `addon!` exports these.

use crate::descriptor::{RawSettings, RawSlab};
use crate::fault::Fault;
use crate::input::Whole;
use crate::json::Fact;
use crate::meeting::{executor, joined};
use crate::offered;
use crate::throw::throw;
use napi::bindgen_prelude::{ToNapiValue, Unknown};
use napi::sys::{napi_value, Status};
use napi::{Env, JsValue};
use std::ffi::c_void;

/// A JavaScript value made by hand.
pub struct Made(napi_value);

impl ToNapiValue for Made {
    unsafe fn to_napi_value(_env: napi::sys::napi_env, made: Made) -> napi::Result<napi_value> {
        Ok(made.0)
    }
}

fn fail<T>(env: &Env, fault: &Fault) -> napi::Result<T> {
    // SAFETY: on the JavaScript thread, inside a call.
    Err(unsafe { throw(env.raw(), fault) })
}

/// Which executor this addon uses, as a number that is the same for all addons that share it.
pub fn executor_id() -> f64 {
    std::ptr::from_ref(executor()) as usize as f64
}

/// State of the executor and of this addon's part in it, as JSON.
pub fn executor_info() -> String {
    unsafe extern "C" fn append(context: *mut c_void, data: *const u8, len: usize) {
        // SAFETY: the context is the string below; the data are UTF-8 by the descriptor's promise, checked all the same.
        unsafe {
            let text = String::from_utf8_lossy(std::slice::from_raw_parts(data, len));
            (*context.cast::<String>()).push_str(&text);
        }
    }
    let mut executor_facts = String::new();
    let joined = joined();
    // SAFETY: `append` is called before `info` returns.
    unsafe { (joined.descriptor.info)(std::ptr::from_mut(&mut executor_facts).cast(), append) };
    let mut ours = String::new();
    Fact::Object(vec![
        ("shared", joined.shared.into()),
        ("ours", joined.ours.into()),
        ("major", joined.descriptor.major.into()),
        ("cpu", Fact::List(crate::cpu::features().into_iter().map(Fact::from).collect())),
    ])
    .write(&mut ours);
    // Two objects, one inside the other's end.
    format!("{},{}", &executor_facts[..executor_facts.len() - 1], &ours[1..])
}

/// Changes settings of the executor; -1 leaves one as it is.
pub fn executor_configure(threads: f64, nice: f64, reserve_cpus: f64, spare_slab_bytes: f64) {
    let setting = |number: f64| if number >= 0.0 { number as i64 } else { -1 };
    let settings = RawSettings {
        threads: setting(threads),
        nice: setting(nice),
        reserve_cpus: setting(reserve_cpus),
        spare_slab_bytes: setting(spare_slab_bytes),
    };
    // SAFETY: readable for the call.
    unsafe { (executor().configure)(&settings) };
}

/// Begins to count what the executor's threads do, or takes one such wish back.
pub fn executor_measure(begin: bool) {
    if let Some(measure) = offered!(executor(), measure) {
        // SAFETY: a plain switch.
        unsafe { measure(begin) };
    }
}

/// Nanoseconds in jobs, jobs, stolen iterations, threads. Empty where an older build's executor serves this process.
pub fn executor_figures() -> Vec<f64> {
    let Some(figures) = offered!(executor(), figures) else { return Vec::new() };
    let mut raw = std::mem::MaybeUninit::uninit();
    // SAFETY: written by the call.
    let raw = unsafe {
        figures(raw.as_mut_ptr());
        raw.assume_init()
    };
    [raw.work_ns, raw.jobs, raw.stolen, raw.threads].map(|count| count as f64).to_vec()
}

/// Opens this environment's channel.
pub fn channel_open(env: Env, callback: Unknown, ring: Unknown, slots: Unknown) -> napi::Result<u32> {
    let mut number = 0;
    // SAFETY: on the JavaScript thread of `env`.
    let status = unsafe {
        (executor().channel_open)(env.raw(), callback.raw(), ring.raw(), slots.raw(), &mut number)
    };
    if status != Status::napi_ok {
        return fail(&env, &Fault::invalid("channel", "a function and two Uint32Arrays"));
    }
    Ok(number)
}

/// Asks the job of a slot to stop.
pub fn channel_cancel(env: Env, channel: Whole, slot: Whole) {
    // SAFETY: on the JavaScript thread of `env`; unknown numbers do nothing.
    unsafe { (executor().cancel)(env.raw(), channel.0 as u32, slot.0 as u32) };
}

/// Makes an isolated pool (0 threads: as many as the default one would have; nice -1: the default) and answers a queue in it.
pub fn pool_create(env: Env, threads: Whole, nice: f64) -> napi::Result<u32> {
    let threads = threads.0.min(u64::from(u32::MAX)) as u32;
    // SAFETY: plain numbers.
    match unsafe { (executor().create)(threads, nice as i32) } {
        0 => fail(&env, &Fault::new("out_of_memory").with("bytes", 0u32).saying("too many isolated pools")),
        queue => Ok(queue),
    }
}

/// Ends the isolated pool of a queue when its waiting jobs are done.
pub fn pool_destroy(queue: Whole) {
    // SAFETY: a plain number; unknown pools do nothing.
    unsafe { (executor().destroy)(queue.0 as u32) };
}

/// A new queue in the pool of another one (0: the default pool).
pub fn queue_create(sibling: Whole) -> u32 {
    // SAFETY: a plain number.
    unsafe { (executor().queue)(sibling.0 as u32) }
}

/// An ArrayBuffer over a new slab; `undefined` where the runtime has no external buffers; throws `out_of_memory`.
pub fn slab_take(env: Env, bytes: Whole) -> napi::Result<Made> {
    let mut made = std::ptr::null_mut();
    // SAFETY: on the JavaScript thread of `env`.
    match unsafe { (executor().slab_view)(env.raw(), bytes.0 as usize, &mut made) } {
        Status::napi_ok => Ok(Made(made)),
        Status::napi_no_external_buffers_allowed => {
            // SAFETY: as above.
            unsafe { napi::sys::napi_get_undefined(env.raw(), &mut made) };
            Ok(Made(made))
        }
        _ => fail(&env, &Fault::out_of_memory(bytes.0 as usize)),
    }
}

/// Detaches the ArrayBuffer of a slab and gives the slab back; false when it no longer held one.
pub fn slab_end(env: Env, buffer: Unknown) -> bool {
    // SAFETY: on the JavaScript thread of `env`.
    unsafe { (executor().slab_end)(env.raw(), buffer.raw()) }
}

/// A slab for native code: memory that comes from the pool of slabs and goes back to it.
pub struct SlabBuffer(RawSlab);

// SAFETY: it owns its memory.
unsafe impl Send for SlabBuffer {}

impl SlabBuffer {
    /// At least `bytes` bytes, with whatever was in them before; `out_of_memory` when they cannot be had.
    pub fn take(bytes: usize) -> Result<SlabBuffer, Fault> {
        let mut slab = std::mem::MaybeUninit::uninit();
        // SAFETY: written when the answer is true.
        unsafe {
            if (executor().slab_take)(bytes, slab.as_mut_ptr()) {
                Ok(SlabBuffer(slab.assume_init()))
            } else {
                Err(Fault::out_of_memory(bytes))
            }
        }
    }

    /// The whole slab.
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: owned; anonymous memory is initialised by the system.
        unsafe { std::slice::from_raw_parts_mut(self.0.data, self.0.len) }
    }
}

impl Drop for SlabBuffer {
    fn drop(&mut self) {
        // SAFETY: our reference.
        unsafe { (executor().slab_release)(self.0.handle) };
    }
}
