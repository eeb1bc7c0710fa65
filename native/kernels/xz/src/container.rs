//! What stands around the blocks of a `.xz` stream (The .xz File Format, 1.2.1): header, index, footer, padding.

use crate::ffi::crc32;
use crate::options::Check;

/// Length of a stream header, and of a footer.
pub const HEADER_BYTES: usize = 12;
/// The first bytes of every stream.
pub const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
const FOOTER_MAGIC: [u8; 2] = *b"YZ";
/// Longest number: 63 bits, 7 in a byte.
const NUMBER_BYTES_MAX: usize = 9;
/// Sizes are below this.
pub const SIZE_MAX: u64 = u64::MAX / 2;

/// Why a stream header or footer cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// No stream begins here.
    Magic,
    /// Its CRC32 is another.
    Checksum,
    /// Reserved bits are set.
    Reserved,
    /// A check that nobody knows.
    UnknownCheck,
}

/// Reads a stream header.
pub fn read_header(bytes: &[u8; HEADER_BYTES]) -> Result<Check, HeaderFault> {
    if bytes[..6] != MAGIC {
        return Err(HeaderFault::Magic);
    }
    if crc32(&bytes[6..8], 0).to_le_bytes() != bytes[8..] {
        return Err(HeaderFault::Checksum);
    }
    read_flags([bytes[6], bytes[7]])
}

/// Where the CRC32 of a stream header stands in it.
pub const HEADER_CHECKSUM_AT: u64 = 8;

fn read_flags(flags: [u8; 2]) -> Result<Check, HeaderFault> {
    if flags[0] != 0 || flags[1] > 15 {
        return Err(HeaderFault::Reserved);
    }
    Check::of_id(flags[1]).ok_or(HeaderFault::UnknownCheck)
}

/// Reads a footer: the check it names, and the length of the index before it.
pub fn read_footer(bytes: &[u8; HEADER_BYTES]) -> Result<(Check, u64), HeaderFault> {
    if bytes[10..] != FOOTER_MAGIC {
        return Err(HeaderFault::Magic);
    }
    if crc32(&bytes[4..10], 0).to_le_bytes() != bytes[..4] {
        return Err(HeaderFault::Checksum);
    }
    let backward = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    Ok((read_flags([bytes[8], bytes[9]])?, (u64::from(backward) + 1) * 4))
}

/// A stream header.
pub fn write_header(check: Check) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..6].copy_from_slice(&MAGIC);
    bytes[7] = check.id();
    let checksum = crc32(&bytes[6..8], 0);
    bytes[8..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Sizes of one block as the index tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Header, compressed data and check, without the padding between the last two.
    pub unpadded: u64,
    /// Content.
    pub content: u64,
}

impl Record {
    /// Bytes that the block takes in the stream.
    pub fn stored(&self) -> u64 {
        padded(self.unpadded)
    }
}

/// The next multiple of four.
pub fn padded(bytes: u64) -> u64 {
    bytes.div_ceil(4) * 4
}

/// Index and footer of a stream.
pub fn write_end(records: &[Record], check: Check) -> Vec<u8> {
    let mut bytes = vec![0];
    write_number(records.len() as u64, &mut bytes);
    for record in records {
        write_number(record.unpadded, &mut bytes);
        write_number(record.content, &mut bytes);
    }
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let checksum = crc32(&bytes, 0);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    let backward = (bytes.len() / 4 - 1) as u32;
    let mut footer = [0; HEADER_BYTES];
    footer[4..8].copy_from_slice(&backward.to_le_bytes());
    footer[9] = check.id();
    footer[10..].copy_from_slice(&FOOTER_MAGIC);
    let checksum = crc32(&footer[4..10], 0);
    footer[..4].copy_from_slice(&checksum.to_le_bytes());
    bytes.extend_from_slice(&footer);
    bytes
}

fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A number and what follows it; None where it is too long, not the shortest form, or cut.
fn read_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (i, &byte) in bytes.iter().take(NUMBER_BYTES_MAX).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return (byte != 0 || i == 0).then_some((number, &bytes[i + 1..]));
        }
    }
    None
}

/// The records of a whole index, which it must fill but for padding and CRC32; None for anything that is no index.
pub fn read_index(bytes: &[u8]) -> Option<Vec<Record>> {
    let (list, checksum) = bytes.split_last_chunk::<4>()?;
    if crc32(list, 0).to_le_bytes() != *checksum || list.first() != Some(&0) {
        return None;
    }
    let (count, mut rest) = read_number(&list[1..])?;
    // Two bytes are the least that a record takes.
    if count > rest.len() as u64 / 2 {
        return None;
    }
    let mut records = Vec::new();
    records.try_reserve_exact(count as usize).ok()?;
    for _ in 0..count {
        let (unpadded, after) = read_number(rest)?;
        let (content, after) = read_number(after)?;
        if !(5..=SIZE_MAX - 3).contains(&unpadded) || content > SIZE_MAX {
            return None;
        }
        records.push(Record { unpadded, content });
        rest = after;
    }
    (rest.len() < 4 && rest.iter().all(|&byte| byte == 0)).then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let records: Vec<Record> = [(5, 0), (127, 128), (1 << 40, SIZE_MAX), (300, 1)]
            .map(|(unpadded, content)| Record { unpadded, content })
            .to_vec();
        for count in 0..=records.len() {
            let end = write_end(&records[..count], Check::Crc64);
            let (index, footer) = end.split_last_chunk::<HEADER_BYTES>().expect("a footer");
            assert_eq!(read_footer(footer), Ok((Check::Crc64, index.len() as u64)));
            assert_eq!(read_index(index).as_deref(), Some(&records[..count]));
        }
        assert_eq!(read_header(&write_header(Check::Sha256)), Ok(Check::Sha256));
    }

    #[test]
    fn refuses_numbers_that_are_too_long() {
        assert_eq!(read_number(&[0x80, 0]), None);
        assert_eq!(read_number(&[0x80]), None);
        assert_eq!(read_number(&[0xff; 10]), None);
        assert_eq!(
            read_number(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
            Some((SIZE_MAX, &[][..]))
        );
    }
}
