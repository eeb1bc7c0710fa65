//! One message, or a subtree of one, in sixteen lanes: its chunks sixteen at a time, and their parents as soon as thirty-two neighbours are there.
//!
//! The crate's `compress_subtree_wide` in our lanes. They compress as fast as its assembly, and meanwhile ask for the sixteen chunks that come next (of a message's last
//! ones, for what lies behind it: more often than not the next message). The assembly asks for memory two blocks ahead within a chunk, so that every sixteen chunks
//! begin with waiting for sixteen streams, more than the processor's own prefetcher follows.

use crate::arch::{Item, Sixteen};
use crate::reference::{CHUNK, CHUNK_END, CHUNK_START};
use crate::Mode;
use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root, merge_subtrees_root_xof};

/// Shorter messages are the crate's: the last levels of a tree leave lanes empty, and the crate has narrower vectors for them.
pub(crate) const LEAST: usize = 32 << 10;
const LANES: usize = 16;

type Value = [u8; 32];

/// Writes the digest of `data`, more than a chunk and less than 4 TiB, to `out`, as many bytes as it has.
pub(crate) fn hash(lanes: Sixteen, data: &[u8], mode: &Mode, out: &mut [u8]) {
    let [left, right] = (Tree { lanes, mode, data }).halves(0);
    if out.len() > 32 {
        merge_subtrees_root_xof(&left, &right, mode.tree()).fill(out);
    } else {
        let root = merge_subtrees_root(&left, &right, mode.tree());
        out.copy_from_slice(&root.as_bytes()[..out.len()]);
    }
}

/// The chaining value of a complete subtree: `data` are 32 KiB times a power of two, the first byte is that of chunk `first` of the message, which has more.
pub(crate) fn chaining_value(lanes: Sixteen, data: &[u8], first: u64, mode: &Mode) -> Value {
    let [left, right] = (Tree { lanes, mode, data }).halves(first);
    merge_subtrees_non_root(&left, &right, mode.tree())
}

struct Tree<'a> {
    lanes: Sixteen,
    mode: &'a Mode,
    data: &'a [u8],
}

impl Tree<'_> {
    /// The two values below the top.
    fn halves(&self, first: u64) -> [Value; 2] {
        let mut values = [[0; 32]; 2 * LANES];
        let (half, _) = values.split_at_mut(LANES);
        let mut count = self.values(0..self.data.len(), first, half);
        while count > 2 {
            count = self.join(&mut values, count);
        }
        [values[0], values[1]]
    }

    /// Values that stand for the bytes of `range`, no more than lanes: all of subtrees of one size but the last, which may be smaller.
    fn values(&self, range: std::ops::Range<usize>, first: u64, out: &mut [Value]) -> usize {
        if range.len() <= LANES * CHUNK {
            return self.chunks(range, first, out);
        }
        // Section 2.1 of the paper: the left subtree is the largest complete one that leaves something for the right. It has as many values as there are lanes.
        let left = 1 << (range.len().div_ceil(CHUNK) - 1).ilog2();
        let middle = range.start + left * CHUNK;
        let mut both = [[0; 32]; 2 * LANES];
        let (lower, upper) = both.split_at_mut(LANES);
        self.values(range.start..middle, first, lower);
        let count = LANES + self.values(middle..range.end, first + left as u64, upper);
        let count = self.join(&mut both, count);
        out.copy_from_slice(&both[..LANES]);
        count
    }

    fn chunks(&self, range: std::ops::Range<usize>, first: u64, out: &mut [Value]) -> usize {
        let data = &self.data[range.clone()];
        if let Ok(whole) = data.try_into() {
            out.copy_from_slice(&self.lanes.chunks(whole, first, self.mode));
            return LANES;
        }
        // The end of a message: fewer chunks, the last one of any length.
        let mut items = [Item::default(); LANES];
        let count = data.len().div_ceil(CHUNK);
        for (index, (item, chunk)) in items.iter_mut().zip(data.chunks(CHUNK)).enumerate() {
            let counter = (first as usize + index) as u32;
            *item = Item { data: chunk, counter, first: CHUNK_START, last: CHUNK_END, place: index as u32 };
        }
        self.lanes.run(&items[..count], self.mode, out);
        count
    }

    /// Joins neighbours; an odd one out moves up as it is.
    fn join(&self, values: &mut [Value; 2 * LANES], count: usize) -> usize {
        let (pairs, odd) = (count / 2, values[count - 1]);
        let parents = self.lanes.parents(values, self.mode);
        values[..LANES].copy_from_slice(&parents);
        if count % 2 == 1 {
            values[pairs] = odd;
        }
        count.div_ceil(2)
    }
}
