//! Sixteen lanes of AVX-512F.

use std::arch::asm;
use std::arch::x86_64::*;

type Vector = __m512i;
const LANES: usize = 16;

crate::arch::lanes::lanes!(#[target_feature(enable = "avx512f")]);
crate::arch::lanes::whole!(#[target_feature(enable = "avx512f")]);

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

/// For what is wanted a few microseconds from now: into the second cache, the first has no room for it.
#[inline]
#[target_feature(enable = "avx512f")]
fn prefetch_far(address: *const u8) {
    #[allow(unused_unsafe)] // as above
    // SAFETY: a prefetch may name any address.
    unsafe {
        _mm_prefetch::<_MM_HINT_T1>(address.cast());
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
fn xor(a: Vector, b: Vector) -> Vector {
    _mm512_xor_si512(a, b)
}

/// Four quarter rounds side by side: the words `a`, `b`, `c`, `d` of each, and the message words of their two halves.
macro_rules! quarters {
    ($([$a:literal $b:literal $c:literal $d:literal] $x:literal $y:literal),*) => {
        concat!(
            $("vpaddd {v", $a, "}, {v", $a, "}, {m", $x, "}\n",)* $("vpaddd {v", $a, "}, {v", $a, "}, {v", $b, "}\n",)*
            $("vpxord {v", $d, "}, {v", $d, "}, {v", $a, "}\n",)* $("vprord {v", $d, "}, {v", $d, "}, 16\n",)*
            $("vpaddd {v", $c, "}, {v", $c, "}, {v", $d, "}\n",)*
            $("vpxord {v", $b, "}, {v", $b, "}, {v", $c, "}\n",)* $("vprord {v", $b, "}, {v", $b, "}, 12\n",)*
            $("vpaddd {v", $a, "}, {v", $a, "}, {m", $y, "}\n",)* $("vpaddd {v", $a, "}, {v", $a, "}, {v", $b, "}\n",)*
            $("vpxord {v", $d, "}, {v", $d, "}, {v", $a, "}\n",)* $("vprord {v", $d, "}, {v", $d, "}, 8\n",)*
            $("vpaddd {v", $c, "}, {v", $c, "}, {v", $d, "}\n",)*
            $("vpxord {v", $b, "}, {v", $b, "}, {v", $c, "}\n",)* $("vprord {v", $b, "}, {v", $b, "}, 7\n",)*
        )
    };
}

/// A round: columns, then diagonals. The message words are in the order of the schedule.
macro_rules! round {
    ($s0:literal $s1:literal $s2:literal $s3:literal $s4:literal $s5:literal $s6:literal $s7:literal
     $s8:literal $s9:literal $s10:literal $s11:literal $s12:literal $s13:literal $s14:literal $s15:literal) => {
        concat!(
            quarters!([0 4 8 12] $s0 $s1, [1 5 9 13] $s2 $s3, [2 6 10 14] $s4 $s5, [3 7 11 15] $s6 $s7),
            quarters!([0 5 10 15] $s8 $s9, [1 6 11 12] $s10 $s11, [2 7 8 13] $s12 $s13, [3 4 9 14] $s14 $s15),
        )
    };
}

/// The seven rounds, by hand: state and message fill all 32 registers, and the compiler's schedule of the same operations moves a fifth of them
/// to memory and back.
#[inline]
#[target_feature(enable = "avx512f")]
fn rounds(v: &mut [Vector; 16], m: &[Vector; 16]) {
    let [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15] = v;
    // SAFETY: reads and writes nothing but its operands.
    unsafe {
        asm!(
            round!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15),
            round!(2 6 3 10 7 0 4 13 1 11 12 5 9 14 15 8),
            round!(3 4 10 12 13 2 7 14 6 5 9 0 11 15 8 1),
            round!(10 7 12 9 14 3 13 15 4 0 11 2 5 8 1 6),
            round!(12 13 9 11 15 10 14 8 7 2 5 3 0 1 6 4),
            round!(9 14 11 5 8 12 15 1 13 3 0 10 2 6 4 7),
            round!(11 15 5 0 1 9 8 6 14 10 2 12 3 4 7 13),
            v0 = inout(zmm_reg) *v0, v1 = inout(zmm_reg) *v1, v2 = inout(zmm_reg) *v2, v3 = inout(zmm_reg) *v3,
            v4 = inout(zmm_reg) *v4, v5 = inout(zmm_reg) *v5, v6 = inout(zmm_reg) *v6, v7 = inout(zmm_reg) *v7,
            v8 = inout(zmm_reg) *v8, v9 = inout(zmm_reg) *v9, v10 = inout(zmm_reg) *v10, v11 = inout(zmm_reg) *v11,
            v12 = inout(zmm_reg) *v12, v13 = inout(zmm_reg) *v13, v14 = inout(zmm_reg) *v14, v15 = inout(zmm_reg) *v15,
            m0 = in(zmm_reg) m[0], m1 = in(zmm_reg) m[1], m2 = in(zmm_reg) m[2], m3 = in(zmm_reg) m[3],
            m4 = in(zmm_reg) m[4], m5 = in(zmm_reg) m[5], m6 = in(zmm_reg) m[6], m7 = in(zmm_reg) m[7],
            m8 = in(zmm_reg) m[8], m9 = in(zmm_reg) m[9], m10 = in(zmm_reg) m[10], m11 = in(zmm_reg) m[11],
            m12 = in(zmm_reg) m[12], m13 = in(zmm_reg) m[13], m14 = in(zmm_reg) m[14], m15 = in(zmm_reg) m[15],
            options(pure, nomem, nostack, preserves_flags),
        );
    }
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
