//! Memory of large results: pieces of arenas whose pages were mostly touched before, and are huge where they were not.
//!
//! Fresh memory costs a decoder as much as its work: 4 KiB pages are touched at some 2 GB/s, and what is given back is fresh for the next one. So pieces that JavaScript has let go of serve the next
//! results. They are no slabs: those are found by their address and read in place while JavaScript still has them.

use crate::fault::Fault;
use crate::memory::charge;
use crate::slab::{map, unmap, HUGE_PAGE};
use crate::sync::lock;
use std::sync::Mutex;

/// Bytes of an arena of several pieces: whole huge pages. Larger pieces have one of their own.
const ARENA: usize = 4 * HUGE_PAGE;
/// Bytes of the unit of pieces, one bit of an arena's mask.
const UNIT: usize = ARENA / u128::BITS as usize;
/// Bytes of arenas without a piece that are kept, for each addon: as much as the engine lets results pile up before it collects. The system may take their pages back when it is short of memory.
const SPARE: usize = 64 << 20;

struct Arena {
    data: *mut u8,
    bytes: usize,
    /// The units in use; all of them where one piece has the whole arena.
    taken: u128,
}

// SAFETY: an arena owns its memory; units are handed out once.
unsafe impl Send for Arena {}

/// Those of this addon, the oldest first: what is used by few is asked first, and what is young gets empty.
static ARENAS: Mutex<Vec<Arena>> = Mutex::new(Vec::new());

/// A piece of an arena. Its content is whatever was there before.
#[derive(Debug)]
pub struct Piece {
    data: *mut u8,
    len: usize,
}

// SAFETY: it owns its units.
unsafe impl Send for Piece {}

impl Piece {
    /// Memory for a result of `len` bytes, with whatever was in it before; `out_of_memory`.
    pub fn take(len: usize) -> Result<Piece, Fault> {
        let data = if len > ARENA { alone(len) } else { within(units(len)) };
        data.map(|data| Piece { data, len }).ok_or_else(|| Fault::out_of_memory(len))
    }

    /// All of it.
    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: owned; anonymous memory is initialised by the system.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.len) }
    }

    /// Where it begins.
    pub(crate) fn data(&self) -> *const u8 {
        self.data
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut arenas = lock(&ARENAS);
        let address = self.data as usize;
        let Some(at) = arenas.iter().position(|arena| arena.holds(address)) else { return };
        let arena = &mut arenas[at];
        let first = (address - arena.data as usize) / UNIT;
        arena.taken &= if self.len > ARENA { 0 } else { !mask(first, units(self.len)) };
        if arena.taken != 0 {
            return;
        }
        if arenas.iter().filter(|arena| arena.taken == 0).map(|arena| arena.bytes).sum::<usize>() <= SPARE {
            return arenas[at].lend_to_system();
        }
        let arena = arenas.remove(at);
        drop(arenas);
        charge(-(arena.bytes as isize));
        // SAFETY: `fresh` mapped it, and its last piece has ended.
        unsafe { unmap(arena.data, arena.bytes) };
    }
}

impl Arena {
    fn fresh(bytes: usize) -> Option<Arena> {
        let data = map(bytes)?;
        charge(bytes as isize);
        Some(Arena { data, bytes, taken: 0 })
    }

    fn holds(&self, address: usize) -> bool {
        (self.data as usize..self.data as usize + self.bytes).contains(&address)
    }

    /// Lets the system take the pages of an arena that nobody uses, should it need them; until then they stay what they are.
    fn lend_to_system(&self) {
        // SAFETY: advice about an arena of ours that has no pieces, under the lock; its content means nothing, and pages that were taken are zero when they are next touched.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::madvise(self.data.cast(), self.bytes, libc::MADV_FREE);
        }
    }
}

/// An arena for one piece: one that is kept, unless more than half of it would be idle.
fn alone(len: usize) -> Option<*mut u8> {
    let mut arenas = lock(&ARENAS);
    let fits = |arena: &Arena| arena.taken == 0 && arena.bytes >= len && arena.bytes / 2 <= len;
    let at = match arenas.iter().position(fits) {
        Some(at) => at,
        None => {
            arenas.push(Arena::fresh(len.checked_next_multiple_of(HUGE_PAGE)?)?);
            arenas.len() - 1
        }
    };
    arenas[at].taken = u128::MAX;
    Some(arenas[at].data)
}

/// The first free run of units, in a new arena where there is none.
fn within(units: u32) -> Option<*mut u8> {
    let mut arenas = lock(&ARENAS);
    let shared = arenas.iter().enumerate().filter(|(_, arena)| arena.bytes == ARENA);
    let found = shared.filter_map(|(i, arena)| Some((i, free_run(arena.taken, units)?))).next();
    let (i, first) = match found {
        Some(found) => found,
        None => {
            arenas.push(Arena::fresh(ARENA)?);
            (arenas.len() - 1, 0)
        }
    };
    arenas[i].taken |= mask(first, units);
    // SAFETY: inside the arena, as the run is.
    Some(unsafe { arenas[i].data.add(first * UNIT) })
}

fn free_run(taken: u128, units: u32) -> Option<usize> {
    // Bit i stays where the bits i to i + width - 1 were all free; the width doubles as far as it can.
    let (mut free, mut width) = (!taken, 1);
    while width < units {
        let more = width.min(units - width);
        free &= free >> more;
        width += more;
    }
    (free != 0).then(|| free.trailing_zeros() as usize)
}

fn mask(first: usize, units: u32) -> u128 {
    (u128::MAX >> (u128::BITS - units)) << first
}

fn units(len: usize) -> u32 {
    len.div_ceil(UNIT).max(1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_where_a_plain_search_finds_them() {
        let mut state = 1u64;
        for _ in 0..2000 {
            let mut next = || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                u128::from(state >> 16)
            };
            let taken = (next() | next() << 64) & (next() | next() << 80);
            let units = (next() % 128) as u32 + 1;
            let plain = (0..=128 - units as usize).find(|&first| taken & mask(first, units) == 0);
            assert_eq!(free_run(taken, units), plain, "{taken:b} {units}");
        }
        assert_eq!(free_run(0, 128), Some(0));
        assert_eq!(free_run(1, 128), None);
        assert_eq!(mask(127, 1), 1 << 127);
    }

    #[test]
    fn pieces_do_not_overlap_and_serve_again() {
        let lengths = [1, UNIT, UNIT + 1, 3 << 20, ARENA, 300 << 10, ARENA + 1];
        let mut pieces: Vec<Piece> = lengths.iter().map(|&len| Piece::take(len).unwrap()).collect();
        for (i, piece) in pieces.iter_mut().enumerate() {
            piece.bytes().fill(i as u8);
        }
        for (i, piece) in pieces.iter_mut().enumerate() {
            assert_eq!(piece.bytes().len(), lengths[i]);
            assert!(piece.bytes().iter().all(|&byte| byte == i as u8));
        }
        for (gone, next) in [(5, 200 << 10), (5, ARENA + 5)] {
            let piece = pieces.remove(gone);
            let (address, _) = (piece.data(), drop(piece));
            assert_eq!(Piece::take(next).unwrap().data(), address, "the first hole that is large enough");
        }
    }

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert_eq!(Piece::take(1 << 60).unwrap_err().code, "out_of_memory");
    }
}
