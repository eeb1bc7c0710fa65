//! What indexes tell of an input that is there to its end, at the price of a few bytes per block and without decoding anything.

use crate::container::{
    padded, read_footer, read_header, read_index, HeaderFault, Record, HEADER_BYTES, MAGIC,
};
use crate::ffi::BlockHeader;
use crate::lzma_engine::{LzmaHeader, LZMA_HEADER_BYTES};
use crate::options::{Check, Format};
use chunker_codec::{Error, Head, Result};

/// A block and its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    pub at: usize,
    pub record: Record,
    pub check: Check,
}

/// What the indexes of an input tell, from the last to the first. They are believed only as far as it costs nothing: decoding compares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    pub blocks: Vec<Placed>,
    pub streams: u64,
    pub padding_bytes: u64,
    pub content_bytes: u64,
    /// By stream.
    pub checks: Vec<Check>,
}

impl Survey {
    /// None where the input is not one of whole streams and padding, by their indexes.
    pub fn of(input: &[u8]) -> Option<Self> {
        let mut survey = Survey::default();
        let mut end = input.len();
        while end > 0 {
            let zeros = input[..end].iter().rev().take_while(|&&byte| byte == 0).count();
            survey.padding_bytes += zeros as u64;
            if zeros % 4 != 0 {
                return None;
            }
            end = survey.stream_before(input, end - zeros)?;
        }
        survey.blocks.sort_unstable_by_key(|block| block.at);
        survey.checks.reverse();
        (survey.streams > 0).then_some(survey)
    }

    /// Notes the stream that ends at `end`; answers where it begins.
    fn stream_before(&mut self, input: &[u8], end: usize) -> Option<usize> {
        let (before, footer) = input[..end].split_last_chunk::<HEADER_BYTES>()?;
        let (check, index_bytes) = read_footer(footer).ok()?;
        let index_at = before.len().checked_sub(usize::try_from(index_bytes).ok()?)?;
        let records = read_index(&before[index_at..])?;
        let mut stored = 0u64;
        for record in &records {
            stored = stored.checked_add(padded(record.unpadded))?;
            self.content_bytes = self.content_bytes.checked_add(record.content)?;
        }
        let blocks_at = index_at.checked_sub(usize::try_from(stored).ok()?)?;
        let (before, header) = input[..blocks_at].split_last_chunk::<HEADER_BYTES>()?;
        if read_header(header) != Ok(check) {
            return None;
        }
        self.blocks.try_reserve(records.len()).ok()?;
        let mut at = blocks_at;
        for record in records {
            self.blocks.push(Placed { at, record, check });
            at += record.stored() as usize;
        }
        self.streams += 1;
        self.checks.push(check);
        Some(before.len())
    }
}

impl Placed {
    /// The header of the block, and the bytes behind it; None where it is not as long as that, or cannot be read.
    pub fn open<'a>(&self, input: &'a [u8]) -> Option<(BlockHeader, &'a [u8])> {
        let bytes = input.get(self.at..self.at + self.record.stored() as usize)?;
        let length = (usize::from(*bytes.first()?) + 1) * 4;
        let header = BlockHeader::read(bytes.get(..length)?, self.check).ok()?;
        Some((header, &bytes[length..]))
    }
}

/// What headers and indexes of an input tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Streams; of the head of a longer input, those that begin in it, which is one.
    pub streams: u64,
    /// Blocks, where the whole input is there.
    pub blocks: Option<u64>,
    /// Content, where the whole input is there or (`.lzma`) where the header tells.
    pub content_bytes: Option<u64>,
    /// The largest dictionary; of the head of a longer input, of the first block.
    pub dictionary_bytes: u64,
    /// The check of all streams; None where they differ, and where the format has none.
    pub check: Option<Check>,
    /// Padding between and behind streams.
    pub padding_bytes: u64,
}

/// What `data` tell without being decoded. `data` may be the head of a longer input; the first header must be whole.
///
/// Errors: `unknown_format`, `unsupported_feature`, `checksum_mismatch`, `truncated_input`, each of the first header.
pub fn inspect(data: &[u8], format: Format) -> Result<Summary> {
    match format {
        Format::Xz => inspect_xz(data),
        Format::Lzma => inspect_lzma(data),
    }
}

fn inspect_xz(data: &[u8]) -> Result<Summary> {
    let Some(header) = data.first_chunk::<HEADER_BYTES>() else {
        let known = data.len().min(MAGIC.len());
        return Err(if data[..known] == MAGIC[..known] { truncated(data) } else { unknown(data) });
    };
    let check = read_header(header).map_err(|fault| match fault {
        HeaderFault::Magic => unknown(data),
        HeaderFault::Checksum => Error::ChecksumMismatch { offset: crate::container::HEADER_CHECKSUM_AT },
        HeaderFault::Reserved | HeaderFault::UnknownCheck => {
            Error::UnsupportedFeature { offset: 0, feature: "xz stream flags" }
        }
    })?;
    let Some(survey) = Survey::of(data) else {
        let first = &data[HEADER_BYTES..];
        let length = first.first().map_or(0, |&byte| (usize::from(byte) + 1) * 4);
        let block =
            first.get(..length).filter(|_| length > 4).and_then(|one| BlockHeader::read(one, check).ok());
        let dictionary_bytes = block.map_or(0, |header| header.dictionary_bytes());
        return Ok(Summary { streams: 1, dictionary_bytes, check: Some(check), ..Summary::default() });
    };
    let dictionaries = survey.blocks.iter().filter_map(|block| block.open(data));
    Ok(Summary {
        streams: survey.streams,
        blocks: Some(survey.blocks.len() as u64),
        content_bytes: Some(survey.content_bytes),
        dictionary_bytes: dictionaries.map(|(header, _)| header.dictionary_bytes()).max().unwrap_or(0),
        check: survey.checks.iter().all(|one| *one == check).then_some(check),
        padding_bytes: survey.padding_bytes,
    })
}

fn inspect_lzma(data: &[u8]) -> Result<Summary> {
    let Some(header) = data.first_chunk::<LZMA_HEADER_BYTES>() else { return Err(truncated(data)) };
    let header = LzmaHeader::read(header).ok_or_else(|| unknown(data))?;
    Ok(Summary {
        streams: 1,
        content_bytes: header.content_bytes,
        dictionary_bytes: u64::from(header.dictionary_bytes),
        ..Summary::default()
    })
}

fn truncated(data: &[u8]) -> Error {
    Error::TruncatedInput { offset: data.len() as u64 }
}

fn unknown(data: &[u8]) -> Error {
    Error::UnknownFormat { head: Head::of(data) }
}
