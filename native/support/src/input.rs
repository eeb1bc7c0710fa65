//! Arguments as they come from JavaScript, checked.

use crate::fault::Fault;
use crate::throw::throw;
use napi::bindgen_prelude::FromNapiValue;
use napi::sys::{self, napi_env, napi_value, Status};
use std::ptr;

/// A Uint8Array of a call. It borrows JavaScript's memory, so it lives no longer than the call; a job gets a [`Source`](crate::Source) of it.
pub struct Input {
    data: *const u8,
    len: usize,
}

impl Input {
    /// The bytes, in place: for synchronous work.
    pub fn bytes(&self) -> &[u8] {
        if self.len == 0 {
            &[]
        } else {
            // SAFETY: `view` never gives a null pointer with a length, and JavaScript does not run during a call.
            unsafe { std::slice::from_raw_parts(self.data, self.len) }
        }
    }

    /// Address and length, for a job that reads in place.
    pub(crate) fn raw(&self) -> (*const u8, usize) {
        (self.data, self.len)
    }
}

/// A Uint8Array that a call writes to.
pub struct Output {
    data: *mut u8,
    len: usize,
}

impl Output {
    /// The bytes, in place: for synchronous work. The caller must not have given the same memory as input.
    pub fn bytes(&mut self) -> &mut [u8] {
        if self.len == 0 {
            &mut []
        } else {
            // SAFETY: as in `Input::bytes`; TypeScript refuses an output that overlaps an input.
            unsafe { std::slice::from_raw_parts_mut(self.data, self.len) }
        }
    }

    /// True when this memory overlaps the input's.
    pub fn overlaps(&self, input: &Input) -> bool {
        let (start, end) = (self.data as usize, self.data as usize + self.len);
        let (other, other_end) = (input.data as usize, input.data as usize + input.len);
        start < other_end && other < end
    }

    /// Address and length, for a job that writes in place.
    pub(crate) fn raw(&self) -> (*mut u8, usize) {
        (self.data, self.len)
    }
}

/// Memory and element count of a typed array of this kind. A null pointer (empty or detached) always comes with length 0.
unsafe fn view(env: napi_env, value: napi_value, wanted: i32) -> Option<(*mut u8, usize)> {
    let (mut kind, mut len, mut data) = (0, 0, ptr::null_mut());
    // SAFETY: Node-API checks the value; what is not asked for may be null.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &mut kind,
            &mut len,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if status != Status::napi_ok || kind != wanted {
        return None;
    }
    Some((data.cast(), if data.is_null() { 0 } else { len }))
}

fn refuse<T>(env: napi_env, expected: &str) -> napi::Result<T> {
    // SAFETY: on the JavaScript thread, inside a call: arguments are read nowhere else.
    Err(unsafe { throw(env, &Fault::invalid("argument", expected)) })
}

impl FromNapiValue for Input {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Input> {
        // SAFETY: promised by the caller.
        match unsafe { view(env, value, sys::TypedarrayType::uint8_array) } {
            Some((data, len)) => Ok(Input { data, len }),
            None => refuse(env, "a Uint8Array"),
        }
    }
}

impl FromNapiValue for Output {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Output> {
        // SAFETY: promised by the caller.
        match unsafe { view(env, value, sys::TypedarrayType::uint8_array) } {
            Some((data, len)) => Ok(Output { data, len }),
            None => refuse(env, "a Uint8Array"),
        }
    }
}

/// A copy of a Uint32Array: lengths of ranges.
pub struct Words(pub Vec<u32>);

impl FromNapiValue for Words {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Words> {
        // SAFETY: promised by the caller; typed arrays are aligned to their elements.
        unsafe {
            match view(env, value, sys::TypedarrayType::uint32_array) {
                Some((_, 0)) => Ok(Words(Vec::new())),
                Some((data, len)) => Ok(Words(std::slice::from_raw_parts(data.cast(), len).to_vec())),
                None => refuse(env, "a Uint32Array"),
            }
        }
    }
}

/// A copy of a Float64Array of safe integers: offsets of ranges.
pub struct Offsets(pub Vec<u64>);

impl FromNapiValue for Offsets {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Offsets> {
        // SAFETY: promised by the caller; typed arrays are aligned to their elements.
        let doubles = unsafe {
            match view(env, value, sys::TypedarrayType::float64_array) {
                Some((_, 0)) => return Ok(Offsets(Vec::new())),
                Some((data, len)) => std::slice::from_raw_parts(data.cast::<f64>(), len),
                None => return refuse(env, "a Float64Array"),
            }
        };
        match doubles.iter().map(|&n| safe_integer(n)).collect() {
            Some(offsets) => Ok(Offsets(offsets)),
            None => refuse(env, "a Float64Array of safe integers"),
        }
    }
}

/// A number that is a safe integer and not negative. Node-API alone would turn -1, 1.9 or 2^32+5 into something else without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole(pub u64);

impl Whole {
    /// As usize, u32 or whatever is narrower; `invalid_input` when it does not fit.
    pub fn narrow<T: TryFrom<u64>>(self, name: &'static str) -> Result<T, Fault> {
        T::try_from(self.0)
            .map_err(|_| Fault::invalid(name, "a smaller number").with("value", self.0.to_string()))
    }
}

impl FromNapiValue for Whole {
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> napi::Result<Whole> {
        let mut number = 0.0;
        // SAFETY: Node-API checks the value.
        let status = unsafe { sys::napi_get_value_double(env, value, &mut number) };
        match safe_integer(number) {
            Some(whole) if status == Status::napi_ok => Ok(Whole(whole)),
            _ => refuse(env, "a safe integer that is not negative"),
        }
    }
}

fn safe_integer(number: f64) -> Option<u64> {
    let safe = (0.0..=9_007_199_254_740_991.0).contains(&number) && number.fract() == 0.0;
    safe.then_some(number as u64)
}
