//! Parameters of a chunker and the ranges that the algorithm gives them.

use std::fmt;

/// Range of `min_size`, bytes.
pub const MIN_SIZE_RANGE: (u32, u32) = (64, 1 << 20);
/// Range of `avg_size`, bytes.
pub const AVG_SIZE_RANGE: (u32, u32) = (256, 4 << 20);
/// Range of `max_size`, bytes.
pub const MAX_SIZE_RANGE: (u32, u32) = (1024, 16 << 20);
/// Range of `normalization`.
pub const NORMALIZATION_RANGE: (u32, u32) = (0, 3);

/// What decides every cut point, beside the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Smallest chunk but the last, bytes (an odd one allows chunks of one byte less: the loop steps in pairs).
    pub min_size: u32,
    /// Where the stricter mask gives way to the looser one, bytes; need not be a power of two.
    pub avg_size: u32,
    /// Largest chunk, bytes.
    pub max_size: u32,
    /// How many bits the two masks are apart from the average's own, each: 0 to 3.
    pub normalization: u32,
    /// Combined by exclusive or into every entry of the Gear table; 0 is the published table.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { min_size: 256 << 10, avg_size: 1 << 20, max_size: 4 << 20, normalization: 1, seed: 0 }
    }
}

/// Why options were refused; `code()` is the word that TypeScript uses too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionsError {
    /// A parameter lies outside its range.
    OutOfRange {
        /// Field of [`Options`].
        parameter: &'static str,
        /// The value given.
        value: u32,
        /// Smallest value allowed.
        least: u32,
        /// Greatest value allowed.
        greatest: u32,
    },
    /// `lower` must not be greater than `upper`.
    NotOrdered {
        /// Field that must be the smaller.
        lower: &'static str,
        /// Field that must be the greater.
        upper: &'static str,
    },
}

impl OptionsError {
    /// The public word for this failure.
    pub fn code(&self) -> &'static str {
        "invalid_chunking_options"
    }

    /// The field of [`Options`] at fault.
    pub fn parameter(&self) -> &'static str {
        match self {
            OptionsError::OutOfRange { parameter, .. } => parameter,
            OptionsError::NotOrdered { lower, .. } => lower,
        }
    }
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::OutOfRange { parameter, value, least, greatest } => {
                write!(f, "{parameter} is {value}, not within {least} to {greatest}")
            }
            OptionsError::NotOrdered { lower, upper } => write!(f, "{lower} is greater than {upper}"),
        }
    }
}

impl std::error::Error for OptionsError {}

impl Options {
    /// Checks ranges and order, in release builds too (the `fastcdc` crate asserts them in debug builds only).
    pub fn check(&self) -> Result<(), OptionsError> {
        let ranges = [
            ("min_size", self.min_size, MIN_SIZE_RANGE),
            ("avg_size", self.avg_size, AVG_SIZE_RANGE),
            ("max_size", self.max_size, MAX_SIZE_RANGE),
            ("normalization", self.normalization, NORMALIZATION_RANGE),
        ];
        for (parameter, value, (least, greatest)) in ranges {
            if value < least || value > greatest {
                return Err(OptionsError::OutOfRange { parameter, value, least, greatest });
            }
        }
        if self.min_size > self.avg_size {
            return Err(OptionsError::NotOrdered { lower: "min_size", upper: "avg_size" });
        }
        if self.avg_size > self.max_size {
            return Err(OptionsError::NotOrdered { lower: "avg_size", upper: "max_size" });
        }
        Ok(())
    }
}
