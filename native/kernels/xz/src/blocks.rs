//! Content cut into blocks that are compressed independently, by as many threads as there are: the form that `xz -T` writes. Each header tells both sizes of its block, so
//! that decoders can do the same.

use crate::compress::{encode_append, encoding_error};
use crate::container::Record;
use crate::ffi::{BlockHeader, Coder, Preset};
use crate::options::{Check, CompressOptions};
use chunker_codec::{work_off, Error, Host, Result};
use std::sync::{Mutex, PoisonError};

/// What the index says of a block, and its bytes.
type Block = (Record, Vec<u8>);

/// Appends the blocks of `input`, each of `size` bytes but for the last, and their records for the index. No input, no block. The dictionary is as large as `longest` bytes
/// can use, the longest block of the whole stream: so the bytes do not depend on whether its length was known before.
pub(crate) fn compress_blocks(
    input: &[u8],
    size: u64,
    longest: u64,
    options: &CompressOptions,
    host: &dyn Host,
    records: &mut Vec<Record>,
    output: &mut Vec<u8>,
) -> Result<()> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let pieces: Vec<&[u8]> = input.chunks(size).collect();
    let done: Vec<Mutex<Option<Block>>> = pieces.iter().map(|_| Mutex::new(None)).collect();
    let preset = options.preset(Some(longest));
    work_off(host, pieces.len(), preset.encoder_memory(), &Coder::default, &|coder, i| {
        let block = compress_block(coder, pieces[i], &preset, options.check, host)?;
        *done[i].lock().unwrap_or_else(PoisonError::into_inner) = Some(block);
        Ok(())
    })?;
    let blocks: Vec<Block> =
        done.into_iter().filter_map(|one| one.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
    let bytes = blocks.iter().map(|(_, bytes)| bytes.len()).sum();
    output.try_reserve(bytes).map_err(|_| Error::OutOfMemory { bytes: bytes as u64 })?;
    for (record, bytes) in blocks {
        records.push(record);
        output.extend_from_slice(&bytes);
    }
    Ok(())
}

/// One block, header and all.
fn compress_block(
    coder: &mut Coder,
    content: &[u8],
    preset: &Preset,
    check: Check,
    host: &dyn Host,
) -> Result<Block> {
    let fail = |failure| encoding_error(failure, preset.encoder_memory());
    coder.begin_block(preset, check).map_err(fail)?;
    let mut body = Vec::new();
    encode_append(coder, content, true, host, &mut body)?;
    let compressed = coder.block_bytes();
    let mut block = BlockHeader::write(preset, check, compressed, content.len() as u64).map_err(fail)?;
    let record =
        Record { unpadded: block.len() as u64 + compressed + check.bytes(), content: content.len() as u64 };
    block.try_reserve_exact(body.len()).map_err(|_| Error::OutOfMemory { bytes: body.len() as u64 })?;
    block.extend_from_slice(&body);
    Ok((record, block))
}
