//! The push form: pieces of any size in, lengths of finished chunks out, nothing scanned twice and nothing kept but state.

use crate::chunker::Chunker;
use crate::scalar;
use crate::scan::{Found, Scanner, Span, RUN_UP};

/// What is carried between two pieces: no bytes, only the hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// Bytes of the unfinished chunk seen so far.
    length: usize,
    /// Hash of the last 48 of them (of those from `min_size` on).
    hash: u64,
    /// The last byte seen would end the chunk before it, if it turns out to be the first of a pair.
    pending: bool,
}

impl Feed {
    /// A feed at the start of a stream.
    pub fn new() -> Feed {
        Feed::default()
    }

    /// Bytes taken in that no length given out covers yet.
    pub fn unfinished(&self) -> usize {
        self.length
    }

    /// Takes in `piece` and appends the lengths of the chunks that are now certain. False: `should_stop` answered true,
    /// and the feed is of no further use.
    pub fn push(
        &mut self,
        chunker: &Chunker,
        piece: &[u8],
        lengths: &mut Vec<u32>,
        should_stop: &mut dyn FnMut() -> bool,
    ) -> bool {
        if piece.is_empty() {
            return true;
        }
        let mut scanner = Scanner::new(&chunker.plan, &chunker.tables, chunker.kernel);
        let mut start = match self.finish_carried(chunker, &mut scanner, piece, lengths, should_stop) {
            Carried::Ended(start) => start,
            Carried::Open => return true,
            Carried::Stopped => return false,
        };
        loop {
            let left = piece.len() - start;
            let end = match chunker.mask_cut(&mut scanner, piece, start, should_stop) {
                Found::Cut(cut) => cut,
                Found::Stopped => return false,
                Found::Nothing if left >= chunker.plan.max => start + chunker.plan.max,
                Found::Nothing => break,
            };
            lengths.push((end - start) as u32);
            start = end;
            if scanner.poll(chunker.plan.first, should_stop) {
                return false;
            }
        }
        self.carry(chunker, piece, start);
        true
    }

    /// The length of the last chunk, if any bytes are left; the feed is then as new.
    pub fn finish(&mut self) -> Option<u32> {
        let length = std::mem::take(self).length;
        (length > 0).then_some(length as u32)
    }

    /// Searches the part of `piece` that belongs to the chunk begun in earlier pieces.
    fn finish_carried(
        &mut self,
        chunker: &Chunker,
        scanner: &mut Scanner<'_>,
        piece: &[u8],
        lengths: &mut Vec<u32>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Carried {
        if self.pending {
            lengths.push(self.length as u32 - 1);
            *self = Feed { length: 1, hash: 0, pending: false };
        }
        let plan = &chunker.plan;
        let before = self.length;
        if before == 0 {
            return Carried::Ended(0);
        }
        let length = (before + piece.len()).min(plan.max);
        if length > plan.min {
            let even = length & !1;
            let from = plan.first.max(before);
            let span = Span {
                from: from - before,
                center: plan.center.min(even).max(from) - before,
                end: even.max(from) - before,
                head: RUN_UP,
            };
            match scanner.search(piece, &span, self.hash, stop) {
                Found::Cut(cut) => {
                    lengths.push((before + cut) as u32);
                    *self = Feed::new();
                    return Carried::Ended(cut);
                }
                Found::Stopped => return Carried::Stopped,
                Found::Nothing => {}
            }
        }
        if length == plan.max {
            lengths.push(length as u32);
            *self = Feed::new();
            return Carried::Ended(length - before);
        }
        self.extend(chunker, piece);
        Carried::Open
    }

    /// Starts the unfinished chunk `piece[start..]`.
    fn carry(&mut self, chunker: &Chunker, piece: &[u8], start: usize) {
        *self = Feed::new();
        self.extend(chunker, &piece[start..]);
    }

    /// Adds `bytes`, in which the chunk does not end, to the unfinished chunk.
    fn extend(&mut self, chunker: &Chunker, bytes: &[u8]) {
        let plan = &chunker.plan;
        let length = self.length + bytes.len();
        let fresh = length.saturating_sub(plan.first.max(self.length));
        if fresh > 0 {
            let rolled = &bytes[bytes.len() - fresh..];
            let added = scalar::hash_before(rolled, rolled.len(), &chunker.tables);
            // What was carried is shifted out of the masked bits by 48 bytes; shifts beyond 63 are zero.
            let carried = u32::try_from(fresh).ok().and_then(|n| self.hash.checked_shl(n)).unwrap_or(0);
            self.hash = carried.wrapping_add(added);
        }
        self.length = length;
        let last = length.wrapping_sub(1);
        let mask = if last < plan.center { plan.strict } else { plan.loose };
        self.pending = length % 2 == 1 && length > plan.first && self.hash & mask == 0;
    }
}

enum Carried {
    /// The carried chunk ended before this index of the piece.
    Ended(usize),
    /// It goes on beyond the piece.
    Open,
    /// Stopped.
    Stopped,
}
