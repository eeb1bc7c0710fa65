//! Native memory as JavaScript sees it: values, and ArrayBuffers over slabs.

use crate::descriptor::*;
use crate::slab::Slab;
use napi::sys::{self, napi_env, napi_status, napi_value, Status};
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Results from this size on are handed over, smaller ones are copied. An external ArrayBuffer is ended by a finalizer some time later, and until then its memory is fresh memory for others: decoding to
/// results of 16 to 128 KiB runs 1.3 to 1.5 times as fast with the copy.
pub const HANDED_OVER: usize = 256 << 10;
/// Results of synchronous calls that are handed over at a time, in bytes; more are copied. Finalizers wait for the event loop, so a loop of such calls would take ever more memory, collected or not.
const HANDED_OVER_AT_ONCE: usize = 128 << 20;

/// What is handed over by synchronous calls of this addon and not finalized.
static AT_ONCE: AtomicUsize = AtomicUsize::new(0);

/// Who makes a value: the drain of the channel, between two turns of the event loop, or a synchronous call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The channel.
    Channel,
    /// A synchronous call.
    AtOnce,
}

/// Makes the JavaScript value and takes ownership of `value` in any case; null when JavaScript cannot make it: too large, or no memory.
///
/// # Safety
/// On the JavaScript thread of `env`, inside a handle scope; the caller owns `value`.
pub unsafe fn to_js(env: napi_env, value: RawValue, door: Door) -> napi_value {
    let mut made = ptr::null_mut();
    // SAFETY: `data` holds `len` elements of the kind; Node-API copies them or takes them over.
    unsafe {
        match value.kind {
            KIND_NUMBER => drop(sys::napi_create_double(env, value.number, &mut made)),
            KIND_BYTES => return typed_array(env, value, sys::TypedarrayType::uint8_array, 1, door),
            KIND_WORDS => return typed_array(env, value, sys::TypedarrayType::uint32_array, 4, door),
            KIND_DOUBLES => return typed_array(env, value, sys::TypedarrayType::float64_array, 8, door),
            KIND_TEXT => {
                sys::napi_create_string_utf8(env, value.data.cast(), value.len as isize, &mut made);
            }
            KIND_LIST => return list(env, value, door),
            _ => drop(sys::napi_get_undefined(env, &mut made)),
        }
        value.discard();
    }
    made
}

unsafe fn list(env: napi_env, value: RawValue, door: Door) -> napi_value {
    let mut made = ptr::null_mut();
    // SAFETY: the members are owned values, each passed on once; then only the array itself is freed.
    unsafe {
        sys::napi_create_array_with_length(env, value.len, &mut made);
        let members = value.data.cast::<RawValue>();
        for i in 0..value.len {
            let member = to_js(env, *members.add(i), door);
            if member.is_null() {
                made = ptr::null_mut();
            } else if !made.is_null() {
                sys::napi_set_element(env, made, i as u32, member);
            }
        }
        if let Some(free) = value.free {
            free(value.owner);
        }
    }
    made
}

unsafe fn typed_array(env: napi_env, value: RawValue, kind: i32, width: usize, door: Door) -> napi_value {
    let bytes = value.len * width;
    let mut buffer = ptr::null_mut();
    // SAFETY: as in `to_js`; the value is discarded once: by `copied`, or when the ArrayBuffer goes.
    unsafe {
        let counted = if door == Door::AtOnce { bytes } else { 0 };
        if bytes >= HANDED_OVER && (counted == 0 || AT_ONCE.load(Relaxed) + counted <= HANDED_OVER_AT_ONCE) {
            let data = value.data.cast_mut().cast();
            match external(env, data, bytes, Held::Value { value, counted }) {
                Ok(made) => buffer = made,
                Err(Some(Held::Value { value, .. })) => buffer = copied(env, value, bytes),
                Err(_) => {}
            }
        } else {
            buffer = copied(env, value, bytes);
        }
        let mut made = ptr::null_mut();
        if !buffer.is_null() {
            sys::napi_create_typedarray(env, kind, value.len, buffer, 0, &mut made);
        }
        made
    }
}

unsafe fn copied(env: napi_env, value: RawValue, bytes: usize) -> napi_value {
    let (mut copy, mut buffer) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the new buffer has `bytes` bytes, the value as many; it is ours to discard.
    unsafe {
        if sys::napi_create_arraybuffer(env, bytes, &mut copy, &mut buffer) != Status::napi_ok {
            buffer = ptr::null_mut();
            clear_exception(env);
        } else if bytes > 0 {
            ptr::copy_nonoverlapping(value.data.cast::<u8>(), copy.cast::<u8>(), bytes);
        }
        value.discard();
    }
    buffer
}

unsafe fn clear_exception(env: napi_env) {
    let mut ignored = ptr::null_mut();
    // SAFETY: on the JavaScript thread of `env`.
    unsafe { sys::napi_get_and_clear_last_exception(env, &mut ignored) };
}

/// What an external ArrayBuffer holds.
enum Held {
    /// With the bytes that it counts in `AT_ONCE` from when the buffer is made.
    Value { value: RawValue, counted: usize },
    Slab(*mut Slab),
}

impl Held {
    fn give_back(self) {
        // SAFETY: the holder owned the value, or a reference to the slab.
        unsafe {
            match self {
                Held::Value { value, counted } => {
                    AT_ONCE.fetch_sub(counted, Relaxed);
                    value.discard();
                }
                Held::Slab(slab) => crate::executor::slabs().release(slab),
            }
        }
    }
}

/// The hold that an ArrayBuffer has on native memory. It ends once: by `slab_end` or by the finalizer, whoever comes first.
pub struct Lease {
    held: Option<Held>,
    /// While the buffer is being made: some failures of Node-API run the finalizer, some do not.
    making: bool,
    finalized: bool,
}

/// Makes an ArrayBuffer over native memory. An error gives back what was held, unless the finalizer has done so already (a buffer too large for JavaScript).
unsafe fn external(env: napi_env, data: *mut u8, bytes: usize, held: Held) -> Result<napi_value, Option<Held>> {
    let slab = match held {
        Held::Slab(slab) => slab,
        Held::Value { counted, .. } => {
            AT_ONCE.fetch_add(counted, Relaxed);
            ptr::null_mut()
        }
    };
    let lease = Box::into_raw(Box::new(Lease { held: Some(held), making: true, finalized: false }));
    let mut buffer = ptr::null_mut();
    // SAFETY: the lease lives until the finalizer has run and it is no longer being made; all on one thread.
    unsafe {
        let end = Some(finalize as unsafe extern "C" fn(napi_env, *mut c_void, *mut c_void));
        let status = sys::napi_create_external_arraybuffer(env, data.cast(), bytes, end, lease.cast(), &mut buffer);
        (*lease).making = false;
        if status == Status::napi_ok {
            if !slab.is_null() {
                crate::executor::slabs().with(slab, |slab| slab.lease = lease);
            }
            return Ok(buffer);
        }
        clear_exception(env);
        let held = (*lease).held.take();
        if let Some(Held::Value { counted, .. }) = held {
            AT_ONCE.fetch_sub(counted, Relaxed);
        }
        if (*lease).finalized {
            drop(Box::from_raw(lease));
        }
        // Not finalized: some runtimes may still do it later, so these few bytes are left to them.
        Err(held)
    }
}

unsafe extern "C" fn finalize(_env: napi_env, _data: *mut c_void, hint: *mut c_void) {
    let lease = hint.cast::<Lease>();
    // SAFETY: `external` made it; a finalizer runs once.
    unsafe {
        if let Some(held) = (*lease).held.take() {
            held.give_back();
        }
        (*lease).finalized = true;
        if !(*lease).making {
            drop(Box::from_raw(lease));
        }
    }
}

/// See [`Descriptor::slab_view`].
///
/// # Safety
/// On the JavaScript thread of `env`.
pub unsafe extern "C" fn slab_view(env: napi_env, bytes: usize, out: *mut napi_value) -> napi_status {
    let slabs = crate::executor::slabs();
    let slab = slabs.take(bytes);
    if slab.is_null() {
        return Status::napi_generic_failure;
    }
    // SAFETY: the slab is ours by `take`; `out` is the caller's.
    unsafe {
        let (data, len) = slabs.with(slab, |slab| (slab.data(), slab.len()));
        match external(env, data, len, Held::Slab(slab)) {
            Ok(buffer) => {
                out.write(buffer);
                Status::napi_ok
            }
            Err(Some(held)) => {
                held.give_back();
                Status::napi_no_external_buffers_allowed
            }
            Err(None) => Status::napi_generic_failure,
        }
    }
}

/// See [`Descriptor::slab_end`]. When somebody transferred the buffer, its memory lives on elsewhere and the finalizer gives it back later.
///
/// # Safety
/// On the JavaScript thread of `env`.
pub unsafe extern "C" fn slab_end(env: napi_env, buffer: napi_value) -> bool {
    let (mut data, mut len) = (ptr::null_mut(), 0);
    let slabs = crate::executor::slabs();
    // SAFETY: Node-API checks the value; the slab is retained by `find` while we look at it; leases are touched on their JavaScript thread alone, and one that
    // shows this memory is alive because its buffer is.
    unsafe {
        if sys::napi_get_arraybuffer_info(env, buffer, &mut data, &mut len) != Status::napi_ok || data.is_null()
        {
            return false;
        }
        let slab = slabs.find(data.cast(), len);
        if slab.is_null() {
            return false;
        }
        let whole = slabs.with(slab, |slab| slab.data() == data.cast() && !slab.lease.is_null());
        let ended = whole && sys::napi_detach_arraybuffer(env, buffer) == Status::napi_ok;
        if ended {
            let lease = slabs.with(slab, |slab| std::mem::replace(&mut slab.lease, ptr::null_mut()));
            if let Some(held) = (*lease).held.take() {
                held.give_back();
            }
        }
        slabs.release(slab);
        ended
    }
}
