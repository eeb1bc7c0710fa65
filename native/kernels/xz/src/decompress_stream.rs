//! Decompression of data that arrive piece by piece.

use crate::decompress::Decompressor;
use crate::ffi::Coder;
use crate::lzma_engine::LzmaEngine;
use crate::options::Format;
use crate::xz_engine::XzEngine;
use chunker_codec::{append, DecodeLimits, Error, Host, Output, PushDecompressor, Result};

/// The state machine of either format.
pub(crate) enum Engine {
    Xz(Box<XzEngine>),
    Lzma(LzmaEngine),
}

impl Engine {
    pub fn new(format: Format, limits: DecodeLimits) -> Result<Self> {
        Ok(match format {
            Format::Xz => Engine::Xz(Box::new(XzEngine::new(limits)?)),
            Format::Lzma => Engine::Lzma(LzmaEngine::new(limits)),
        })
    }

    pub fn push(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        match self {
            Engine::Xz(engine) => engine.push(coder, input, output, host),
            Engine::Lzma(engine) => engine.push(coder, input, output, host),
        }
    }

    pub fn full(&self) -> bool {
        match self {
            Engine::Xz(engine) => engine.full(),
            Engine::Lzma(engine) => engine.full(),
        }
    }

    /// To be called at the end of the input, with room for a byte of output.
    pub fn finish(&mut self, coder: &mut Coder, output: &mut Output<'_>, host: &dyn Host) -> Result<()> {
        match self {
            Engine::Xz(engine) => engine.finish(),
            Engine::Lzma(engine) => engine.finish(coder, output, host),
        }
    }

    /// As `finish`, behind what `output` holds: where it is full and nothing comes, as mostly, it does not grow for that.
    pub fn finish_append(&mut self, coder: &mut Coder, output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        let mut byte = [0u8];
        let mut place = Output::over(&mut byte);
        self.finish(coder, &mut place, host)?;
        let written = place.written();
        output.try_reserve(written).map_err(|_| Error::OutOfMemory { bytes: 1 })?;
        output.extend_from_slice(&byte[..written]);
        Ok(())
    }
}

/// Memory is taken in steps of so much, at most.
const STEP_BYTES: usize = 256 << 10;

/// All streams of an input. However it is split and however little output is asked for: the same bytes, and at a fault the same error after the same bytes (behind a filter for machine code after
/// as many of them as came out before the step that met it). Checks come last, so bytes are given out before they are verified; the input is whole only when `finish_to` says so.
pub struct DecompressStream {
    decompressor: Decompressor,
    engine: Engine,
    closed: bool,
}

impl DecompressStream {
    /// Errors: `out_of_memory`.
    pub fn new(decompressor: Decompressor, format: Format, limits: &DecodeLimits) -> Result<Self> {
        Ok(DecompressStream { decompressor, engine: Engine::new(format, *limits)?, closed: false })
    }

    /// One step, of which the output is kept also where it fails.
    fn push_step(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        step: usize,
        host: &dyn Host,
    ) -> Result<usize> {
        output.try_reserve(step).map_err(|_| Error::OutOfMemory { bytes: step as u64 })?;
        let (engine, coder) = (&mut self.engine, self.decompressor.coder());
        let mut outcome = Ok(0);
        append(output, step, |place| {
            outcome = engine.push(coder, input, place, host);
            Ok::<(), Error>(())
        })?;
        outcome
    }

    /// True when more output may come without more input.
    pub fn holds_output(&self) -> bool {
        !self.closed && self.engine.full()
    }

    /// The decoder, for the next use.
    pub fn into_decompressor(self) -> Decompressor {
        self.decompressor
    }
}

impl PushDecompressor for DecompressStream {
    fn push_some(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        most: usize,
        host: &dyn Host,
    ) -> Result<usize> {
        if self.closed {
            return Err(Error::AlreadyFinished);
        }
        let (mut read, mut left) = (0, most);
        loop {
            let step = left.min(STEP_BYTES);
            let before = output.len();
            let outcome = self.push_step(&input[read..], output, step, host);
            left -= output.len() - before;
            match outcome {
                Ok(taken) => read += taken,
                Err(error) => {
                    self.closed = true;
                    return Err(error);
                }
            }
            if left == 0 || (read == input.len() && !self.engine.full()) {
                return Ok(read);
            }
        }
    }

    fn finish_to(&mut self, output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Err(Error::AlreadyFinished);
        }
        self.engine.finish_append(self.decompressor.coder(), output, host)
    }
}
