//! Machine code: the only place with `unsafe`.

#[cfg(target_arch = "x86_64")]
pub mod x86_64;
