//! Scanning in portable Rust.

use crate::gear::Tables;
use crate::plan::MASK_BITS;
use std::ops::Range;

/// The rolling hash as any test at `at` sees it: from the 48 bytes before `at` (fewer at the start of `data`).
#[inline]
pub fn hash_before(data: &[u8], at: usize, tables: &Tables) -> u64 {
    let gear = tables.gear();
    data[at.saturating_sub(MASK_BITS)..at].iter().fold(0, |h, &b| (h << 1).wrapping_add(gear[b as usize]))
}

/// First position in `range` where the hash, rolled on from `hash`, has no bit of `mask`; `hash` is left at the end.
///
/// The serial chain is one shift and one addition per four bytes: each of the four hashes, shifted to the place
/// that the fourth one has, is the common base plus a sum of table entries shifted in advance. Masks end at bit 47,
/// so the shift by three loses nothing.
#[inline(never)]
pub fn find_from(
    data: &[u8],
    range: Range<usize>,
    mask: u64,
    hash: &mut u64,
    tables: &Tables,
) -> Option<usize> {
    let [g0, g1, g2, g3] = &tables.shifted;
    let bytes = &data[range.clone()];
    let mut quads = bytes.chunks_exact(4);
    let mut h = *hash;
    let mut position = range.start;
    for quad in quads.by_ref() {
        let base = h << 4;
        let s1 = g3[quad[0] as usize];
        let s2 = s1.wrapping_add(g2[quad[1] as usize]);
        let third = g1[quad[2] as usize];
        let s3 = s2.wrapping_add(third);
        let s4 = s2.wrapping_add(third.wrapping_add(g0[quad[3] as usize]));
        if base.wrapping_add(s1) & (mask << 3) == 0 {
            return Some(position);
        }
        if base.wrapping_add(s2) & (mask << 2) == 0 {
            return Some(position + 1);
        }
        if base.wrapping_add(s3) & (mask << 1) == 0 {
            return Some(position + 2);
        }
        h = base.wrapping_add(s4);
        if h & mask == 0 {
            return Some(position + 3);
        }
        position += 4;
    }
    for &byte in quads.remainder() {
        h = (h << 1).wrapping_add(g0[byte as usize]);
        if h & mask == 0 {
            return Some(position);
        }
        position += 1;
    }
    *hash = h;
    None
}

/// [`find_from`] with the hash taken from the 48 bytes before the range.
#[inline]
pub fn find(data: &[u8], range: Range<usize>, mask: u64, tables: &Tables) -> Option<usize> {
    let mut hash = hash_before(data, range.start, tables);
    find_from(data, range, mask, &mut hash, tables)
}

/// The hash as a test at `position` sees it (48 bytes up to and with it must be there), in four independent chains.
///
/// Never inlined: inside a function with AVX-512 enabled LLVM turns these loads into gathers.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
pub fn hash_at(data: &[u8], position: usize, tables: &Tables) -> u64 {
    const PART: usize = MASK_BITS / 4;
    let gear = tables.gear();
    let bytes = &data[position + 1 - MASK_BITS..=position];
    let mut parts = [0u64; 4];
    for k in 0..PART {
        for (part, hash) in parts.iter_mut().enumerate() {
            *hash = (*hash << 1).wrapping_add(gear[bytes[part * PART + k] as usize]);
        }
    }
    parts.iter().fold(0, |hash, part| (hash << PART).wrapping_add(*part))
}
