//! Native memory as JavaScript sees it: values, and ArrayBuffers over slabs.

use crate::descriptor::*;
use crate::slab::Slab;
use napi::sys::{self, napi_env, napi_status, napi_value, Status};
use std::ffi::c_void;
use std::ptr;

/// Results from this size on are handed over, smaller ones are copied: an external ArrayBuffer costs about as much as copying this.
const HANDED_OVER: usize = 16 << 10;

/// Makes the JavaScript value and takes ownership of `value` in any case; null when JavaScript cannot make it any more.
///
/// # Safety
/// On the JavaScript thread of `env`, inside a handle scope; the caller owns `value`.
pub unsafe fn to_js(env: napi_env, value: RawValue) -> napi_value {
    let mut made = ptr::null_mut();
    // SAFETY: `data` holds `len` elements of the kind; Node-API copies them or takes them over.
    unsafe {
        match value.kind {
            KIND_NUMBER => drop(sys::napi_create_double(env, value.number, &mut made)),
            KIND_BYTES => return typed_array(env, value, sys::TypedarrayType::uint8_array, 1),
            KIND_WORDS => return typed_array(env, value, sys::TypedarrayType::uint32_array, 4),
            KIND_DOUBLES => return typed_array(env, value, sys::TypedarrayType::float64_array, 8),
            KIND_TEXT => {
                sys::napi_create_string_utf8(env, value.data.cast(), value.len as isize, &mut made);
            }
            KIND_LIST => return list(env, value),
            _ => drop(sys::napi_get_undefined(env, &mut made)),
        }
        value.discard();
    }
    made
}

unsafe fn list(env: napi_env, value: RawValue) -> napi_value {
    let mut made = ptr::null_mut();
    // SAFETY: the members are owned values, each passed on once; then only the array itself is freed.
    unsafe {
        sys::napi_create_array_with_length(env, value.len, &mut made);
        let members = value.data.cast::<RawValue>();
        for i in 0..value.len {
            let member = to_js(env, *members.add(i));
            sys::napi_set_element(env, made, i as u32, member);
        }
        if let Some(free) = value.free {
            free(value.owner);
        }
    }
    made
}

unsafe fn typed_array(env: napi_env, value: RawValue, kind: i32, width: usize) -> napi_value {
    let bytes = value.len * width;
    let (mut buffer, mut made) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: as in `to_js`; when the runtime takes the memory over, `give_back` frees it.
    unsafe {
        let mut status = Status::napi_no_external_buffers_allowed;
        if bytes >= HANDED_OVER {
            let hint = Box::into_raw(Box::new(value));
            status = sys::napi_create_external_arraybuffer(
                env,
                value.data.cast_mut(),
                bytes,
                Some(give_back),
                hint.cast(),
                &mut buffer,
            );
            if status != Status::napi_ok {
                drop(Box::from_raw(hint));
            }
        }
        if status != Status::napi_ok {
            let mut copy = ptr::null_mut();
            status = sys::napi_create_arraybuffer(env, bytes, &mut copy, &mut buffer);
            if status == Status::napi_ok && bytes > 0 {
                ptr::copy_nonoverlapping(value.data.cast::<u8>(), copy.cast::<u8>(), bytes);
            }
            value.discard();
        }
        if status == Status::napi_ok {
            sys::napi_create_typedarray(env, kind, value.len, buffer, 0, &mut made);
        }
    }
    made
}

unsafe extern "C" fn give_back(_env: napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `typed_array` made the hint; a finalizer runs once.
    unsafe { Box::from_raw(hint.cast::<RawValue>()).discard() };
}

/// The hold that an ArrayBuffer has on its slab. Given back by `slab_end` or by the finalizer, whoever comes first.
pub struct Lease {
    slab: *mut Slab,
    ended: bool,
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
    let lease = Box::into_raw(Box::new(Lease { slab, ended: false }));
    // SAFETY: the slab is ours by `take`; the lease lives until the finalizer, which runs once.
    unsafe {
        let data = slabs.with(slab, |slab| {
            slab.lease = lease;
            slab.data()
        });
        let end = Some(finalize_view as unsafe extern "C" fn(napi_env, *mut c_void, *mut c_void));
        let status = sys::napi_create_external_arraybuffer(env, data.cast(), bytes, end, lease.cast(), out);
        if status != Status::napi_ok {
            drop(Box::from_raw(lease));
            slabs.release(slab);
        }
        status
    }
}

unsafe extern "C" fn finalize_view(_env: napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `slab_view` made the hint; a finalizer runs once; `ended` says whether the slab was given back before.
    unsafe {
        let lease = Box::from_raw(hint.cast::<Lease>());
        if !lease.ended {
            crate::executor::slabs().release(lease.slab);
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
            (*lease).ended = true;
            slabs.release(slab);
        }
        slabs.release(slab);
        ended
    }
}
