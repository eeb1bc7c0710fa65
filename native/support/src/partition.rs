//! Work in pieces of about equal bytes.

use std::ops::Range;

/// More pieces than threads, so that a thread that is done early takes another one.
const PIECES_PER_THREAD: usize = 4;

/// Cuts items into at most `threads` x 4 contiguous ranges of about equal bytes; an item larger than a share gets a range of its own. Covers all items in order, no range is
/// empty. A caller with a better idea hands [`Job::parallel_for`](crate::Job::parallel_for) ranges of its own.
pub fn by_bytes(lengths: &[u32], threads: usize) -> Vec<Range<usize>> {
    let total: u64 = lengths.iter().map(|&length| u64::from(length)).sum();
    let pieces = (threads.max(1) * PIECES_PER_THREAD) as u64;
    let share = total.div_ceil(pieces).max(1);
    let mut ranges = Vec::new();
    let (mut start, mut held) = (0, 0);
    for (i, &length) in lengths.iter().enumerate() {
        let length = u64::from(length);
        if i > start && held + length > share {
            ranges.push(start..i);
            (start, held) = (i, 0);
        }
        held += length;
    }
    if start < lengths.len() {
        ranges.push(start..lengths.len());
    }
    ranges
}
