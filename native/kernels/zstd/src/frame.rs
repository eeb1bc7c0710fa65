//! Headers of frames and blocks: RFC 8878, sections 3.1.1.1, 3.1.1.2 and 3.1.2. Nothing here decodes or allocates.

/// Magic of a frame, as stored.
pub const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
/// Magics of skippable frames: the first byte's low four bits are free.
pub const SKIPPABLE_MAGIC: [u8; 4] = [0x50, 0x2A, 0x4D, 0x18];
/// Magic of a dictionary with entropy tables.
pub const DICTIONARY_MAGIC: [u8; 4] = [0x37, 0xA4, 0x30, 0xEC];
/// No block holds more content (RFC 8878, 3.1.1.2.3).
pub const BLOCK_BYTES_MAX: u64 = 1 << 17;
/// No frame header is longer.
pub const HEADER_BYTES_MAX: usize = 18;
/// Bytes of a block header.
pub const BLOCK_HEADER_BYTES: usize = 3;
/// Bytes of a skippable frame's header.
pub const SKIPPABLE_HEADER_BYTES: usize = 8;

/// The header of a zstd frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// Its own length, magic included.
    pub header_bytes: usize,
    /// The window a decoder needs; of a single segment, the content's size.
    pub window_bytes: u64,
    /// The content is one segment: no window but the output itself.
    pub single_segment: bool,
    /// The content's size, where the frame tells it. It may be a lie.
    pub content_bytes: Option<u64>,
    /// 0: none named.
    pub dictionary_id: u32,
    /// A checksum follows the last block.
    pub checksum: bool,
}

impl FrameHeader {
    /// The most that one block of this frame may hold.
    pub fn block_bytes_max(&self) -> u64 {
        self.window_bytes.min(BLOCK_BYTES_MAX)
    }
}

/// What stands where a frame may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A frame with content.
    Frame(FrameHeader),
    /// A frame to be skipped.
    Skippable {
        /// The free four bits of its magic.
        nibble: u8,
        /// Bytes behind its header of eight.
        payload_bytes: u32,
    },
}

/// The outcome of reading a header from the first bytes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The header is whole.
    Whole(Header),
    /// At least so many bytes must be there before more can be said.
    Needs(usize),
    /// No magic of zstd.
    Unknown,
    /// A frame of a format before 1.0 (v0.1 to v0.7).
    Legacy,
    /// A reserved bit is set.
    Reserved,
}

/// Reads the header at the start of `bytes`; more may follow.
pub fn read_header(bytes: &[u8]) -> Reading {
    let magic = &bytes[..bytes.len().min(4)];
    if magic.len() < 4 {
        return if is_magic_prefix(magic) { Reading::Needs(5) } else { Reading::Unknown };
    }
    if is_skippable(magic) {
        return read_skippable(bytes);
    }
    if magic != MAGIC {
        return if is_legacy(magic) { Reading::Legacy } else { Reading::Unknown };
    }
    match bytes.get(4) {
        Some(&descriptor) => read_frame(bytes, descriptor),
        None => Reading::Needs(5),
    }
}

fn is_magic_prefix(bytes: &[u8]) -> bool {
    if MAGIC.starts_with(bytes) {
        return true;
    }
    match bytes.split_first() {
        Some((first, rest)) => {
            (first & 0xF0 == SKIPPABLE_MAGIC[0] && SKIPPABLE_MAGIC[1..].starts_with(rest))
                || (is_legacy_first(*first) && [0xB5, 0x2F, 0xFD].starts_with(rest))
        }
        None => true,
    }
}

fn is_skippable(magic: &[u8]) -> bool {
    magic[0] & 0xF0 == SKIPPABLE_MAGIC[0] && magic[1..] == SKIPPABLE_MAGIC[1..]
}

/// Versions 0.2 to 0.7 count up to 0x27 in the first byte; 0.1 has the same last three bytes reversed (lib/legacy/zstd_legacy.h).
fn is_legacy(magic: &[u8]) -> bool {
    (is_legacy_first(magic[0]) && magic[1..] == [0xB5, 0x2F, 0xFD]) || magic == [0xFD, 0x2F, 0xB5, 0x1E]
}

fn is_legacy_first(byte: u8) -> bool {
    (0x22..=0x27).contains(&byte)
}

fn read_skippable(bytes: &[u8]) -> Reading {
    match bytes.get(4..SKIPPABLE_HEADER_BYTES) {
        Some(size) => Reading::Whole(Header::Skippable {
            nibble: bytes[0] & 0x0F,
            payload_bytes: little_endian(size) as u32,
        }),
        None => Reading::Needs(SKIPPABLE_HEADER_BYTES),
    }
}

fn read_frame(bytes: &[u8], descriptor: u8) -> Reading {
    let single_segment = descriptor & 0x20 != 0;
    let window_field = usize::from(!single_segment);
    let dictionary_field = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_field = match descriptor >> 6 {
        0 => usize::from(single_segment),
        code => 1 << code,
    };
    let header_bytes = 5 + window_field + dictionary_field + content_field;
    let Some(fields) = bytes.get(5..header_bytes) else {
        return Reading::Needs(header_bytes);
    };
    if descriptor & 0x08 != 0 {
        return Reading::Reserved;
    }
    let (window, fields) = fields.split_at(window_field);
    let (dictionary, content) = fields.split_at(dictionary_field);
    let content_bytes =
        (content_field != 0).then(|| little_endian(content) + if content_field == 2 { 256 } else { 0 });
    let window_bytes = match window.first() {
        Some(&byte) => {
            let base = 1u64 << (10 + (byte >> 3));
            base + (base >> 3) * u64::from(byte & 7)
        }
        None => content_bytes.unwrap_or(0),
    };
    Reading::Whole(Header::Frame(FrameHeader {
        header_bytes,
        window_bytes,
        single_segment,
        content_bytes,
        dictionary_id: little_endian(dictionary) as u32,
        checksum: descriptor & 0x04 != 0,
    }))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// How a block's content is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// As it is.
    Raw,
    /// One byte, repeated.
    RunLength,
    /// Literals and sequences.
    Compressed,
}

/// The header of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHeader {
    /// No block follows.
    pub last: bool,
    /// How it is stored.
    pub kind: BlockKind,
    /// The size field: bytes stored, of a run its length.
    pub size: u32,
}

impl BlockHeader {
    /// Reads the three bytes; None for the reserved kind.
    pub fn read(bytes: [u8; BLOCK_HEADER_BYTES]) -> Option<Self> {
        let field = little_endian(&bytes) as u32;
        let kind = match (field >> 1) & 3 {
            0 => BlockKind::Raw,
            1 => BlockKind::RunLength,
            2 => BlockKind::Compressed,
            _ => return None,
        };
        Some(BlockHeader { last: field & 1 != 0, kind, size: field >> 3 })
    }

    /// Bytes that follow the header.
    pub fn stored_bytes(&self) -> u32 {
        if self.kind == BlockKind::RunLength {
            1
        } else {
            self.size
        }
    }

    /// What is wrong with it in a frame whose blocks hold at most `max`. Where libzstd's decoders differ, both refuse here: a compressed block has at least a literals header and a sequence
    /// count (the one-shot decoder's rule), and in a frame of no content not even the byte of a run of none has its place (the streaming decoder's).
    pub fn fault(&self, max: u64) -> Option<&'static str> {
        if u64::from(self.size.max(self.stored_bytes())) > max {
            return Some("block larger than the frame allows");
        }
        (self.kind == BlockKind::Compressed && self.size < 2).then_some("compressed block without content")
    }

    /// The most it can decode to.
    pub fn content_bytes_max(&self, max: u64) -> u64 {
        if self.kind == BlockKind::Compressed {
            max
        } else {
            u64::from(self.size)
        }
    }
}
