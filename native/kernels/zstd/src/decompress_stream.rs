//! Decompression of data that arrive piece by piece.

use crate::compress_stream::room;
use crate::decode_engine::{Engine, Target};
use crate::decompress::Decompressor;
use crate::dictionary::Dictionary;
use crate::progress::Progress;
use chunker_codec::{DecodeLimits, Error, Host, Output, PushDecompressor, Result};
use std::sync::Arc;

/// All frames of a stream. However the input is split and however small the outputs are: the same bytes, and at a fault the same error after the same bytes.
/// Checksums come last, so bytes are given out before they are verified; the stream is whole only when `finish` says so.
pub struct DecompressStream {
    decompressor: Decompressor,
    engine: Engine,
    closed: bool,
}

impl DecompressStream {
    /// Errors: `out_of_memory`.
    pub fn new(
        mut decompressor: Decompressor,
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
    ) -> Result<Self> {
        let engine = Engine::new(decompressor.decoder(), Target::Pieces, *limits, dictionary)?;
        Ok(DecompressStream { decompressor, engine, closed: false })
    }

    /// Takes input and gives output, until the input is used up or the output is full: `read < input.len()` only with a full output. After a full output
    /// more may be held: call again, also without input. On an error `progress` tells what was given out before it.
    ///
    /// Errors: those of `Decompressor::decompress`, and `already_finished` after `finish` or an error.
    pub fn push(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        host: &dyn Host,
        progress: &mut Progress,
    ) -> Result<()> {
        *progress = Progress::default();
        if self.closed {
            return Err(Error::AlreadyFinished);
        }
        let mut place = Output::over(output);
        let outcome = self.engine.push(self.decompressor.decoder(), input, &mut place, host);
        progress.written = place.written();
        match outcome {
            Ok(read) => {
                progress.read = read;
                Ok(())
            }
            Err(error) => {
                self.closed = true;
                Err(error)
            }
        }
    }

    /// Says that no input follows.
    ///
    /// Errors: `truncated_input`, `trailing_data`, `unknown_format`, `already_finished`.
    pub fn finish(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.closed, true) {
            return Err(Error::AlreadyFinished);
        }
        self.engine.finish()
    }

    /// The context, for the next use.
    pub fn into_decompressor(mut self) -> Decompressor {
        self.decompressor.rest();
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
        let until = output.len().saturating_add(most);
        let mut read = 0;
        let mut full = true;
        while (read < input.len() || full) && output.len() < until {
            let place = room(output)?;
            let end = output.len().min(until);
            let mut progress = Progress::default();
            let outcome = self.push(&input[read..], &mut output[place..end], host, &mut progress);
            full = place + progress.written == end;
            output.truncate(place + progress.written);
            read += progress.read;
            outcome?;
        }
        Ok(read)
    }

    fn finish_to(&mut self, _output: &mut Vec<u8>, _host: &dyn Host) -> Result<()> {
        self.finish()
    }
}
