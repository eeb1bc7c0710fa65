//! Blocks of candidates: scanned once in lanes, asked by every chunk that lies in them.
//!
//! A test depends on 48 bytes and not on where its chunk begins, so what a block found serves the next chunk as well.
//! That is what makes small chunks fast: no set-up per chunk, and nothing behind a cut is scanned twice.

use super::{lanes32, lanes48};
use crate::gear::Tables;
use crate::plan::Plan;
use crate::scalar;
use crate::scan::RUN_UP;
use std::ops::Range;

/// Longest lane; blocks of about 9 KiB (16 lanes) and 6 KiB (8 lanes) stay in the first-level cache.
const LANE_MAX: usize = 576;
/// Bytes of the longest block.
const BLOCK_MAX: usize = LANE_MAX * lanes32::LANES;
/// A mask with this many bits below bit 32 lets so few candidates pass the 32-bit filter that checking them is cheap.
const FILTER_BITS: u32 = 8;

/// The same for the bits that both masks of a shared block have in common.
const COMMON_BITS: u32 = 9;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lanes {
    /// 16 x 32 bits: candidates.
    Filter,
    /// 8 x 48 bits: exact for the tested mask.
    Exact,
}

/// How a block is laid out: lane after lane.
struct Shape {
    lanes: usize,
    /// Positions of a lane in one word of results.
    steps: usize,
    /// More candidates than one in so many positions make a block crowded.
    crowd: usize,
}

impl Lanes {
    fn shape(self) -> Shape {
        match self {
            Lanes::Filter => Shape { lanes: lanes32::LANES, steps: lanes32::STEPS, crowd: 32 },
            Lanes::Exact => Shape { lanes: lanes48::LANES, steps: lanes48::STEPS, crowd: 4 },
        }
    }
}

/// How the positions of one mask are scanned.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Scan {
    lanes: Lanes,
    /// What the lanes test: the mask, or the bits common to both masks, so that one block serves both.
    mask: u64,
}

/// Scans of the loose and of the strict mask, if blocks are worth it.
///
/// One exact block for both masks where neither can be filtered: chunks are small then, and share most. Below averages of
/// 2 KiB or so the masks have little in common and chunks are shorter than blocks: those are left to the scalar search.
fn choose(plan: &Plan) -> Option<[Scan; 2]> {
    let filters = |mask: u64| (mask as u32).count_ones() >= FILTER_BITS;
    if filters(plan.strict) || filters(plan.loose) {
        let lanes = |mask| if filters(mask) { Lanes::Filter } else { Lanes::Exact };
        return Some([plan.loose, plan.strict].map(|mask| Scan { lanes: lanes(mask), mask }));
    }
    let common = plan.strict & plan.loose;
    (common.count_ones() >= COMMON_BITS).then_some([Scan { lanes: Lanes::Exact, mask: common }; 2])
}

/// The block scanned last.
pub struct Blocks {
    /// How the loose and the strict mask are scanned; none: not in blocks.
    scans: Option<[Scan; 2]>,
    /// How `covered` was scanned; nothing yet when that is empty.
    scan: Scan,
    covered: Range<usize>,
    /// Too many candidates (constant or periodic bytes): ask the scalar search instead.
    crowded: bool,
    /// One bit per position of the block.
    marks: [u64; BLOCK_MAX / 64],
    /// One bit per word of `marks` that is not zero.
    marked: [u64; (BLOCK_MAX / 64).div_ceil(64)],
    words: [u64; LANE_MAX / lanes32::STEPS],
    busy: [u16; LANE_MAX / 64],
}

impl Blocks {
    pub fn new(plan: &Plan) -> Blocks {
        Blocks {
            scans: choose(plan),
            scan: Scan { lanes: Lanes::Exact, mask: 0 },
            covered: 0..0,
            crowded: false,
            marks: [0; BLOCK_MAX / 64],
            marked: [0; (BLOCK_MAX / 64).div_ceil(64)],
            words: [0; LANE_MAX / lanes32::STEPS],
            busy: [0; LANE_MAX / 64],
        }
    }

    /// First position in `range` whose hash has no bit of `mask` (the strict one or the loose one of the plan).
    pub fn find(
        &mut self,
        data: &[u8],
        range: Range<usize>,
        mask: u64,
        strict: bool,
        tables: &Tables,
    ) -> Option<usize> {
        let Some(scans) = self.scans else { return scalar::find(data, range, mask, tables) };
        let (scan, shared) = (scans[usize::from(strict)], scans[0] == scans[1]);
        let mut at = range.start;
        while at < range.end {
            if self.scan != scan || !self.covered.contains(&at) {
                let limit = if shared { data.len() } else { range.end };
                if !self.fill(data, at..limit, scan, tables) {
                    return scalar::find(data, at..range.end, mask, tables);
                }
            }
            let to = self.covered.end.min(range.end);
            let found = if self.crowded {
                scalar::find(data, at..to, mask, tables)
            } else {
                self.first_match(data, at..to, mask, tables)
            };
            if found.is_some() {
                return found;
            }
            at = to;
        }
        None
    }

    fn first_match(&self, data: &[u8], range: Range<usize>, mask: u64, tables: &Tables) -> Option<usize> {
        let exact = self.scan.lanes == Lanes::Exact && self.scan.mask == mask;
        let offset = self.covered.start;
        let (from, to) = (range.start - offset, range.end - offset);
        let mut word = from / 64;
        let mut bits = self.marks[word] & (!0 << (from % 64));
        loop {
            while bits != 0 {
                let position = word * 64 + bits.trailing_zeros() as usize;
                if position >= to {
                    return None;
                }
                if exact || scalar::hash_at(data, offset + position, tables) & mask == 0 {
                    return Some(offset + position);
                }
                bits &= bits - 1;
            }
            word = self.next_marked(word + 1)?;
            bits = self.marks[word];
        }
    }

    /// The first word of `marks` from `word` on that is not zero.
    fn next_marked(&self, word: usize) -> Option<usize> {
        let first = word / 64;
        let tail = self.marked.get(first)? & (!0 << (word % 64));
        if tail != 0 {
            return Some(first * 64 + tail.trailing_zeros() as usize);
        }
        let later = self.marked[first + 1..].iter().position(|&bits| bits != 0)? + first + 1;
        Some(later * 64 + self.marked[later].trailing_zeros() as usize)
    }

    /// Scans a block at the start of `range`; false when the range is too short for one.
    fn fill(&mut self, data: &[u8], range: Range<usize>, scan: Scan, tables: &Tables) -> bool {
        let shape = scan.lanes.shape();
        let width = shape.lanes;
        let blocks = range.len().div_ceil(LANE_MAX * width);
        let lane = range.len() / blocks.max(1) / width / 64 * 64;
        if lane == 0 || range.start < RUN_UP {
            return false;
        }
        let words = &mut self.words[..lane / shape.steps];
        let busy = &mut self.busy[..lane / 64];
        let block = &data[range.start - RUN_UP..range.start + lane * width];
        // SAFETY: a Vbmi scanner exists only where the features do; `block` is what is read; words and hits are sized above
        // (a lane is a multiple of 64, so words are a multiple of 8 or 16).
        unsafe {
            let start = block.as_ptr().add(RUN_UP);
            match scan.lanes {
                Lanes::Filter => lanes32::mark(start, scan.mask, tables, words, busy),
                Lanes::Exact => lanes48::mark(start, scan.mask, tables, words, busy),
            }
        }
        self.scan = scan;
        self.covered = range.start..range.start + lane * width;
        self.crowded = false;
        self.settle(lane);
        true
    }

    /// Turns what the lanes noted into one bit per position, in order.
    fn settle(&mut self, lane: usize) {
        let shape = self.scan.lanes.shape();
        let mut allowed = lane * shape.lanes / shape.crowd;
        self.marks.fill(0);
        self.marked.fill(0);
        for block in 0..lane / 64 {
            let mut busy = self.busy[block];
            while busy != 0 {
                let word = block * (64 / shape.steps) + busy.trailing_zeros() as usize;
                busy &= busy - 1;
                let mut bits = self.words[word];
                while bits != 0 {
                    let bit = bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let position = (bit % shape.lanes) * lane + word * shape.steps + bit / shape.lanes;
                    self.marks[position / 64] |= 1 << (position % 64);
                    self.marked[position / 64 / 64] |= 1 << (position / 64 % 64);
                    if allowed == 0 {
                        self.crowded = true;
                        return;
                    }
                    allowed -= 1;
                }
            }
        }
    }
}
