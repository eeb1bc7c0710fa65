//! One look after limits for both formats: every decoded byte passes here.

use crate::ffi::{Coder, Status};
use chunker_codec::{check, DecodeLimits, Error, Host, Output, Result};

/// Most input and output of one step: a few milliseconds, after which `should_stop` is asked again. The output counts because 64 KiB can hold half a gigabyte.
const STEP_INPUT_BYTES: usize = 64 << 10;
const STEP_OUTPUT_BYTES: usize = 1 << 20;

pub(crate) struct Tap {
    pub limits: DecodeLimits,
    /// Compressed bytes taken so far.
    pub total_in: u64,
    /// Content given so far.
    pub total_out: u64,
    /// The last step filled its room: the coder may hold more.
    pub full: bool,
}

/// What a step of decoding came to.
pub(crate) struct Decoded {
    pub read: usize,
    pub status: Status,
}

impl Tap {
    pub fn new(limits: DecodeLimits) -> Self {
        Tap { limits, total_in: 0, total_out: 0, full: false }
    }

    /// Decodes a step of at most `most` bytes of output. Counts output, and leaves counting input to the caller.
    pub fn step(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        most: u64,
        host: &dyn Host,
    ) -> Result<Decoded> {
        check(host)?;
        let input = &input[..input.len().min(STEP_INPUT_BYTES)];
        let allowance = self.limits.max_output_bytes - self.total_out;
        if allowance == 0 {
            return self.probe(coder, input);
        }
        let most = usize::try_from(allowance.min(most)).unwrap_or(usize::MAX);
        let room = output.room().min(STEP_OUTPUT_BYTES).min(most);
        let before = output.written();
        let step = coder.step(input, output, room, false);
        let written = output.written() - before;
        self.total_out += written as u64;
        self.full = written == room && step.status == Status::Going;
        Ok(Decoded { read: step.read, status: step.status })
    }

    /// All that may come has come: one byte more is over the limit.
    fn probe(&mut self, coder: &mut Coder, input: &[u8]) -> Result<Decoded> {
        let mut byte = [0u8];
        let mut sink = Output::over(&mut byte);
        let step = coder.step(input, &mut sink, 1, false);
        if sink.written() > 0 {
            return Err(Error::SizeExceeded { limit: self.limits.max_output_bytes, declared: None });
        }
        self.full = false;
        Ok(Decoded { read: step.read, status: step.status })
    }

    /// Refuses `bytes` more of content where that would pass the limit.
    pub fn claim(&self, bytes: u64) -> Result<()> {
        let declared = self.total_out.saturating_add(bytes);
        let limit = self.limits.max_output_bytes;
        if declared > limit {
            return Err(Error::SizeExceeded { limit, declared: Some(declared) });
        }
        Ok(())
    }

    /// Refuses a decoder of `needed` bytes where that is over the limit.
    pub fn admit(&self, needed: u64) -> Result<()> {
        let limit = self.limits.max_memory_bytes;
        if needed > limit {
            return Err(Error::MemoryLimitExceeded { limit, needed });
        }
        Ok(())
    }

    pub fn truncated(&self) -> Error {
        Error::TruncatedInput { offset: self.total_in }
    }
}
