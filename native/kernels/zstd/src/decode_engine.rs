//! The decoder's state machine. It finds frames, headers and blocks itself and hands libzstd one of them at a time, so that limits are checked before libzstd
//! allocates, and so that errors come with the same code, offset and preceding output however the input is split.

mod flow;
mod head;

use crate::dictionary::Dictionary;
use crate::ffi::Decoder;
use crate::frame::{
    read_header, BlockHeader, BlockKind, FrameHeader, Reading, BLOCK_HEADER_BYTES, HEADER_BYTES_MAX,
};
use chunker_codec::{check, DecodeLimits, Error, Head, Host, Output, Result};
use std::sync::Arc;

/// Where output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Places of any size, one after the other; libzstd keeps a window.
    Pieces,
    /// One place for everything; libzstd decodes into it.
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Gathering a header in `carry`.
    Header,
    /// Gathering a block header in `carry`.
    BlockHeader,
    /// Handing `carry`, a block header, to libzstd, which first has to get rid of output.
    BlockStart {
        fed: usize,
    },
    Block {
        left: u32,
        last: bool,
    },
    Checksum {
        left: u32,
    },
    Skip {
        left: u32,
    },
    /// Behind the last frame, with trailing bytes allowed.
    Ended,
}

/// The frame that is being decoded.
#[derive(Clone, Copy)]
struct Frame {
    header: FrameHeader,
    written: u64,
}

pub(crate) struct Engine {
    state: State,
    target: Target,
    limits: DecodeLimits,
    dictionary: Option<Arc<Dictionary>>,
    carry: [u8; HEADER_BYTES_MAX],
    carried: usize,
    frame: Option<Frame>,
    /// Whole frames seen, skippable ones included.
    frames: u64,
    total_in: u64,
    total_out: u64,
    /// Where the header, block or checksum begins that is being read.
    unit_at: u64,
    /// The last output was filled: libzstd may hold more.
    pending: bool,
    /// libzstd took nothing, as it holds output and found no room for it.
    stuck: bool,
}

impl Engine {
    pub fn new(
        decoder: &mut Decoder,
        target: Target,
        limits: DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
    ) -> Result<Self> {
        let stable = target == Target::Whole;
        decoder
            .begin(dictionary.map(|dictionary| dictionary.decoder()), stable)
            .map_err(|_| Error::OutOfMemory { bytes: 1 << 16 })?;
        Ok(Engine {
            state: State::Header,
            target,
            limits,
            dictionary: dictionary.cloned(),
            carry: [0; HEADER_BYTES_MAX],
            carried: 0,
            frame: None,
            frames: 0,
            total_in: 0,
            total_out: 0,
            unit_at: 0,
            pending: false,
            stuck: false,
        })
    }

    /// Decodes until the input is used up or the output is full (then more may be held: call again, also without input); returns the input bytes taken. Asks the host once per block.
    pub fn push(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        let mut read = 0;
        loop {
            let rest = &input[read..];
            // A block header in hand goes to libzstd without further input.
            if rest.is_empty() && !matches!(self.state, State::BlockStart { .. }) {
                self.flush(decoder, output)?;
                return Ok(read);
            }
            let taken = match self.state {
                State::Header => self.gather_header(decoder, rest, output)?,
                State::BlockHeader => {
                    check(host)?;
                    self.gather_block_header(rest)?
                }
                State::BlockStart { fed } => {
                    self.start_block(decoder, fed, output)?;
                    0
                }
                State::Block { left, last } => self.decode_block(decoder, left, last, rest, output)?,
                State::Checksum { left } => self.check(decoder, left, rest, output)?,
                State::Skip { left } => self.skip(left, rest),
                State::Ended => rest.len(),
            };
            read += taken;
            self.total_in += taken as u64;
            if self.stuck {
                return Ok(read);
            }
        }
    }

    /// To be called at the end of the input.
    pub fn finish(&self) -> Result<()> {
        match self.state {
            State::Ended => Ok(()),
            State::Header if self.carried == 0 && self.frames > 0 => Ok(()),
            State::Header if self.frames > 0 && self.carried < 4 => self.trailing(),
            // Fewer than eight bytes, and already known to be something else.
            State::Header if self.carried > 0 => match read_header(&self.carry[..self.carried]) {
                Reading::Unknown => Err(self.unknown()),
                _ => Err(self.truncated()),
            },
            _ => Err(self.truncated()),
        }
    }

    fn trailing(&self) -> Result<()> {
        if self.limits.allow_trailing {
            return Ok(());
        }
        Err(Error::TrailingData { offset: self.unit_at })
    }

    fn truncated(&self) -> Error {
        Error::TruncatedInput { offset: self.total_in }
    }

    fn unknown(&self) -> Error {
        Error::UnknownFormat { head: Head::of(&self.carry[..self.carried]) }
    }

    fn gather(&mut self, input: &[u8], until: usize) -> usize {
        let taken = input.len().min(until.saturating_sub(self.carried));
        self.carry[self.carried..self.carried + taken].copy_from_slice(&input[..taken]);
        self.carried += taken;
        taken
    }

    fn gather_block_header(&mut self, input: &[u8]) -> Result<usize> {
        if self.carried == 0 {
            self.unit_at = self.total_in;
        }
        let taken = self.gather(input, BLOCK_HEADER_BYTES);
        if self.carried == BLOCK_HEADER_BYTES {
            self.state = State::BlockStart { fed: 0 };
        }
        Ok(taken)
    }

    fn read_block_header(&self) -> Result<BlockHeader> {
        let max = self.frame.map_or(0, |frame| frame.header.block_bytes_max());
        let bytes = [self.carry[0], self.carry[1], self.carry[2]];
        let block = BlockHeader::read(bytes).ok_or_else(|| self.corrupt("reserved block type"))?;
        block.fault(max).map_or(Ok(block), |reason| Err(self.corrupt(reason)))
    }

    fn corrupt(&self, reason: &'static str) -> Error {
        Error::CorruptData { offset: self.unit_at, reason }
    }

    fn start_block(&mut self, decoder: &mut Decoder, fed: usize, output: &mut Output<'_>) -> Result<()> {
        let block = match self.read_block_header() {
            Ok(block) => block,
            Err(error) => return self.fail_after_output(decoder, output, error),
        };
        let carry = self.carry;
        let fed = fed + self.feed(decoder, &carry[fed..BLOCK_HEADER_BYTES], output)?;
        if fed < BLOCK_HEADER_BYTES {
            self.state = State::BlockStart { fed };
        } else {
            self.carried = 0;
            self.check_declared(&block)?;
            self.enter_block(block.stored_bytes(), block.last);
        }
        Ok(())
    }

    /// The blocks before the fault were good: their content comes first, then the error.
    fn fail_after_output(
        &mut self,
        decoder: &mut Decoder,
        output: &mut Output<'_>,
        error: Error,
    ) -> Result<()> {
        self.flush(decoder, output)?;
        if self.pending && self.allowance() == 0 {
            self.feed_probing(decoder, &[])?;
        }
        self.stuck = self.pending;
        if self.stuck {
            Ok(())
        } else {
            Err(error)
        }
    }

    /// Stored and run-length blocks tell their content's size: one that contradicts the frame's is refused before any of it is given out. All output
    /// of the blocks before is out and counted, or libzstd would not have taken this block's header.
    fn check_declared(&self, block: &BlockHeader) -> Result<()> {
        let Some(Frame { header: FrameHeader { content_bytes: Some(declared), .. }, written }) = self.frame
        else {
            return Ok(());
        };
        let after = written + u64::from(block.size);
        let fits = if block.last { after == declared } else { after <= declared };
        if block.kind != BlockKind::Compressed && !fits {
            return Err(self.corrupt("other content size than declared"));
        }
        Ok(())
    }

    fn enter_block(&mut self, left: u32, last: bool) {
        let checksum = self.frame.is_some_and(|frame| frame.header.checksum);
        if left > 0 {
            self.state = State::Block { left, last };
        } else if !last {
            self.state = State::BlockHeader;
        } else if checksum {
            self.state = State::Checksum { left: 4 };
        } else {
            self.end_frame();
        }
    }

    fn end_frame(&mut self) {
        self.frame = None;
        self.frames += 1;
        self.state = State::Header;
    }

    fn decode_block(
        &mut self,
        decoder: &mut Decoder,
        left: u32,
        last: bool,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<usize> {
        let given = input.len().min(left as usize);
        let taken = self.feed(decoder, &input[..given], output)?;
        self.enter_block(left - taken as u32, last);
        Ok(taken)
    }

    fn check(
        &mut self,
        decoder: &mut Decoder,
        left: u32,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<usize> {
        if left == 4 {
            self.unit_at = self.total_in;
        }
        let given = input.len().min(left as usize);
        let taken = self.feed(decoder, &input[..given], output)?;
        match left - taken as u32 {
            0 => self.end_frame(),
            left => self.state = State::Checksum { left },
        }
        Ok(taken)
    }

    fn skip(&mut self, left: u32, input: &[u8]) -> usize {
        let taken = input.len().min(left as usize);
        match left - taken as u32 {
            0 => self.end_frame(),
            left => self.state = State::Skip { left },
        }
        taken
    }
}
