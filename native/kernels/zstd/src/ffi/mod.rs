//! The border to libzstd. All of this crate's unsafe code stands in this folder; each type owns one libzstd object and frees it.
//!
//! libzstd's contexts have no thread affinity and no interior sharing: a context may move between threads (Send) and is used through `&mut` only.
//! Digested dictionaries are immutable after creation (zstd.h: "can be shared by multiple threads concurrently") and are Send and Sync.

mod decoder;
mod encoder;

pub use decoder::{Decoder, DecoderDictionary};
pub use encoder::{bound, Encoder, EncoderDictionary};

use std::ffi::CStr;
use zstd_sys as sys;

/// A failure as libzstd reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    code: usize,
}

impl Failure {
    pub const CHECKSUM: usize = sys::ZSTD_ErrorCode::ZSTD_error_checksum_wrong as usize;
    pub const WINDOW: usize = sys::ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge as usize;
    pub const OUTPUT_FULL: usize = sys::ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall as usize;
    pub const INPUT_SIZE: usize = sys::ZSTD_ErrorCode::ZSTD_error_srcSize_wrong as usize;
    pub const MEMORY: usize = sys::ZSTD_ErrorCode::ZSTD_error_memory_allocation as usize;

    /// libzstd's number for it (zstd_errors.h; stable).
    pub fn code(self) -> usize {
        self.code
    }

    /// libzstd's sentence for it.
    pub fn reason(self) -> &'static str {
        // SAFETY: ZSTD_getErrorName takes any number and returns a static, NUL-terminated ASCII string.
        unsafe { CStr::from_ptr(sys::ZSTD_getErrorName(0usize.wrapping_sub(self.code))) }
            .to_str()
            .unwrap_or("libzstd failed")
    }
}

/// Splits a libzstd return value. The enum of the declarations is not read from it: a number outside it would be undefined behaviour.
fn outcome(result: usize) -> Result<usize, Failure> {
    // SAFETY: pure function of its argument.
    if unsafe { sys::ZSTD_isError(result) } == 0 {
        Ok(result)
    } else {
        Err(Failure { code: 0usize.wrapping_sub(result) })
    }
}

/// The version of the linked library, as 10507 for 1.5.7.
pub fn version() -> u32 {
    // SAFETY: no arguments, no state.
    unsafe { sys::ZSTD_versionNumber() }
}

const DEFAULT_MEMORY: sys::ZSTD_customMem =
    sys::ZSTD_customMem { customAlloc: None, customFree: None, opaque: std::ptr::null_mut() };
