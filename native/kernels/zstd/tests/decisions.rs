//! Decisions: any field of frame and block headers is changed, and the bytes of blocks, and libzstd asked, as a stream and in one call. What both accept gives the same bytes here by every
//! door, what both refuse is refused; where they differ either will do. `CHUNKER_ROUNDS` sets how many inputs.

mod support;

use chunker_zstd::*;
use support::*;
use zstd_sys as sys;

/// More content is no use: it is the limit here, and the room there.
const MOST_BYTES: usize = 1 << 20;
const LIMITS: DecodeLimits =
    DecodeLimits { max_output_bytes: MOST_BYTES as u64, max_memory_bytes: 1 << 27, allow_trailing: false };

fn rounds() -> u64 {
    std::env::var("CHUNKER_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(4000)
}

/// Fed a few bytes at a time: a frame that is there whole libzstd takes in one call. None: refused, or more than there is room for.
fn streamed(input: &[u8]) -> Option<Vec<u8>> {
    let mut output = vec![0; MOST_BYTES + 1];
    // SAFETY: pointers and lengths are those of live slices; the context is freed once.
    unsafe {
        let context = sys::ZSTD_createDCtx();
        sys::ZSTD_DCtx_setParameter(context, sys::ZSTD_dParameter::ZSTD_d_windowLogMax, 27);
        let mut from = sys::ZSTD_inBuffer { src: input.as_ptr().cast(), size: 0, pos: 0 };
        let mut to = sys::ZSTD_outBuffer { dst: output.as_mut_ptr().cast(), size: output.len(), pos: 0 };
        let whole = loop {
            let before = (from.size, to.pos);
            from.size = input.len().min(from.pos + 7);
            let left = sys::ZSTD_decompressStream(context, &mut to, &mut from);
            if sys::ZSTD_isError(left) != 0 {
                break false;
            }
            if from.pos == input.len() && (left == 0 || before == (from.size, to.pos)) {
                break left == 0;
            }
        };
        let written = to.pos;
        sys::ZSTD_freeDCtx(context);
        output.truncate(written);
        (whole && written <= MOST_BYTES).then_some(output)
    }
}

/// By one call of libzstd.
fn at_once(input: &[u8]) -> Option<Vec<u8>> {
    let mut output = vec![0; MOST_BYTES];
    // SAFETY: pointers and lengths are those of live slices.
    let written = unsafe {
        let place = output.as_mut_ptr().cast();
        let written = sys::ZSTD_decompress(place, output.len(), input.as_ptr().cast(), input.len());
        (sys::ZSTD_isError(written) == 0).then_some(written)?
    };
    output.truncate(written);
    Some(output)
}

#[derive(Clone)]
struct Block {
    kind: u32,
    size: u32,
    body: Vec<u8>,
}

struct Frame {
    descriptor: u8,
    /// Behind the descriptor.
    fields: Vec<u8>,
    blocks: Vec<Block>,
    /// The checksum.
    rest: Vec<u8>,
}

/// A frame of libzstd's in its parts.
fn parts(frame: &[u8]) -> Frame {
    let descriptor = frame[4];
    let single = descriptor & 0x20 != 0;
    let content = if descriptor >> 6 == 0 { usize::from(single) } else { 1 << (descriptor >> 6) };
    let fields = usize::from(!single) + [0, 1, 2, 4][usize::from(descriptor & 3)] + content;
    let mut at = 5 + fields;
    let mut blocks = Vec::new();
    loop {
        let field = u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], 0]);
        let (kind, size) = (field >> 1 & 3, field >> 3);
        let stored = if kind == 1 { 1 } else { size as usize };
        blocks.push(Block { kind, size, body: frame[at + 3..at + 3 + stored].to_vec() });
        at += 3 + stored;
        if field & 1 != 0 {
            break;
        }
    }
    Frame { descriptor, fields: frame[5..5 + fields].to_vec(), blocks, rest: frame[at..].to_vec() }
}

fn joined(frame: &Frame, ends: bool) -> Vec<u8> {
    let mut bytes = vec![0x28, 0xb5, 0x2f, 0xfd, frame.descriptor];
    bytes.extend_from_slice(&frame.fields);
    for (i, block) in frame.blocks.iter().enumerate() {
        let last = u32::from(ends && i + 1 == frame.blocks.len());
        bytes.extend_from_slice(&(last | block.kind << 1 | block.size << 3).to_le_bytes()[..3]);
        bytes.extend_from_slice(&block.body);
    }
    bytes.extend_from_slice(&frame.rest);
    bytes
}

/// Stored blocks and runs, in a frame of any header: what it declares is right, or one too many or too few.
fn by_hand(random: &mut Random) -> Vec<u8> {
    let descriptor = random.next() as u8 & if random.below(4) == 0 { 0xff } else { 0xe4 };
    let mut blocks = Vec::new();
    let mut content = 0u64;
    for _ in 0..1 + random.below(4) {
        let edges = [0, 1, 1023, 1024, 1025, 2048, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, (1 << 21) - 1];
        let size = if random.below(4) == 0 { edges[random.below(10)] } else { random.below(30) as u32 };
        let kind = if random.below(8) == 0 { random.below(4) as u32 } else { random.below(2) as u32 };
        let stored = if kind == 1 { 1 } else { size.min(140_000) as usize };
        blocks.push(Block { kind, size, body: vec![random.next() as u8; stored] });
        content += u64::from(size);
    }
    let single = descriptor & 0x20 != 0;
    let length = if descriptor >> 6 == 0 { usize::from(single) } else { 1 << (descriptor >> 6) };
    let declared =
        if random.below(4) == 0 { (content + 1).saturating_sub(random.below(3) as u64) } else { content };
    let declared = if length == 2 { declared.wrapping_sub(256) } else { declared };
    let window = if random.below(3) == 0 { random.next() as u8 } else { random.below(64) as u8 };
    let mut fields = if single { vec![] } else { vec![window] };
    fields.resize(fields.len() + [0, 1, 2, 4][usize::from(descriptor & 3)], 0);
    fields.extend_from_slice(&declared.to_le_bytes()[..length]);
    let rest = vec![0; if descriptor & 4 != 0 { 4 } else { 0 }];
    joined(&Frame { descriptor, fields, blocks, rest }, random.below(30) > 0)
}

/// A frame of libzstd's with one part changed.
fn changed(random: &mut Random) -> Vec<u8> {
    let options = CompressOptions {
        level: [-5, 1, 3, 12, 19][random.below(5)],
        checksum: random.below(4) == 0,
        content_size: random.below(2) == 0,
        target_block_bytes: (random.below(3) == 0).then_some(1340),
        ..Default::default()
    };
    let most = if random.below(6) == 0 { 9000 } else { 900 };
    let data = sample(random.below(most), random.next());
    let mut frame = parts(&compress(&data, &options));
    let at = random.below(frame.blocks.len());
    match random.below(9) {
        0 => frame.descriptor ^= 1 << random.below(8),
        1 if !frame.fields.is_empty() => {
            let at = random.below(frame.fields.len());
            frame.fields[at] = random.next() as u8;
        }
        2 => frame.blocks[at].kind = random.below(4) as u32,
        3 => frame.blocks[at].size = (frame.blocks[at].size + random.below(9) as u32).saturating_sub(4),
        4 => {
            let (kind, size) = [(0, 0), (1, 9), (2, random.below(5) as u32), (0, 7)][random.below(4)];
            let body = vec![random.below(2) as u8; if kind == 1 { 1 } else { size as usize }];
            frame.blocks.insert(at, Block { kind, size, body });
        }
        5 => {
            let block = &mut frame.blocks[at];
            if random.below(2) == 0 {
                block.body.truncate(random.below(block.body.len() + 1));
            } else {
                block.body.push(random.next() as u8);
            }
            block.size = if block.kind == 1 { block.size } else { block.body.len() as u32 };
        }
        _ => {
            let body = &mut frame.blocks[at].body;
            if !body.is_empty() {
                let near = if random.below(3) == 0 { body.len() } else { body.len().min(20) };
                let place = random.below(near);
                body[place] ^= 1 << random.below(8);
                if random.below(4) == 0 {
                    *body.last_mut().expect("not empty") = random.next() as u8;
                }
            }
        }
    }
    joined(&frame, random.below(60) > 0)
}

/// The begin of the input, for messages.
fn shown(input: &[u8]) -> String {
    format!("{} bytes, {:02x?}", input.len(), &input[..input.len().min(80)])
}

fn compare(input: &[u8], used: &mut Decompressor, random: &mut Random, round: u64) -> bool {
    let (stream, call) = (streamed(input), at_once(input));
    let ours = used.decompress(input, &LIMITS, None, GO_ON);
    assert_eq!(
        ours,
        decompress(input, &LIMITS, None),
        "round {round}: by what the context did before: {}",
        shown(input)
    );
    let (given, end) = decompress_pushed(input, &LIMITS, None, || 1 + random.below(200), || 1 << 18);
    match (&ours, &end) {
        (Ok(plain), Ok(())) => assert!(*plain == given, "round {round}: {}", shown(input)),
        // What headers declare of a whole input is refused before the fault that a stream meets.
        (Err(Error::SizeExceeded { declared: Some(_), .. }), Err(_)) => {}
        (Err(whole), Err(pushed)) => assert_eq!(whole, pushed, "round {round}: {}", shown(input)),
        _ => {
            panic!("round {round}: {:?} as a whole, {end:?} in pieces: {}", ours.as_ref().err(), shown(input))
        }
    }
    match &ours {
        Ok(plain) => assert!(
            stream.as_ref() == Some(plain) || call.as_ref() == Some(plain),
            "round {round}: accepted, by libzstd {:?} {:?}: {}",
            stream.map(|bytes| bytes.len()),
            call.map(|bytes| bytes.len()),
            shown(input)
        ),
        Err(Error::SizeExceeded { .. } | Error::MemoryLimitExceeded { .. }) => {}
        Err(error) => assert!(
            stream.is_none() || call.is_none(),
            "round {round}: libzstd accepts, here {error}: {}",
            shown(input)
        ),
    }
    ours.is_ok()
}

#[test]
fn frames_with_one_part_changed() {
    let mut random = Random(0x3c6e_f372);
    let mut used = Decompressor::new().unwrap();
    let mut accepted = 0;
    for round in 0..rounds() {
        let mut input = if round % 3 == 0 { by_hand(&mut random) } else { changed(&mut random) };
        match random.below(14) {
            0 => {
                let mut skippable =
                    vec![0x50 + random.below(16) as u8, 0x2a, 0x4d, 0x18, random.below(6) as u8, 0, 0, 0];
                skippable.resize(8 + random.below(6), 7);
                input.splice(0..0, skippable);
            }
            1 => input.truncate(random.below(input.len() + 1)),
            2 => input.extend_from_slice(&[0; 5][..random.below(6)]),
            3 => input.extend(by_hand(&mut random)),
            _ => {}
        }
        accepted += u64::from(compare(&input, &mut used, &mut random, round));
    }
    assert!(accepted > rounds() / 20 && accepted < rounds() * 3 / 4, "accepted {accepted}");
}
