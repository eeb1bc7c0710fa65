//! Compression of data that arrive piece by piece.

use crate::compress::{encoding_error, Compressor};
use crate::dictionary::Dictionary;
use crate::ffi::Failure;
use crate::options::CompressOptions;
use crate::progress::Progress;
use chunker_codec::{check, Error, Host, Output, PushCompressor, Result};
use std::sync::Arc;

/// Input between two looks at the host. libzstd compresses a block, 128 KiB, when it is full.
const POLL_BYTES: usize = 64 << 10;
/// Output is taken in pieces of a block's content: small enough to stay in the second-level cache, where clearing it costs nothing beside the codec.
const PIECE_BYTES: usize = 128 << 10;

/// One frame made of pieces. However the input is split and however small the outputs are, the frame's bytes are the same.
pub struct CompressStream {
    compressor: Compressor,
    announced: Option<u64>,
    total_in: u64,
    state: State,
}

#[derive(Clone, PartialEq)]
enum State {
    Open,
    Ending,
    Done,
    Failed,
}

impl CompressStream {
    /// Begins a frame. `announced` is the length of all input where it is known: it goes into the header, and another length is refused at the end.
    ///
    /// Errors: `invalid_options`, `dictionary_mismatch`, `out_of_memory`.
    pub fn new(
        mut compressor: Compressor,
        options: &CompressOptions,
        dictionary: Option<&Arc<Dictionary>>,
        announced: Option<u64>,
    ) -> Result<Self> {
        compressor.configure(options, dictionary)?;
        compressor.encoder().reset();
        if let Some(bytes) = announced {
            compressor.encoder().pledge(bytes).map_err(encoding_error)?;
        }
        Ok(CompressStream { compressor, announced, total_in: 0, state: State::Open })
    }

    /// Takes input and gives output, until the input is used up or the output is full: `read < input.len()` only with a full output.
    ///
    /// Errors: `aborted`, `out_of_memory`, `invalid_input` for more than was announced, `already_finished` after `finish` or an error.
    pub fn push(&mut self, input: &[u8], output: &mut [u8], host: &dyn Host) -> Result<Progress> {
        if self.state != State::Open {
            return Err(Error::AlreadyFinished);
        }
        if self.announced.is_some_and(|announced| announced - self.total_in < input.len() as u64) {
            return Err(self.fail(Error::SizeMismatch { announced: self.announced.unwrap_or(0) }));
        }
        let mut done = Progress::default();
        while done.read < input.len() {
            check(host).map_err(|error| self.fail(error))?;
            let until = (done.read + POLL_BYTES).min(input.len());
            let full = self.step(&input[done.read..until], output, &mut done, false)?;
            if full {
                break;
            }
        }
        Ok(done)
    }

    /// Ends the frame; to be repeated, with more output, until `done`.
    ///
    /// Errors: `aborted`, `out_of_memory`, `invalid_input` for less than was announced, `already_finished` after the end or an error.
    pub fn finish(&mut self, output: &mut [u8], host: &dyn Host) -> Result<Progress> {
        if self.state != State::Open && self.state != State::Ending {
            return Err(Error::AlreadyFinished);
        }
        check(host).map_err(|error| self.fail(error))?;
        if self.announced.is_some_and(|announced| announced != self.total_in) {
            return Err(self.fail(Error::SizeMismatch { announced: self.announced.unwrap_or(0) }));
        }
        self.state = State::Ending;
        let mut done = Progress::default();
        self.step(&[], output, &mut done, true)?;
        if done.done {
            self.state = State::Done;
        }
        Ok(done)
    }

    /// True when the output is full and something may be left.
    fn step(&mut self, input: &[u8], output: &mut [u8], done: &mut Progress, end: bool) -> Result<bool> {
        let mut place = Output::over(&mut output[done.written..]);
        let step = match self.compressor.encoder().step(input, &mut place, end) {
            Ok(step) => step,
            Err(failure) => return Err(self.fail(stream_error(failure, self.announced))),
        };
        self.total_in += step.read as u64;
        done.read += step.read;
        done.written += place.written();
        done.done = end && step.drained;
        Ok(place.room() == 0 && (step.read < input.len() || !step.drained))
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Failed;
        error
    }

    /// The context, for the next use.
    pub fn into_compressor(mut self) -> Compressor {
        self.compressor.rest();
        self.compressor
    }
}

impl PushCompressor for CompressStream {
    fn push_to(&mut self, input: &[u8], output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        let mut read = 0;
        while read < input.len() {
            let place = room(output)?;
            let progress = self.push(&input[read..], &mut output[place..], host);
            output.truncate(place + progress.as_ref().map_or(0, |progress| progress.written));
            read += progress?.read;
        }
        Ok(())
    }

    fn finish_to(&mut self, output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        loop {
            let place = room(output)?;
            let progress = self.finish(&mut output[place..], host);
            output.truncate(place + progress.as_ref().map_or(0, |progress| progress.written));
            if progress?.done {
                return Ok(());
            }
        }
    }
}

fn stream_error(failure: Failure, announced: Option<u64>) -> Error {
    match (failure.code(), announced) {
        (Failure::INPUT_SIZE, Some(announced)) => Error::SizeMismatch { announced },
        _ => encoding_error(failure),
    }
}

/// Lengthens the vector by a piece to write to, and answers where that begins.
pub(crate) fn room(output: &mut Vec<u8>) -> Result<usize> {
    let place = output.len();
    output.try_reserve(PIECE_BYTES).map_err(|_| Error::OutOfMemory { bytes: PIECE_BYTES as u64 })?;
    output.resize(place + PIECE_BYTES, 0);
    Ok(place)
}
