//! The completion channel of an environment: results of all addons come back in batches, through one call.

use crate::descriptor::*;
use crate::fault::Fault;
use crate::gate::Gate;
use crate::stack::Stack;
use crate::sync::lock;
use crate::view::{to_js, Door};
use napi::sys::{self, napi_env, napi_status, napi_value, Status};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::*};
use std::sync::{Arc, Mutex};

/// One environment's channel. Fields of the JavaScript side are touched on its thread alone.
pub struct Channel {
    /// The JavaScript thread. Not `napi_env`: each addon has one of its own in the same environment.
    thread: usize,
    gate: Gate,
    messages: Stack<Message>,
    wake: AtomicPtr<c_void>,
    in_flight: AtomicU32,
    cancelled: Box<[AtomicU32]>,
    /// `[flags and priority << 8, queue]` for each slot, written by JavaScript before it submits.
    slots: *const u32,
}

// SAFETY: `slots` is read on the JavaScript thread alone; everything else is atomic or locked.
unsafe impl Send for Channel {}
// SAFETY: as above.
unsafe impl Sync for Channel {}

struct Message {
    slot: u32,
    status: u32,
    value: RawValue,
}

// SAFETY: a value is owned and its `free` may be called on any thread.
unsafe impl Send for Message {}

impl Drop for Channel {
    fn drop(&mut self) {
        let mut rest = Vec::new();
        self.messages.drain(&mut rest);
        // SAFETY: each message owns its value.
        rest.into_iter().for_each(|message| unsafe { message.value.discard() });
    }
}

/// Numbers to channels of this process.
static CHANNELS: Mutex<Vec<Option<Arc<Channel>>>> = Mutex::new(Vec::new());

/// The JavaScript side of the drain; lives until the thread-safe function is finalized.
struct Drain {
    channel: Arc<Channel>,
    callback: sys::napi_ref,
    ring: *mut u8,
    capacity: usize,
    batch: Vec<Message>,
}

/// Bytes of one entry in the ring: slot, status, number, and room for a small result.
const ENTRY: usize = 80;
/// Where the room for a small result begins.
const SMALL_AT: usize = 16;
/// Up to so many bytes a result crosses in the ring: making a JavaScript value of it takes longer than most jobs that have one, and moves it off the engine's heap.
const SMALL: usize = ENTRY - SMALL_AT;

unsafe extern "C" fn drain(env: napi_env, _callback: napi_value, context: *mut c_void, _data: *mut c_void) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context is the `Drain` made in `open`, used on this thread alone.
    let drain = unsafe { &mut *context.cast::<Drain>() };
    drain.channel.messages.drain(&mut drain.batch);
    let total = drain.batch.len() as u32;
    if total == 0 {
        return;
    }
    let batch = std::mem::take(&mut drain.batch);
    for part in batch.chunks(drain.capacity) {
        // SAFETY: on the JavaScript thread, with the ring that JavaScript gave for this.
        unsafe { deliver(env, drain, part) };
    }
    drain.batch = batch;
    drain.batch.clear();
    let channel = &drain.channel;
    if channel.in_flight.fetch_sub(total, Relaxed) == total {
        // SAFETY: the function lives as long as its environment.
        unsafe { sys::napi_unref_threadsafe_function(env, channel.wake.load(Relaxed).cast()) };
    }
}

unsafe extern "C" fn forget(_env: napi_env, data: *mut c_void, _hint: *mut c_void) {
    // Calls that are still queued come later with a null environment; `drain` does not touch its context then.
    // SAFETY: made by `Box::into_raw` in `open`; a finalizer runs once.
    drop(unsafe { Box::from_raw(data.cast::<Drain>()) });
}

unsafe fn deliver(env: napi_env, drain: &Drain, part: &[Message]) {
    // SAFETY: the ring holds `capacity` entries; every value is passed on or dropped once; handles live in a scope of their own.
    unsafe {
        let mut scope = ptr::null_mut();
        sys::napi_open_handle_scope(env, &mut scope);
        let mut payloads = ptr::null_mut();
        sys::napi_get_undefined(env, &mut payloads);
        let undefined = payloads;
        let mut count = 0u32;
        for (i, message) in part.iter().enumerate() {
            let entry = drain.ring.add(i * ENTRY);
            let mut status = message.status;
            let mut number = message.value.number;
            if message.value.kind == KIND_BYTES && message.value.len <= SMALL {
                ptr::copy_nonoverlapping(
                    message.value.data.cast::<u8>(),
                    entry.add(SMALL_AT),
                    message.value.len,
                );
                number = message.value.len as f64;
                status |= HAS_BYTES;
                message.value.discard();
            } else if message.value.kind > KIND_NUMBER {
                if count == 0 {
                    sys::napi_create_array(env, &mut payloads);
                }
                let bytes = message.value.len;
                let mut payload = to_js(env, message.value, Door::Channel);
                if payload.is_null() {
                    // Too large for this runtime, or no memory for it.
                    status = STATUS_FAULT;
                    payload = to_js(env, (&Fault::out_of_memory(bytes)).into(), Door::Channel);
                }
                sys::napi_set_element(env, payloads, count, payload);
                number = f64::from(count);
                count += 1;
                status |= HAS_PAYLOAD;
            } else if message.value.kind == KIND_NOTHING {
                status |= HAS_NOTHING;
            }
            entry.cast::<u32>().write(message.slot);
            entry.add(4).cast::<u32>().write(status);
            entry.add(8).cast::<f64>().write(number);
        }
        let (mut callback, mut n, mut answer) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        sys::napi_get_reference_value(env, drain.callback, &mut callback);
        sys::napi_create_uint32(env, part.len() as u32, &mut n);
        let arguments = [n, payloads];
        sys::napi_call_function(env, undefined, callback, 2, arguments.as_ptr(), &mut answer);
        sys::napi_close_handle_scope(env, scope);
    }
}

/// Bit of a ring entry's status: the number is an index into the payloads.
const HAS_PAYLOAD: u32 = 4;
/// Bit of a ring entry's status: the value is `undefined`.
const HAS_NOTHING: u32 = 8;
/// Bit of a ring entry's status: the value is a Uint8Array of as many bytes as the number says, in the entry.
const HAS_BYTES: u32 = 16;

unsafe extern "C" fn close(data: *mut c_void) {
    // SAFETY: the hook's data is an `Arc` made into a pointer in `open`.
    let channel = unsafe { Arc::from_raw(data.cast::<Channel>()) };
    channel.gate.close();
    let mut channels = lock(&CHANNELS);
    for place in channels.iter_mut() {
        if place.as_ref().is_some_and(|open| Arc::ptr_eq(open, &channel)) {
            *place = None;
        }
    }
}

/// See [`Descriptor::channel_open`].
///
/// # Safety
/// On the JavaScript thread of `env`.
pub unsafe extern "C" fn open(
    env: napi_env,
    callback: napi_value,
    ring: napi_value,
    slots: napi_value,
    out: *mut u32,
) -> napi_status {
    // SAFETY: Node-API checks the values; references keep both arrays, whose buffers JavaScript keeps to itself, alive for the environment's life.
    unsafe {
        let (ring_data, ring_len) = match pinned(env, ring) {
            Ok(pinned) => pinned,
            Err(status) => return status,
        };
        let (slots_data, slots_len) = match pinned(env, slots) {
            Ok(pinned) => pinned,
            Err(status) => return status,
        };
        let channel = Arc::new(Channel {
            thread: this_thread(),
            gate: Gate::new(),
            messages: Stack::new(),
            wake: AtomicPtr::new(ptr::null_mut()),
            in_flight: AtomicU32::new(0),
            cancelled: (0..slots_len / 8).map(|_| AtomicU32::new(0)).collect(),
            slots: slots_data.cast(),
        });
        let mut reference = ptr::null_mut();
        let status = sys::napi_create_reference(env, callback, 1, &mut reference);
        if status != Status::napi_ok || ring_len < ENTRY {
            return Status::napi_invalid_arg;
        }
        let context = Box::new(Drain {
            channel: channel.clone(),
            callback: reference,
            ring: ring_data,
            capacity: ring_len / ENTRY,
            batch: Vec::new(),
        });
        let wake = match wake_up(env, Box::into_raw(context).cast()) {
            Ok(wake) => wake,
            Err(status) => return status,
        };
        channel.wake.store(wake.cast(), Relaxed);
        // After the function was made: hooks run in reverse order, so ours runs before the function is taken down.
        let hook = Arc::into_raw(channel.clone()).cast_mut().cast();
        sys::napi_add_env_cleanup_hook(env, Some(close), hook);
        *out = enlist(channel);
        Status::napi_ok
    }
}

unsafe fn wake_up(
    env: napi_env,
    context: *mut c_void,
) -> Result<sys::napi_threadsafe_function, napi_status> {
    let (mut name, mut wake) = (ptr::null_mut(), ptr::null_mut());
    let none = ptr::null_mut();
    // SAFETY: without a JavaScript function the drain callback is all that runs.
    unsafe {
        sys::napi_create_string_utf8(env, c"chunker".as_ptr(), 7, &mut name);
        let status = sys::napi_create_threadsafe_function(
            env,
            none,
            none,
            name,
            0,
            1,
            context,
            Some(forget),
            context,
            Some(drain),
            &mut wake,
        );
        if status != Status::napi_ok {
            return Err(status);
        }
        // Nothing is in flight yet: the process may end.
        sys::napi_unref_threadsafe_function(env, wake);
    }
    Ok(wake)
}

/// Memory and bytes of a typed array that is kept for the environment's life.
unsafe fn pinned(env: napi_env, array: napi_value) -> Result<(*mut u8, usize), napi_status> {
    let (mut kind, mut len, mut data) = (0, 0, ptr::null_mut());
    let (mut buffer, mut offset, mut reference) = (ptr::null_mut(), 0, ptr::null_mut());
    // SAFETY: Node-API checks the value.
    unsafe {
        let status = sys::napi_get_typedarray_info(
            env,
            array,
            &mut kind,
            &mut len,
            &mut data,
            &mut buffer,
            &mut offset,
        );
        if status != Status::napi_ok {
            return Err(status);
        }
        if kind != sys::TypedarrayType::uint32_array || data.is_null() {
            return Err(Status::napi_invalid_arg);
        }
        let status = sys::napi_create_reference(env, array, 1, &mut reference);
        if status != Status::napi_ok {
            return Err(status);
        }
    }
    Ok((data.cast(), len * 4))
}

fn enlist(channel: Arc<Channel>) -> u32 {
    let mut channels = lock(&CHANNELS);
    let free = channels.iter().position(Option::is_none);
    let number = free.unwrap_or_else(|| {
        channels.push(None);
        channels.len() - 1
    });
    channels[number] = Some(channel);
    number as u32
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local! {
        static HERE: u8 = const { 0 };
    }
    HERE.with(|here| ptr::from_ref(here) as usize)
}

/// The channel of this number, if it belongs to this thread's environment.
fn channel_of(number: u32) -> Option<Arc<Channel>> {
    let channels = lock(&CHANNELS);
    let channel = channels.get(number as usize)?.as_ref()?;
    (channel.thread == this_thread()).then(|| channel.clone())
}

/// See [`Descriptor::channel_slot`].
///
/// # Safety
/// On the JavaScript thread of `env`.
pub unsafe extern "C" fn slot(_env: napi_env, number: u32, slot: u32, out: *mut RawSlot) -> bool {
    let Some(channel) = channel_of(number) else { return false };
    let Some(cancelled) = channel.cancelled.get(slot as usize) else { return false };
    // SAFETY: the slot table has two words for each flag; `out` is the caller's.
    unsafe {
        let word = channel.slots.add(slot as usize * 2).read();
        let queue = channel.slots.add(slot as usize * 2 + 1).read();
        out.write(RawSlot {
            stop: channel.gate.stop_flag().as_ptr(),
            cancelled: cancelled.as_ptr(),
            slot,
            queue,
            priority: (word >> 8) & 0xff,
            flags: word & 0xff,
            channel: Arc::into_raw(channel).cast(),
        });
    }
    true
}

/// See [`Descriptor::channel_begin`].
///
/// # Safety
/// On the JavaScript thread of `env`, with a slot that `slot` gave.
pub unsafe extern "C" fn begin(env: napi_env, slot: *const RawSlot) {
    // SAFETY: the slot retains its channel.
    unsafe {
        let channel = &*(*slot).channel.cast::<Channel>();
        channel.cancelled[(*slot).slot as usize].store(0, Relaxed);
        if channel.in_flight.fetch_add(1, Relaxed) == 0 {
            sys::napi_ref_threadsafe_function(env, channel.wake.load(Relaxed).cast());
        }
    }
}

/// See [`Descriptor::channel_enter`].
///
/// # Safety
/// With a channel that `slot` retained.
pub unsafe extern "C" fn enter(channel: *const c_void) -> bool {
    // SAFETY: retained.
    unsafe { (*channel.cast::<Channel>()).gate.enter() }
}

/// See [`Descriptor::channel_complete`].
///
/// # Safety
/// With a channel that was entered; it is not used afterwards.
pub unsafe extern "C" fn complete(channel: *const c_void, slot: u32, status: u32, value: *const RawValue) {
    // SAFETY: `slot` made the pointer from an `Arc`; the value is handed over.
    let (channel, value) = unsafe { (Arc::from_raw(channel.cast::<Channel>()), value.read()) };
    if channel.messages.push(Message { slot, status, value }) {
        channel.gate.while_open(|| {
            let wake = channel.wake.load(Relaxed).cast();
            // SAFETY: while the gate is open the function exists; non-blocking, and the queue has no bound.
            unsafe { sys::napi_call_threadsafe_function(wake, ptr::null_mut(), 0) };
        });
    }
    channel.gate.leave();
}

/// See [`Descriptor::channel_release`].
///
/// # Safety
/// With a channel that `slot` retained; it is not used afterwards.
pub unsafe extern "C" fn release(channel: *const c_void) {
    // SAFETY: `slot` made the pointer from an `Arc`.
    drop(unsafe { Arc::from_raw(channel.cast::<Channel>()) });
}

/// See [`Descriptor::cancel`].
///
/// # Safety
/// On the JavaScript thread of `env`.
pub unsafe extern "C" fn cancel(_env: napi_env, number: u32, slot: u32) {
    if let Some(flag) =
        channel_of(number).as_ref().and_then(|channel| channel.cancelled.get(slot as usize))
    {
        flag.store(1, Relaxed);
    }
}
