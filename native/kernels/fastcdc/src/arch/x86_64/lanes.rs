//! What both lane layouts share: loads, byte-plane look-ups, transposition.

use std::arch::x86_64::*;

/// One vector register.
pub type Z = __m512i;

/// Loads 64 bytes.
///
/// # Safety
/// `from` must be readable for 64 bytes.
#[inline]
#[target_feature(enable = "avx512f")]
pub unsafe fn load(from: *const u8) -> Z {
    // SAFETY: the caller vouches for the bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(from.cast()) }
}

/// A constant pattern of bytes as a register.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn pattern(bytes: &[u8; 64]) -> Z {
    // SAFETY: a reference to 64 bytes.
    unsafe { load(bytes.as_ptr()) }
}

/// One byte plane of the Gear table in four registers.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn plane(bytes: &[u8; 256]) -> [Z; 4] {
    // SAFETY: four times 64 bytes within the array.
    std::array::from_fn(|k| unsafe { load(bytes.as_ptr().add(64 * k)) })
}

/// Looks up 64 bytes at once; `high` has the top bits of `x` (which half of the plane).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub fn lookup(x: Z, high: __mmask64, plane: &[Z; 4]) -> Z {
    let lower = _mm512_permutex2var_epi8(plane[0], x, plane[1]);
    let upper = _mm512_permutex2var_epi8(plane[2], x, plane[3]);
    _mm512_mask_blend_epi8(high, lower, upper)
}

/// 128-bit quarters 0 and 2 of `a`, then of `b`.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn even_quarters(a: Z, b: Z) -> Z {
    _mm512_shuffle_i32x4::<0x88>(a, b)
}

/// 128-bit quarters 1 and 3 of `a`, then of `b`.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn odd_quarters(a: Z, b: Z) -> Z {
    _mm512_shuffle_i32x4::<0xdd>(a, b)
}

/// One bit per word of eight that is not zero.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn nonzero(words: &[u64]) -> u8 {
    let words: &[u64; 8] = words.try_into().expect("eight words");
    // SAFETY: a reference to 64 bytes.
    let words = unsafe { load(words.as_ptr().cast()) };
    _mm512_test_epi64_mask(words, words)
}
