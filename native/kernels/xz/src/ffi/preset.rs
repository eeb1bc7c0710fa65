use crate::options::{Format, DICTIONARY_BYTES};
use liblzma_sys as sys;
use std::mem::MaybeUninit;

/// LZMA_FILTER_LZMA2 and LZMA_FILTER_LZMA1 (lzma12.h).
pub(super) const LZMA2: sys::lzma_vli = 0x21;
const LZMA1: sys::lzma_vli = 0x4000_0000_0000_0001;
/// LZMA_PRESET_EXTREME (container.h).
const EXTREME: u32 = 1 << 31;

/// liblzma's numbers for a level.
#[derive(Clone, Copy)]
pub struct Preset(sys::lzma_options_lzma);

// SAFETY: plain numbers; the pointers in it are null.
unsafe impl Send for Preset {}
// SAFETY: as above, and only read through a shared reference.
unsafe impl Sync for Preset {}

impl Preset {
    /// A level that was checked to be 0 ..= 9.
    pub fn of(level: u32, extreme: bool, dictionary_bytes: Option<u32>) -> Self {
        let mut options = MaybeUninit::<sys::lzma_options_lzma>::zeroed();
        let preset = level | if extreme { EXTREME } else { 0 };
        // SAFETY: zero bytes are a valid value of this struct of numbers and pointers, and liblzma writes to it alone.
        let mut options = unsafe {
            let refused = sys::lzma_lzma_preset(options.as_mut_ptr(), preset);
            debug_assert_eq!(refused, 0, "levels are checked before");
            options.assume_init()
        };
        if let Some(bytes) = dictionary_bytes {
            options.dict_size = bytes;
        }
        Preset(options)
    }

    /// With no larger a dictionary than `length` bytes of content can use. Setting up tables for more would take small inputs longer than compressing them, and decoders would have
    /// to take memory for it.
    pub fn fitted(mut self, length: u64) -> Self {
        self.0.dict_size = u64::from(self.0.dict_size).min(dictionary_for(length)) as u32;
        self
    }

    /// The dictionary's size.
    pub fn dictionary_bytes(&self) -> u32 {
        self.0.dict_size
    }

    /// What an encoder takes, as liblzma counts it.
    pub fn encoder_memory(&self) -> u64 {
        let filters = self.filters(Format::Xz);
        // SAFETY: a terminated list whose options live as long as `self`.
        unsafe { sys::lzma_raw_encoder_memusage(filters.as_ptr()) }
    }

    /// What a decoder of what it makes takes, as liblzma counts it.
    pub fn decoder_memory(&self) -> u64 {
        let filters = self.filters(Format::Xz);
        // SAFETY: as above.
        unsafe { sys::lzma_raw_decoder_memusage(filters.as_ptr()) }
    }

    /// The list of filters that says so to liblzma; valid as long as `self` stays where it is.
    pub(super) fn filters(&self, format: Format) -> [sys::lzma_filter; 2] {
        let id = if format == Format::Xz { LZMA2 } else { LZMA1 };
        let options = std::ptr::from_ref(&self.0).cast_mut().cast();
        [
            sys::lzma_filter { id, options },
            sys::lzma_filter { id: sys::LZMA_VLI_UNKNOWN, options: std::ptr::null_mut() },
        ]
    }

    pub(super) fn options(&self) -> *const sys::lzma_options_lzma {
        &self.0
    }
}

/// The smallest size of the form 2^n or 2^n + 2^(n-1), the only ones that headers can name, that holds `length` bytes.
fn dictionary_for(length: u64) -> u64 {
    let power = length.clamp(u64::from(DICTIONARY_BYTES.0), 1 << 32).next_power_of_two();
    let between = power / 4 * 3;
    if between >= length.max(u64::from(DICTIONARY_BYTES.0)) {
        between
    } else {
        power
    }
}

#[cfg(test)]
mod tests {
    use super::dictionary_for;

    #[test]
    fn dictionaries_hold_what_they_are_for() {
        for (length, expected) in
            [(0, 4096), (1, 4096), (4096, 4096), (4097, 6144), (6144, 6144), (6145, 8192)]
        {
            assert_eq!(dictionary_for(length), expected, "for {length}");
        }
        assert_eq!(dictionary_for((3 << 29) + 1), 1 << 31);
        assert_eq!(dictionary_for(u64::MAX), 1 << 32);
    }
}
