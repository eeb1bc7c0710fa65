//! Faults as JavaScript exceptions, for calls that fail before or without a job.

use crate::descriptor::RawValue;
use crate::fault::Fault;
use crate::view::{to_js, Door};
use napi::sys::{self, napi_env};
use std::ptr;

/// Throws an Error with `code` and `details` (JSON text, parsed by core) and answers what a `#[napi]` function must return then.
///
/// # Safety
/// On the JavaScript thread of `env`, inside a call.
pub unsafe fn throw(env: napi_env, fault: &Fault) -> napi::Error {
    let text = |text: String| -> RawValue { crate::Outcome::Text(text).into() };
    // SAFETY: plain Node-API calls with values of this scope.
    unsafe {
        let code = to_js(env, text(fault.code.to_owned()), Door::AtOnce);
        let message = to_js(env, text(fault.message.clone()), Door::AtOnce);
        let details = to_js(env, text(fault.details_json()), Door::AtOnce);
        let mut error = ptr::null_mut();
        sys::napi_create_error(env, code, message, &mut error);
        sys::napi_set_named_property(env, error, c"details".as_ptr(), details);
        sys::napi_throw(env, error);
    }
    napi::Error::new(napi::Status::PendingException, fault.code)
}
