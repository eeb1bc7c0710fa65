use super::{outcome, Failure, DEFAULT_MEMORY};
use crate::options::CompressOptions;
use chunker_codec::Output;
use std::ptr::NonNull;
use std::sync::Arc;
use zstd_sys as sys;
use zstd_sys::ZSTD_cParameter as P;

/// Input taken by one step of a stream, and whether nothing is held back any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub read: usize,
    pub drained: bool,
}

/// A compression context.
pub struct Encoder {
    context: NonNull<sys::ZSTD_CCtx>,
    /// What the context refers to, kept alive as long as it does.
    dictionary: Option<Arc<EncoderDictionary>>,
}

// SAFETY: see the module's head; the context is owned and has no thread affinity.
unsafe impl Send for Encoder {}

impl Drop for Encoder {
    fn drop(&mut self) {
        // SAFETY: created by ZSTD_createCCtx, freed once.
        unsafe { sys::ZSTD_freeCCtx(self.context.as_ptr()) };
    }
}

impl Encoder {
    /// None: out of memory.
    pub fn new() -> Option<Self> {
        // SAFETY: no arguments; null is checked.
        let context = NonNull::new(unsafe { sys::ZSTD_createCCtx() })?;
        Some(Encoder { context, dictionary: None })
    }

    /// Bytes the context holds.
    pub fn memory_bytes(&self) -> usize {
        // SAFETY: a live context.
        unsafe { sys::ZSTD_sizeof_CCtx(self.context.as_ptr()) }
    }

    fn set(&mut self, parameter: P, value: i32) -> Result<(), Failure> {
        // SAFETY: a live context; libzstd checks parameter and value.
        outcome(unsafe { sys::ZSTD_CCtx_setParameter(self.context.as_ptr(), parameter, value) }).map(drop)
    }

    /// Forgets the frame begun, keeps parameters and dictionary.
    pub fn reset(&mut self) {
        // SAFETY: a live context; resetting the session never fails (zstd.h).
        unsafe {
            sys::ZSTD_CCtx_reset(self.context.as_ptr(), sys::ZSTD_ResetDirective::ZSTD_reset_session_only)
        };
    }

    /// Takes parameters and dictionary for the frames to come; everything before is forgotten.
    pub fn configure(
        &mut self,
        options: &CompressOptions,
        dictionary: Option<Arc<EncoderDictionary>>,
    ) -> Result<(), Failure> {
        let all = sys::ZSTD_ResetDirective::ZSTD_reset_session_and_parameters;
        // SAFETY: a live context.
        outcome(unsafe { sys::ZSTD_CCtx_reset(self.context.as_ptr(), all) })?;
        self.dictionary = None;
        for (parameter, value) in parameters(options) {
            self.set(parameter, value)?;
        }
        if let Some(dictionary) = dictionary {
            // SAFETY: both live; the Arc stored below outlives the reference, which ends with the next reset of parameters or the context.
            outcome(unsafe { sys::ZSTD_CCtx_refCDict(self.context.as_ptr(), dictionary.0.as_ptr()) })?;
            self.dictionary = Some(dictionary);
        }
        Ok(())
    }

    /// One frame in one call. There must be room for `bound(input.len())` bytes for the frame not to depend on the room.
    pub fn whole(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
        let (place, room) = (output.next_mut_ptr(), output.room());
        // SAFETY: pointers and lengths are those of live memory, which does not overlap as one is borrowed mutably.
        let written = outcome(unsafe {
            sys::ZSTD_compress2(self.context.as_ptr(), place.cast(), room, input.as_ptr().cast(), input.len())
        })?;
        // SAFETY: libzstd wrote so many bytes there.
        unsafe { output.set_written(output.written() + written) };
        Ok(())
    }

    /// Announces the length of the next frame's content.
    pub fn pledge(&mut self, bytes: u64) -> Result<(), Failure> {
        // SAFETY: a live context.
        outcome(unsafe { sys::ZSTD_CCtx_setPledgedSrcSize(self.context.as_ptr(), bytes) }).map(drop)
    }

    /// Says that input and output stay where they are during the next frame, so that nothing is copied into the context.
    pub fn set_stable(&mut self, stable: bool) -> Result<(), Failure> {
        self.set(P::ZSTD_c_experimentalParam9, i32::from(stable))?; // ZSTD_c_stableInBuffer
        self.set(P::ZSTD_c_experimentalParam10, i32::from(stable)) // ZSTD_c_stableOutBuffer
    }

    /// One step of a frame whose whole input and output are in memory (`set_stable`): compresses `input[read..until]`, ends the frame where `until` is the
    /// input's end. The same input and output must come with every step.
    pub fn stable_step(
        &mut self,
        input: &[u8],
        read: usize,
        until: usize,
        output: &mut Output<'_>,
    ) -> Result<Step, Failure> {
        self.run(&input[..until], read, output, until == input.len())
    }

    /// One step of a stream; with `end` the frame is ended, and to be repeated until drained.
    pub fn step(&mut self, input: &[u8], output: &mut Output<'_>, end: bool) -> Result<Step, Failure> {
        self.run(input, 0, output, end)
    }

    fn run(
        &mut self,
        input: &[u8],
        read: usize,
        output: &mut Output<'_>,
        end: bool,
    ) -> Result<Step, Failure> {
        let mut source = sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size: input.len(), pos: read };
        let mut target = sys::ZSTD_outBuffer {
            dst: output.as_mut_ptr().cast(),
            size: output.capacity(),
            pos: output.written(),
        };
        let directive =
            if end { sys::ZSTD_EndDirective::ZSTD_e_end } else { sys::ZSTD_EndDirective::ZSTD_e_continue };
        // SAFETY: both buffers describe live memory; libzstd checks that the positions are inside.
        let left = outcome(unsafe {
            sys::ZSTD_compressStream2(self.context.as_ptr(), &mut target, &mut source, directive)
        })?;
        // SAFETY: libzstd wrote the bytes before this position.
        unsafe { output.set_written(target.pos) };
        Ok(Step { read: source.pos - read, drained: left == 0 })
    }
}

fn parameters(options: &CompressOptions) -> impl Iterator<Item = (P, i32)> {
    let optional = |value: Option<u32>| value.map_or(0, |value| value as i32);
    [
        (P::ZSTD_c_compressionLevel, options.level),
        (P::ZSTD_c_checksumFlag, i32::from(options.checksum)),
        (P::ZSTD_c_contentSizeFlag, i32::from(options.content_size)),
        (P::ZSTD_c_enableLongDistanceMatching, i32::from(options.long_distance)),
        (P::ZSTD_c_windowLog, optional(options.window_log)),
        (P::ZSTD_c_minMatch, optional(options.min_match)),
        (P::ZSTD_c_targetCBlockSize, optional(options.target_block_bytes)),
    ]
    .into_iter()
    // 0 is what a reset leaves, except for the level and the content size.
    .filter(|(parameter, value)| *value != 0 || matches!(parameter, P::ZSTD_c_contentSizeFlag))
}

/// A dictionary digested for compression with one set of parameters.
pub struct EncoderDictionary(NonNull<sys::ZSTD_CDict>);

// SAFETY: immutable after creation, see the module's head.
unsafe impl Send for EncoderDictionary {}
// SAFETY: as above.
unsafe impl Sync for EncoderDictionary {}

impl Drop for EncoderDictionary {
    fn drop(&mut self) {
        // SAFETY: created by ZSTD_createCDict_advanced2, freed once.
        unsafe { sys::ZSTD_freeCDict(self.0.as_ptr()) };
    }
}

impl EncoderDictionary {
    /// Digests a copy of `bytes`. None: out of memory, or a dictionary with a magic whose tables cannot be read.
    pub fn new(bytes: &[u8], options: &CompressOptions) -> Option<Self> {
        // SAFETY: no arguments; null is checked.
        let params = NonNull::new(unsafe { sys::ZSTD_createCCtxParams() })?;
        let dictionary = Self::with_params(bytes, options, params);
        // SAFETY: created above, freed once, used no more.
        unsafe { sys::ZSTD_freeCCtxParams(params.as_ptr()) };
        dictionary
    }

    fn with_params(
        bytes: &[u8],
        options: &CompressOptions,
        params: NonNull<sys::ZSTD_CCtx_params>,
    ) -> Option<Self> {
        for (parameter, value) in parameters(options) {
            // SAFETY: live parameters; libzstd checks parameter and value.
            outcome(unsafe { sys::ZSTD_CCtxParams_setParameter(params.as_ptr(), parameter, value) }).ok()?;
        }
        // SAFETY: the slice is live during the call and copied by it.
        NonNull::new(unsafe {
            sys::ZSTD_createCDict_advanced2(
                bytes.as_ptr().cast(),
                bytes.len(),
                sys::ZSTD_dictLoadMethod_e::ZSTD_dlm_byCopy,
                sys::ZSTD_dictContentType_e::ZSTD_dct_auto,
                params.as_ptr(),
                DEFAULT_MEMORY,
            )
        })
        .map(EncoderDictionary)
    }

    /// Bytes it holds.
    pub fn memory_bytes(&self) -> usize {
        // SAFETY: a live dictionary.
        unsafe { sys::ZSTD_sizeof_CDict(self.0.as_ptr()) }
    }
}

/// The most that `bytes` bytes can become, or None where that is no size of this machine.
pub fn bound(bytes: usize) -> Option<usize> {
    // SAFETY: pure function of its argument.
    outcome(unsafe { sys::ZSTD_compressBound(bytes) }).ok()
}
