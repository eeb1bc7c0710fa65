//! The border to liblzma. All of this crate's unsafe code stands in this folder; each type owns one liblzma object and frees it.
//!
//! liblzma's coders have no thread affinity and no state outside of themselves: a coder may move between threads (Send) and is used through `&mut` only.

mod block;
mod coder;
mod index_hash;
mod preset;

pub use block::{BlockHeader, BlockHeaderFault};
pub use coder::{Coder, Status};
pub use index_hash::IndexHash;
pub use preset::Preset;

use liblzma_sys as sys;

/// How liblzma fails. Its other numbers cannot come from the calls made here, and count as `Data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// LZMA_MEM_ERROR.
    OutOfMemory,
    /// LZMA_MEMLIMIT_ERROR.
    MemoryLimit,
    /// LZMA_FORMAT_ERROR.
    Format,
    /// LZMA_OPTIONS_ERROR.
    Options,
    /// LZMA_DATA_ERROR.
    Data,
}

impl Failure {
    fn of(code: sys::lzma_ret) -> Self {
        match code {
            sys::LZMA_MEM_ERROR => Failure::OutOfMemory,
            sys::LZMA_MEMLIMIT_ERROR => Failure::MemoryLimit,
            sys::LZMA_FORMAT_ERROR => Failure::Format,
            sys::LZMA_OPTIONS_ERROR => Failure::Options,
            _ => Failure::Data,
        }
    }
}

fn outcome(code: sys::lzma_ret) -> Result<(), Failure> {
    if code == sys::LZMA_OK {
        Ok(())
    } else {
        Err(Failure::of(code))
    }
}

/// CRC32 of `bytes` behind bytes whose CRC32 is `before` (0: none).
pub fn crc32(bytes: &[u8], before: u32) -> u32 {
    // SAFETY: pointer and length are those of a live slice.
    unsafe { sys::lzma_crc32(bytes.as_ptr(), bytes.len(), before) }
}

/// The version of the linked library, as 50080042 for 5.8.4.
pub fn version() -> u32 {
    // SAFETY: no arguments, no state.
    unsafe { sys::lzma_version_number() }
}
