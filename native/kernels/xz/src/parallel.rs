//! Decoding the blocks of an input by several threads. Indexes tell where blocks lie and how much each gives; each thread decodes into its own part of the output, and compares.

use crate::container::padded;
use crate::decompress::Decompressor;
use crate::ffi::{crc32, Status};
use crate::survey::{Placed, Survey};
use chunker_codec::{append_parts, check, work_off, DecodeLimits, Error, Host, Output, Result};
use std::sync::{Mutex, PoisonError};

/// Below so much content, waking threads takes as long as the work: some 200 us.
const WORTH_BYTES: u64 = 64 << 10;
/// Input between two looks at `should_stop`.
const STEP_BYTES: usize = 64 << 10;
/// Output between two looks.
const STEP_OUTPUT_BYTES: usize = 1 << 20;

/// True where several threads have something to do.
pub(crate) fn pays(survey: &Survey, host: &dyn Host) -> bool {
    survey.blocks.len() > 1 && survey.content_bytes >= WORTH_BYTES && host.threads() > 1
}

/// Why the blocks were not decoded.
pub(crate) enum Refusal {
    /// Something is wrong with the data; which error stands first, decoding one after the other tells.
    Faulty,
    /// Nobody wants them, or memory is short.
    Because(Error),
}

/// Decodes all blocks into the spare capacity of `output`, which must hold them.
pub(crate) fn decode_append(
    survey: &Survey,
    input: &[u8],
    limits: &DecodeLimits,
    host: &dyn Host,
    output: &mut Vec<u8>,
) -> std::result::Result<(), Refusal> {
    let sizes: Vec<usize> = survey.blocks.iter().map(|block| block.record.content as usize).collect();
    let full = append_parts(output, &sizes, |parts| decode(survey, input, limits, host, parts))?;
    if full {
        Ok(())
    } else {
        Err(Refusal::Faulty)
    }
}

/// Decodes all blocks into the front of `output`, which must hold them.
pub(crate) fn decode_into(
    survey: &Survey,
    input: &[u8],
    limits: &DecodeLimits,
    host: &dyn Host,
    mut output: &mut [u8],
) -> std::result::Result<(), Refusal> {
    let mut parts = Vec::with_capacity(survey.blocks.len());
    for block in &survey.blocks {
        let (part, rest) = output.split_at_mut(block.record.content as usize);
        parts.push(Mutex::new(Output::over(part)));
        output = rest;
    }
    decode(survey, input, limits, host, &parts)
}

fn decode(
    survey: &Survey,
    input: &[u8],
    limits: &DecodeLimits,
    host: &dyn Host,
    parts: &[Mutex<Output<'_>>],
) -> std::result::Result<(), Refusal> {
    // The index says what a block gives, its header what memory that takes: neither may lie.
    let memory = survey.blocks.iter().map(|block| block.open(input)?.0.decoder_memory()).max().flatten();
    let memory = memory.filter(|&bytes| bytes <= limits.max_memory_bytes).ok_or(Refusal::Faulty)?;
    work_off(host, parts.len(), memory, &Decompressor::new, &|decompressor, i| {
        let mut part = parts[i].lock().unwrap_or_else(PoisonError::into_inner);
        decode_block(decompressor, &survey.blocks[i], input, host, &mut part)
    })
    .map_err(|error| match error {
        Error::Aborted | Error::OutOfMemory { .. } => Refusal::Because(error),
        _ => Refusal::Faulty,
    })
}

/// A block that is not just as index and header say fails, in words that nobody sees.
fn decode_block(
    decompressor: &mut Decompressor,
    block: &Placed,
    input: &[u8],
    host: &dyn Host,
    part: &mut Output<'_>,
) -> Result<()> {
    let faulty = || Error::CorruptData { offset: block.at as u64, reason: "block" };
    let (mut header, mut rest) = block.open(input).ok_or_else(faulty)?;
    let header_bytes = block.record.stored() - rest.len() as u64;
    let whole = &input[block.at..block.at + header_bytes as usize];
    let (fields, checksum) = whole.split_last_chunk::<4>().ok_or_else(faulty)?;
    if crc32(fields, 0).to_le_bytes() != *checksum {
        return Err(faulty());
    }
    let coder = decompressor.coder();
    coder.begin_block_decoder(&mut header).map_err(|_| faulty())?;
    // One byte beyond the content shows whether there is more.
    let mut byte = [0u8];
    let mut beyond = Output::over(&mut byte);
    loop {
        check(host)?;
        let given = &rest[..rest.len().min(STEP_BYTES)];
        let inside = part.room() > 0;
        let step = if inside {
            coder.step(given, part, STEP_OUTPUT_BYTES, false)
        } else {
            coder.step(given, &mut beyond, 1, false)
        };
        rest = &rest[step.read..];
        match step.status {
            Status::End => break,
            Status::Going if beyond.written() == 0 && (inside || step.read > 0) => {
                if rest.is_empty() && part.room() > 0 && step.read == 0 {
                    return Err(faulty());
                }
            }
            _ => return Err(faulty()),
        }
    }
    let unpadded = header_bytes + coder.block_bytes() + block.check.bytes();
    let as_told = unpadded == block.record.unpadded && padded(unpadded) == block.record.stored();
    if !as_told || !rest.is_empty() || part.room() > 0 || beyond.written() > 0 {
        return Err(faulty());
    }
    Ok(())
}
