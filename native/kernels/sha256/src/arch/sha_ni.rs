//! The x86 SHA extensions (Gulley et al.: "Intel SHA Extensions", 2013), the same step of all messages one behind the other.

use crate::batch::BLOCK;
use std::arch::x86_64::*;

/// FIPS 180-4, section 4.2.2. The reference, which judges what comes out, computes them from their definition.
#[rustfmt::skip]
const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

/// Blocks from the one in use to the one asked for: about the time that memory takes.
const AHEAD: usize = 8;

/// Asks for the first blocks of a message.
pub(super) fn prefetch(message: &[u8]) {
    message.chunks(BLOCK).take(AHEAD).for_each(|block| ask(block.as_ptr()));
}

#[inline]
fn ask(address: *const u8) {
    #[allow(unused_unsafe)] // unsafe in the oldest Rust that we promise, safe in later ones
    // SAFETY: a prefetch may name any address.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
}

/// Four words of a lane's state or schedule.
type Quad = __m128i;

/// Takes as many blocks into each state as the shortest of `blocks` has.
#[target_feature(enable = "sha,sse4.1,ssse3")]
pub(super) fn compress<const N: usize>(states: &mut [[u32; 8]; N], blocks: [&[[u8; BLOCK]]; N]) {
    let steps = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    let mut halves = states.map(|state| split(&state));
    for step in 0..steps {
        let before = halves;
        // Four streams that change every few KiB are more than the processor's own prefetcher follows.
        blocks.iter().for_each(|blocks| ask(blocks.as_ptr().wrapping_add(step + AHEAD).cast()));
        let mut words = blocks.map(|blocks| schedule_of(&blocks[step]));
        // Written out: as a loop over 0..16 the compiler keeps it a loop, with all words in memory.
        macro_rules! rounds {
            ($($four:literal)*) => {
                $(for (half, words) in halves.iter_mut().zip(&mut words) {
                    four_rounds::<$four>(half, words);
                })*
            };
        }
        rounds!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
        for (half, old) in halves.iter_mut().zip(before) {
            *half = [_mm_add_epi32(half[0], old[0]), _mm_add_epi32(half[1], old[1])];
        }
    }
    for (state, half) in states.iter_mut().zip(halves) {
        *state = join(half);
    }
}

/// Four rounds of one lane, number `4 * FOUR` and on. Of the schedule the last sixteen words are kept, four each in turn.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn four_rounds<const FOUR: usize>([abef, cdgh]: &mut [Quad; 2], words: &mut [Quad; 4]) {
    if FOUR >= 4 {
        words[FOUR & 3] = next::<FOUR>(words);
    }
    let constants = quad(K[4 * FOUR], K[4 * FOUR + 1], K[4 * FOUR + 2], K[4 * FOUR + 3]);
    let sum = _mm_add_epi32(words[FOUR & 3], constants);
    *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
    *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32::<0x0E>(sum));
}

/// The next four words of the schedule from the last sixteen.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn next<const FOUR: usize>(words: &[Quad; 4]) -> Quad {
    let (oldest, second) = (words[FOUR & 3], words[(FOUR + 1) & 3]);
    let (third, newest) = (words[(FOUR + 2) & 3], words[(FOUR + 3) & 3]);
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(oldest, second), _mm_alignr_epi8::<4>(newest, third));
    _mm_sha256msg2_epu32(sum, newest)
}

/// The first sixteen words of the schedule: the block, read big end first.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn schedule_of(block: &[u8; BLOCK]) -> [Quad; 4] {
    let swap = _mm_set_epi64x(0x0C0D0E0F_08090A0B, 0x04050607_00010203);
    let quarters = block.as_chunks::<16>().0;
    [0, 1, 2, 3].map(|quarter| {
        // SAFETY: the reference covers the 16 bytes read; unaligned loads need no alignment.
        let bytes = unsafe { _mm_loadu_si128(quarters[quarter].as_ptr().cast()) };
        _mm_shuffle_epi8(bytes, swap)
    })
}

/// A state as the instructions want it: words A, B, E, F and C, D, G, H, the first one highest.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn split(&[a, b, c, d, e, f, g, h]: &[u32; 8]) -> [Quad; 2] {
    [quad(f, e, b, a), quad(h, g, d, c)]
}

/// The other way round.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn join([abef, cdgh]: [Quad; 2]) -> [u32; 8] {
    let word = |quad: Quad| {
        [
            _mm_extract_epi32::<0>(quad),
            _mm_extract_epi32::<1>(quad),
            _mm_extract_epi32::<2>(quad),
            _mm_extract_epi32::<3>(quad),
        ]
        .map(|word| word as u32)
    };
    let ([f, e, b, a], [h, g, d, c]) = (word(abef), word(cdgh));
    [a, b, c, d, e, f, g, h]
}

/// The first word lowest.
#[inline]
#[target_feature(enable = "sha,sse4.1,ssse3")]
fn quad(w0: u32, w1: u32, w2: u32, w3: u32) -> Quad {
    _mm_set_epi32(w3 as i32, w2 as i32, w1 as i32, w0 as i32)
}
