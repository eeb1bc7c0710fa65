//! SHA-256 (FIPS 180-4) on the `sha2` crate, which chooses the processor's SHA instructions at run time.
//!
//! A message's blocks follow one another, threads cannot share it; the messages of a batch run four at a time in one thread
//! ([`hash_many`]), which the crate does not offer. `reference` is the slow and readable implementation that judges the rest in the tests.

mod arch;
mod batch;
pub mod reference;

pub use batch::hash_many;

use sha2::{Digest, Sha256};

/// Bytes of a digest.
pub const DIGEST: usize = 32;
/// Bytes between two looks at the caller's wish to stop: half a millisecond.
const SLICE: usize = 1 << 20;

/// Why an operation gave no digest. [`Error::code`] is the word that TypeScript knows it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The memory handed in for digests has another size than the digests need.
    OutputTooSmall,
    /// The caller wished to stop.
    Aborted,
}

impl Error {
    /// The public code, in lowercase_snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Error::OutputTooSmall => "output_too_small",
            Error::Aborted => "aborted",
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Error {}

/// The caller's wish to stop, asked at least once per MiB.
pub type ShouldStop<'a> = &'a dyn Fn() -> bool;

/// An incremental hash of one message.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// The state before the first byte.
    pub fn new() -> Hasher {
        Hasher::default()
    }

    /// Takes `data`. After [`Error::Aborted`] some of it has been taken: drop the state.
    pub fn update(&mut self, data: &[u8], should_stop: ShouldStop<'_>) -> Result<(), Error> {
        for slice in data.chunks(SLICE) {
            if should_stop() {
                return Err(Error::Aborted);
            }
            self.0.update(slice);
        }
        Ok(())
    }

    /// The digest of all bytes taken so far. The state goes on.
    pub fn digest(&self) -> [u8; DIGEST] {
        self.0.clone().finalize().into()
    }
}

/// The digest of `data`.
pub fn hash(data: &[u8], should_stop: ShouldStop<'_>) -> Result<[u8; DIGEST], Error> {
    let mut hasher = Hasher::new();
    hasher.update(data, should_stop)?;
    Ok(hasher.0.finalize().into())
}

#[cfg(test)]
mod tests;
