use super::{outcome, Failure, DEFAULT_MEMORY};
use crate::options::WINDOW_LOGS;
use chunker_codec::Output;
use std::ptr::NonNull;
use std::sync::Arc;
use zstd_sys as sys;
use zstd_sys::ZSTD_dParameter as P;

/// A decompression context.
pub struct Decoder {
    context: NonNull<sys::ZSTD_DCtx>,
    /// What the context refers to, kept alive as long as it does.
    dictionary: Option<Arc<DecoderDictionary>>,
}

// SAFETY: see the module's head; the context is owned and has no thread affinity.
unsafe impl Send for Decoder {}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: created by ZSTD_createDCtx, freed once.
        unsafe { sys::ZSTD_freeDCtx(self.context.as_ptr()) };
    }
}

impl Decoder {
    /// None: out of memory.
    pub fn new() -> Option<Self> {
        // SAFETY: no arguments; null is checked.
        let context = NonNull::new(unsafe { sys::ZSTD_createDCtx() })?;
        Some(Decoder { context, dictionary: None })
    }

    /// Bytes the context holds.
    pub fn memory_bytes(&self) -> usize {
        // SAFETY: a live context.
        unsafe { sys::ZSTD_sizeof_DCtx(self.context.as_ptr()) }
    }

    /// Takes the dictionary for the frames to come; what was begun is forgotten. With `stable`, `advance` is always given the same output, decodes into
    /// it directly and keeps no window. libzstd's own limit on the window is lifted: callers check headers before they feed them.
    pub fn begin(
        &mut self,
        dictionary: Option<&Arc<DecoderDictionary>>,
        stable: bool,
    ) -> Result<(), Failure> {
        let all = sys::ZSTD_ResetDirective::ZSTD_reset_session_and_parameters;
        // SAFETY: a live context.
        outcome(unsafe { sys::ZSTD_DCtx_reset(self.context.as_ptr(), all) })?;
        self.dictionary = None;
        for (parameter, value) in [
            (P::ZSTD_d_windowLogMax, WINDOW_LOGS.1 as i32),
            (P::ZSTD_d_experimentalParam2, i32::from(stable)), // ZSTD_d_stableOutBuffer
        ] {
            // SAFETY: a live context; libzstd checks parameter and value.
            outcome(unsafe { sys::ZSTD_DCtx_setParameter(self.context.as_ptr(), parameter, value) })?;
        }
        if let Some(dictionary) = dictionary {
            // SAFETY: both live; the Arc stored below outlives the reference, which ends with the next reset of parameters or the context.
            outcome(unsafe { sys::ZSTD_DCtx_refDDict(self.context.as_ptr(), dictionary.0.as_ptr()) })?;
            self.dictionary = Some(Arc::clone(dictionary));
        }
        Ok(())
    }

    /// All frames of `input` in one call.
    pub fn whole(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
        let (place, room) = (output.next_mut_ptr(), output.room());
        // SAFETY: pointers and lengths are those of live memory, which does not overlap as one is borrowed mutably.
        let written = outcome(unsafe {
            sys::ZSTD_decompressDCtx(
                self.context.as_ptr(),
                place.cast(),
                room,
                input.as_ptr().cast(),
                input.len(),
            )
        })?;
        // SAFETY: libzstd wrote so many bytes there.
        unsafe { output.set_written(output.written() + written) };
        Ok(())
    }

    /// Decodes from `input` into the first `room` free bytes of `output`; the input bytes taken.
    pub fn advance(&mut self, input: &[u8], output: &mut Output<'_>, room: usize) -> Result<usize, Failure> {
        let mut source = sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: 0 };
        let mut target = sys::ZSTD_outBuffer {
            dst: output.as_mut_ptr().cast(),
            size: output.written() + room.min(output.room()),
            pos: output.written(),
        };
        // SAFETY: both buffers describe live memory; libzstd checks that the positions are inside.
        outcome(unsafe { sys::ZSTD_decompressStream(self.context.as_ptr(), &mut target, &mut source) })?;
        // SAFETY: libzstd wrote the bytes before this position.
        unsafe { output.set_written(target.pos) };
        Ok(source.pos)
    }
}

/// A dictionary digested for decompression.
pub struct DecoderDictionary(NonNull<sys::ZSTD_DDict>);

// SAFETY: immutable after creation, see the module's head.
unsafe impl Send for DecoderDictionary {}
// SAFETY: as above.
unsafe impl Sync for DecoderDictionary {}

impl Drop for DecoderDictionary {
    fn drop(&mut self) {
        // SAFETY: created by ZSTD_createDDict_advanced, freed once.
        unsafe { sys::ZSTD_freeDDict(self.0.as_ptr()) };
    }
}

impl DecoderDictionary {
    /// Digests a copy of `bytes`. None: out of memory, or a dictionary with a magic whose tables cannot be read.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        // SAFETY: the slice is live during the call and copied by it.
        NonNull::new(unsafe {
            sys::ZSTD_createDDict_advanced(
                bytes.as_ptr().cast(),
                bytes.len(),
                sys::ZSTD_dictLoadMethod_e::ZSTD_dlm_byCopy,
                sys::ZSTD_dictContentType_e::ZSTD_dct_auto,
                DEFAULT_MEMORY,
            )
        })
        .map(DecoderDictionary)
    }

    /// Bytes it holds.
    pub fn memory_bytes(&self) -> usize {
        // SAFETY: a live dictionary.
        unsafe { sys::ZSTD_sizeof_DDict(self.0.as_ptr()) }
    }
}
