//! Decompression of inputs that lie in memory whole.

use crate::decompress_stream::Engine;
use crate::ffi::Coder;
use crate::options::{plausible_content, Format, PLAUSIBLE_BYTES};
use crate::parallel::{self, Refusal};
use crate::survey::Survey;
use chunker_codec::{append, check, reserve, DecodeLimits, Error, Host, Output, Result};

/// A reusable decoder. Holds the dictionary and tables of the largest block since it was made.
#[derive(Default)]
pub struct Decompressor {
    coder: Coder,
}

impl Decompressor {
    /// A decoder that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes it holds, as liblzma counts them.
    pub fn memory_bytes(&self) -> u64 {
        self.coder.memory_bytes()
    }

    /// Decodes all streams of `input` into memory of its own. Nothing is returned of data that are faulty anywhere.
    ///
    /// Errors: `unknown_format`, `corrupt_data`, `truncated_input`, `checksum_mismatch`, `trailing_data`, `unsupported_feature`, `size_exceeded`,
    /// `memory_limit_exceeded`, `out_of_memory`, `aborted`.
    pub fn decompress(
        &mut self,
        input: &[u8],
        format: Format,
        limits: &DecodeLimits,
        host: &dyn Host,
    ) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        self.decompress_append(input, format, limits, host, &mut output)?;
        if output.capacity() - output.len() > output.len() / 8 {
            output.shrink_to_fit();
        }
        Ok(output)
    }

    /// As `decompress`, behind what `output` holds, which stays as it was on failure. Returns the bytes added. The limit is for these alone.
    pub fn decompress_append(
        &mut self,
        input: &[u8],
        format: Format,
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize> {
        check(host)?;
        let before = output.len();
        if let Some(survey) = survey(input, format, limits)? {
            let content = survey.content_bytes;
            let plausible = plausible_content(input.len() as u64);
            if content <= plausible {
                reserve(output, content)?;
            }
            // Beyond, the limit has been asked, and the memory is only promised: pages come with their first byte.
            if parallel::pays(&survey, host) && (content <= plausible || reserve(output, content).is_ok()) {
                match parallel::decode_append(&survey, input, limits, host, output) {
                    Ok(()) => return Ok(output.len() - before),
                    Err(Refusal::Because(error)) => return Err(error),
                    Err(Refusal::Faulty) => {}
                }
            }
        }
        let decoded = self.grow(input, format, limits, host, output);
        if let Err(error) = decoded {
            output.truncate(before);
            return Err(error);
        }
        Ok(output.len() - before)
    }

    /// Decodes all streams of `input` into the start of `output` and returns the bytes written. What lies behind them stays as it was; on failure what was written is zero.
    ///
    /// Errors: those of `decompress`, and `output_too_small`, with the size needed where the data declare it.
    pub fn decompress_into(
        &mut self,
        input: &[u8],
        format: Format,
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize> {
        check(host)?;
        let available = output.len() as u64;
        let survey = survey(input, format, limits)?;
        let needed = survey.as_ref().map(|survey| survey.content_bytes);
        if let Some(needed) = needed.filter(|&needed| needed > available) {
            return Err(Error::OutputTooSmall { available, needed: Some(needed) });
        }
        if let Some(survey) = survey.filter(|survey| parallel::pays(survey, host)) {
            let bytes = survey.content_bytes as usize;
            match parallel::decode_into(&survey, input, limits, host, &mut output[..bytes]) {
                Ok(()) => return Ok(bytes),
                Err(refusal) => {
                    output[..bytes].fill(0);
                    if let Refusal::Because(error) = refusal {
                        return Err(error);
                    }
                }
            }
        }
        self.fill(input, format, limits, host, output)
    }

    /// One block after the other, into memory that doubles.
    fn grow(
        &mut self,
        input: &[u8],
        format: Format,
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<()> {
        let mut engine = Engine::new(format, *limits)?;
        let (start, mut read) = (output.len(), 0);
        while read < input.len() || engine.full() {
            let written = (output.len() - start) as u64;
            if output.capacity() == output.len() {
                let left = limits.max_output_bytes.saturating_sub(written);
                // Over the limit there is nothing to write to, and no need: one byte more is the error.
                output
                    .try_reserve(written.max(PLAUSIBLE_BYTES).min(left) as usize)
                    .map_err(|_| Error::OutOfMemory { bytes: written })?;
            }
            let room = output.capacity() - output.len();
            let coder = &mut self.coder;
            read += append(output, room, |place| engine.push(coder, &input[read..], place, host))?;
        }
        engine.finish_append(&mut self.coder, output, host)
    }

    /// One block after the other, into the caller's memory.
    fn fill(
        &mut self,
        input: &[u8],
        format: Format,
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize> {
        let available = output.len() as u64;
        // Where the buffer ends before the limit, its end is the limit while decoding.
        let tight = DecodeLimits { max_output_bytes: limits.max_output_bytes.min(available), ..*limits };
        let mut engine = Engine::new(format, tight)?;
        let mut place = Output::over(output);
        let mut read = 0;
        let mut outcome = Ok(());
        while outcome.is_ok() && (read < input.len() || engine.full()) {
            outcome =
                engine.push(&mut self.coder, &input[read..], &mut place, host).map(|taken| read += taken);
        }
        let outcome = outcome.and_then(|()| engine.finish(&mut self.coder, &mut place, host));
        let (written, touched) = (place.written(), place.touched());
        match outcome {
            Ok(()) => Ok(written),
            Err(error) => {
                output[..touched].fill(0);
                Err(match error {
                    Error::SizeExceeded { declared, .. } if available < limits.max_output_bytes => {
                        too_small(available, declared, limits)
                    }
                    other => other,
                })
            }
        }
    }

    pub(crate) fn coder(&mut self) -> &mut Coder {
        &mut self.coder
    }
}

/// More than the buffer holds was found; what was declared may be more than the limit allows, too.
fn too_small(available: u64, declared: Option<u64>, limits: &DecodeLimits) -> Error {
    match declared {
        Some(declared) if declared > limits.max_output_bytes => {
            Error::SizeExceeded { limit: limits.max_output_bytes, declared: Some(declared) }
        }
        needed => Error::OutputTooSmall { available, needed },
    }
}

/// Bytes that `input` decodes to, where indexes tell them and it could hold them; None also where they are over the limit.
pub fn content_bytes(input: &[u8], format: Format, limits: &DecodeLimits) -> Option<usize> {
    let content = survey(input, format, limits).ok()??.content_bytes;
    let plausible = content <= plausible_content(input.len() as u64);
    usize::try_from(content).ok().filter(|_| plausible)
}

fn survey(input: &[u8], format: Format, limits: &DecodeLimits) -> Result<Option<Survey>> {
    let survey = if format == Format::Xz { Survey::of(input) } else { None };
    match &survey {
        Some(survey) if survey.content_bytes > limits.max_output_bytes => {
            Err(Error::SizeExceeded { limit: limits.max_output_bytes, declared: Some(survey.content_bytes) })
        }
        _ => Ok(survey),
    }
}
