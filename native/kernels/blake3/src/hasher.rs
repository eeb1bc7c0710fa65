//! The incremental state: a stack of finished subtrees and an unfinished piece at the right edge.
//!
//! The crate's own `Hasher` cannot be handed subtrees that other threads have hashed, so the upper part of the tree is kept
//! here and pieces of `PIECE` bytes and more are hashed as subtrees: in lanes of our own, else by the crate (`blake3::hazmat`).

use crate::{Error, Host, Mode};
use blake3::hazmat::{merge_subtrees_non_root, merge_subtrees_root_xof, HasherExt};

/// The smallest subtree kept on the stack. Four rounds of sixteen chunks: a vector's full width, and little left over
/// for one thread at the end of a window.
const PIECE: u64 = 64 << 10;
/// The largest subtree hashed in one call: a host is asked at least that often whether to stop.
const ALONE: u64 = 1 << 20;
/// The largest subtree of one task: finer, so that two threads end a window of 4 MiB together.
const SHARED: u64 = 256 << 10;

/// Bytes of a chunk.
#[cfg(target_arch = "x86_64")]
const CHUNK: u64 = crate::reference::CHUNK as u64;

/// An incremental hash of one message.
#[derive(Clone)]
pub struct Hasher {
    mode: Mode,
    /// Pieces folded into `stack`, each followed by at least one byte more: none of them holds the root.
    pieces: u64,
    /// Chaining values of complete subtrees, the largest first: one for each bit set in `pieces`.
    stack: Vec<[u8; 32]>,
    /// Hashes the bytes after those pieces: none to `PIECE`, and none only at the very beginning.
    edge: blake3::Hasher,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("mode", &self.mode).field("bytes", &self.bytes()).finish()
    }
}

impl Hasher {
    /// The state before the first byte.
    pub fn new(mode: Mode) -> Hasher {
        let edge = mode.hasher();
        Hasher { mode, pieces: 0, stack: Vec::new(), edge }
    }

    /// Bytes taken so far.
    pub fn bytes(&self) -> u64 {
        self.pieces * PIECE + self.edge.count()
    }

    /// Takes `data` on the calling thread.
    pub fn update(&mut self, data: &[u8]) {
        // One thread, no wish to stop, and no memory asked for: there is nothing to fail.
        let _ = self.update_with(data, &crate::Alone);
    }

    /// Takes `data` with the host's threads. After an error some of `data` has been taken: drop the state.
    pub fn update_with(&mut self, data: &[u8], host: &dyn Host) -> Result<(), Error> {
        let room = (PIECE - self.edge.count()) as usize;
        if data.len() <= room {
            self.edge.update(data);
            return Ok(());
        }
        let (head, rest) = data.split_at(room);
        let position = if self.bytes() > 0 {
            self.edge.update(head);
            let value = self.edge.finalize_non_root();
            self.push(value, 1);
            rest
        } else {
            data
        };
        let rest = if host.is_parallel() {
            self.take_shared(position, host)?
        } else {
            self.take_alone(position, host)?
        };
        self.edge = self.mode.hasher();
        self.edge.set_input_offset(self.pieces * PIECE);
        self.edge.update(rest);
        Ok(())
    }

    /// Hashes whole subtrees from the front of `data`; gives back the last 1 to `PIECE` bytes.
    fn take_alone<'a>(&mut self, mut data: &'a [u8], host: &dyn Host) -> Result<&'a [u8], Error> {
        while let Some(size) = subtree(self.pieces, data.len() as u64, ALONE) {
            if host.should_stop() {
                return Err(Error::Aborted);
            }
            let (piece, rest) = data.split_at(size as usize);
            self.push(chaining_value(&self.mode, piece, self.pieces * PIECE), size / PIECE);
            data = rest;
        }
        Ok(data)
    }

    /// As `take_alone`, the subtrees hashed by whichever threads the host has.
    fn take_shared<'a>(&mut self, data: &'a [u8], host: &dyn Host) -> Result<&'a [u8], Error> {
        let mut tasks = Vec::new();
        tasks.try_reserve_exact(data.len() / SHARED as usize + 8).map_err(|_| Error::OutOfMemory)?;
        let (mut rest, mut pieces) = (data, self.pieces);
        while let Some(size) = subtree(pieces, rest.len() as u64, SHARED) {
            let (piece, after) = rest.split_at(size as usize);
            tasks.push((pieces, piece, std::sync::OnceLock::new()));
            pieces += size / PIECE;
            rest = after;
        }
        let mode = &self.mode;
        host.parallel_for(tasks.len(), &|index| {
            let (pieces, piece, value) = &tasks[index];
            if !host.should_stop() {
                let _ = value.set(chaining_value(mode, piece, pieces * PIECE));
            }
        });
        for (_, piece, value) in &tasks {
            self.push(*value.get().ok_or(Error::Aborted)?, piece.len() as u64 / PIECE);
        }
        Ok(rest)
    }

    /// Adds a complete subtree of `count` (a power of two) pieces that more input follows, and joins equal neighbours.
    fn push(&mut self, mut value: [u8; 32], count: u64) {
        self.pieces += count;
        let mut joined = self.pieces / count;
        while joined & 1 == 0 {
            if let Some(left) = self.stack.pop() {
                value = merge_subtrees_non_root(&left, &value, self.mode.tree());
            }
            joined >>= 1;
        }
        self.stack.push(value);
    }

    /// Writes the digest of all bytes taken so far to `out`, as many bytes as `out` has. The state goes on.
    pub fn digest_into(&self, out: &mut [u8]) {
        let Some((top, lower)) = self.stack.split_first() else {
            self.edge.finalize_xof().fill(out);
            return;
        };
        let mut right = self.edge.finalize_non_root();
        for left in lower.iter().rev() {
            right = merge_subtrees_non_root(left, &right, self.mode.tree());
        }
        merge_subtrees_root_xof(top, &right, self.mode.tree()).fill(out);
    }
}

/// The size of the next subtree that may be hashed whole when `pieces` lie before it and `left` bytes remain: as large as
/// its position allows, at most `cap`, and never reaching the end, where the root would be.
fn subtree(pieces: u64, left: u64, cap: u64) -> Option<u64> {
    if left <= PIECE {
        return None;
    }
    let fits = 1 << (left - 1).ilog2();
    let aligned = if pieces == 0 { cap } else { PIECE.saturating_mul(pieces & pieces.wrapping_neg()) };
    Some(cap.min(fits).min(aligned))
}

fn chaining_value(mode: &Mode, piece: &[u8], offset: u64) -> [u8; 32] {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = crate::arch::Sixteen::detect() {
        return crate::tree::chaining_value(lanes, piece, offset / CHUNK, mode);
    }
    let mut hasher = mode.hasher();
    hasher.set_input_offset(offset);
    hasher.update(piece).finalize_non_root()
}
