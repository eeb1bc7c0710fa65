use super::Failure;
use liblzma_sys as sys;
use std::ptr::{null, NonNull};

/// Compares the blocks of a stream with its index, in memory of constant size however many they are.
pub struct IndexHash(NonNull<sys::lzma_index_hash>);

// SAFETY: owned memory without thread affinity.
unsafe impl Send for IndexHash {}

impl Drop for IndexHash {
    fn drop(&mut self) {
        // SAFETY: made by lzma_index_hash_init, freed once.
        unsafe { sys::lzma_index_hash_end(self.0.as_ptr(), null()) };
    }
}

impl IndexHash {
    /// None: out of memory.
    pub fn new() -> Option<Self> {
        // SAFETY: null for both: a new one, with the default allocator.
        NonNull::new(unsafe { sys::lzma_index_hash_init(std::ptr::null_mut(), null()) }).map(IndexHash)
    }

    /// For the next stream.
    pub fn reset(&mut self) {
        // SAFETY: a live one is initialised again; that allocates nothing, so the same pointer comes back.
        unsafe { sys::lzma_index_hash_init(self.0.as_ptr(), null()) };
    }

    /// Notes a block that was decoded. Fails where sizes pass what the format can tell.
    pub fn append(&mut self, unpadded: u64, content: u64) -> Result<(), Failure> {
        // SAFETY: a live object.
        super::outcome(unsafe { sys::lzma_index_hash_append(self.0.as_ptr(), unpadded, content) })
    }

    /// Reads a piece of the index, from its first byte (0) on; true where it is complete. What stands behind its end is ignored.
    pub fn read(&mut self, input: &[u8]) -> Result<bool, Failure> {
        let mut taken = 0;
        // SAFETY: pointer and length are those of a live slice; `taken` is a position in it.
        let code =
            unsafe { sys::lzma_index_hash_decode(self.0.as_ptr(), input.as_ptr(), &mut taken, input.len()) };
        match code {
            sys::LZMA_OK | sys::LZMA_BUF_ERROR => Ok(false),
            sys::LZMA_STREAM_END => Ok(true),
            code => Err(Failure::of(code)),
        }
    }

    /// Length of the index that the blocks noted make.
    pub fn bytes(&self) -> u64 {
        // SAFETY: a live object.
        unsafe { sys::lzma_index_hash_size(self.0.as_ptr()) }
    }
}
