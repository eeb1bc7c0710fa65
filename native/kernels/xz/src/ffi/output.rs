use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

/// A place that liblzma fills from the front. Its first `written` bytes have values; what lies behind them is never shown.
pub struct Output<'a> {
    pub(super) bytes: &'a mut [MaybeUninit<u8>],
    pub(super) written: usize,
    pub(super) touched: usize,
}

impl<'a> Output<'a> {
    /// The caller's bytes as a place.
    pub fn over(bytes: &'a mut [u8]) -> Self {
        // SAFETY: MaybeUninit<u8> has u8's layout, and through this type only liblzma writes, which writes bytes with values.
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

    /// How far it may have been written to: filters for machine code look ahead, and take back what they have not come to.
    pub fn touched(&self) -> usize {
        self.touched
    }

    /// Bytes there is room for.
    pub fn room(&self) -> usize {
        self.bytes.len() - self.written
    }
}

/// Lets `fill` write into the first `room` free bytes of the vector's capacity (reserved before), and makes what it wrote part of the vector. When it fails,
/// the vector stays as it was.
pub fn append<R, E>(
    vector: &mut Vec<u8>,
    room: usize,
    fill: impl FnOnce(&mut Output<'_>) -> Result<R, E>,
) -> Result<R, E> {
    let start = vector.len();
    let spare = vector.spare_capacity_mut();
    let room = room.min(spare.len());
    let mut output = Output::at(&mut spare[..room]);
    let result = fill(&mut output)?;
    let written = output.written;
    // SAFETY: `written` counts bytes that liblzma wrote at the front of the spare capacity; only this folder can change it.
    unsafe { vector.set_len(start + written) };
    Ok(result)
}

/// As `append`, for parts of known sizes that several threads may fill: they become part of the vector when `fill` has succeeded and all of them are full.
pub fn append_parts<E>(
    vector: &mut Vec<u8>,
    sizes: &[usize],
    fill: impl FnOnce(&[Mutex<Output<'_>>]) -> Result<(), E>,
) -> Result<bool, E> {
    let start = vector.len();
    let mut spare = vector.spare_capacity_mut();
    let mut parts = Vec::with_capacity(sizes.len());
    for &size in sizes {
        let (part, rest) = spare.split_at_mut(size);
        parts.push(Mutex::new(Output::at(part)));
        spare = rest;
    }
    fill(&parts)?;
    let mut full = true;
    for part in parts {
        full &= part.into_inner().unwrap_or_else(PoisonError::into_inner).room() == 0;
    }
    if full {
        let bytes: usize = sizes.iter().sum();
        // SAFETY: the parts lie one behind the other at the front of the spare capacity, and liblzma wrote each byte of each.
        unsafe { vector.set_len(start + bytes) };
    }
    Ok(full)
}
