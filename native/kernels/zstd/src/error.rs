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

/// Every failure of this crate. Offsets count bytes of the compressed input from 0; a fault inside a block carries the offset of the block's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The data begin with no zstd magic.
    UnknownFormat {
        /// Their first bytes.
        head: Head,
    },
    /// The data break the format, or contradict what they declare.
    CorruptData {
        /// Where the faulty header, block or frame begins.
        offset: u64,
        /// What is wrong, in libzstd's words or ours.
        reason: &'static str,
    },
    /// The data end inside a frame.
    TruncatedInput {
        /// The length of the input.
        offset: u64,
    },
    /// The content does not have the checksum that the frame carries.
    ChecksumMismatch {
        /// Where the checksum stands.
        offset: u64,
    },
    /// After the last frame comes something that is no frame.
    TrailingData {
        /// Where it begins.
        offset: u64,
    },
    /// Legal zstd that is not read here: frames of before 1.0, reserved bits.
    UnsupportedFeature {
        /// Where the frame begins.
        offset: u64,
        /// Which.
        feature: &'static str,
    },
    /// More output than the caller allows.
    SizeExceeded {
        /// The caller's limit, bytes of output.
        limit: u64,
        /// What the frames claim, where they claim it.
        declared: Option<u64>,
    },
    /// A frame needs a larger window than the caller allows.
    MemoryLimitExceeded {
        /// The caller's limit, bytes of window.
        limit: u64,
        /// The window the frame asks for.
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
    /// `should_stop` answered yes.
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

/// The result of this crate's operations.
pub type Result<T> = std::result::Result<T, Error>;
