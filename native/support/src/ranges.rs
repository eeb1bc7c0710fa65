//! Pieces of one buffer, as batches cross the border.

use crate::fault::Fault;
use crate::input::{Offsets, Words};
use crate::memory::reserve;

/// Ranges of one buffer, each checked to lie within it.
pub struct Ranges {
    lengths: Vec<u32>,
    offsets: Vec<u64>,
}

impl Ranges {
    /// Ranges of a buffer of `bytes` bytes; without offsets the pieces lie one behind the other. `invalid_input` for what does not lie within it, `out_of_memory`.
    pub fn new(
        Words(lengths): Words,
        offsets: Option<Offsets>,
        bytes: usize,
    ) -> Result<Ranges, Fault> {
        let offsets = match offsets {
            Some(Offsets(offsets)) if offsets.len() == lengths.len() => offsets,
            Some(_) => return Err(Fault::invalid("ranges.offsets", "as many offsets as lengths")),
            None => running_sum(&lengths)?,
        };
        let fits = |(offset, length): (&u64, &u32)| {
            offset.checked_add(u64::from(*length)).is_some_and(|end| end <= bytes as u64)
        };
        if !offsets.iter().zip(&lengths).all(fits) {
            return Err(Fault::invalid("ranges", "ranges within the buffer"));
        }
        Ok(Ranges { lengths, offsets })
    }

    /// Length of each piece.
    pub fn lengths(&self) -> &[u32] {
        &self.lengths
    }

    /// Piece `index` of the buffer that the ranges were checked against.
    pub fn item<'a>(&self, data: &'a [u8], index: usize) -> &'a [u8] {
        &data[self.offsets[index] as usize..][..self.lengths[index] as usize]
    }

    /// Bytes of all pieces together.
    pub fn bytes(&self) -> usize {
        self.lengths.iter().map(|&length| length as usize).sum()
    }
}

fn running_sum(lengths: &[u32]) -> Result<Vec<u64>, Fault> {
    let mut offsets = reserve(lengths.len())?;
    let mut end = 0u64;
    for length in lengths {
        offsets.push(end);
        end += u64::from(*length);
    }
    Ok(offsets)
}
