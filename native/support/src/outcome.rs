//! What a job answers.

use crate::arena::Piece;
use crate::descriptor::*;
use crate::fault::Fault;
use std::ffi::c_void;
use std::ptr;

/// A result on its way to JavaScript.
#[derive(Debug)]
pub enum Outcome {
    /// `undefined`
    Nothing,
    /// A number.
    Number(f64),
    /// A Uint8Array of exactly this length; large ones are handed over without a copy.
    Bytes(Vec<u8>),
    /// The first bytes of a piece, so many, as a Uint8Array.
    Placed(Piece, usize),
    /// A Uint32Array.
    Words(Vec<u32>),
    /// A Float64Array.
    Doubles(Vec<f64>),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Outcome>),
}

impl From<()> for Outcome {
    fn from((): ()) -> Outcome {
        Outcome::Nothing
    }
}
impl From<usize> for Outcome {
    fn from(n: usize) -> Outcome {
        Outcome::Number(n as f64)
    }
}
impl From<u64> for Outcome {
    fn from(n: u64) -> Outcome {
        Outcome::Number(n as f64)
    }
}
impl From<u32> for Outcome {
    fn from(n: u32) -> Outcome {
        Outcome::Number(n.into())
    }
}
impl From<Vec<u8>> for Outcome {
    fn from(bytes: Vec<u8>) -> Outcome {
        Outcome::Bytes(bytes)
    }
}
impl From<Vec<u32>> for Outcome {
    fn from(words: Vec<u32>) -> Outcome {
        Outcome::Words(words)
    }
}
impl From<Vec<f64>> for Outcome {
    fn from(doubles: Vec<f64>) -> Outcome {
        Outcome::Doubles(doubles)
    }
}
impl From<String> for Outcome {
    fn from(text: String) -> Outcome {
        Outcome::Text(text)
    }
}
impl From<Vec<Outcome>> for Outcome {
    fn from(list: Vec<Outcome>) -> Outcome {
        Outcome::List(list)
    }
}

impl RawValue {
    /// `undefined`
    pub const NOTHING: RawValue = RawValue {
        kind: KIND_NOTHING,
        reserved: 0,
        number: 0.0,
        data: ptr::null(),
        len: 0,
        owner: ptr::null_mut(),
        free: None,
    };

    fn owning<T>(kind: u32, mut elements: Vec<T>) -> RawValue {
        // A result much smaller than its buffer would keep the rest of it alive as long as JavaScript keeps the result.
        if elements.capacity() - elements.len() > elements.len() / 8 {
            elements.shrink_to_fit();
        }
        let elements = Box::new(elements);
        let (data, len) = (elements.as_ptr().cast(), elements.len());
        RawValue {
            kind,
            data,
            len,
            owner: Box::into_raw(elements).cast(),
            free: Some(free_vec::<T>),
            ..RawValue::NOTHING
        }
    }

    fn placed(mut piece: Piece, len: usize) -> RawValue {
        assert!(len <= piece.bytes().len(), "no more than was taken");
        let data = piece.data().cast();
        let owner = Box::into_raw(Box::new(piece)).cast();
        RawValue { kind: KIND_BYTES, data, len, owner, free: Some(free_piece), ..RawValue::NOTHING }
    }

    /// Frees the value and its members.
    ///
    /// # Safety
    /// The caller owns the value and uses it no more.
    pub unsafe fn discard(self) {
        // SAFETY: a list's data are `len` owned values; `free` takes `owner`, once.
        unsafe {
            if self.kind == KIND_LIST {
                let members = self.data.cast::<RawValue>();
                (0..self.len).for_each(|i| (*members.add(i)).discard());
            }
            if let Some(free) = self.free {
                free(self.owner);
            }
        }
    }
}

unsafe extern "C" fn free_vec<T>(owner: *mut c_void) {
    // SAFETY: `owning` made it by `Box::into_raw` of this very type.
    drop(unsafe { Box::from_raw(owner.cast::<Vec<T>>()) });
}

unsafe extern "C" fn free_piece(owner: *mut c_void) {
    // SAFETY: `placed` made it by `Box::into_raw`.
    drop(unsafe { Box::from_raw(owner.cast::<Piece>()) });
}

impl From<Outcome> for RawValue {
    fn from(outcome: Outcome) -> RawValue {
        match outcome {
            Outcome::Nothing => RawValue::NOTHING,
            Outcome::Number(number) => RawValue { kind: KIND_NUMBER, number, ..RawValue::NOTHING },
            Outcome::Bytes(bytes) => RawValue::owning(KIND_BYTES, bytes),
            Outcome::Placed(piece, len) => RawValue::placed(piece, len),
            Outcome::Words(words) => RawValue::owning(KIND_WORDS, words),
            Outcome::Doubles(doubles) => RawValue::owning(KIND_DOUBLES, doubles),
            Outcome::Text(text) => RawValue::owning(KIND_TEXT, text.into_bytes()),
            Outcome::List(list) => {
                RawValue::owning(KIND_LIST, list.into_iter().map(RawValue::from).collect::<Vec<_>>())
            }
        }
    }
}

impl From<&Fault> for RawValue {
    fn from(fault: &Fault) -> RawValue {
        let texts = [fault.code.to_owned(), fault.message.clone(), fault.details_json()];
        Outcome::List(texts.map(Outcome::Text).into()).into()
    }
}
