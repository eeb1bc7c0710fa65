//! What can go wrong, in the words that reach JavaScript as `err.code`.

use std::fmt;

/// The first bytes of an input, kept for `unknown_format` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    bytes: [u8; 8],
    length: u8,
}

impl Head {
    /// The first eight bytes of `input`, or all where there are fewer.
    pub fn of(input: &[u8]) -> Self {
        let length = input.len().min(8);
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(&input[..length]);
        Head { bytes, length: length as u8 }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Every failure of a codec. Offsets count bytes of the compressed input from 0; a fault inside a block, index or footer carries the offset where that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The data do not begin as the format does.
    UnknownFormat {
        /// Their first bytes.
        head: Head,
    },
    /// The data break the format, or contradict what they declare.
    CorruptData {
        /// Where the faulty header, block or frame begins.
        offset: u64,
        /// What is wrong, in the library's words or ours.
        reason: &'static str,
    },
    /// The data end inside a frame or stream.
    TruncatedInput {
        /// The length of the input.
        offset: u64,
    },
    /// Content, header, index or footer do not have the checksum that stands with them.
    ChecksumMismatch {
        /// Where the checksum stands.
        offset: u64,
    },
    /// After the last frame or stream comes something that is neither one nor padding.
    TrailingData {
        /// Where it begins.
        offset: u64,
    },
    /// Legal data that are not read here: old versions, filters and checks that the library does not know, reserved bits.
    UnsupportedFeature {
        /// Where the header begins that asks for it.
        offset: u64,
        /// Which.
        feature: &'static str,
    },
    /// More output than the caller allows.
    SizeExceeded {
        /// The caller's limit, bytes of output.
        limit: u64,
        /// What the data claim, where they claim it.
        declared: Option<u64>,
    },
    /// A decoder for the data needs more memory than the caller allows.
    MemoryLimitExceeded {
        /// The caller's limit, bytes of the decoder's memory.
        limit: u64,
        /// What the decoder would take.
        needed: u64,
    },
    /// The caller's buffer is too small for the result.
    OutputTooSmall {
        /// Its length.
        available: u64,
        /// The length needed, where it is known.
        needed: Option<u64>,
    },
    /// An allocation failed.
    OutOfMemory {
        /// Roughly how many bytes were asked for.
        bytes: u64,
    },
    /// A frame names a dictionary and none was given.
    DictionaryMissing {
        /// The id in the frame header.
        id: u32,
    },
    /// The dictionary given has another id than the frame names, or cannot be read as a dictionary.
    DictionaryMismatch {
        /// The id in the frame header; absent where the dictionary itself is at fault.
        id: Option<u32>,
        /// The id of the dictionary given; 0 means it has none.
        given: u32,
    },
    /// An option is out of its range.
    InvalidOptions {
        /// The option's public name.
        name: &'static str,
        /// Its value.
        value: i64,
        /// Smallest and largest legal value.
        range: (i64, i64),
    },
    /// The input's length contradicts the length that was announced for it.
    SizeMismatch {
        /// What was announced.
        announced: u64,
    },
    /// The host wished it to end.
    Aborted,
    /// A stream was used after its end or after an error.
    AlreadyFinished,
}

impl Error {
    /// The word that JavaScript sees as `err.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Error::UnknownFormat { .. } => "unknown_format",
            Error::CorruptData { .. } => "corrupt_data",
            Error::TruncatedInput { .. } => "truncated_input",
            Error::ChecksumMismatch { .. } => "checksum_mismatch",
            Error::TrailingData { .. } => "trailing_data",
            Error::UnsupportedFeature { .. } => "unsupported_feature",
            Error::SizeExceeded { .. } => "size_exceeded",
            Error::MemoryLimitExceeded { .. } => "memory_limit_exceeded",
            Error::OutputTooSmall { .. } => "output_too_small",
            Error::OutOfMemory { .. } => "out_of_memory",
            Error::DictionaryMissing { .. } => "dictionary_missing",
            Error::DictionaryMismatch { .. } => "dictionary_mismatch",
            Error::InvalidOptions { .. } => "invalid_options",
            Error::SizeMismatch { .. } => "invalid_input",
            Error::Aborted => "aborted",
            Error::AlreadyFinished => "already_finished",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self:?}", self.code())
    }
}

impl std::error::Error for Error {}

/// The result of what codecs do.
pub type Result<T> = std::result::Result<T, Error>;
