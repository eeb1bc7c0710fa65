//! BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere", 2020).
//!
//! One message goes through the official `blake3` crate and its assembly, a longer one on AVX-512 through lanes of our own (`tree`). Added here are
//! the two things that the crate does not offer: a batch of messages of any lengths, several per vector register ([`hash_many`]), and one
//! message hashed by threads that the caller lends ([`Host`]), one-shot or incremental. The kernel starts no thread.
//!
//! `reference` is the slow and readable implementation that judges all of it in the tests.

mod arch;
mod batch;
mod hasher;
mod host;
mod one;
pub mod reference;
mod settings;
#[cfg(target_arch = "x86_64")]
mod tree;

pub use batch::hash_many;
pub use hasher::Hasher;
pub use host::{Alone, Host};
pub use one::hash;
pub use settings::{Mode, Settings, MAX_LENGTH};

/// Why an operation gave no digest. [`Error::code`] is the word that TypeScript knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The encoded settings are no settings: unknown mode, key of another size, length of zero or too large.
    InvalidOptions,
    /// The memory handed in for digests has another size than the digests need.
    OutputTooSmall,
    /// The caller wished to stop.
    Aborted,
    /// Memory for intermediate values could not be had.
    OutOfMemory,
}

impl Error {
    /// The public code, in lowercase_snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Error::InvalidOptions => "invalid_options",
            Error::OutputTooSmall => "output_too_small",
            Error::Aborted => "aborted",
            Error::OutOfMemory => "out_of_memory",
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests;
