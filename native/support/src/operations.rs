//! Tables of operations, so that native code can drive kernels of separately installed addons without JavaScript.

use crate::meeting::executor;
use crate::offered;
use std::ffi::c_void;

/// Makes a binding's table known under its stem, for the life of the process. The first table of a stem stays. The table is `#[repr(C)]` and begins with its own
/// size and major version, so that a reader of another build knows what it may call.
pub fn offer_operations<T: Sync>(stem: &str, table: &'static T) {
    // An executor of an older build knows no tables: then those of this build keep them, for this addon alone.
    let put = offered!(executor(), operations_put).unwrap_or(crate::executor::operations_put);
    // SAFETY: the text is readable for the call, the table for ever.
    unsafe { put(stem.as_ptr(), stem.len(), std::ptr::from_ref(table).cast()) };
}

/// Finds the table of a stem; null when no addon offered one. Whoever uses it checks its size and major version first.
pub fn find_operations(stem: &str) -> *const c_void {
    let get = offered!(executor(), operations_get).unwrap_or(crate::executor::operations_get);
    // SAFETY: the text is readable for the call.
    unsafe { get(stem.as_ptr(), stem.len()) }
}
