//! The interface that all of Chunker's WebAssembly modules share (`docs/formats/wasm-abi.md`): operation numbers, error
//! numbers, the module's memory and its numbered states. The same numbers stand in `packages/core/src/wasm/abi.ts`; a test
//! compares the two files.

use std::alloc::Layout;

/// Version of this interface. Numbers are only ever added; a change of meaning raises it.
pub const VERSION: u32 = 1;

/// Operations of `call`.
pub mod op {
    /// Answers `VERSION | groups << 8`.
    pub const DESCRIBE: u32 = 0;
    /// Input to digest.
    pub const HASH: u32 = 1;
    /// Ranges of the input to digests.
    pub const HASH_MANY: u32 = 2;
    /// A new state; answers its handle.
    pub const HASH_CREATE: u32 = 3;
    /// Takes input into a state.
    pub const HASH_UPDATE: u32 = 4;
    /// Digest of a state, which goes on.
    pub const HASH_DIGEST: u32 = 5;
    /// A second state; answers its handle.
    pub const HASH_CLONE: u32 = 6;
    /// Ends a state.
    pub const HASH_DROP: u32 = 7;
    /// Input to compressed output; answers bytes written.
    pub const COMPRESS: u32 = 16;
    /// Compressed input to output; answers bytes written.
    pub const DECOMPRESS: u32 = 17;
    /// Answers the most bytes that `in_len` bytes can be compressed to.
    pub const COMPRESS_BOUND: u32 = 18;
    /// Answers the decompressed size that the input declares.
    pub const CONTENT_SIZE: u32 = 19;
    /// A new push encoder; answers its handle.
    pub const COMPRESSOR_CREATE: u32 = 24;
    /// A new push decoder; answers its handle.
    pub const DECOMPRESSOR_CREATE: u32 = 25;
    /// Input to output through a push state; answers `consumed << 32 | written`.
    pub const PUSH: u32 = 26;
    /// The rest of a push state's output; answers `is_done << 32 | written`.
    pub const PUSH_END: u32 = 27;
    /// Ends a push state.
    pub const PUSH_DROP: u32 = 28;
    /// Window to lengths of chunks.
    pub const CUT_ALL: u32 = 32;
}

/// Groups of operations that a module offers, as `DESCRIBE` tells.
pub mod group {
    /// Operations 1 to 7.
    pub const HASH: u32 = 1;
    /// Operations 16 to 28.
    pub const CODEC: u32 = 2;
    /// Operation 32.
    pub const CHUNKER: u32 = 4;
}

/// What went wrong; `call` answers the number negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
#[allow(missing_docs)]
pub enum Code {
    CorruptData = 1,
    TruncatedInput = 2,
    ChecksumMismatch = 3,
    TrailingData = 4,
    UnsupportedFeature = 5,
    SizeExceeded = 6,
    MemoryLimitExceeded = 7,
    OutputTooSmall = 8,
    OutOfMemory = 9,
    DictionaryMissing = 10,
    DictionaryMismatch = 11,
    InvalidInput = 12,
    InvalidOptions = 13,
    AlreadyFinished = 14,
    Aborted = 15,
}

/// What `call` was called with. Pieces are empty where a length was 0.
pub struct Call<'a> {
    /// The operation.
    pub op: u32,
    /// Input bytes.
    pub input: &'a [u8],
    /// Where output goes.
    pub output: &'a mut [u8],
    /// The encoded options, or a batch's options and ranges.
    pub options: &'a [u8],
    /// The state's handle, in operations that take one: the number passed in place of the options' address.
    pub handle: u32,
}

/// Turns the seven numbers of `call` into pieces of memory, has `answer` answer, and turns that into one number.
///
/// # Safety
/// Each address with its length (unless that is 0) must lie in memory that `alloc` has given out and `free` has not taken back,
/// and the output must not overlap the input or the options: that is what the host promises.
#[allow(clippy::too_many_arguments)]
pub unsafe fn enter(
    op: u32,
    input: (*const u8, usize),
    output: (*mut u8, usize),
    options: (*const u8, usize),
    answer: impl FnOnce(Call<'_>) -> Result<u64, Code>,
) -> i64 {
    // A pointer with length 0 may be anything, also null; a slice must not be null.
    let input: &[u8] = match input {
        (_, 0) => &[],
        // SAFETY: the caller's promise, see above.
        (address, bytes) => unsafe { std::slice::from_raw_parts(address, bytes) },
    };
    let handle = options.0 as usize as u32;
    let options: &[u8] = match options {
        (_, 0) => &[],
        // SAFETY: the caller's promise, see above.
        (address, bytes) => unsafe { std::slice::from_raw_parts(address, bytes) },
    };
    let output: &mut [u8] = match output {
        (_, 0) => &mut [],
        // SAFETY: the caller's promise, see above.
        (address, bytes) => unsafe { std::slice::from_raw_parts_mut(address, bytes) },
    };
    let call = Call { op, input, output, options, handle };
    match answer(call) {
        Ok(value) => value as i64,
        Err(code) => -(code as i64),
    }
}

const ALIGNMENT: usize = 16;

/// Memory for the host to write to, aligned to 16 bytes; null when it cannot be had, or for no bytes at all.
pub fn allocate(bytes: usize) -> *mut u8 {
    match Layout::from_size_align(bytes, ALIGNMENT) {
        // SAFETY: the layout's size is not zero.
        Ok(layout) if bytes > 0 => unsafe { std::alloc::alloc(layout) },
        _ => std::ptr::null_mut(),
    }
}

/// Takes back what `allocate` gave for the same number of bytes.
///
/// # Safety
/// `address` must be null or come from `allocate(bytes)`, and not have been released before.
pub unsafe fn release(address: *mut u8, bytes: usize) {
    if let (false, Ok(layout)) = (address.is_null(), Layout::from_size_align(bytes, ALIGNMENT)) {
        // SAFETY: the caller's promise: this address was given out with this layout.
        unsafe { std::alloc::dealloc(address, layout) };
    }
}

/// States that the host knows by number, from 1.
pub struct States<T>(Vec<Option<T>>);

impl<T> Default for States<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> States<T> {
    /// None yet.
    pub const fn new() -> Self {
        States(Vec::new())
    }

    /// Keeps a state; gives its handle.
    pub fn keep(&mut self, state: T) -> Result<u64, Code> {
        let free = self.0.iter().position(Option::is_none);
        let place = match free {
            Some(place) => place,
            None => {
                self.0.try_reserve(1).map_err(|_| Code::OutOfMemory)?;
                self.0.push(None);
                self.0.len() - 1
            }
        };
        self.0[place] = Some(state);
        Ok(place as u64 + 1)
    }

    /// The state of a handle; [`Code::AlreadyFinished`] when there is none.
    pub fn get(&mut self, handle: u32) -> Result<&mut T, Code> {
        let place = (handle as usize).wrapping_sub(1);
        self.0.get_mut(place).and_then(Option::as_mut).ok_or(Code::AlreadyFinished)
    }

    /// Ends a state. Ending none is no error.
    pub fn end(&mut self, handle: u32) {
        if let Some(state) = self.0.get_mut((handle as usize).wrapping_sub(1)) {
            *state = None;
        }
    }
}

/// A batch's options: the length of the encoded options, those, then an offset and a length for each range; all numbers
/// are four bytes, little end first.
pub struct Ranges<'a> {
    /// The algorithm's own options.
    pub options: &'a [u8],
    pairs: &'a [[u8; 8]],
}

impl<'a> Ranges<'a> {
    /// Reads them; [`Code::InvalidInput`] where a range does not lie in `input` or the bytes end early.
    pub fn read(bytes: &'a [u8], input: &[u8]) -> Result<Ranges<'a>, Code> {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Code::InvalidInput)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (options, pairs) = rest.split_at_checked(length).ok_or(Code::InvalidInput)?;
        let (pairs, []) = pairs.as_chunks::<8>() else { return Err(Code::InvalidInput) };
        let ranges = Ranges { options, pairs };
        for index in 0..ranges.count() {
            let (offset, length) = ranges.pair(index);
            if offset.checked_add(length).is_none_or(|end| end > input.len()) {
                return Err(Code::InvalidInput);
            }
        }
        Ok(ranges)
    }

    /// How many ranges.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Range `index` of the input that `read` has seen.
    pub fn slice<'i>(&self, index: usize, input: &'i [u8]) -> &'i [u8] {
        let (offset, length) = self.pair(index);
        &input[offset..offset + length]
    }

    fn pair(&self, index: usize) -> (usize, usize) {
        let [a, b, c, d, e, f, g, h] = self.pairs[index];
        (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize)
    }
}

/// Makes a function `fn(Call) -> Result<u64, Code>` the module's door: exports `alloc`, `free` and `call`.
#[macro_export]
macro_rules! door {
    ($answer:path) => {
        #[no_mangle]
        extern "C" fn alloc(bytes: usize) -> *mut u8 {
            $crate::allocate(bytes)
        }

        #[no_mangle]
        unsafe extern "C" fn free(address: *mut u8, bytes: usize) {
            // SAFETY: the host gives back what `alloc` gave it, once and with the same size.
            unsafe { $crate::release(address, bytes) }
        }

        #[no_mangle]
        unsafe extern "C" fn call(
            op: u32,
            input: *const u8,
            input_bytes: usize,
            output: *mut u8,
            output_bytes: usize,
            options: *const u8,
            options_bytes: usize,
        ) -> i64 {
            // SAFETY: the host passes pieces that `alloc` gave it, and an output apart from the inputs.
            unsafe {
                $crate::enter(
                    op,
                    (input, input_bytes),
                    (output, output_bytes),
                    (options, options_bytes),
                    $answer,
                )
            }
        }
    };
}
