//! Eight lanes with the hash's 48 bits that masks can see: exact, for masks with few bits in the low half.

use super::lanes::{even_quarters, load, lookup, nonzero, odd_quarters, pattern, plane, Z};
use crate::gear::Tables;
use std::arch::x86_64::*;

/// Lanes.
pub const LANES: usize = 8;
/// Positions of one lane in one word of results: bit `8 * position + lane`.
pub const STEPS: usize = 8;

/// Two-register byte shuffles that put the six planes of a position together, lane by lane (a lane is 8 bytes; indices
/// from 64 on mean the second register).
struct Weave {
    /// Planes `p`, `p + 1` of positions 0 to 3, 4 to 7: words.
    words: [[u8; 64]; 2],
    /// Words of planes 0, 1 and 2, 3 of two positions: dwords.
    dwords: [[u8; 64]; 2],
    /// Dword and the word of planes 4, 5 of one position of four: the Gear value's low 48 bits.
    values: [[u8; 64]; 4],
}

const WEAVE: Weave = {
    let mut weave = Weave { words: [[0; 64]; 2], dwords: [[0; 64]; 2], values: [[0; 64]; 4] };
    let mut k = 0;
    while k < 64 {
        let (lane, byte) = (k & !7, k & 7);
        let second = if byte & 1 == 1 { 64 } else { 0 };
        weave.words[0][k] = (lane + byte / 2 + second) as u8;
        weave.words[1][k] = (lane + 4 + byte / 2 + second) as u8;
        let second = if byte & 2 == 2 { 64 } else { 0 };
        weave.dwords[0][k] = (lane + (byte / 4) * 2 + (byte & 1) + second) as u8;
        weave.dwords[1][k] = (lane + 4 + (byte / 4) * 2 + (byte & 1) + second) as u8;
        let mut position = 0;
        while position < 4 {
            // Bytes 6 and 7 are above every mask and every carry out of them is lost: anything may stand there.
            let from = if byte < 4 {
                lane + (position & 1) * 4 + byte
            } else {
                64 + lane + position * 2 + (byte & 1)
            };
            weave.values[position][k] = from as u8;
            position += 1;
        }
        k += 1;
    }
    weave
};

struct Constants {
    planes: [[Z; 4]; 6],
    words: [Z; 2],
    dwords: [Z; 2],
    values: [Z; 4],
    mask: Z,
}

/// Marks matches: word `w` of `words` holds positions `8w..8w + 8` of every lane, and `busy[b]` one bit for each word of
/// block `b` (8 words, 64 bytes of every lane) that is not zero. The first lane begins at `start`.
///
/// # Safety
/// Memory must be readable from 64 bytes before `start` to the end of the last lane; `words` must be 8 for each of `busy`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
pub unsafe fn mark(start: *const u8, mask: u64, tables: &Tables, words: &mut [u64], busy: &mut [u16]) {
    let constants = Constants {
        planes: std::array::from_fn(|p| plane(&tables.planes[p])),
        words: std::array::from_fn(|k| pattern(&WEAVE.words[k])),
        dwords: std::array::from_fn(|k| pattern(&WEAVE.dwords[k])),
        values: std::array::from_fn(|k| pattern(&WEAVE.values[k])),
        mask: _mm512_set1_epi64(mask as i64),
    };
    let lane = words.len() * STEPS;
    let mut hash = _mm512_setzero_si512();
    // SAFETY: every pointer below lies in the range that the caller vouches for.
    unsafe {
        for x in &transpose(start.sub(64), lane)[2..] {
            roll(&mut hash, *x, &constants);
        }
        for (block, (out, busy)) in words.chunks_exact_mut(8).zip(busy).enumerate() {
            let rows = transpose(start.add(64 * block), lane);
            // The block after this one, in order.
            let ahead = start.wrapping_add(LANES * lane + block * 64 * LANES);
            for line in 0..8 {
                _mm_prefetch::<_MM_HINT_T0>(ahead.wrapping_add(line * 64).cast());
            }
            for (q, word) in out.iter_mut().enumerate() {
                *word = roll(&mut hash, rows[q], &constants);
            }
            *busy = u16::from(nonzero(out));
        }
    }
}

/// Rolls all lanes over eight positions; the bits of those that match.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
fn roll(hash: &mut Z, x: Z, c: &Constants) -> u64 {
    let high = _mm512_movepi8_mask(x);
    // Written out: `from_fn` has no vector features, so what it calls would not be inlined.
    let (p0, p1) = (lookup(x, high, &c.planes[0]), lookup(x, high, &c.planes[1]));
    let (p2, p3) = (lookup(x, high, &c.planes[2]), lookup(x, high, &c.planes[3]));
    let (p4, p5) = (lookup(x, high, &c.planes[4]), lookup(x, high, &c.planes[5]));
    let mut word = 0;
    for half in 0..2 {
        let w01 = _mm512_permutex2var_epi8(p0, c.words[half], p1);
        let w23 = _mm512_permutex2var_epi8(p2, c.words[half], p3);
        let w45 = _mm512_permutex2var_epi8(p4, c.words[half], p5);
        let d0 = _mm512_permutex2var_epi8(w01, c.dwords[0], w23);
        let d1 = _mm512_permutex2var_epi8(w01, c.dwords[1], w23);
        let step = |h: Z, d: Z, k: usize| {
            _mm512_add_epi64(_mm512_add_epi64(h, h), _mm512_permutex2var_epi8(d, c.values[k], w45))
        };
        let h0 = step(*hash, d0, 0);
        let h1 = step(h0, d0, 1);
        let h2 = step(h1, d1, 2);
        let h3 = step(h2, d1, 3);
        *hash = h3;
        let passes = |h: Z| _mm512_testn_epi64_mask(h, c.mask) as u16;
        let low = _mm512_kunpackb(passes(h1), passes(h0));
        let high = _mm512_kunpackb(passes(h3), passes(h2));
        word |= u64::from(_mm512_kunpackw(u32::from(high), u32::from(low))) << (32 * half);
    }
    word
}

/// 64 bytes of each lane as eight registers, each with one qword of every lane.
///
/// # Safety
/// Each lane's 64 bytes must be readable.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi1,bmi2")]
unsafe fn transpose(start: *const u8, lane: usize) -> [Z; 8] {
    // SAFETY: the caller's.
    let row = |k: usize| unsafe { load(start.add(k * lane)) };
    let mut pairs = [_mm512_setzero_si512(); 8];
    for g in 0..4 {
        let (r0, r1) = (row(2 * g), row(2 * g + 1));
        pairs[2 * g] = _mm512_unpacklo_epi64(r0, r1);
        pairs[2 * g + 1] = _mm512_unpackhi_epi64(r0, r1);
    }
    let mut rows = [_mm512_setzero_si512(); 8];
    for c in 0..2 {
        let (e0, o0) = (even_quarters(pairs[c], pairs[2 + c]), odd_quarters(pairs[c], pairs[2 + c]));
        let (e1, o1) = (even_quarters(pairs[4 + c], pairs[6 + c]), odd_quarters(pairs[4 + c], pairs[6 + c]));
        rows[c] = even_quarters(e0, e1);
        rows[2 + c] = even_quarters(o0, o1);
        rows[4 + c] = odd_quarters(e0, e1);
        rows[6 + c] = odd_quarters(o0, o1);
    }
    rows
}
