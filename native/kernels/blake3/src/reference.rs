//! The reference: BLAKE3 as section 2 of the paper describes it, one compression after the other, by recursion over the
//! tree. Written to be compared with the paper, not to be fast; the tests hold everything else against it.

use crate::Mode;

/// The initial chaining value (the same words as SHA-256's).
pub const IV: [u32; 8] =
    [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];
/// The order of the message words in each of the seven rounds: table 2 of the paper applied again and again.
pub const SCHEDULE: [[usize; 16]; 7] = schedule();
/// Bytes of a block.
pub const BLOCK: usize = 64;
/// Bytes of a chunk.
pub const CHUNK: usize = 1024;
/// Flags of table 3.
pub const CHUNK_START: u32 = 1 << 0;
/// The last block of a chunk.
pub const CHUNK_END: u32 = 1 << 1;
/// A node that joins two chaining values.
pub const PARENT: u32 = 1 << 2;
/// The compressions that give output.
pub const ROOT: u32 = 1 << 3;
/// Every compression in keyed mode.
pub const KEYED_HASH: u32 = 1 << 4;
/// Hashing the context string.
pub const DERIVE_KEY_CONTEXT: u32 = 1 << 5;
/// Hashing the key material.
pub const DERIVE_KEY_MATERIAL: u32 = 1 << 6;

const fn schedule() -> [[usize; 16]; 7] {
    const PERMUTATION: [usize; 16] = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
    let mut rounds = [[0; 16]; 7];
    let mut word = 0;
    while word < 16 {
        rounds[0][word] = word;
        word += 1;
    }
    let mut round = 1;
    while round < 7 {
        word = 0;
        while word < 16 {
            rounds[round][word] = rounds[round - 1][PERMUTATION[word]];
            word += 1;
        }
        round += 1;
    }
    rounds
}

fn mix(v: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize, x: u32, y: u32) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(12);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(8);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(7);
}

/// What goes into one compression; kept whole, since the root is compressed again for each 64 bytes of output.
struct Node {
    value: [u32; 8],
    block: [u8; BLOCK],
    length: u32,
    counter: u64,
    flags: u32,
}

impl Node {
    fn compress(&self) -> [u32; 16] {
        let m: [u32; 16] =
            std::array::from_fn(|i| u32::from_le_bytes(std::array::from_fn(|byte| self.block[4 * i + byte])));
        let mut v = [0; 16];
        v[..8].copy_from_slice(&self.value);
        v[8..12].copy_from_slice(&IV[..4]);
        v[12..].copy_from_slice(&[self.counter as u32, (self.counter >> 32) as u32, self.length, self.flags]);
        for s in &SCHEDULE {
            mix(&mut v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
            mix(&mut v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
            mix(&mut v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
            mix(&mut v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
            mix(&mut v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
            mix(&mut v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
            mix(&mut v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
            mix(&mut v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
        }
        for i in 0..8 {
            v[i] ^= v[i + 8];
            v[i + 8] ^= self.value[i];
        }
        v
    }

    fn chaining_value(&self) -> [u32; 8] {
        std::array::from_fn(|i| self.compress()[i])
    }

    fn output(mut self, out: &mut [u8]) {
        self.flags |= ROOT;
        for (counter, piece) in out.chunks_mut(BLOCK).enumerate() {
            self.counter = counter as u64;
            let bytes: Vec<u8> = self.compress().iter().flat_map(|word| word.to_le_bytes()).collect();
            piece.copy_from_slice(&bytes[..piece.len()]);
        }
    }
}

fn chunk(data: &[u8], index: u64, key: [u32; 8], flags: u32) -> Node {
    let blocks = data.len().div_ceil(BLOCK).max(1);
    let mut value = key;
    for number in 0.. {
        let piece = &data[number * BLOCK..data.len().min((number + 1) * BLOCK)];
        let mut block = [0; BLOCK];
        block[..piece.len()].copy_from_slice(piece);
        let start = if number == 0 { CHUNK_START } else { 0 };
        let node = Node { value, block, length: piece.len() as u32, counter: index, flags: flags | start };
        if number + 1 == blocks {
            return Node { flags: node.flags | CHUNK_END, ..node };
        }
        value = node.chaining_value();
    }
    unreachable!("a chunk has at most sixteen blocks")
}

fn tree(data: &[u8], index: u64, key: [u32; 8], flags: u32) -> Node {
    if data.len() <= CHUNK {
        return chunk(data, index, key, flags);
    }
    // Section 2.1: the left subtree is complete, and as large as leaves at least one byte to the right.
    let chunks = (data.len() - 1) / CHUNK;
    let left_chunks = 1 << chunks.ilog2();
    let (left, right) = data.split_at(left_chunks * CHUNK);
    let left = tree(left, index, key, flags).chaining_value();
    let right = tree(right, index + left_chunks as u64, key, flags).chaining_value();
    let mut block = [0; BLOCK];
    for (bytes, word) in block.chunks_exact_mut(4).zip(left.iter().chain(&right)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    Node { value: key, block, length: BLOCK as u32, counter: 0, flags: flags | PARENT }
}

/// The digest of `data`, as long as `out`.
pub fn hash(data: &[u8], mode: &Mode, out: &mut [u8]) {
    tree(data, 0, mode.key_words(), mode.flags()).output(out);
}

/// The hash of a context string, which is derive-key mode's key.
pub fn context_key(context: &str) -> [u8; 32] {
    let mut key = [0; 32];
    tree(context.as_bytes(), 0, IV, DERIVE_KEY_CONTEXT).output(&mut key);
    key
}
