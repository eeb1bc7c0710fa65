//! Transposed compression: word `i` of every lane's state in one vector. One body (`lanes.rs`), thin machines.
//!
//! The only unsafe code of the kernel lies here: vector loads and stores through references of the right size, and
//! calls of functions whose CPU features `Machine::detect` has seen.

mod lanes;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

use crate::Mode;

/// One chain of compressions: a chunk, or a parent (one block).
#[derive(Clone, Copy, Default)]
pub(crate) struct Item<'a> {
    /// 0 to 1024 bytes.
    pub data: &'a [u8],
    /// The chunk's index in its message; 0 for parents. Messages in lanes are short: 32 bits are plenty.
    pub counter: u32,
    /// Flags of the first block.
    pub first: u32,
    /// Flags of the last block.
    pub last: u32,
    /// Where the chaining value (or the digest's first 32 bytes) goes.
    pub place: u32,
}

/// A kind of vector that this process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// Sixteen lanes.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// Eight lanes.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Four lanes.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

impl Machine {
    /// Every machine of this process, the widest first.
    pub(crate) fn all() -> Vec<Machine> {
        #[allow(unused_mut)]
        let mut machines = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                machines.push(Machine::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                machines.push(Machine::Avx2);
            }
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        machines.push(Machine::Simd128);
        machines
    }

    /// The widest machine; `None`: messages go one by one.
    pub(crate) fn detect() -> Option<Machine> {
        Machine::all().first().copied()
    }

    /// Compresses `items`, best sorted by length, and writes what they come to at their places in `values`.
    pub(crate) fn run(self, items: &[Item<'_>], mode: &Mode, values: &mut [[u8; 32]]) {
        match self {
            // SAFETY: `all` gives this machine only where AVX-512F has been detected.
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512 => unsafe { avx512::run(items, &mode.key_words(), mode.flags(), values) },
            // SAFETY: `all` gives this machine only where AVX2 has been detected.
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2 => unsafe { avx2::run(items, &mode.key_words(), mode.flags(), values) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Machine::Simd128 => simd128::run(items, &mode.key_words(), mode.flags(), values),
        }
    }
}
