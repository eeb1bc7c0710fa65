use super::{Failure, Preset};
use crate::options::{Check, Format};
use liblzma_sys as sys;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

/// Filters per block, and one to end the list.
const FILTERS: usize = sys::LZMA_FILTERS_MAX as usize + 1;

/// LZMA_FILTER_X86 to LZMA_FILTER_RISCV (bcj.h): the filters for machine code.
const MACHINE_CODE: std::ops::RangeInclusive<sys::lzma_vli> = 0x04..=0x0b;
/// What such a filter keeps back at most, that for IA-64 (simple/ia64.c).
const KEPT_BACK: usize = 16;

/// A block header as liblzma reads it: sizes where they are told, and the chain of filters.
pub struct BlockHeader {
    pub(super) block: sys::lzma_block,
    /// Where `block.filters` points while it is used.
    pub(super) filters: [sys::lzma_filter; FILTERS],
    /// liblzma allocated the filters' options.
    owned: bool,
}

/// Why a block header cannot be read.
pub enum BlockHeaderFault {
    /// Legal, but not known here.
    Unsupported,
    /// Against the format.
    Corrupt,
    /// An allocation failed.
    OutOfMemory,
}

impl Drop for BlockHeader {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: a terminated list whose options liblzma allocated with its default allocator, freed once.
            unsafe { sys::lzma_filters_free(self.filters.as_mut_ptr(), std::ptr::null()) };
        }
    }
}

fn empty_block(check: Check) -> sys::lzma_block {
    // SAFETY: zero bytes are a valid value of this struct of numbers and pointers.
    let mut block: sys::lzma_block = unsafe { MaybeUninit::zeroed().assume_init() };
    block.version = 1;
    block.check = sys::lzma_check::from(check.id());
    block.compressed_size = sys::LZMA_VLI_UNKNOWN;
    block.uncompressed_size = sys::LZMA_VLI_UNKNOWN;
    block
}

fn known(size: sys::lzma_vli) -> Option<u64> {
    (size != sys::LZMA_VLI_UNKNOWN).then_some(size)
}

impl BlockHeader {
    /// Reads a whole header: its first byte tells its length.
    pub fn read(bytes: &[u8], check: Check) -> Result<Self, BlockHeaderFault> {
        assert_eq!(bytes.len(), (usize::from(bytes[0]) + 1) * 4, "a whole header");
        let filter = sys::lzma_filter { id: sys::LZMA_VLI_UNKNOWN, options: null_mut() };
        let mut header = BlockHeader { block: empty_block(check), filters: [filter; FILTERS], owned: false };
        header.block.header_size = bytes.len() as u32;
        header.block.filters = header.filters.as_mut_ptr();
        // SAFETY: `bytes` is as long as its first byte says (asserted); there is room for all filters.
        let code =
            unsafe { sys::lzma_block_header_decode(&mut header.block, std::ptr::null(), bytes.as_ptr()) };
        header.block.filters = null_mut();
        match code {
            sys::LZMA_OK => {
                header.owned = true;
                Ok(header)
            }
            sys::LZMA_OPTIONS_ERROR => Err(BlockHeaderFault::Unsupported),
            sys::LZMA_MEM_ERROR => Err(BlockHeaderFault::OutOfMemory),
            _ => Err(BlockHeaderFault::Corrupt),
        }
    }

    /// Content bytes, where the header tells.
    pub fn content_bytes(&self) -> Option<u64> {
        known(self.block.uncompressed_size)
    }

    /// What a decoder of these filters takes, as liblzma counts it; None for a chain that cannot be.
    pub fn decoder_memory(&self) -> Option<u64> {
        // SAFETY: a terminated list with the options that liblzma read.
        Some(unsafe { sys::lzma_raw_decoder_memusage(self.filters.as_ptr()) })
            .filter(|&bytes| bytes != u64::MAX)
    }

    /// Bytes that its filters for machine code keep back at most, until they know what follows.
    pub(super) fn keeps_back(&self) -> usize {
        self.filters.iter().filter(|filter| MACHINE_CODE.contains(&filter.id)).count() * KEPT_BACK
    }

    /// The dictionary of its LZMA2 filter.
    pub fn dictionary_bytes(&self) -> u64 {
        self.filters
            .iter()
            .find(|filter| filter.id == super::preset::LZMA2 && !filter.options.is_null())
            .map_or(0, |filter| {
                let options = filter.options.cast::<sys::lzma_options_lzma>();
                // SAFETY: the options of a filter of this id are of this type (lzma12.h).
                u64::from(unsafe { (*options).dict_size })
            })
    }

    /// The header of a block of one LZMA2 filter, with both sizes.
    pub fn write(preset: &Preset, check: Check, compressed: u64, content: u64) -> Result<Vec<u8>, Failure> {
        let mut block = empty_block(check);
        let mut filters = preset.filters(Format::Xz);
        block.filters = filters.as_mut_ptr();
        block.compressed_size = compressed;
        block.uncompressed_size = content;
        // SAFETY: block and filters are live and terminated.
        super::outcome(unsafe { sys::lzma_block_header_size(&mut block) })?;
        let mut bytes = vec![0; block.header_size as usize];
        // SAFETY: there is room for `header_size` bytes.
        super::outcome(unsafe { sys::lzma_block_header_encode(&block, bytes.as_mut_ptr()) })?;
        Ok(bytes)
    }

    pub(super) fn blank(check: Check) -> sys::lzma_block {
        empty_block(check)
    }
}
