//! Four lanes of WebAssembly's 128-bit vectors.

use std::arch::wasm32::*;

type Vector = v128;
const LANES: usize = 4;

crate::arch::lanes::lanes!(#[target_feature(enable = "simd128")]);
crate::arch::lanes::rounds!(#[target_feature(enable = "simd128")]);

fn splat(word: u32) -> Vector {
    u32x4_splat(word)
}

fn load(words: &[u32; LANES]) -> Vector {
    u32x4(words[0], words[1], words[2], words[3])
}

fn store(words: &mut [u32; LANES], vector: Vector) {
    *words = [
        u32x4_extract_lane::<0>(vector),
        u32x4_extract_lane::<1>(vector),
        u32x4_extract_lane::<2>(vector),
        u32x4_extract_lane::<3>(vector),
    ];
}

fn add(a: Vector, b: Vector) -> Vector {
    u32x4_add(a, b)
}

fn xor(a: Vector, b: Vector) -> Vector {
    v128_xor(a, b)
}

fn rotate<const N: u32>(a: Vector) -> Vector {
    v128_or(u32x4_shr(a, N), u32x4_shl(a, 32 - N))
}

/// Lanes of `a` where `mask` has all bits set, of `b` where it has none.
fn select(mask: Vector, a: Vector, b: Vector) -> Vector {
    v128_bitselect(a, b, mask)
}

/// Wasm has no word for it.
fn prefetch(_address: *const u8) {}

fn load_quarter(block: &[u8; BLOCK], quarter: usize) -> Vector {
    let bytes: &[u8; 16] = &block.as_chunks().0[quarter];
    // SAFETY: the reference covers the 16 bytes read; wasm loads need no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

/// Four blocks, a lane's words in a row, to sixteen vectors, a word of each lane in a row.
fn transpose<'b>(block: impl Fn(usize) -> &'b [u8; BLOCK]) -> [Vector; 16] {
    let mut words = [u32x4_splat(0); 16];
    for quarter in 0..4 {
        let [a, b, c, d]: [Vector; 4] = std::array::from_fn(|lane| load_quarter(block(lane), quarter));
        let low01 = u32x4_shuffle::<0, 4, 1, 5>(a, b);
        let high01 = u32x4_shuffle::<2, 6, 3, 7>(a, b);
        let low23 = u32x4_shuffle::<0, 4, 1, 5>(c, d);
        let high23 = u32x4_shuffle::<2, 6, 3, 7>(c, d);
        words[4 * quarter] = u64x2_shuffle::<0, 2>(low01, low23);
        words[4 * quarter + 1] = u64x2_shuffle::<1, 3>(low01, low23);
        words[4 * quarter + 2] = u64x2_shuffle::<0, 2>(high01, high23);
        words[4 * quarter + 3] = u64x2_shuffle::<1, 3>(high01, high23);
    }
    words
}
