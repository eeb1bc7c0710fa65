//! Compression of inputs that lie in memory whole.

use crate::cost::poll_bytes;
use crate::dictionary::Dictionary;
use crate::ffi::{self, Encoder, Failure};
use crate::options::CompressOptions;
use chunker_codec::{append, check, copy_out, reserve, Error, Host, Output, Result};
use std::sync::Arc;

/// Outputs up to this bound are compressed into memory that the compressor keeps, then copied to their exact size: the copy costs a hundredth of the
/// compression, fresh memory of the bound's size would cost a tenth.
const SCRATCH_BYTES_MAX: usize = (4 << 20) + (64 << 10);

/// A reusable compression context. Holds what the largest frame so far needed (`memory_bytes`); libzstd gives memory back that stays unused.
pub struct Compressor {
    encoder: Encoder,
    configured: Option<(CompressOptions, Option<Arc<Dictionary>>)>,
    scratch: Vec<u8>,
}

impl Compressor {
    /// Errors: `out_of_memory`.
    pub fn new() -> Result<Self> {
        let encoder = Encoder::new().ok_or(Error::OutOfMemory { bytes: 1 << 16 })?;
        Ok(Compressor { encoder, configured: None, scratch: Vec::new() })
    }

    /// Bytes it holds, as libzstd counts them.
    pub fn memory_bytes(&self) -> usize {
        self.encoder.memory_bytes() + self.scratch.capacity()
    }

    /// Compresses `input` to one frame in memory of exactly its size. The bytes depend on input, options and dictionary alone.
    ///
    /// Errors: `invalid_options`, `dictionary_mismatch`, `out_of_memory`, `aborted`.
    pub fn compress(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
    ) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        self.compress_append(input, options, dictionary, host, &mut output)?;
        Ok(output)
    }

    /// As `compress`, behind what `output` holds, which stays as it was on failure. Returns the frame's length.
    pub fn compress_append(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize> {
        self.configure(options, dictionary)?;
        let bound = bound_of(input)?;
        if bound <= SCRATCH_BYTES_MAX {
            let scratch = self.compress_to_scratch(input, bound, host)?;
            reserve(output, scratch.len() as u64)?;
            output.extend_from_slice(scratch);
            return Ok(scratch.len());
        }
        reserve(output, bound as u64)?;
        let before = output.len();
        append(output, bound, |place| self.compress_to(input, host, place))?;
        output.shrink_to_fit();
        Ok(output.len() - before)
    }

    /// Compresses `input` into the start of `output` and returns the bytes written: the same bytes that `compress` gives. What lies behind them stays as it
    /// was or is zero, also on failure.
    ///
    /// Errors: those of `compress`, and `output_too_small` with the exact size needed.
    pub fn compress_into(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize> {
        self.configure(options, dictionary)?;
        let bound = bound_of(input)?;
        // Not directly: libzstd uses all the room it has for its own purposes, and in a tight place it stores what it could have compressed, as its bit writers
        // want slack. That would be remains behind the frame, other bytes than `compress` gives, or failure at the exact size.
        if bound <= SCRATCH_BYTES_MAX {
            return copy_out(self.compress_to_scratch(input, bound, host)?, output);
        }
        if output.len() < bound {
            return copy_out(&self.compress(input, options, dictionary, host)?, output);
        }
        let mut place = Output::over(&mut output[..bound]);
        let outcome = self.compress_to(input, host, &mut place);
        let written = if outcome.is_ok() { place.written() } else { 0 };
        output[written..bound].fill(0);
        outcome.map(|()| written)
    }

    fn compress_to_scratch(&mut self, input: &[u8], bound: usize, host: &dyn Host) -> Result<&[u8]> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let outcome = reserve(&mut scratch, bound as u64)
            .and_then(|()| append(&mut scratch, bound, |place| self.compress_to(input, host, place)));
        self.scratch = scratch;
        outcome.map(|()| self.scratch.as_slice())
    }

    /// The context is configured and `output` has room for the bound.
    fn compress_to(&mut self, input: &[u8], host: &dyn Host, output: &mut Output<'_>) -> Result<()> {
        check(host)?;
        let level = self.configured.as_ref().map_or(0, |(options, _)| options.level);
        let poll = poll_bytes(level);
        if input.len() <= poll {
            return self.encoder.whole(input, output).map_err(encoding_error);
        }
        self.encoder.reset();
        let outcome = self.compress_stepwise(input, poll, host, output);
        self.encoder.reset();
        self.encoder.set_stable(false).map_err(encoding_error)?;
        outcome
    }

    /// Input and output stay where they are, so libzstd works on them in place: the frame differs from a one-call frame at most in where blocks are split.
    fn compress_stepwise(
        &mut self,
        input: &[u8],
        poll: usize,
        host: &dyn Host,
        output: &mut Output<'_>,
    ) -> Result<()> {
        self.encoder.pledge(input.len() as u64).map_err(encoding_error)?;
        self.encoder.set_stable(true).map_err(encoding_error)?;
        let mut read = 0;
        while read < input.len() {
            check(host)?;
            let until = read.saturating_add(poll).min(input.len());
            read += self.encoder.stable_step(input, read, until, output).map_err(encoding_error)?.read;
        }
        Ok(())
    }

    /// Makes the context ready for a frame. Repeated options cost a comparison.
    pub(crate) fn configure(
        &mut self,
        options: &CompressOptions,
        dictionary: Option<&Arc<Dictionary>>,
    ) -> Result<()> {
        if let Some((current, current_dictionary)) = &self.configured {
            let same = match (current_dictionary, dictionary) {
                (None, None) => true,
                (Some(current), Some(wanted)) => Arc::ptr_eq(current, wanted),
                _ => false,
            };
            if same && current == options {
                return Ok(());
            }
        }
        options.check()?;
        self.configured = None;
        let encoder_dictionary = dictionary.map(|dictionary| dictionary.encoder(options)).transpose()?;
        self.encoder.configure(options, encoder_dictionary).map_err(encoding_error)?;
        self.configured = Some((*options, dictionary.cloned()));
        Ok(())
    }

    pub(crate) fn encoder(&mut self) -> &mut Encoder {
        &mut self.encoder
    }

    /// Lets go of the dictionary and of the frame begun: for contexts that are put by.
    pub fn rest(&mut self) {
        if self.configured.as_ref().is_some_and(|(_, dictionary)| dictionary.is_some()) {
            self.configured = None;
            // Resetting to defaults fails only in the middle of a session, and this ends the session first.
            let _ = self.encoder.configure(&CompressOptions::default(), None);
        } else {
            self.encoder.reset();
        }
    }
}

/// An upper bound of the length of the frame that `bytes` bytes become; None where it is no size of this machine.
pub fn compress_bound(bytes: usize) -> Option<usize> {
    ffi::bound(bytes)
}

fn bound_of(input: &[u8]) -> Result<usize> {
    compress_bound(input.len()).ok_or(Error::OutOfMemory { bytes: input.len() as u64 })
}

/// Options were checked and outputs are large enough, so what is left is memory.
pub(crate) fn encoding_error(failure: Failure) -> Error {
    match failure.code() {
        Failure::MEMORY => Error::OutOfMemory { bytes: 0 },
        _ => Error::CorruptData { offset: 0, reason: failure.reason() },
    }
}
