//! Decisions: any field of headers, blocks, indexes and footers is changed, the checksums over it made right again, and liblzma's own stream decoder asked. What it accepts gives the same
//! bytes here by every door, what it refuses is refused. `CHUNKER_ROUNDS` sets how many streams.

mod support;

use chunker_xz::*;
use liblzma_sys as sys;
use support::*;

/// More content is no use: the streams are small, and no filter makes more of them.
const MOST_BYTES: usize = 1 << 20;
const LIMITS: DecodeLimits =
    DecodeLimits { max_output_bytes: MOST_BYTES as u64, max_memory_bytes: 128 << 20, allow_trailing: false };

fn rounds() -> u64 {
    std::env::var("CHUNKER_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6000)
}

/// What `xz -d` makes of the input; None: refused.
fn liblzma(input: &[u8], format: Format) -> Option<Vec<u8>> {
    let mut output = vec![0; MOST_BYTES];
    // SAFETY: zero bytes are LZMA_STREAM_INIT; pointers and lengths are those of live slices; the coder is freed before they are.
    unsafe {
        let mut stream: sys::lzma_stream = std::mem::zeroed();
        let flags = sys::LZMA_CONCATENATED | sys::LZMA_TELL_UNSUPPORTED_CHECK;
        let begun = match format {
            Format::Xz => sys::lzma_stream_decoder(&mut stream, LIMITS.max_memory_bytes, flags),
            Format::Lzma => sys::lzma_alone_decoder(&mut stream, LIMITS.max_memory_bytes),
        };
        assert_eq!(begun, sys::LZMA_OK);
        (stream.next_in, stream.avail_in) = (input.as_ptr(), input.len());
        (stream.next_out, stream.avail_out) = (output.as_mut_ptr(), output.len());
        let mut code = sys::LZMA_OK;
        while code == sys::LZMA_OK {
            code = sys::lzma_code(&mut stream, sys::LZMA_FINISH);
        }
        let whole = code == sys::LZMA_STREAM_END && stream.avail_in == 0;
        let written = output.len() - stream.avail_out;
        sys::lzma_end(&mut stream);
        output.truncate(written);
        whole.then_some(output)
    }
}

/// One block: its filters, the last of them LZMA2, its data as that filter has them, what the index says of its content.
#[derive(Clone)]
struct Block {
    filters: Vec<(u64, Vec<u8>)>,
    data: Vec<u8>,
    check: Vec<u8>,
    content: u64,
    sizes: bool,
}

fn number(bytes: &[u8], at: &mut usize) -> u64 {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// The block of a stream of one block that is written here.
fn block_of(stream: &[u8], check_bytes: usize) -> Block {
    let footer = &stream[stream.len() - 12..];
    let index_bytes = (u32::from_le_bytes([footer[4], footer[5], footer[6], footer[7]]) as usize + 1) * 4;
    let mut at = stream.len() - 12 - index_bytes + 2;
    let (unpadded, content) = (number(stream, &mut at) as usize, number(stream, &mut at));
    let header = (usize::from(stream[12]) + 1) * 4;
    let properties =
        stream[14..12 + header].windows(2).position(|pair| pair == [0x21, 1]).expect("LZMA2") + 16;
    Block {
        filters: vec![(0x21, vec![stream[properties]])],
        data: stream[12 + header..12 + unpadded - check_bytes].to_vec(),
        check: stream[12 + unpadded.next_multiple_of(4) - check_bytes..][..check_bytes].to_vec(),
        content,
        sizes: false,
    }
}

/// Writes the fields of a stream and changes one of them.
struct Writer<'a> {
    random: &'a mut Random,
    /// Fields until the one that is changed.
    before: usize,
}

impl Writer<'_> {
    fn turn(&mut self) -> bool {
        self.before = self.before.wrapping_sub(1);
        self.before == usize::MAX
    }

    fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if !self.turn() {
            return bytes;
        }
        let at = self.random.below(bytes.len().clamp(1, 16));
        match self.random.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.extend_from_slice(&[0; 8][..1 + self.random.below(8)]),
            2 => bytes.insert(at.min(bytes.len()), self.random.next() as u8),
            3 if !bytes.is_empty() => bytes[at] = [0, 1, 2, 3, 0x7f, 0x80, 0xe0, 0xff][self.random.below(8)],
            4 if !bytes.is_empty() => {
                let last = bytes.len() - 1;
                bytes[last] = self.random.next() as u8;
            }
            _ if !bytes.is_empty() => bytes[at] ^= 1 << self.random.below(8),
            _ => bytes.push(self.random.next() as u8),
        }
        bytes
    }

    /// A number of seven bits in a byte: near its value, at the edges of what can be said, or not the shortest form.
    fn number(&mut self, value: u64) -> Vec<u8> {
        let mut value = value;
        let mut longer = false;
        if self.turn() {
            let edges = [0, 1, 4, 5, 127, 128, 1 << 32, u64::MAX / 2 - 3, u64::MAX / 2, u64::MAX];
            match self.random.below(5) {
                0 => value = value.wrapping_add(1),
                1 => value = value.wrapping_sub(1),
                2 => value = edges[self.random.below(edges.len())],
                3 => value = self.random.below(300) as u64,
                _ => longer = true,
            }
        }
        let mut bytes = Vec::new();
        while value > 0x7f || longer {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
            longer &= value > 0;
        }
        bytes.push(value as u8);
        bytes
    }

    /// Behind bytes that were written: zeros up to a multiple of four, and the CRC32.
    fn close(&mut self, mut bytes: Vec<u8>, crc_at: usize) -> Vec<u8> {
        let zeros = vec![0; bytes.len().next_multiple_of(4) - bytes.len()];
        bytes.extend(self.bytes(&zeros));
        let checksum = crc32(&bytes[crc_at..]);
        bytes.extend(self.bytes(&checksum));
        bytes
    }

    fn header(&mut self, block: &Block) -> Vec<u8> {
        let flags = (block.filters.len() - 1) as u8 | if block.sizes { 0xc0 } else { 0 };
        let mut bytes = vec![0];
        bytes.extend(self.bytes(&[flags]));
        if block.sizes {
            bytes.extend(self.number(block.data.len() as u64));
            bytes.extend(self.number(block.content));
        }
        for (id, properties) in &block.filters {
            let properties = self.bytes(properties);
            bytes.extend(self.number(*id));
            bytes.extend(self.number(properties.len() as u64));
            bytes.extend(properties);
        }
        let length = self.bytes(&[(bytes.len().div_ceil(4)) as u8]);
        bytes[0] = length.first().copied().unwrap_or(0);
        self.close(bytes, 0)
    }

    fn stream(&mut self, check: u8, blocks: &[Block]) -> Vec<u8> {
        let mut bytes = self.bytes(&[0xfd, b'7', b'z', b'X', b'Z', 0]);
        let flags = self.bytes(&[0, check]);
        bytes.extend(&flags);
        bytes.extend(self.bytes(&crc32(&flags)));
        let mut records = Vec::new();
        for block in blocks {
            let mut stored = self.header(block);
            stored.extend(self.bytes(&block.data));
            records.push((stored.len() + block.check.len(), block.content));
            let zeros = vec![0; stored.len().next_multiple_of(4) - stored.len()];
            stored.extend(self.bytes(&zeros));
            stored.extend(self.bytes(&block.check));
            bytes.extend(stored);
        }
        let mut index = self.bytes(&[0]);
        index.extend(self.number(records.len() as u64));
        for (unpadded, content) in records {
            index.extend(self.number(unpadded as u64));
            index.extend(self.number(content));
        }
        let index = self.close(index, 0);
        bytes.extend(&index);
        let mut footer = self.bytes(&((index.len() / 4).wrapping_sub(1) as u32).to_le_bytes());
        footer.extend(self.bytes(&[0, check]));
        bytes.extend(self.bytes(&crc32(&footer)));
        bytes.extend(footer);
        bytes.extend(self.bytes(b"YZ"));
        bytes
    }
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    // SAFETY: pointer and length are those of a live slice.
    unsafe { sys::lzma_crc32(bytes.as_ptr(), bytes.len(), 0) }.to_le_bytes()
}

/// Bytes on which filters for machine code act.
fn code(length: usize, random: &mut Random) -> Vec<u8> {
    let opcodes = [0xe8, 0xe9, 0x0f, 0x48, 0xeb, 0xf0, 0xf8, 0x40, 0x97, 0x17, 0x6f, 0x00, 0xff, 0x01];
    (0..length)
        .map(|_| if random.below(2) == 0 { opcodes[random.below(14)] } else { random.next() as u8 })
        .collect()
}

fn blocks(random: &mut Random, check: Check, check_bytes: usize) -> Vec<Block> {
    let count = [1, 1, 1, 0, 2, 3][random.below(6)];
    let mut made = Vec::new();
    for _ in 0..count {
        let length = 1 + random.below(400);
        let data = if random.below(2) == 0 {
            sample(length, random.below(1 << 30) as u64)
        } else {
            code(length, random)
        };
        let options = CompressOptions { level: 1, check, ..CompressOptions::default() };
        let mut block = block_of(&compress(&data, &options), check_bytes);
        block.sizes = random.below(2) == 0;
        // What filters make of the data is compared where no check forbids it.
        if check == Check::None {
            for _ in 0..[0, 0, 1, 2, 3][random.below(5)] {
                let id = 3 + random.below(9) as u64;
                let start = (random.below(1 << 20) as u32 * 16).to_le_bytes().to_vec();
                let none = random.below(3) > 0;
                let properties = if id == 3 {
                    vec![random.next() as u8]
                } else if none {
                    vec![]
                } else {
                    start
                };
                block.filters.insert(0, (id, properties));
            }
        }
        made.push(block);
    }
    made
}

/// The begin of the input, for messages.
fn shown(input: &[u8]) -> String {
    format!("{} bytes, {:02x?}", input.len(), &input[..input.len().min(200)])
}

fn compare(input: &[u8], format: Format, random: &mut Random, round: u64) -> bool {
    let theirs = liblzma(input, format);
    let ours = decompress_with(input, format, &LIMITS);
    let several = Decompressor::new().decompress(input, format, &LIMITS, &Threads(2));
    assert_eq!(several, ours, "round {round}: threads");
    let size = 1 + random.below(200);
    let (given, end) = stream(input, format, &LIMITS, || size);
    let beyond =
        |error: &Error| matches!(error, Error::SizeExceeded { .. } | Error::MemoryLimitExceeded { .. });
    match (theirs, ours) {
        (Some(plain), Ok(bytes)) => {
            assert!(plain == bytes, "round {round}: other content than liblzma's, of {}", shown(input));
            assert_eq!((given, end), (bytes, Ok(())), "round {round}: {}", shown(input));
            true
        }
        (None, Err(error)) => {
            assert!(
                end.is_err(),
                "round {round}: {error} as a whole, accepted as a stream: {}",
                shown(input)
            );
            assert!(
                end == Err(error.clone()) || beyond(&error),
                "round {round}: {error}, {end:?}: {}",
                shown(input)
            );
            false
        }
        (Some(_), Err(error)) => {
            assert!(beyond(&error), "round {round}: liblzma accepts, here {error}: {}", shown(input));
            false
        }
        (None, Ok(_)) => panic!("round {round}: liblzma refuses: {}", shown(input)),
    }
}

#[test]
fn streams_with_one_field_changed() {
    let mut random = Random(0x7a2f_11d3);
    let checks = [
        (Check::None, 0, 0),
        (Check::None, 0, 0),
        (Check::Crc32, 1, 4),
        (Check::Crc64, 4, 8),
        (Check::Sha256, 10, 32),
    ];
    let mut accepted = 0;
    for round in 0..rounds() {
        let (check, id, check_bytes) = checks[random.below(checks.len())];
        let made = blocks(&mut random, check, check_bytes);
        // Now and then past the last field: nothing is changed.
        let before = random.below(24 + 14 * made.len());
        let mut input = Writer { random: &mut random, before }.stream(id, &made);
        match random.below(12) {
            0 => input.extend_from_slice(&[0; 12][..random.below(13)]),
            1 => {
                let again = Writer { random: &mut random, before: usize::MAX - 1 }.stream(id, &made);
                input.extend_from_slice(&[0; 8][..random.below(3) * 4]);
                input.extend(again);
            }
            2 => input.truncate(random.below(input.len() + 1)),
            _ => {}
        }
        accepted += u64::from(compare(&input, Format::Xz, &mut random, round));
    }
    assert!(accepted > rounds() / 20 && accepted < rounds() / 2, "accepted {accepted}");
}

#[test]
fn lzma_files_with_header_or_end_changed() {
    let mut random = Random(0x51ce_0b77);
    let mut accepted = 0;
    for round in 0..rounds() {
        let data = sample(random.below(300), random.below(1 << 30) as u64);
        let options = CompressOptions { format: Format::Lzma, level: 1, ..CompressOptions::default() };
        let mut input = compress(&data, &options);
        match random.below(7) {
            0 => input[0] = random.next() as u8,
            1 => input[1..5].copy_from_slice(&(1u32 << random.below(32)).to_le_bytes()),
            2 => {
                let length = data.len() as u64;
                let sizes = [
                    length + 1,
                    length.wrapping_sub(1),
                    u64::MAX,
                    0,
                    1 << 38,
                    (1 << 38) - 1,
                    random.below(400) as u64,
                ];
                input[5..13].copy_from_slice(&sizes[random.below(7)].to_le_bytes());
            }
            3 => {
                let at = input.len() - 1 - random.below(12.min(input.len() - 13));
                input[at] = random.next() as u8;
            }
            4 => {
                let at = 13 + random.below(6);
                input[at] ^= 1 << random.below(8);
            }
            5 => input.truncate(random.below(input.len() + 1)),
            _ => input.extend_from_slice(&[0; 3][..random.below(4)]),
        }
        accepted += u64::from(compare(&input, Format::Lzma, &mut random, round));
    }
    assert!(accepted > rounds() / 20, "accepted {accepted}");
}
