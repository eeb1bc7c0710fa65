//! Sixteen lanes of AVX-512F.

use std::arch::x86_64::*;

type Vector = __m512i;
const LANES: usize = 16;

crate::arch::lanes::lanes!(#[target_feature(enable = "avx512f")]);

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(word: u32) -> Vector {
    _mm512_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &[u32; LANES]) -> Vector {
    // SAFETY: the reference covers the 64 bytes read; unaligned loads need no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn prefetch(address: *const u8) {
    #[allow(unused_unsafe)] // unsafe in the oldest Rust that we promise, safe in later ones
    // SAFETY: a prefetch may name any address.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_block(block: &[u8; BLOCK]) -> Vector {
    // SAFETY: the reference covers the 64 bytes read; unaligned loads need no alignment.
    unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(words: &mut [u32; LANES], vector: Vector) {
    // SAFETY: the exclusive reference covers the 64 bytes written; unaligned stores need no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(a: Vector, b: Vector) -> Vector {
    _mm512_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: Vector, b: Vector) -> Vector {
    _mm512_xor_si512(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn rotate<const N: i32>(a: Vector) -> Vector {
    _mm512_ror_epi32::<N>(a)
}

/// Lanes of `a` where `mask` has all bits set, of `b` where it has none.
#[inline]
#[target_feature(enable = "avx512f")]
fn select(mask: Vector, a: Vector, b: Vector) -> Vector {
    _mm512_ternarylogic_epi32::<0xCA>(mask, a, b)
}

/// Sixteen blocks, a lane's words in a row, to sixteen vectors, a word of each lane in a row.
#[inline]
#[target_feature(enable = "avx512f")]
fn transpose<'b>(block: impl Fn(usize) -> &'b [u8; BLOCK]) -> [Vector; 16] {
    let mut rows = [_mm512_setzero_si512(); 16];
    for (lane, row) in rows.iter_mut().enumerate() {
        *row = load_block(block(lane));
    }
    let mut quads = [_mm512_setzero_si512(); 16];
    for g in 0..4 {
        let low01 = _mm512_unpacklo_epi32(rows[4 * g], rows[4 * g + 1]);
        let high01 = _mm512_unpackhi_epi32(rows[4 * g], rows[4 * g + 1]);
        let low23 = _mm512_unpacklo_epi32(rows[4 * g + 2], rows[4 * g + 3]);
        let high23 = _mm512_unpackhi_epi32(rows[4 * g + 2], rows[4 * g + 3]);
        quads[4 * g] = _mm512_unpacklo_epi64(low01, low23);
        quads[4 * g + 1] = _mm512_unpackhi_epi64(low01, low23);
        quads[4 * g + 2] = _mm512_unpacklo_epi64(high01, high23);
        quads[4 * g + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    let mut words = [_mm512_setzero_si512(); 16];
    for c in 0..4 {
        let even01 = _mm512_shuffle_i32x4::<0x88>(quads[c], quads[4 + c]);
        let odd01 = _mm512_shuffle_i32x4::<0xDD>(quads[c], quads[4 + c]);
        let even23 = _mm512_shuffle_i32x4::<0x88>(quads[8 + c], quads[12 + c]);
        let odd23 = _mm512_shuffle_i32x4::<0xDD>(quads[8 + c], quads[12 + c]);
        words[c] = _mm512_shuffle_i32x4::<0x88>(even01, even23);
        words[8 + c] = _mm512_shuffle_i32x4::<0xDD>(even01, even23);
        words[4 + c] = _mm512_shuffle_i32x4::<0x88>(odd01, odd23);
        words[12 + c] = _mm512_shuffle_i32x4::<0xDD>(odd01, odd23);
    }
    words
}
