//! Many messages: as many at a time as the processor interleaves, the next one begun where one ends.

use crate::arch::{Machine, LANES};
use crate::{hash, Error, ShouldStop, DIGEST, SLICE};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;
/// Blocks of one turn at most: four messages of a quarter of what lies between two looks at the caller's wish to stop.
const TURN_BLOCKS: usize = SLICE / BLOCK / LANES;
/// FIPS 180-4, section 5.3.3.
#[rustfmt::skip]
const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// Writes the digests of `message(0..count)` to `out`, one after the other: `count * DIGEST` bytes ([`Error::OutputTooSmall`]).
pub fn hash_many<'a>(
    count: usize,
    message: impl Fn(usize) -> &'a [u8],
    out: &mut [u8],
    should_stop: ShouldStop<'_>,
) -> Result<(), Error> {
    hash_many_on(Machine::detect(), count, message, out, should_stop)
}

/// The same on a machine of choice; `None`: one message after the other.
pub(crate) fn hash_many_on<'a>(
    machine: Option<Machine>,
    count: usize,
    message: impl Fn(usize) -> &'a [u8],
    out: &mut [u8],
    should_stop: ShouldStop<'_>,
) -> Result<(), Error> {
    let (digests, rest) = out.as_chunks_mut::<DIGEST>();
    if digests.len() != count || !rest.is_empty() {
        return Err(Error::OutputTooSmall);
    }
    if let Some(machine) = machine {
        return interleaved(machine, message, digests, should_stop);
    }
    for (index, digest) in digests.iter_mut().enumerate() {
        *digest = hash(message(index), should_stop)?;
    }
    Ok(())
}

fn interleaved<'a>(
    machine: Machine,
    message: impl Fn(usize) -> &'a [u8],
    digests: &mut [[u8; DIGEST]],
    should_stop: ShouldStop<'_>,
) -> Result<(), Error> {
    let count = digests.len();
    let begin = |index: usize| {
        // By then this lane comes to it, or another one.
        if index + LANES < count {
            machine.soon(message(index + LANES));
        }
        Lane::new(index, message(index))
    };
    let mut waiting = 0..count;
    let mut lanes: [Option<Lane>; LANES] = std::array::from_fn(|_| waiting.next().map(begin));
    let mut running = lanes.iter().flatten().count();
    let mut bytes = SLICE;
    while running > 0 {
        if bytes >= SLICE {
            if should_stop() {
                return Err(Error::Aborted);
            }
            bytes = 0;
        }
        bytes += BLOCK * running * turn(machine, &mut lanes, running);
        // From the back: what ends with nobody waiting changes places with the last that runs.
        for at in (0..running).rev() {
            let Some(lane) = lanes[at].as_ref().filter(|lane| lane.is_over()) else { continue };
            digests[lane.index] = lane.digest();
            lanes[at] = waiting.next().map(begin);
            if lanes[at].is_none() {
                running -= 1;
                lanes.swap(at, running);
            }
        }
    }
    Ok(())
}

/// Takes blocks of the first `running` lanes until one of them has no more that lie together; answers how many of each.
fn turn(machine: Machine, lanes: &mut [Option<Lane>; LANES], running: usize) -> usize {
    match running {
        1 => turn_of::<1>(machine, lanes),
        2 => turn_of::<2>(machine, lanes),
        3 => turn_of::<3>(machine, lanes),
        _ => turn_of::<LANES>(machine, lanes),
    }
}

fn turn_of<const N: usize>(machine: Machine, lanes: &mut [Option<Lane>; LANES]) -> usize {
    let mut states = [INITIAL; N];
    let mut blocks: [&[[u8; BLOCK]]; N] = [&[]; N];
    for ((lane, state), blocks) in lanes.iter().flatten().zip(&mut states).zip(&mut blocks) {
        *state = lane.state;
        *blocks = lane.blocks();
    }
    let count = blocks.iter().map(|blocks| blocks.len()).min().unwrap_or(0).min(TURN_BLOCKS);
    machine.compress(&mut states, blocks.map(|blocks| &blocks[..count]));
    for (lane, state) in lanes.iter_mut().flatten().zip(states) {
        lane.state = state;
        lane.advance(count);
    }
    count
}

/// A message on its way.
struct Lane<'a> {
    index: usize,
    state: [u32; 8],
    /// Whole blocks of the message that are left.
    whole: &'a [[u8; BLOCK]],
    /// The last bytes with their padding: one block or two.
    tail: [[u8; BLOCK]; 2],
    /// Which blocks of the tail are left.
    left: std::ops::Range<usize>,
}

impl<'a> Lane<'a> {
    /// Section 5.1.1: after the message a one bit, zeros, and the number of bits, up to a whole block.
    fn new(index: usize, message: &'a [u8]) -> Lane<'a> {
        let (whole, rest) = message.as_chunks();
        let blocks = (rest.len() + 1 + size_of::<u64>()).div_ceil(BLOCK);
        let mut tail = [[0; BLOCK]; 2];
        let bytes = &mut tail.as_flattened_mut()[..blocks * BLOCK];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes[rest.len()] = 0x80;
        bytes[blocks * BLOCK - size_of::<u64>()..].copy_from_slice(&(message.len() as u64 * 8).to_be_bytes());
        Lane { index, state: INITIAL, whole, tail, left: 0..blocks }
    }

    /// What is next and lies together; nothing where the message is over.
    fn blocks(&self) -> &[[u8; BLOCK]] {
        if self.whole.is_empty() {
            &self.tail[self.left.clone()]
        } else {
            self.whole
        }
    }

    fn advance(&mut self, count: usize) {
        if self.whole.is_empty() {
            self.left.start += count;
        } else {
            self.whole = &self.whole[count..];
        }
    }

    fn is_over(&self) -> bool {
        self.whole.is_empty() && self.left.is_empty()
    }

    fn digest(&self) -> [u8; DIGEST] {
        let mut digest = [0; DIGEST];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
        digest
    }
}
