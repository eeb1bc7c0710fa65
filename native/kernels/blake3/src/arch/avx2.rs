//! Eight lanes of AVX2.

use std::arch::x86_64::*;

type Vector = __m256i;
const LANES: usize = 8;

crate::arch::lanes::lanes!(#[target_feature(enable = "avx2")]);
crate::arch::lanes::rounds!(#[target_feature(enable = "avx2")]);

#[inline]
#[target_feature(enable = "avx2")]
fn splat(word: u32) -> Vector {
    _mm256_set1_epi32(word as i32)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[u32; LANES]) -> Vector {
    // SAFETY: the reference covers the 32 bytes read; unaligned loads need no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn prefetch(address: *const u8) {
    #[allow(unused_unsafe)] // unsafe in the oldest Rust that we promise, safe in later ones
    // SAFETY: a prefetch may name any address.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_half(block: &[u8; BLOCK], half: usize) -> Vector {
    let half: &[u8; 32] = &block.as_chunks().0[half];
    // SAFETY: the reference covers the 32 bytes read; unaligned loads need no alignment.
    unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(words: &mut [u32; LANES], vector: Vector) {
    // SAFETY: the exclusive reference covers the 32 bytes written; unaligned stores need no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(a: Vector, b: Vector) -> Vector {
    _mm256_add_epi32(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor(a: Vector, b: Vector) -> Vector {
    _mm256_xor_si256(a, b)
}

#[inline]
#[target_feature(enable = "avx2")]
fn rotate<const N: i32>(a: Vector) -> Vector {
    // Whole bytes by one shuffle; the others by two shifts.
    let shuffle = |step: i8| {
        let word =
            |base: i8| i32::from_le_bytes(std::array::from_fn(|byte| (base + (byte as i8 + step) % 4) as u8));
        _mm256_shuffle_epi8(
            a,
            _mm256_setr_epi32(word(0), word(4), word(8), word(12), word(0), word(4), word(8), word(12)),
        )
    };
    match N {
        16 => shuffle(2),
        8 => shuffle(1),
        12 => _mm256_or_si256(_mm256_srli_epi32::<12>(a), _mm256_slli_epi32::<20>(a)),
        _ => _mm256_or_si256(_mm256_srli_epi32::<7>(a), _mm256_slli_epi32::<25>(a)),
    }
}

/// Lanes of `a` where `mask` has all bits set, of `b` where it has none.
#[inline]
#[target_feature(enable = "avx2")]
fn select(mask: Vector, a: Vector, b: Vector) -> Vector {
    _mm256_blendv_epi8(b, a, mask)
}

/// Eight blocks, a lane's words in a row, to sixteen vectors, a word of each lane in a row.
#[inline]
#[target_feature(enable = "avx2")]
fn transpose<'b>(block: impl Fn(usize) -> &'b [u8; BLOCK]) -> [Vector; 16] {
    let mut words = [_mm256_setzero_si256(); 16];
    for half in 0..2 {
        let mut rows = [_mm256_setzero_si256(); 8];
        for (lane, row) in rows.iter_mut().enumerate() {
            *row = load_half(block(lane), half);
        }
        let mut quads = [_mm256_setzero_si256(); 8];
        for g in 0..2 {
            let low01 = _mm256_unpacklo_epi32(rows[4 * g], rows[4 * g + 1]);
            let high01 = _mm256_unpackhi_epi32(rows[4 * g], rows[4 * g + 1]);
            let low23 = _mm256_unpacklo_epi32(rows[4 * g + 2], rows[4 * g + 3]);
            let high23 = _mm256_unpackhi_epi32(rows[4 * g + 2], rows[4 * g + 3]);
            quads[4 * g] = _mm256_unpacklo_epi64(low01, low23);
            quads[4 * g + 1] = _mm256_unpackhi_epi64(low01, low23);
            quads[4 * g + 2] = _mm256_unpacklo_epi64(high01, high23);
            quads[4 * g + 3] = _mm256_unpackhi_epi64(high01, high23);
        }
        for c in 0..4 {
            words[8 * half + c] = _mm256_permute2x128_si256::<0x20>(quads[c], quads[4 + c]);
            words[8 * half + 4 + c] = _mm256_permute2x128_si256::<0x31>(quads[c], quads[4 + c]);
        }
    }
    words
}
