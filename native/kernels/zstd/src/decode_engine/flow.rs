//! What goes to libzstd and comes back: room, limits, what it holds, and its failures in our words.

use super::{Engine, Frame, Target};
use crate::ffi::{Decoder, Failure};
use crate::frame::FrameHeader;
use chunker_codec::{Error, Output, Result};

impl Engine {
    /// How much the current frame may still write: to the caller's limit, and to what the frame declares.
    pub(super) fn allowance(&self) -> u64 {
        let limit = self.limits.max_output_bytes - self.total_out;
        match self.frame {
            Some(Frame { header: FrameHeader { content_bytes: Some(declared), .. }, written }) => {
                limit.min(declared - written)
            }
            _ => limit,
        }
    }

    /// Room to offer libzstd. A whole place is always offered whole: libzstd wants to see it unchanged.
    pub(super) fn room(&self, output: &Output<'_>) -> usize {
        match self.target {
            Target::Whole => usize::MAX,
            Target::Pieces => usize::try_from(self.allowance()).unwrap_or(usize::MAX).min(output.room()),
        }
    }

    pub(super) fn feed(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<usize> {
        if self.target == Target::Pieces && self.allowance() == 0 {
            return self.feed_probing(decoder, input);
        }
        if self.stuck && output.room() == 0 {
            return Ok(0);
        }
        self.flush(decoder, output)?;
        if self.target == Target::Pieces && self.allowance() == 0 {
            return self.feed_probing(decoder, input);
        }
        let (taken, written) = self.run(decoder, input, output)?;
        // Asked again without progress, libzstd would soon call that an error.
        self.stuck = taken == 0 && written == 0;
        Ok(taken)
    }

    /// What libzstd holds goes first: a call that fails does not tell what it wrote before.
    pub(super) fn flush(&mut self, decoder: &mut Decoder, output: &mut Output<'_>) -> Result<()> {
        if self.pending && self.room(output) > 0 {
            self.run(decoder, &[], output)?;
        }
        Ok(())
    }

    pub(super) fn run(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(usize, usize)> {
        let before = output.written();
        let room = self.room(output);
        let taken = decoder.advance(input, output, room).map_err(|failure| self.explain(failure, None))?;
        let written = output.written() - before;
        self.count(written as u64);
        self.pending = self.target == Target::Pieces && written == room;
        Ok((taken, written))
    }

    pub(super) fn count(&mut self, written: u64) {
        self.total_out += written;
        if let Some(frame) = &mut self.frame {
            frame.written += written;
        }
    }

    /// All that may come has come: one byte more is over the limit, or more than was declared.
    pub(super) fn feed_probing(&mut self, decoder: &mut Decoder, input: &[u8]) -> Result<usize> {
        let mut byte = [0u8];
        let mut probe = Output::over(&mut byte);
        let taken = decoder.advance(input, &mut probe, 1).map_err(|failure| self.explain(failure, None))?;
        if probe.written() > 0 {
            return Err(self.overflow());
        }
        (self.pending, self.stuck) = (false, false);
        Ok(taken)
    }

    pub(super) fn overflow(&self) -> Error {
        match self.frame {
            Some(Frame { header: FrameHeader { content_bytes: Some(declared), .. }, written })
                if written >= declared =>
            {
                self.corrupt("more content than declared")
            }
            _ => Error::SizeExceeded { limit: self.limits.max_output_bytes, declared: None },
        }
    }

    /// libzstd's failure in our words.
    pub(super) fn explain(&self, failure: Failure, entering: Option<FrameHeader>) -> Error {
        let header = entering.or(self.frame.map(|frame| frame.header));
        let limit = self.limits.max_output_bytes;
        match failure.code() {
            Failure::CHECKSUM => Error::ChecksumMismatch { offset: self.unit_at },
            Failure::MEMORY => Error::OutOfMemory { bytes: header.map_or(0, |header| header.window_bytes) },
            Failure::WINDOW => Error::MemoryLimitExceeded {
                limit: 1 << crate::options::WINDOW_LOGS.1,
                needed: header.map_or(0, |header| header.window_bytes),
            },
            Failure::OUTPUT_FULL if self.target == Target::Whole => {
                Error::SizeExceeded { limit, declared: None }
            }
            _ => self.corrupt(failure.reason()),
        }
    }
}
