//! Memory that jobs read from and write to, whatever becomes of the JavaScript objects that it came from.

use crate::fault::Fault;
use crate::input::{Input, Output};
use crate::meeting::executor;
use crate::outcome::Outcome;
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};

/// Bytes that a job reads.
pub struct Source(From);

enum From {
    Copied(Charged),
    Slab { slab: Retained, data: *const u8, len: usize },
    InPlace { data: *const u8, len: usize },
}

// SAFETY: copies and slabs are kept by the source itself; memory in place is kept by JavaScript until the job has answered, and the channel's gate keeps the
// environment alive while the job runs.
unsafe impl Send for Source {}
// SAFETY: bytes are only read.
unsafe impl Sync for Source {}

impl Source {
    /// Retains the input's slab, or copies it.
    pub fn new(input: &Input) -> Result<Source, Fault> {
        let (data, len) = input.raw();
        if len > 0 {
            if let Some(slab) = Retained::find(data, len) {
                return Ok(Source(From::Slab { slab, data, len }));
            }
        }
        Source::copy(input.bytes())
    }

    /// Copies bytes of any origin.
    pub fn copy(bytes: &[u8]) -> Result<Source, Fault> {
        let mut copy = Charged::with_capacity(bytes.len())?;
        copy.bytes.extend_from_slice(bytes);
        Ok(Source(From::Copied(copy)))
    }

    /// Reads JavaScript's memory where it is.
    ///
    /// # Safety
    /// JavaScript keeps the memory as it is until the job has completed its slot, and the job reads it only while it is inside the gate.
    pub(crate) unsafe fn in_place(input: &Input) -> Source {
        let (data, len) = input.raw();
        Source(From::InPlace { data, len })
    }
}

impl Deref for Source {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let (data, len) = match &self.0 {
            From::Copied(copy) => return &copy.bytes,
            From::Slab { slab, data, len } => {
                let _ = slab;
                (*data, *len)
            }
            From::InPlace { data, len } => (*data, *len),
        };
        if len == 0 {
            return &[];
        }
        // SAFETY: retained, or kept by JavaScript; not null because it is not empty.
        unsafe { std::slice::from_raw_parts(data, len) }
    }
}

/// Memory that a job writes its result to: the caller's own where that is safe, else a buffer that JavaScript copies from.
pub struct Sink(To);

enum To {
    Staged(Charged),
    Direct { _slab: Option<Retained>, data: *mut u8, len: usize },
}

// SAFETY: as for `Source`; the caller promises that nobody else writes there meanwhile.
unsafe impl Send for Sink {}

impl Sink {
    /// The output's slab, or staging memory of the same size.
    pub fn new(output: &Output) -> Result<Sink, Fault> {
        let (data, len) = output.raw();
        if len > 0 {
            if let Some(slab) = Retained::find(data, len) {
                return Ok(Sink(To::Direct { _slab: Some(slab), data, len }));
            }
        }
        let mut staged = Charged::with_capacity(len)?;
        staged.bytes.resize(len, 0);
        Ok(Sink(To::Staged(staged)))
    }

    /// Writes to JavaScript's memory where it is.
    ///
    /// # Safety
    /// As for [`Source::in_place`], and nobody reads it meanwhile.
    pub(crate) unsafe fn in_place(output: &Output) -> Sink {
        let (data, len) = output.raw();
        Sink(To::Direct { _slab: None, data, len })
    }

    /// The answer of a job that wrote `written` bytes: their number, or (staged) the bytes, which core copies into the caller's array.
    pub fn finish(self, written: usize) -> Outcome {
        match self.0 {
            To::Direct { .. } => written.into(),
            To::Staged(mut staged) => {
                staged.bytes.truncate(written);
                staged.take().into()
            }
        }
    }
}

impl Deref for Sink {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            To::Staged(staged) => &staged.bytes,
            To::Direct { len: 0, .. } => &[],
            // SAFETY: retained, or kept by JavaScript; not null because it is not empty.
            To::Direct { data, len, .. } => unsafe { std::slice::from_raw_parts(*data, *len) },
        }
    }
}

impl DerefMut for Sink {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            To::Staged(staged) => &mut staged.bytes,
            To::Direct { len: 0, .. } => &mut [],
            // SAFETY: as in `deref`; exclusive by `&mut self` and the caller's promise.
            To::Direct { data, len, .. } => unsafe { std::slice::from_raw_parts_mut(*data, *len) },
        }
    }
}

/// A reference to a slab.
struct Retained(*const c_void);

impl Retained {
    fn find(data: *const u8, len: usize) -> Option<Retained> {
        // SAFETY: the executor looks the address up, it does not read it.
        let handle = unsafe { (executor().slab_find)(data, len) };
        (!handle.is_null()).then(|| Retained(handle))
    }
}

impl Drop for Retained {
    fn drop(&mut self) {
        // SAFETY: we give back the reference that `find` gave.
        unsafe { (executor().slab_release)(self.0) };
    }
}

/// Bytes that count in the executor's figures.
struct Charged {
    bytes: Vec<u8>,
    charged: isize,
}

impl Charged {
    fn with_capacity(len: usize) -> Result<Charged, Fault> {
        let bytes = reserve(len)?;
        // Small copies are not worth a lock; at 32 KiB each, thousands in flight are some megabytes.
        let charged = if len > 32 << 10 { len as isize } else { 0 };
        charge(charged);
        Ok(Charged { bytes, charged })
    }

    fn take(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        charge(-self.charged);
    }
}

/// Counts bytes in the executor's figures (negative: given back).
pub(crate) fn charge(bytes: isize) {
    if bytes != 0 {
        // SAFETY: a plain count.
        unsafe { (executor().charge)(bytes) };
    }
}

/// An empty vector with room for `len` bytes, or `out_of_memory`: for every size that comes from input.
pub fn reserve<T>(len: usize) -> Result<Vec<T>, Fault> {
    let mut vector = Vec::new();
    vector
        .try_reserve_exact(len)
        .map_err(|_| Fault::out_of_memory(len.saturating_mul(size_of::<T>())))?;
    Ok(vector)
}
