//! The decoder of `.xz` as a state machine. It finds headers, blocks, indexes and footers itself and hands liblzma what is inside blocks, so that limits are checked before memory is
//! taken, and so that errors come with the same code, offset and preceding output however the input is split.

use crate::container::{
    padded, read_footer, read_header, HeaderFault, HEADER_BYTES, HEADER_CHECKSUM_AT, MAGIC,
};
use crate::ffi::{crc32, BlockHeader, BlockHeaderFault, Coder, Failure, IndexHash, Status};
use crate::options::Check;
use crate::tap::Tap;
use chunker_codec::{DecodeLimits, Error, Head, Host, Output, Result};

/// Behind a stream, padding comes in groups of so many zero bytes.
const PADDING_BYTES: usize = 4;
/// Named for block headers of filters that are not known here.
pub(crate) const UNKNOWN_FILTER: &str = "xz filter or chain of filters";
const UNKNOWN_CHECK: &str = "xz integrity check";
const INDEX: &str = "index does not agree with the blocks";
const RESERVED: &str = "xz stream with reserved flags";

enum State {
    /// Gathering a stream header in `carry`.
    StreamHeader,
    /// Gathering a block header in `carry`, or seeing that the index begins.
    BlockHeader,
    Block,
    Index,
    /// Gathering a footer in `carry`.
    Footer {
        index_bytes: u64,
    },
    /// Behind a stream: gathering a group of padding, or the begin of the next stream.
    Padding,
    /// Behind the last stream, with trailing bytes allowed.
    Ended,
}

/// The block that is being decoded.
struct Block {
    header_bytes: u64,
    /// Where its compressed data begin.
    data_at: u64,
    /// Content given before it.
    content_before: u64,
}

pub(crate) struct XzEngine {
    state: State,
    tap: Tap,
    carry: Vec<u8>,
    check: Check,
    block: Block,
    hash: IndexHash,
    index_at: u64,
    /// Of the index so far.
    index_checksum: u32,
    streams: u64,
    /// Where the header, block, index or footer begins that is being read.
    unit_at: u64,
}

impl XzEngine {
    pub fn new(limits: DecodeLimits) -> Result<Self> {
        Ok(XzEngine {
            state: State::StreamHeader,
            tap: Tap::new(limits),
            carry: Vec::new(),
            check: Check::None,
            block: Block { header_bytes: 0, data_at: 0, content_before: 0 },
            hash: IndexHash::new().ok_or(Error::OutOfMemory { bytes: 1 << 10 })?,
            index_at: 0,
            index_checksum: 0,
            streams: 0,
            unit_at: 0,
        })
    }

    /// Decodes until the input is used up or the output is full; returns the input bytes taken.
    pub fn push(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        let mut read = 0;
        loop {
            let rest = &input[read..];
            let in_block = matches!(self.state, State::Block);
            if rest.is_empty() && !(in_block && self.tap.full) {
                return Ok(read);
            }
            let before = (output.written(), self.tap.full);
            let taken = match self.state {
                State::StreamHeader => self.gather_stream_header(rest)?,
                State::BlockHeader => self.gather_block_header(coder, rest)?,
                State::Block => self.decode_block(coder, rest, output, host)?,
                State::Index => self.read_index(rest)?,
                State::Footer { index_bytes } => self.gather_footer(rest, index_bytes)?,
                State::Padding => self.gather_padding(rest)?,
                State::Ended => rest.len(),
            };
            read += taken;
            if in_block && taken == 0 && before == (output.written(), self.tap.full) {
                return Ok(read);
            }
        }
    }

    /// True when the last push filled its output, so that more may be held.
    pub fn full(&self) -> bool {
        self.tap.full
    }

    /// To be called at the end of the input.
    pub fn finish(&self) -> Result<()> {
        match self.state {
            State::Ended => Ok(()),
            State::Padding if self.carry.is_empty() => Ok(()),
            State::Padding => self.trailing(),
            State::StreamHeader if self.streams > 0 && self.carry.len() < MAGIC.len() => self.trailing(),
            State::StreamHeader if !begins_magic(&self.carry) => Err(self.unknown()),
            _ => Err(self.tap.truncated()),
        }
    }

    fn trailing(&self) -> Result<()> {
        if self.tap.limits.allow_trailing {
            return Ok(());
        }
        Err(Error::TrailingData { offset: self.unit_at })
    }

    fn unknown(&self) -> Error {
        Error::UnknownFormat { head: Head::of(&self.carry) }
    }

    fn corrupt(&self, reason: &'static str) -> Error {
        Error::CorruptData { offset: self.unit_at, reason }
    }

    fn unsupported(&self, feature: &'static str) -> Error {
        Error::UnsupportedFeature { offset: self.unit_at, feature }
    }

    fn take(&mut self, bytes: usize) -> usize {
        self.tap.total_in += bytes as u64;
        bytes
    }

    /// Fills `carry` up to `until` bytes.
    fn gather(&mut self, input: &[u8], until: usize) -> usize {
        if self.carry.is_empty() {
            self.unit_at = self.tap.total_in;
        }
        let taken = input.len().min(until.saturating_sub(self.carry.len()));
        self.carry.extend_from_slice(&input[..taken]);
        self.take(taken)
    }

    fn gather_stream_header(&mut self, input: &[u8]) -> Result<usize> {
        let taken = self.gather(input, MAGIC.len());
        if !begins_magic(&self.carry) {
            return self.no_stream(input, taken);
        }
        let taken = taken + self.gather(&input[taken..], HEADER_BYTES);
        if let Some(header) = self.carry.first_chunk::<HEADER_BYTES>() {
            self.check = match read_header(header) {
                Ok(check) => check,
                Err(HeaderFault::Checksum) => {
                    return Err(Error::ChecksumMismatch { offset: self.unit_at + HEADER_CHECKSUM_AT })
                }
                Err(HeaderFault::UnknownCheck) => return Err(self.unsupported(UNKNOWN_CHECK)),
                Err(_) => return Err(self.unsupported(RESERVED)),
            };
            self.carry.clear();
            self.hash.reset();
            self.state = State::BlockHeader;
        }
        Ok(taken)
    }

    /// What begins here is no stream: behind one it is trailing, else the format is another one, of which eight bytes are to be shown.
    fn no_stream(&mut self, input: &[u8], taken: usize) -> Result<usize> {
        if self.streams > 0 {
            self.trailing()?;
            self.state = State::Ended;
            return Ok(taken);
        }
        let more = self.gather(&input[taken..], 8);
        if self.carry.len() >= 8 {
            return Err(self.unknown());
        }
        Ok(taken + more)
    }

    fn gather_block_header(&mut self, coder: &mut Coder, input: &[u8]) -> Result<usize> {
        if self.carry.is_empty() && input[0] == 0 {
            self.index_at = self.tap.total_in;
            self.index_checksum = 0;
            self.state = State::Index;
            return Ok(0);
        }
        let first = self.carry.first().copied().unwrap_or(input[0]);
        let length = (usize::from(first) + 1) * 4;
        let taken = self.gather(input, length);
        if self.carry.len() == length {
            self.enter_block(coder)?;
        }
        Ok(taken)
    }

    /// Limits first, by the header alone; then memory is taken.
    fn enter_block(&mut self, coder: &mut Coder) -> Result<()> {
        let checksum_at = self.carry.len() - 4;
        if crc32(&self.carry[..checksum_at], 0).to_le_bytes() != self.carry[checksum_at..] {
            return Err(Error::ChecksumMismatch { offset: self.unit_at + checksum_at as u64 });
        }
        let mut header = BlockHeader::read(&self.carry, self.check).map_err(|fault| match fault {
            BlockHeaderFault::Unsupported => self.unsupported(UNKNOWN_FILTER),
            BlockHeaderFault::Corrupt => self.corrupt("block header"),
            BlockHeaderFault::OutOfMemory => Error::OutOfMemory { bytes: 1 << 10 },
        })?;
        self.tap.claim(header.content_bytes().unwrap_or(0))?;
        let memory = header.decoder_memory().ok_or_else(|| self.unsupported(UNKNOWN_FILTER))?;
        self.tap.admit(memory)?;
        coder.weigh(memory);
        coder.begin_block_decoder(&mut header).map_err(|failure| match failure {
            Failure::OutOfMemory => Error::OutOfMemory { bytes: memory },
            Failure::Options => self.unsupported(UNKNOWN_FILTER),
            _ => self.corrupt("block header"),
        })?;
        self.block = Block {
            header_bytes: self.carry.len() as u64,
            data_at: self.tap.total_in,
            content_before: self.tap.total_out,
        };
        self.carry.clear();
        self.tap.full = false;
        self.state = State::Block;
        Ok(())
    }

    fn decode_block(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        let decoded = self.tap.step(coder, input, output, u64::MAX, host)?;
        let taken = self.take(decoded.read);
        match decoded.status {
            Status::Going => {}
            Status::End => self.end_block(coder)?,
            Status::Failed(Failure::OutOfMemory) => return Err(Error::OutOfMemory { bytes: 0 }),
            Status::Failed(_) => return Err(self.explain(coder)),
        }
        Ok(taken)
    }

    fn end_block(&mut self, coder: &mut Coder) -> Result<()> {
        let content = self.tap.total_out - self.block.content_before;
        let unpadded = self.block.header_bytes + coder.block_bytes() + self.check.bytes();
        self.hash.append(unpadded, content).map_err(|_| self.corrupt("sizes that no index can tell"))?;
        self.tap.full = false;
        self.state = State::BlockHeader;
        Ok(())
    }

    /// liblzma has one word for all that is wrong with a block. Where it has taken everything, only the check can have been left.
    fn explain(&self, coder: &Coder) -> Error {
        let check_at = self.block.data_at.saturating_add(padded(coder.block_bytes().min(u64::MAX - 3)));
        if self.check != Check::None && self.tap.total_in == check_at.saturating_add(self.check.bytes()) {
            return Error::ChecksumMismatch { offset: check_at };
        }
        self.corrupt("block cannot be decoded, or contradicts its header")
    }

    /// Records go to the hash, which compares them with the blocks. It has one word for all that is wrong, so the CRC32 is kept from it: it is handed the one that is right.
    fn read_index(&mut self, input: &[u8]) -> Result<usize> {
        let checksum_at = self.hash.bytes() - 4;
        let left = checksum_at - (self.tap.total_in - self.index_at).min(checksum_at);
        if left > 0 {
            let records = &input[..input.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            self.unit_at = self.index_at;
            if self.hash.read(records) != Ok(false) {
                return Err(self.corrupt(INDEX));
            }
            self.index_checksum = crc32(records, self.index_checksum);
            return Ok(self.take(records.len()));
        }
        let taken = self.gather(input, 4);
        if self.carry.len() == 4 {
            let expected = self.index_checksum.to_le_bytes();
            if self.hash.read(&expected) != Ok(true) {
                self.unit_at = self.index_at;
                return Err(self.corrupt(INDEX));
            }
            if self.carry != expected {
                return Err(Error::ChecksumMismatch { offset: self.unit_at });
            }
            self.carry.clear();
            self.state = State::Footer { index_bytes: checksum_at + 4 };
        }
        Ok(taken)
    }

    fn gather_footer(&mut self, input: &[u8], index_bytes: u64) -> Result<usize> {
        let taken = self.gather(input, HEADER_BYTES);
        if let Some(footer) = self.carry.first_chunk::<HEADER_BYTES>() {
            match read_footer(footer) {
                Ok((check, backward)) if check == self.check && backward == index_bytes => {}
                Err(HeaderFault::Checksum) => return Err(Error::ChecksumMismatch { offset: self.unit_at }),
                _ => return Err(self.corrupt("footer does not agree with header or index")),
            }
            self.carry.clear();
            self.streams += 1;
            self.state = State::Padding;
        }
        Ok(taken)
    }

    fn gather_padding(&mut self, input: &[u8]) -> Result<usize> {
        let taken = self.gather(input, PADDING_BYTES);
        if self.carry.len() < PADDING_BYTES {
            return Ok(taken);
        }
        if begins_magic(&self.carry) {
            self.state = State::StreamHeader;
        } else if self.carry.iter().all(|&byte| byte == 0) {
            self.carry.clear();
        } else {
            self.trailing()?;
            self.state = State::Ended;
        }
        Ok(taken)
    }
}

fn begins_magic(bytes: &[u8]) -> bool {
    let length = bytes.len().min(MAGIC.len());
    bytes[..length] == MAGIC[..length]
}
