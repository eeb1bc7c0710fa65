//! Heads of frames: found, checked against limits and dictionary, and only then shown to libzstd.

use super::{Engine, Frame, State};
use crate::ffi::Decoder;
use crate::frame::{read_header, FrameHeader, Header, Reading, SKIPPABLE_HEADER_BYTES};
use crate::survey::{LEGACY, RESERVED};
use chunker_codec::{Error, Output, Result};

impl Engine {
    pub(super) fn gather_header(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<usize> {
        if self.carried == 0 {
            self.unit_at = self.total_in;
        }
        // Magics first: what the first eight bytes are is part of the error, what follows a magic is not read before it is known.
        let needed = match read_header(&self.carry[..self.carried]) {
            Reading::Needs(needed) if self.carried >= 4 => needed,
            Reading::Unknown => 8,
            _ => 4,
        };
        let taken = self.gather(input, needed);
        match read_header(&self.carry[..self.carried]) {
            Reading::Needs(_) => {}
            Reading::Unknown if self.frames > 0 && self.carried >= 4 => {
                self.trailing()?;
                self.state = State::Ended;
            }
            Reading::Unknown if self.carried >= 8 => return Err(self.unknown()),
            Reading::Unknown => {}
            Reading::Legacy => {
                return Err(Error::UnsupportedFeature { offset: self.unit_at, feature: LEGACY })
            }
            Reading::Reserved => {
                return Err(Error::UnsupportedFeature { offset: self.unit_at, feature: RESERVED })
            }
            Reading::Whole(Header::Skippable { payload_bytes, .. }) => self.enter_skippable(payload_bytes),
            Reading::Whole(Header::Frame(header)) => self.enter_frame(decoder, header, output)?,
        }
        Ok(taken)
    }

    pub(super) fn enter_skippable(&mut self, payload_bytes: u32) {
        debug_assert_eq!(self.carried, SKIPPABLE_HEADER_BYTES);
        self.carried = 0;
        if payload_bytes == 0 {
            self.end_frame();
        } else {
            self.state = State::Skip { left: payload_bytes };
        }
    }

    pub(super) fn enter_frame(
        &mut self,
        decoder: &mut Decoder,
        header: FrameHeader,
        output: &mut Output<'_>,
    ) -> Result<()> {
        self.admit(&header)?;
        let taken = decoder
            .advance(&self.carry[..self.carried], output, self.room(output))
            .map_err(|failure| self.explain(failure, Some(header)))?;
        debug_assert_eq!(taken, self.carried);
        self.carried = 0;
        self.frame = Some(Frame { header, written: 0 });
        self.state = State::BlockHeader;
        Ok(())
    }

    /// Limits and dictionary, by the header alone.
    pub(super) fn admit(&self, header: &FrameHeader) -> Result<()> {
        let declared = header.content_bytes.map(|bytes| bytes.saturating_add(self.total_out));
        let limit = self.limits.max_output_bytes;
        if declared.is_some_and(|declared| declared > limit) {
            return Err(Error::SizeExceeded { limit, declared });
        }
        if header.window_bytes > self.limits.max_memory_bytes {
            return Err(Error::MemoryLimitExceeded {
                limit: self.limits.max_memory_bytes,
                needed: header.window_bytes,
            });
        }
        match (header.dictionary_id, &self.dictionary) {
            (0, _) => Ok(()),
            (id, None) => Err(Error::DictionaryMissing { id }),
            (id, Some(dictionary)) if dictionary.id() != id => {
                Err(Error::DictionaryMismatch { id: Some(id), given: dictionary.id() })
            }
            _ => Ok(()),
        }
    }
}
