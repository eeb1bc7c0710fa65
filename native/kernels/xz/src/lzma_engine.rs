//! The decoder of `.lzma` (LZMA_Alone): a header of properties, dictionary size and content size, little end first, then LZMA1. There is no magic and no check.

use crate::ffi::{Coder, Failure, Status};
use crate::tap::Tap;
use chunker_codec::{DecodeLimits, Error, Head, Host, Output, Result};

/// One byte of properties, four of dictionary size, eight of content size.
pub const LZMA_HEADER_BYTES: usize = 13;
/// (pb * 5 + lp) * 9 + lc with lc <= 8, lp <= 4, pb <= 4.
const PROPERTIES: u8 = 225;
/// lc + lp of more than 4 was never read by liblzma.
const LC_LP_MAX: u8 = 4;
const UNREADABLE: &str = "lzma with lc + lp of more than 4";

/// What the header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LzmaHeader {
    /// Bytes of dictionary that it asks for.
    pub dictionary_bytes: u32,
    /// Length of the content; None: a mark ends it.
    pub content_bytes: Option<u64>,
    readable: bool,
}

impl LzmaHeader {
    /// None where the properties are those of no `.lzma`.
    pub fn read(bytes: &[u8; LZMA_HEADER_BYTES]) -> Option<Self> {
        let properties = bytes[0];
        let dictionary_bytes = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        let content = bytes[5..].iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte));
        let (lc, lp) = (properties % 9, properties / 9 % 5);
        (properties < PROPERTIES).then_some(LzmaHeader {
            dictionary_bytes,
            content_bytes: (content != u64::MAX).then_some(content),
            readable: lc + lp <= LC_LP_MAX,
        })
    }
}

enum State {
    /// Gathering the header in `carry`.
    Header,
    Data,
    /// Gathering in `carry` what decides how content of known length ends.
    Tail,
    /// Behind the last byte.
    Behind,
}

/// Content of known length may end by itself or by a mark, and liblzma 5.8 forgets in the middle of a mark that one may come. So the last byte of content waits until all that
/// may belong to it and to a mark is there: two symbols of up to 20 bytes, and what ends the range coder.
const TAIL_BYTES: usize = 64;

pub(crate) struct LzmaEngine {
    state: State,
    tap: Tap,
    carry: Vec<u8>,
    declared: Option<u64>,
    head: Head,
}

impl LzmaEngine {
    pub fn new(limits: DecodeLimits) -> Self {
        LzmaEngine {
            state: State::Header,
            tap: Tap::new(limits),
            carry: Vec::new(),
            declared: None,
            head: Head::of(&[]),
        }
    }

    /// As `XzEngine::push`.
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
            let in_data = matches!(self.state, State::Data | State::Tail);
            if rest.is_empty() && !(in_data && self.tap.full) {
                return Ok(read);
            }
            let before = (output.written(), self.tap.full);
            let taken = match self.state {
                State::Header => self.gather_header(coder, rest)?,
                State::Data => self.decode(coder, rest, output, host)?,
                State::Tail => self.gather_tail(coder, rest, output, host)?,
                State::Behind if self.tap.limits.allow_trailing => rest.len(),
                State::Behind => return Err(Error::TrailingData { offset: self.tap.total_in }),
            };
            read += taken;
            if in_data && taken == 0 && before == (output.written(), self.tap.full) {
                return Ok(read);
            }
        }
    }

    /// As `XzEngine::full`.
    pub fn full(&self) -> bool {
        self.tap.full
    }

    /// To be called at the end of the input, with room for a byte of output.
    pub fn finish(&mut self, coder: &mut Coder, output: &mut Output<'_>, host: &dyn Host) -> Result<()> {
        if matches!(self.state, State::Tail) || (matches!(self.state, State::Data) && self.left() <= 1) {
            self.settle(coder, output, true, host)?;
        }
        match self.state {
            State::Behind => Ok(()),
            _ => Err(self.tap.truncated()),
        }
    }

    fn gather_header(&mut self, coder: &mut Coder, input: &[u8]) -> Result<usize> {
        // The first byte decides, but eight are to be shown.
        let strange = self.carry.first().unwrap_or(&input[0]) >= &PROPERTIES;
        let until = if strange { 8 } else { LZMA_HEADER_BYTES };
        let taken = input.len().min(until - self.carry.len());
        self.carry.extend_from_slice(&input[..taken]);
        self.tap.total_in += taken as u64;
        if strange && self.carry.len() == until {
            return Err(self.unknown());
        }
        if let Some(bytes) = self.carry.first_chunk::<LZMA_HEADER_BYTES>() {
            let header = LzmaHeader::read(bytes).ok_or_else(|| self.unknown())?;
            self.enter(coder, header)?;
        }
        Ok(taken)
    }

    fn unknown(&self) -> Error {
        Error::UnknownFormat { head: Head::of(&self.carry) }
    }

    fn enter(&mut self, coder: &mut Coder, header: LzmaHeader) -> Result<()> {
        if !header.readable {
            return Err(Error::UnsupportedFeature { offset: 0, feature: UNREADABLE });
        }
        self.tap.claim(header.content_bytes.unwrap_or(0))?;
        let memory = || Error::OutOfMemory { bytes: u64::from(header.dictionary_bytes) };
        coder.begin_lzma_decoder(self.tap.limits.max_memory_bytes).map_err(|_| memory())?;
        // With the header's last byte liblzma takes memory, if it may; a place for output is only to let it run.
        let mut byte = [0u8];
        match coder.step(&self.carry, &mut Output::over(&mut byte), 1, false).status {
            Status::Failed(Failure::MemoryLimit) => self.tap.admit(coder.memory_needed())?,
            Status::Failed(Failure::OutOfMemory) => return Err(memory()),
            Status::Failed(_) => return Err(self.unknown()),
            Status::Going | Status::End => {}
        }
        coder.weigh(coder.memory_needed());
        self.head = Head::of(&self.carry);
        self.carry.clear();
        self.declared = header.content_bytes;
        self.state = State::Data;
        Ok(())
    }

    fn decode(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        let left = self.left();
        if left <= 1 {
            self.tap.full = false;
            self.state = State::Tail;
            return Ok(0);
        }
        let decoded = self.tap.step(coder, input, output, left - 1, host)?;
        self.tap.total_in += decoded.read as u64;
        match decoded.status {
            Status::Going => {}
            Status::End => self.end(),
            Status::Failed(failure) => return Err(self.broken(failure)),
        }
        Ok(decoded.read)
    }

    /// Content still to come, where that is known.
    fn left(&self) -> u64 {
        self.declared.map_or(u64::MAX, |declared| declared - self.tap.total_out)
    }

    fn gather_tail(
        &mut self,
        coder: &mut Coder,
        input: &[u8],
        output: &mut Output<'_>,
        host: &dyn Host,
    ) -> Result<usize> {
        let taken = input.len().min(TAIL_BYTES - self.carry.len());
        self.carry.extend_from_slice(&input[..taken]);
        if self.carry.len() == TAIL_BYTES {
            self.tap.full = output.room() == 0;
            if !self.tap.full {
                self.settle(coder, output, false, host)?;
            }
        }
        Ok(taken)
    }

    /// The last byte of content, and the mark behind it where there is one: all in one step.
    fn settle(
        &mut self,
        coder: &mut Coder,
        output: &mut Output<'_>,
        last: bool,
        host: &dyn Host,
    ) -> Result<()> {
        let tail = std::mem::take(&mut self.carry);
        let decoded = self.tap.step(coder, &tail, output, 1, host)?;
        self.tap.total_in += decoded.read as u64;
        match decoded.status {
            Status::End => self.end(),
            Status::Going if last => return Err(self.tap.truncated()),
            Status::Going => return Err(self.broken(Failure::Data)),
            Status::Failed(failure) => return Err(self.broken(failure)),
        }
        if decoded.read < tail.len() && !self.tap.limits.allow_trailing {
            return Err(Error::TrailingData { offset: self.tap.total_in });
        }
        Ok(())
    }

    fn end(&mut self) {
        self.tap.full = false;
        self.state = State::Behind;
    }

    fn broken(&self, failure: Failure) -> Error {
        match failure {
            Failure::OutOfMemory => Error::OutOfMemory { bytes: 0 },
            // LZMA data begin with a zero byte.
            Failure::Format => Error::UnknownFormat { head: self.head },
            _ => Error::CorruptData {
                offset: LZMA_HEADER_BYTES as u64,
                reason: "data cannot be decoded, or contradict the header",
            },
        }
    }
}
