//! Sixteen lanes with the low 32 bits of the hash: a filter for masks with at least eight bits down there.
//!
//! Each lane walks its own segment. The low 32 bits of a Gear hash depend on the last 32 bytes only and need no carry
//! from above, so a lane is exact as far as it goes; what passes is checked against all 48 bits outside.

use super::lanes::{even_quarters, load, lookup, nonzero, odd_quarters, pattern, plane, Z};
use crate::gear::Tables;
use std::arch::x86_64::*;

/// Lanes.
pub const LANES: usize = 16;
/// Positions of one lane in one word of results: bit `16 * position + lane`.
pub const STEPS: usize = 4;

/// Gathers, within 128 bits, byte `k` of each of four dwords beside one another.
const BY_POSITION: [u8; 64] = {
    let mut at = [0u8; 64];
    let mut k = 0;
    while k < 64 {
        at[k] = ((k & 3) * 4 + ((k & 15) >> 2)) as u8;
        k += 1;
    }
    at
};

/// Marks candidates: word `w` of `words` holds positions `4w..4w + 4` of every lane, and `busy[b]` one bit for each word of
/// block `b` (16 words, 64 bytes of every lane) that is not zero. The first lane begins at `start`.
///
/// # Safety
/// Memory must be readable from 64 bytes before `start` to the end of the last lane; `words` must be 16 for each of `busy`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
pub unsafe fn mark(start: *const u8, mask: u64, tables: &Tables, words: &mut [u64], busy: &mut [u16]) {
    let planes: [[Z; 4]; 4] = std::array::from_fn(|p| plane(&tables.planes[p]));
    let by_position = pattern(&BY_POSITION);
    let low_mask = _mm512_set1_epi32(mask as u32 as i32);
    let lane = words.len() * STEPS;
    let mut hash = _mm512_setzero_si512();
    // SAFETY: every pointer below lies in the range that the caller vouches for.
    unsafe {
        let before = transpose(start.sub(64), lane);
        for x in &before[8..] {
            roll(&mut hash, &expand(*x, &planes, by_position), low_mask);
        }
        for (block, (out, busy)) in words.chunks_exact_mut(16).zip(busy).enumerate() {
            let rows = transpose(start.add(64 * block), lane);
            // The block after this one, in order.
            let ahead = start.wrapping_add(LANES * lane + block * 64 * LANES);
            for line in 0..16 {
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line * 64).cast());
            }
            let mut gears = expand(rows[0], &planes, by_position);
            for (q, word) in out.iter_mut().enumerate() {
                // Look-ups of the next step before the additions of this one: independent work for the scheduler.
                let next = expand(rows[(q + 1) & 15], &planes, by_position);
                *word = roll(&mut hash, &gears, low_mask);
                gears = next;
            }
            *busy = u16::from(nonzero(&out[..8])) | u16::from(nonzero(&out[8..])) << 8;
        }
    }
}

/// Low halves of the Gear values of four positions, from one dword of bytes per lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
fn expand(x: Z, planes: &[[Z; 4]; 4], by_position: Z) -> [Z; 4] {
    let x = _mm512_shuffle_epi8(x, by_position);
    let high = _mm512_movepi8_mask(x);
    // Written out: `from_fn` has no vector features, so what it calls would not be inlined.
    let (p0, p1) = (lookup(x, high, &planes[0]), lookup(x, high, &planes[1]));
    let (p2, p3) = (lookup(x, high, &planes[2]), lookup(x, high, &planes[3]));
    let (a, b) = (_mm512_unpacklo_epi8(p0, p1), _mm512_unpackhi_epi8(p0, p1));
    let (c, d) = (_mm512_unpacklo_epi8(p2, p3), _mm512_unpackhi_epi8(p2, p3));
    [
        _mm512_unpacklo_epi16(a, c),
        _mm512_unpackhi_epi16(a, c),
        _mm512_unpacklo_epi16(b, d),
        _mm512_unpackhi_epi16(b, d),
    ]
}

/// Rolls all lanes over four positions; the bits of those that pass.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
fn roll(hash: &mut Z, gears: &[Z; 4], mask: Z) -> u64 {
    let step = |h: Z, g: Z| _mm512_add_epi32(_mm512_add_epi32(h, h), g);
    let h0 = step(*hash, gears[0]);
    let h1 = step(h0, gears[1]);
    let h2 = step(h1, gears[2]);
    let h3 = step(h2, gears[3]);
    *hash = h3;
    let passes = |h: Z| _mm512_testn_epi32_mask(h, mask) as u32;
    let low = _mm512_kunpackw(passes(h1), passes(h0));
    let high = _mm512_kunpackw(passes(h3), passes(h2));
    _mm512_kunpackd(u64::from(high), u64::from(low))
}

/// 64 bytes of each lane as sixteen registers, each with one dword of every lane.
///
/// # Safety
/// Each lane's 64 bytes must be readable.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
unsafe fn transpose(start: *const u8, lane: usize) -> [Z; 16] {
    // SAFETY: the caller's.
    let row = |k: usize| unsafe { load(start.add(k * lane)) };
    let mut quads = [_mm512_setzero_si512(); 16];
    for g in 0..4 {
        let (r0, r1, r2, r3) = (row(4 * g), row(4 * g + 1), row(4 * g + 2), row(4 * g + 3));
        let (a0, a1) = (_mm512_unpacklo_epi32(r0, r1), _mm512_unpackhi_epi32(r0, r1));
        let (a2, a3) = (_mm512_unpacklo_epi32(r2, r3), _mm512_unpackhi_epi32(r2, r3));
        quads[4 * g] = _mm512_unpacklo_epi64(a0, a2);
        quads[4 * g + 1] = _mm512_unpackhi_epi64(a0, a2);
        quads[4 * g + 2] = _mm512_unpacklo_epi64(a1, a3);
        quads[4 * g + 3] = _mm512_unpackhi_epi64(a1, a3);
    }
    let mut rows = [_mm512_setzero_si512(); 16];
    for c in 0..4 {
        // 128-bit quarter k of quads[4g + c] holds dword 4k + c of lanes 4g to 4g + 3.
        let (e0, o0) = (even_quarters(quads[c], quads[4 + c]), odd_quarters(quads[c], quads[4 + c]));
        let (e1, o1) =
            (even_quarters(quads[8 + c], quads[12 + c]), odd_quarters(quads[8 + c], quads[12 + c]));
        rows[c] = even_quarters(e0, e1);
        rows[4 + c] = even_quarters(o0, o1);
        rows[8 + c] = odd_quarters(e0, e1);
        rows[12 + c] = odd_quarters(o0, o1);
    }
    rows
}
