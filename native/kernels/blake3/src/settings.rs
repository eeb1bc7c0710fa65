//! What is hashed with: the mode, and how many bytes come out.

use crate::{reference, Error};
use blake3::hazmat::{self, HasherExt};

/// The largest digest. BLAKE3 itself ends at 2^64 - 1 bytes; this keeps one digest from taking a process's memory.
pub const MAX_LENGTH: usize = 1 << 20;

/// One of the three modes of section 2.3 of the paper. `Debug` does not show keys.
#[derive(Clone)]
pub enum Mode {
    /// The plain hash.
    Hash,
    /// A message authentication code under a key of 32 bytes.
    Keyed([u8; 32]),
    /// Derives keys from input key material; holds the hash of the context string, see [`Mode::derive_key`].
    DeriveKey([u8; 32]),
}

impl std::fmt::Debug for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mode::Hash => "Hash",
            Mode::Keyed(_) => "Keyed",
            Mode::DeriveKey(_) => "DeriveKey",
        })
    }
}

impl Mode {
    /// Derive-key mode for `context`, which should be hard-coded, globally unique and application-specific.
    pub fn derive_key(context: &str) -> Mode {
        Mode::DeriveKey(hazmat::hash_derive_key_context(context))
    }

    pub(crate) fn hasher(&self) -> blake3::Hasher {
        match self {
            Mode::Hash => blake3::Hasher::new(),
            Mode::Keyed(key) => blake3::Hasher::new_keyed(key),
            Mode::DeriveKey(key) => blake3::Hasher::new_from_context_key(key),
        }
    }

    pub(crate) fn tree(&self) -> hazmat::Mode<'_> {
        match self {
            Mode::Hash => hazmat::Mode::Hash,
            Mode::Keyed(key) => hazmat::Mode::KeyedHash(key),
            Mode::DeriveKey(key) => hazmat::Mode::DeriveKeyMaterial(key),
        }
    }

    /// The words that every chunk and parent starts from.
    pub(crate) fn key_words(&self) -> [u32; 8] {
        match self {
            Mode::Hash => reference::IV,
            Mode::Keyed(key) | Mode::DeriveKey(key) => std::array::from_fn(|i| {
                u32::from_le_bytes([key[4 * i], key[4 * i + 1], key[4 * i + 2], key[4 * i + 3]])
            }),
        }
    }

    /// The flag that every compression of this mode carries.
    pub(crate) fn flags(&self) -> u32 {
        match self {
            Mode::Hash => 0,
            Mode::Keyed(_) => reference::KEYED_HASH,
            Mode::DeriveKey(_) => reference::DERIVE_KEY_MATERIAL,
        }
    }
}

/// A mode and a digest length.
#[derive(Clone, Debug)]
pub struct Settings {
    mode: Mode,
    length: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { mode: Mode::Hash, length: 32 }
    }
}

impl Settings {
    /// Settings for digests of `length` bytes, 1 to [`MAX_LENGTH`]; otherwise [`Error::InvalidOptions`].
    pub fn new(mode: Mode, length: usize) -> Result<Settings, Error> {
        if length == 0 || length > MAX_LENGTH {
            return Err(Error::InvalidOptions);
        }
        Ok(Settings { mode, length })
    }

    /// Reads the form in which settings cross a border: `length` as four bytes, little end first; the mode as one byte (0 hash,
    /// 1 keyed, 2 derive-key); then nothing, the key's 32 bytes, or the context in UTF-8. No bytes at all: the plain
    /// hash of 32 bytes. Anything else is [`Error::InvalidOptions`].
    pub fn decode(bytes: &[u8]) -> Result<Settings, Error> {
        if bytes.is_empty() {
            return Ok(Settings::default());
        }
        let (head, secret) = bytes.split_at_checked(5).ok_or(Error::InvalidOptions)?;
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let mode = match head[4] {
            0 if secret.is_empty() => Mode::Hash,
            1 => Mode::Keyed(secret.try_into().map_err(|_| Error::InvalidOptions)?),
            2 => Mode::derive_key(std::str::from_utf8(secret).map_err(|_| Error::InvalidOptions)?),
            _ => return Err(Error::InvalidOptions),
        };
        Settings::new(mode, length as usize)
    }

    /// The mode.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Bytes of one digest.
    pub fn length(&self) -> usize {
        self.length
    }
}
