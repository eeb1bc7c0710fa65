//! Dictionaries: the bytes, their id, and what libzstd digests them to.

use crate::ffi::{DecoderDictionary, EncoderDictionary};
use crate::frame::DICTIONARY_MAGIC;
use crate::options::CompressOptions;
use chunker_codec::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Forms for compression kept beside each other, one per set of options; the one used longest ago goes first.
const ENCODER_FORMS: usize = 4;

/// A dictionary, shared by all who compress or decompress with it. Trained ones (RFC 8878, section 5) have an id; any other bytes serve as raw content
/// without one, and then no frame tells that it needs them.
pub struct Dictionary {
    bytes: Vec<u8>,
    id: u32,
    decoder: Arc<DecoderDictionary>,
    encoders: Mutex<Vec<(CompressOptions, Arc<EncoderDictionary>)>>,
}

impl Dictionary {
    /// Copies and digests `bytes`.
    ///
    /// Errors: `dictionary_mismatch` for no bytes and for a trained dictionary that cannot be read; `out_of_memory`.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let trained = bytes.starts_with(&DICTIONARY_MAGIC);
        let id = match bytes.get(4..8) {
            Some(field) if trained => field.iter().rev().fold(0, |id, &byte| id << 8 | u32::from(byte)),
            _ => 0,
        };
        let unreadable = Error::DictionaryMismatch { id: None, given: id };
        if bytes.is_empty() {
            return Err(unreadable);
        }
        let failure = if trained { unreadable } else { Error::OutOfMemory { bytes: bytes.len() as u64 } };
        let decoder = Arc::new(DecoderDictionary::new(bytes).ok_or(failure)?);
        let mut own = Vec::new();
        own.try_reserve_exact(bytes.len()).map_err(|_| Error::OutOfMemory { bytes: bytes.len() as u64 })?;
        own.extend_from_slice(bytes);
        Ok(Dictionary { bytes: own, id, decoder, encoders: Mutex::new(Vec::new()) })
    }

    /// The id that frames made with it carry; 0: none.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Bytes it holds with all its forms.
    pub fn memory_bytes(&self) -> usize {
        let encoders = self.encoders.lock().unwrap_or_else(PoisonError::into_inner);
        let forms: usize = encoders.iter().map(|(_, form)| form.memory_bytes()).sum();
        self.bytes.len() + self.decoder.memory_bytes() + forms
    }

    pub(crate) fn decoder(&self) -> &Arc<DecoderDictionary> {
        &self.decoder
    }

    /// The form for compression with `options`, digested on first use. Frame flags do not change it.
    pub(crate) fn encoder(&self, options: &CompressOptions) -> Result<Arc<EncoderDictionary>> {
        let key = CompressOptions { checksum: false, content_size: true, ..*options };
        let mut forms = self.encoders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = forms.iter().position(|(made_for, _)| *made_for == key) {
            let form = forms.remove(at);
            let encoder = Arc::clone(&form.1);
            forms.push(form);
            return Ok(encoder);
        }
        let encoder = EncoderDictionary::new(&self.bytes, &key)
            .map(Arc::new)
            .ok_or(Error::DictionaryMismatch { id: None, given: self.id })?;
        if forms.len() == ENCODER_FORMS {
            forms.remove(0);
        }
        forms.push((key, Arc::clone(&encoder)));
        Ok(encoder)
    }
}
