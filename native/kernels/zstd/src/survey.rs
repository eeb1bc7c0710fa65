//! A walk over frame and block headers: what an input declares and what it can decode to at most, at the price of one hop per block.

use crate::frame::{
    read_header, BlockHeader, FrameHeader, Header, Reading, BLOCK_HEADER_BYTES, SKIPPABLE_HEADER_BYTES,
};
use chunker_codec::{Error, Head, Result};

/// How the walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// At the input's end, between two frames.
    Complete,
    /// Inside a frame.
    Truncated,
    /// At something behind a whole frame that is no frame.
    Trailing,
    /// At a header that cannot be.
    Broken,
}

/// What the headers of an input tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Frames with content whose header was read.
    pub frames: u64,
    /// Skippable frames, and the input bytes they take, headers included.
    pub skippable_frames: u64,
    /// See `skippable_frames`; of the last one what is there.
    pub skippable_bytes: u64,
    /// Sum of the declared sizes; None where one frame does not tell, or where there is no frame.
    pub content_bytes: Option<u64>,
    /// No decoder can get more out of the blocks walked.
    pub bound_bytes: u64,
    /// A frame declares more than its blocks can hold.
    pub overdeclared: bool,
    /// The largest window.
    pub window_bytes: u64,
    /// The first dictionary id that is not 0.
    pub dictionary_id: u32,
    /// Two frames name different dictionaries.
    pub several_dictionaries: bool,
    /// Every frame ends with a checksum.
    pub checksum: bool,
    /// Where the last whole frame ends.
    pub whole_bytes: usize,
    /// How the walk ended.
    pub end: End,
    /// The declared sizes up to and with the first frame that passes the limit of the walk.
    pub excess_bytes: Option<u64>,
}

impl Survey {
    /// Walks the headers of `input`.
    pub fn of(input: &[u8]) -> Self {
        Self::with_limit(input, u64::MAX)
    }

    /// Walks the headers of `input` and notes where declared sizes pass `limit` bytes.
    pub fn with_limit(input: &[u8], limit: u64) -> Self {
        let mut survey = Survey {
            frames: 0,
            skippable_frames: 0,
            skippable_bytes: 0,
            content_bytes: None,
            bound_bytes: 0,
            overdeclared: false,
            window_bytes: 0,
            dictionary_id: 0,
            several_dictionaries: false,
            checksum: true,
            whole_bytes: 0,
            end: End::Complete,
            excess_bytes: None,
        };
        survey.end = survey.walk(input, limit);
        survey.checksum &= survey.frames > 0;
        survey
    }

    fn walk(&mut self, input: &[u8], limit: u64) -> End {
        if input.is_empty() {
            return End::Truncated;
        }
        while self.whole_bytes < input.len() {
            let rest = &input[self.whole_bytes..];
            let taken = match read_header(rest) {
                Reading::Whole(Header::Frame(header)) => {
                    self.note(&header, limit);
                    self.walk_blocks(&header, rest)
                }
                Reading::Whole(Header::Skippable { payload_bytes, .. }) => {
                    self.skippable_frames += 1;
                    let whole = SKIPPABLE_HEADER_BYTES as u64 + u64::from(payload_bytes);
                    self.skippable_bytes += whole.min(rest.len() as u64);
                    if whole > rest.len() as u64 {
                        Err(End::Truncated)
                    } else {
                        Ok(whole as usize)
                    }
                }
                // Behind a whole frame less than a magic is no started frame.
                Reading::Needs(_) | Reading::Unknown if self.whole_bytes > 0 && rest.len() < 4 => {
                    Err(End::Trailing)
                }
                Reading::Unknown if self.whole_bytes > 0 => Err(End::Trailing),
                Reading::Needs(_) => Err(End::Truncated),
                Reading::Unknown | Reading::Legacy | Reading::Reserved => Err(End::Broken),
            };
            match taken {
                Ok(bytes) => self.whole_bytes += bytes,
                Err(end) => return end,
            }
        }
        End::Complete
    }

    fn note(&mut self, header: &FrameHeader, limit: u64) {
        self.content_bytes = match (self.frames, self.content_bytes, header.content_bytes) {
            (0, _, declared) => declared,
            (_, Some(sum), Some(declared)) => Some(sum.saturating_add(declared)),
            _ => None,
        };
        if self.excess_bytes.is_none() {
            self.excess_bytes = self.content_bytes.filter(|&bytes| bytes > limit);
        }
        self.frames += 1;
        self.window_bytes = self.window_bytes.max(header.window_bytes);
        self.checksum &= header.checksum;
        if header.dictionary_id != 0 {
            self.several_dictionaries |=
                self.dictionary_id != 0 && self.dictionary_id != header.dictionary_id;
            if self.dictionary_id == 0 {
                self.dictionary_id = header.dictionary_id;
            }
        }
    }

    /// The length of the frame that begins `rest`.
    fn walk_blocks(&mut self, header: &FrameHeader, rest: &[u8]) -> std::result::Result<usize, End> {
        let max = header.block_bytes_max();
        let mut at = header.header_bytes;
        let mut bound = 0u64;
        loop {
            let Some(&bytes) = rest.get(at..).and_then(|tail| tail.first_chunk::<BLOCK_HEADER_BYTES>())
            else {
                return Err(End::Truncated);
            };
            let block =
                BlockHeader::read(bytes).filter(|block| block.fault(max).is_none()).ok_or(End::Broken)?;
            at += BLOCK_HEADER_BYTES + block.stored_bytes() as usize;
            if at > rest.len() {
                return Err(End::Truncated);
            }
            bound += block.content_bytes_max(max);
            if block.last {
                break;
            }
        }
        let declared = header.content_bytes.unwrap_or(0);
        self.overdeclared |= declared > bound;
        self.bound_bytes = self.bound_bytes.saturating_add(header.content_bytes.unwrap_or(bound).min(bound));
        at += if header.checksum { 4 } else { 0 };
        if at > rest.len() {
            return Err(End::Truncated);
        }
        Ok(at)
    }
}

/// What the headers of `data` tell, without decoding anything. `data` may be the head of a longer input; the first header must be whole.
///
/// Errors: `unknown_format`, `unsupported_feature`, `truncated_input`, each of the first header.
pub fn inspect(data: &[u8]) -> Result<Survey> {
    match read_header(data) {
        Reading::Whole(_) => Ok(Survey::of(data)),
        Reading::Needs(_) => Err(Error::TruncatedInput { offset: data.len() as u64 }),
        Reading::Unknown => Err(Error::UnknownFormat { head: Head::of(data) }),
        Reading::Legacy => Err(Error::UnsupportedFeature { offset: 0, feature: LEGACY }),
        Reading::Reserved => Err(Error::UnsupportedFeature { offset: 0, feature: RESERVED }),
    }
}

/// The feature named for frames of before 1.0.
pub const LEGACY: &str = "zstd frames of versions before 1.0";
/// The feature named for set reserved bits.
pub const RESERVED: &str = "zstd frame header with a reserved bit set";
