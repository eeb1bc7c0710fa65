//! Transposed compression: word `i` of every lane's state in one vector. One body (`lanes.rs`), thin machines.
//!
//! The only unsafe code of the kernel lies here: vector loads and stores through references of the right size, the rounds of AVX-512 by hand, and
//! calls of functions whose CPU features have been detected.

mod lanes;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(target_arch = "x86_64")]
use crate::reference::{CHUNK, CHUNK_END, CHUNK_START, PARENT};
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

/// The right to use sixteen lanes for whole chunks and whole rows of parents.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sixteen(());

#[cfg(target_arch = "x86_64")]
impl Sixteen {
    /// `None`: this processor has no such vectors.
    pub(crate) fn detect() -> Option<Sixteen> {
        is_x86_feature_detected!("avx512f").then_some(Sixteen(()))
    }

    /// The chaining values of sixteen whole chunks, the first of them number `first` of its message.
    pub(crate) fn chunks(self, data: &[u8; 16 * CHUNK], first: u64, mode: &Mode) -> [[u8; 32]; 16] {
        let flags = mode.flags();
        let ends = (flags | CHUNK_START, flags, flags | CHUNK_END);
        // SAFETY: a value of this type exists only where `detect` has seen AVX-512F.
        unsafe { avx512::run_whole::<16>(data.as_chunks().0, Some(first), ends, &mode.key_words()) }
    }

    /// The parents of thirty-two neighbours.
    pub(crate) fn parents(self, values: &[[u8; 32]; 32], mode: &Mode) -> [[u8; 32]; 16] {
        let flags = mode.flags() | PARENT;
        let blocks = values.as_flattened().as_chunks().0;
        // SAFETY: as above.
        unsafe { avx512::run_whole::<1>(blocks, None, (flags, flags, flags), &mode.key_words()) }
    }

    /// As [`Machine::run`].
    pub(crate) fn run(self, items: &[Item<'_>], mode: &Mode, values: &mut [[u8; 32]]) {
        Machine::Avx512.run(items, mode, values);
    }
}
