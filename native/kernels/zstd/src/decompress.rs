//! Decompression of inputs that lie in memory whole.

use crate::decode_engine::{Engine, Target};
use crate::dictionary::Dictionary;
use crate::ffi::Decoder;
use crate::survey::{End, Survey};
use chunker_codec::{append, check, reserve, DecodeLimits, Error, Host, Output, Result};
use std::sync::Arc;

/// Results up to this length are decoded by one call of libzstd, in a few milliseconds; larger ones block by block, with looks at the host.
const ONE_CALL_BYTES_MAX: usize = 4 << 20;
/// Where frames do not declare their size, memory for all that their blocks could hold is taken at once up to this multiple of the input: most data need it
/// nearly all. Beyond, memory grows with what was decoded.
const PLAUSIBLE_RATIO: u64 = 16;
/// Added to it, and the first step of growing memory.
const PLAUSIBLE_BYTES: u64 = 256 << 10;
/// Behind what it decoded libzstd may leave literals of one block and overlong copies: at most two blocks and a little.
const SPILL_BYTES: usize = (2 << 17) + 256;

/// A reusable decompression context, about 96 KiB, and the window where a frame had to be decoded piece by piece.
pub struct Decompressor {
    decoder: Decoder,
    /// Ready for one-call decoding with this dictionary.
    ready: Option<Option<Arc<Dictionary>>>,
}

enum Plan {
    /// An error is certain, by headers alone; which one stands first, decoding tells.
    Refuse,
    /// The result has this many bytes, or at most this many.
    Room { bytes: usize, exact: bool },
    /// The result might be much larger than the input.
    Grow,
}

impl Decompressor {
    /// Errors: `out_of_memory`.
    pub fn new() -> Result<Self> {
        let decoder = Decoder::new().ok_or(Error::OutOfMemory { bytes: 1 << 17 })?;
        Ok(Decompressor { decoder, ready: None })
    }

    /// Bytes it holds, as libzstd counts them.
    pub fn memory_bytes(&self) -> usize {
        self.decoder.memory_bytes()
    }

    /// Decodes all frames of `input` into memory of its own. Nothing is returned of data that are faulty anywhere.
    ///
    /// Errors: `unknown_format`, `corrupt_data`, `truncated_input`, `checksum_mismatch`, `trailing_data`, `unsupported_feature`, `size_exceeded`,
    /// `memory_limit_exceeded`, `dictionary_missing`, `dictionary_mismatch`, `out_of_memory`, `aborted`.
    pub fn decompress(
        &mut self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
    ) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        self.decompress_append(input, limits, dictionary, host, &mut output)?;
        if output.capacity() - output.len() > output.len() / 8 {
            output.shrink_to_fit();
        }
        Ok(output)
    }

    /// As `decompress`, behind what `output` holds, which stays as it was on failure. Returns the bytes added. The limit is for these alone.
    pub fn decompress_append(
        &mut self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize> {
        check(host)?;
        let before = output.len();
        let survey = Survey::with_limit(input, limits.max_output_bytes);
        match plan(&survey, limits, dictionary)? {
            Plan::Refuse => return Err(self.refuse(input, limits, dictionary, host)),
            Plan::Grow => {
                let grown = self.grow(input, limits, dictionary, host, output);
                if let Err(error) = grown {
                    output.truncate(before);
                    return Err(match error {
                        Error::CorruptData { .. } | Error::TruncatedInput { .. } => {
                            self.refuse(input, limits, dictionary, host)
                        }
                        other => other,
                    });
                }
            }
            Plan::Room { bytes, .. } => {
                reserve(output, bytes as u64)?;
                let frames = &input[..survey.whole_bytes];
                append(output, bytes, |place| self.decode(frames, limits, dictionary, host, place))?;
            }
        }
        Ok(output.len() - before)
    }

    /// Decodes all frames of `input` into the start of `output` and returns the bytes written. On failure the part of `output` that was used is zero; behind
    /// the bytes written it stays as it was or is zero.
    ///
    /// Errors: those of `decompress`, and `output_too_small`, with the size needed where the frames declare it.
    pub fn decompress_into(
        &mut self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize> {
        check(host)?;
        let survey = Survey::with_limit(input, limits.max_output_bytes);
        let room = match plan(&survey, limits, dictionary)? {
            Plan::Refuse => return Err(self.refuse(input, limits, dictionary, host)),
            Plan::Room { bytes, exact: true } => {
                let needed = Some(bytes as u64);
                let too_small = Error::OutputTooSmall { available: output.len() as u64, needed };
                (bytes <= output.len()).then_some(bytes).ok_or(too_small)?
            }
            _ => output.len().min(usize::try_from(limits.max_output_bytes).unwrap_or(usize::MAX)),
        };
        let available = output.len() as u64;
        // Where the buffer ends before the limit, its end is the limit while decoding.
        let tight = DecodeLimits { max_output_bytes: limits.max_output_bytes.min(available), ..*limits };
        let mut place = Output::over(&mut output[..room]);
        let outcome = self.decode(&input[..survey.whole_bytes], &tight, dictionary, host, &mut place);
        let written = place.written();
        match outcome {
            Ok(()) => {
                output[written..room.min(written + SPILL_BYTES)].fill(0);
                Ok(written)
            }
            Err(error) => {
                output[..room].fill(0);
                Err(match error {
                    Error::SizeExceeded { .. } if available <= limits.max_output_bytes => {
                        Error::OutputTooSmall { available, needed: None }
                    }
                    other => other,
                })
            }
        }
    }

    /// The survey found `frames` whole; `output` has room for them, or for all that the limit allows.
    fn decode(
        &mut self,
        frames: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut Output<'_>,
    ) -> Result<()> {
        if output.room() <= ONE_CALL_BYTES_MAX && frames.len() <= ONE_CALL_BYTES_MAX {
            self.prepare(dictionary)?;
            if self.decoder.whole(frames, output).is_ok() {
                return Ok(());
            }
            // One call says that there is a fault; piece by piece its kind and place are found.
            return Err(self.refuse(frames, limits, dictionary, host));
        }
        self.ready = None;
        let at_limit = output.room() as u64 == limits.max_output_bytes;
        let mut engine = Engine::new(&mut self.decoder, Target::Whole, *limits, dictionary)?;
        let outcome = engine.push(&mut self.decoder, frames, output, host).and_then(|_| engine.finish());
        match outcome {
            // A block did not fit. In a place for all that the blocks can hold that is a fault of the block; at the limit it is told at once.
            Err(Error::SizeExceeded { .. }) if !at_limit => {
                Err(self.refuse(frames, limits, dictionary, host))
            }
            outcome => outcome,
        }
    }

    fn prepare(&mut self, dictionary: Option<&Arc<Dictionary>>) -> Result<()> {
        let same = match (&self.ready, dictionary) {
            (Some(None), None) => true,
            (Some(Some(ready)), Some(wanted)) => Arc::ptr_eq(ready, wanted),
            _ => false,
        };
        if !same {
            self.ready = None;
            self.decoder
                .begin(dictionary.map(|dictionary| dictionary.decoder()), false)
                .map_err(|_| Error::OutOfMemory { bytes: 1 << 16 })?;
            self.ready = Some(dictionary.cloned());
        }
        Ok(())
    }

    /// Decodes into nothing until the fault is met.
    fn refuse(
        &self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
    ) -> Error {
        let mut sink = Vec::new();
        // A context keeps the room of what it decoded before, and by its room libzstd notices content beyond what a frame declares: a fresh one tells of these data alone.
        let fresh = Decompressor::new();
        match fresh.and_then(|mut fresh| fresh.pieces(input, limits, dictionary, host, &mut sink, false)) {
            Err(error) => error,
            Ok(()) => {
                Error::CorruptData { offset: input.len() as u64, reason: "headers contradict each other" }
            }
        }
    }

    fn grow(
        &mut self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<()> {
        self.pieces(input, limits, dictionary, host, output, true)
    }

    /// Decodes with a window of its own, into memory that doubles, or with `keep` false into the same memory again and again.
    fn pieces(
        &mut self,
        input: &[u8],
        limits: &DecodeLimits,
        dictionary: Option<&Arc<Dictionary>>,
        host: &dyn Host,
        output: &mut Vec<u8>,
        keep: bool,
    ) -> Result<()> {
        self.ready = None;
        let mut engine = Engine::new(&mut self.decoder, Target::Pieces, *limits, dictionary)?;
        let start = output.len();
        let mut read = 0;
        let mut full = false;
        while read < input.len() || full {
            if !keep {
                output.clear();
            }
            let written = (output.len() - start) as u64;
            let step = (written.max(PLAUSIBLE_BYTES))
                .min(limits.max_output_bytes - written.min(limits.max_output_bytes))
                as usize;
            if output.capacity() - output.len() < step {
                output.try_reserve(step).map_err(|_| Error::OutOfMemory { bytes: step as u64 })?;
            }
            let decoder = &mut self.decoder;
            let before = output.len();
            read += append(output, step, |place| engine.push(decoder, &input[read..], place, host))?;
            full = step > 0 && output.len() - before == step;
        }
        engine.finish()
    }

    /// Lets go of the dictionary: for contexts that are put by.
    pub fn rest(&mut self) {
        if !matches!(self.ready, Some(None)) {
            self.ready = None;
            // Ends the session first, so it cannot fail.
            let _ = self.decoder.begin(None, false);
        }
    }

    pub(crate) fn decoder(&mut self) -> &mut Decoder {
        self.ready = None;
        &mut self.decoder
    }
}

/// Bytes that `input` decodes to, where every frame declares them and its blocks can hold them; None also where headers show an error.
pub fn content_bytes(
    input: &[u8],
    limits: &DecodeLimits,
    dictionary: Option<&Arc<Dictionary>>,
) -> Option<usize> {
    match plan(&Survey::with_limit(input, limits.max_output_bytes), limits, dictionary) {
        Ok(Plan::Room { bytes, exact: true }) => Some(bytes),
        _ => None,
    }
}

fn plan(survey: &Survey, limits: &DecodeLimits, dictionary: Option<&Arc<Dictionary>>) -> Result<Plan> {
    let limit = limits.max_output_bytes;
    if let Some(declared) = survey.excess_bytes {
        return Err(Error::SizeExceeded { limit, declared: Some(declared) });
    }
    let ends = survey.end == End::Complete || (survey.end == End::Trailing && limits.allow_trailing);
    let named = survey.dictionary_id;
    let known = named == 0
        || (!survey.several_dictionaries && dictionary.is_some_and(|dictionary| dictionary.id() == named));
    if !ends || !known || survey.overdeclared || survey.window_bytes > limits.max_memory_bytes {
        return Ok(Plan::Refuse);
    }
    if let Some(bytes) = survey.content_bytes {
        let bytes = usize::try_from(bytes).map_err(|_| Error::OutOfMemory { bytes })?;
        return Ok(Plan::Room { bytes, exact: true });
    }
    let bound = survey.bound_bytes.min(limit);
    if bound <= PLAUSIBLE_RATIO * survey.whole_bytes as u64 + PLAUSIBLE_BYTES {
        return Ok(Plan::Room { bytes: bound as usize, exact: false });
    }
    Ok(Plan::Grow)
}
