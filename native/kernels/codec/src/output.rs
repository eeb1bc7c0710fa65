//! Memory that C libraries fill. The unsafe half of writing stands in the kernels' own borders; here stands what makes of it that nobody sees a byte without a value.

use crate::error::{Error, Result};
use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

/// A place that a C library fills from the front. Its first `written` bytes have values; what lies behind them is never shown.
pub struct Output<'a> {
    bytes: &'a mut [MaybeUninit<u8>],
    written: usize,
    touched: usize,
}

impl<'a> Output<'a> {
    /// The caller's bytes as a place.
    pub fn over(bytes: &'a mut [u8]) -> Self {
        // SAFETY: MaybeUninit<u8> has u8's layout, and through this type bytes without a value cannot be written: see `as_mut_ptr`.
        let bytes = unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) };
        Output::at(bytes)
    }

    fn at(bytes: &'a mut [MaybeUninit<u8>]) -> Self {
        Output { bytes, written: 0, touched: 0 }
    }

    /// Bytes written so far.
    pub fn written(&self) -> usize {
        self.written
    }

    /// How far it may have been written to: some filters look ahead, and take back what they have not come to.
    pub fn touched(&self) -> usize {
        self.touched
    }

    /// Bytes there is room for.
    pub fn room(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Bytes of the whole place.
    pub fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// The start of the whole place, to be written to only with bytes that have values, and only within its capacity.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr().cast()
    }

    /// Where the next byte belongs: `room` bytes, to be written to as those of `as_mut_ptr`.
    pub fn next_mut_ptr(&mut self) -> *mut u8 {
        self.bytes[self.written..].as_mut_ptr().cast()
    }

    /// Says how many bytes at the front have values.
    ///
    /// # Safety
    /// So many were written, or values were there before.
    pub unsafe fn set_written(&mut self, written: usize) {
        assert!(written <= self.bytes.len(), "more written than there is room for");
        self.written = written;
        self.touch(written);
    }

    /// Bytes written to the place that begins there: another one may not take its place.
    fn written_at(&self, place: *const MaybeUninit<u8>) -> usize {
        assert!(std::ptr::eq(self.bytes.as_ptr(), place), "the output that was lent");
        self.written
    }

    /// Says how far it may have been written to.
    pub fn touch(&mut self, until: usize) {
        self.touched = self.touched.max(until.min(self.bytes.len()));
    }
}

/// Lets `fill` write into the first `room` free bytes of the vector's capacity (reserved before), and makes what it wrote part of the vector. When it fails,
/// the vector stays as it was.
pub fn append<R, E>(
    vector: &mut Vec<u8>,
    room: usize,
    fill: impl FnOnce(&mut Output<'_>) -> std::result::Result<R, E>,
) -> std::result::Result<R, E> {
    let start = vector.len();
    let spare = vector.spare_capacity_mut();
    let room = room.min(spare.len());
    let place = spare.as_ptr();
    let mut output = Output::at(&mut spare[..room]);
    let result = fill(&mut output)?;
    let written = output.written_at(place);
    // SAFETY: `written` bytes at the front of the spare capacity have values, by the promise of `set_written`.
    unsafe { vector.set_len(start + written) };
    Ok(result)
}

/// As `append`, for parts of known sizes that several threads may fill: they become part of the vector when `fill` has succeeded and all of them are full. Answers whether they are.
pub fn append_parts<E>(
    vector: &mut Vec<u8>,
    sizes: &[usize],
    fill: impl FnOnce(&[Mutex<Output<'_>>]) -> std::result::Result<(), E>,
) -> std::result::Result<bool, E> {
    let start = vector.len();
    let mut spare = vector.spare_capacity_mut();
    let mut place = spare.as_ptr();
    let mut parts = Vec::with_capacity(sizes.len());
    for &size in sizes {
        let (part, rest) = spare.split_at_mut(size);
        parts.push(Mutex::new(Output::at(part)));
        spare = rest;
    }
    fill(&parts)?;
    let mut full = true;
    for (part, &size) in parts.into_iter().zip(sizes) {
        let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
        full &= part.written_at(place) == size;
        place = place.wrapping_add(size);
    }
    if full {
        let bytes: usize = sizes.iter().sum();
        // SAFETY: the parts lie one behind the other at the front of the spare capacity, and each byte of each has a value.
        unsafe { vector.set_len(start + bytes) };
    }
    Ok(full)
}

/// Reserves room for `bytes` more bytes, exactly so much for an empty vector (one that grows item by item doubles).
///
/// Errors: `out_of_memory`.
pub fn reserve(vector: &mut Vec<u8>, bytes: u64) -> Result<()> {
    let out_of_memory = Error::OutOfMemory { bytes };
    let Ok(count) = usize::try_from(bytes) else { return Err(out_of_memory) };
    let reserved =
        if vector.is_empty() { vector.try_reserve_exact(count) } else { vector.try_reserve(count) };
    reserved.map_err(|_| out_of_memory)
}

/// Copies a result into the caller's memory; answers its length.
///
/// Errors: `output_too_small`.
pub fn copy_out(result: &[u8], output: &mut [u8]) -> Result<usize> {
    let too_small =
        Error::OutputTooSmall { available: output.len() as u64, needed: Some(result.len() as u64) };
    output.get_mut(..result.len()).ok_or(too_small)?.copy_from_slice(result);
    Ok(result.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(output: &mut Output<'_>, bytes: &[u8]) {
        let count = bytes.len().min(output.room());
        // SAFETY: `count` bytes from a live slice, within the room.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), output.next_mut_ptr(), count);
            output.set_written(output.written() + count);
        }
    }

    #[test]
    fn only_what_was_written_is_shown() {
        let mut vector = b"ab".to_vec();
        reserve(&mut vector, 8).unwrap();
        append(&mut vector, 3, |output| {
            write(output, b"cdefg");
            assert_eq!((output.written(), output.room(), output.capacity()), (3, 0, 3));
            Ok::<(), ()>(())
        })
        .unwrap();
        assert_eq!(vector, b"abcde");
        let failed = append(&mut vector, 3, |output| {
            write(output, b"xyz");
            Err::<(), u8>(1)
        });
        assert_eq!((failed, vector.as_slice()), (Err(1), &b"abcde"[..]));
    }

    #[test]
    fn parts_count_when_all_are_full() {
        for (second, full) in [(&b"23"[..], true), (&b"2"[..], false)] {
            let mut vector = Vec::with_capacity(8);
            let filled = append_parts(&mut vector, &[1, 2], |parts| {
                write(&mut parts[1].lock().unwrap(), second);
                write(&mut parts[0].lock().unwrap(), b"1");
                Ok::<(), ()>(())
            });
            assert_eq!((filled, vector.as_slice()), (Ok(full), if full { &b"123"[..] } else { &[] }));
        }
    }

    #[test]
    fn places_of_the_caller_and_their_ends() {
        let mut place = [7; 4];
        let mut output = Output::over(&mut place);
        write(&mut output, b"ab");
        output.touch(9);
        assert_eq!((output.written(), output.touched()), (2, 4));
        assert_eq!(place, *b"ab\x07\x07");
        assert_eq!(copy_out(b"xyz", &mut place), Ok(3));
        let needed = Some(5);
        assert_eq!(copy_out(b"12345", &mut place), Err(Error::OutputTooSmall { available: 4, needed }));
        assert_eq!(place, *b"xyz\x07");
    }

    #[test]
    fn memory_that_cannot_be_is_an_error() {
        let mut vector = Vec::new();
        let refused = reserve(&mut vector, u64::MAX);
        assert_eq!(refused, Err(Error::OutOfMemory { bytes: u64::MAX }));
    }
}
