//! Truncation, bit flips, trailing data, limits, bombs, lies: the same typed error by every door, and never a panic.
mod support;

use chunker_zstd::*;
use std::sync::Arc;
use support::*;

const LIMITS: DecodeLimits =
    DecodeLimits { max_output_bytes: 1 << 22, max_memory_bytes: 1 << 27, allow_trailing: false };

/// Whole, pushed in several splits, and into a buffer with a pattern: one outcome, errors with the same facts after the same bytes.
fn agreed(
    data: &[u8],
    limits: &DecodeLimits,
    dictionary: Option<&Arc<Dictionary>>,
    seed: u64,
) -> Result<Vec<u8>> {
    let whole = decompress(data, limits, dictionary);
    let mut random = Random(seed | 1);
    let mut sizes = Random(seed.wrapping_mul(3) | 1);
    let pushes = [
        decompress_pushed(data, limits, dictionary, || 1, || 1 << 18),
        decompress_pushed(data, limits, dictionary, || usize::MAX, || 1 << 22),
        decompress_pushed(data, limits, dictionary, || 1 + random.below(300), || sizes.below(5000)),
    ];
    for (plain, outcome) in &pushes {
        assert_eq!((plain.len(), outcome), (pushes[0].0.len(), &pushes[0].1), "splits differ");
        assert!(*plain == pushes[0].0, "splits differ");
        assert_eq!(outcome.as_ref().err(), whole.as_ref().err(), "pushed and whole differ");
    }
    if let Ok(plain) = &whole {
        assert!(*plain == pushes[0].0, "pushed and whole differ");
    }
    let mut output = vec![0xEE; (1 << 18) + 4096];
    let into = Decompressor::new().unwrap().decompress_into(data, limits, dictionary, GO_ON, &mut output);
    match (&into, &whole) {
        (Ok(written), Ok(plain)) => {
            assert_eq!(&output[..*written], plain);
            assert!(
                output[*written..].iter().all(|&byte| byte == 0xEE || byte == 0),
                "spill behind the result"
            );
        }
        (Err(error), _) => {
            assert!(output.iter().all(|&byte| byte == 0xEE || byte == 0), "remains behind an error");
            assert!(Some(error) == whole.as_ref().err() || error.code() == "output_too_small", "{error}");
        }
        (Ok(_), Err(error)) => panic!("accepted into a buffer, refused as a whole: {error}"),
    }
    whole
}

fn checked(level: i32) -> CompressOptions {
    CompressOptions { level, checksum: true, ..Default::default() }
}

#[test]
fn truncation_at_every_byte() {
    let data = sample(3000, 1);
    let mut several = compress(&data, &checked(3));
    several.extend_from_slice(&[0x5A, 0x2A, 0x4D, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5]);
    let first_ends = [several.len() - 13, several.len()];
    several
        .extend_from_slice(&compress(&data, &CompressOptions { content_size: false, ..Default::default() }));
    for cut in 0..several.len() {
        let outcome = agreed(&several[..cut], &LIMITS, None, cut as u64);
        if first_ends.contains(&cut) {
            assert_eq!(outcome.unwrap(), data, "between frames");
        } else if first_ends.iter().any(|&end| cut > end && cut < end + 4) {
            let offset = *first_ends.iter().filter(|&&end| end < cut).max().unwrap() as u64;
            assert_eq!(outcome, Err(Error::TrailingData { offset }), "less than a magic");
        } else {
            assert_eq!(outcome, Err(Error::TruncatedInput { offset: cut as u64 }), "cut at {cut}");
        }
    }
    assert_eq!(agreed(&several, &LIMITS, None, 1).unwrap().len(), 6000);
}

#[test]
fn every_bit_flip_of_a_frame_with_checksum() {
    for (length, level) in [(600, 1), (1500, 19)] {
        let data = sample(length, 2);
        let frame = compress(&data, &checked(level));
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            // Some bits change nothing: an unused dictionary id field, a larger window.
            if let Ok(plain) = agreed(&damaged, &LIMITS, None, bit as u64) {
                assert_eq!(plain, data, "bit {bit}");
            }
        }
    }
}

#[test]
fn random_damage_and_random_data() {
    let mut random = Random(99);
    for round in 0..3000u64 {
        let data = sample(random.below(20_000), round);
        let options = CompressOptions {
            level: [-5, 1, 3, 7][random.below(4)],
            checksum: round % 2 == 0,
            content_size: round % 3 != 0,
            target_block_bytes: (round % 5 == 0).then_some(1340),
            ..Default::default()
        };
        let mut frame = compress(&data, &options);
        if round % 4 == 0 {
            let again = frame.clone();
            frame.extend_from_slice(&again);
        }
        for _ in 0..1 + random.below(4) {
            match random.below(4) {
                0 => {
                    let at = random.below(frame.len());
                    frame[at] = random.next() as u8;
                }
                1 => frame.truncate(random.below(frame.len() + 1)),
                2 => {
                    let at = random.below(frame.len().min(24));
                    frame[at] ^= 1 << random.below(8);
                }
                _ => {
                    let at = random.below(frame.len() + 1);
                    frame.splice(at..at, (0..random.below(6)).map(|_| 0u8));
                }
            }
            if frame.is_empty() {
                break;
            }
        }
        let outcome = agreed(&frame, &LIMITS, None, round);
        let trailing = DecodeLimits { allow_trailing: true, ..LIMITS };
        let lenient = agreed(&frame, &trailing, None, round);
        assert!(outcome.is_err() || outcome == lenient);
    }
}

#[test]
fn heads_of_every_kind() {
    for (data, code) in [
        (&b""[..], "truncated_input"),
        (&[0x28], "truncated_input"),
        (&[0x28, 0xB5, 0x2F], "truncated_input"),
        (&[0x28, 0xB5, 0x2F, 0xFD], "truncated_input"),
        (&[0x53, 0x2A], "truncated_input"),
        (&[0x00], "unknown_format"),
        (b"PK\x03\x04 and so on", "unknown_format"),
        (&[0x28, 0xB5, 0x2F, 0xFE, 0, 0, 0, 0, 0, 0], "unknown_format"),
        (&[0x25, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0], "unsupported_feature"),
        (&[0xFD, 0x2F, 0xB5, 0x1E, 0, 0, 0, 0, 0, 0], "unsupported_feature"),
        (&[0x28, 0xB5, 0x2F, 0xFD, 0x08, 0, 0, 0, 0, 0], "unsupported_feature"),
    ] {
        assert_eq!(agreed(data, &LIMITS, None, 5).unwrap_err().code(), code, "{data:02x?}");
    }
    let Err(Error::UnknownFormat { head }) = agreed(b"PK\x03\x04 and so on", &LIMITS, None, 5) else {
        panic!()
    };
    assert_eq!(head.as_bytes(), b"PK\x03\x04 and");
}

#[test]
fn trailing_data_truncation_and_checksum_are_three_errors() {
    let data = sample(5000, 4);
    let frame = compress(&data, &checked(3));
    let end = frame.len() as u64;
    for garbage in
        [&[0][..], &[0; 9], b"garbage", &[0x28], &[0x28, 0xB5], &[0x28, 0xB5, 0x2F], &[0x55, 0x2A, 0x4D]]
    {
        let mut data_and_more = frame.clone();
        data_and_more.extend_from_slice(garbage);
        assert_eq!(
            agreed(&data_and_more, &LIMITS, None, 1),
            Err(Error::TrailingData { offset: end }),
            "{garbage:02x?}"
        );
        let lenient = DecodeLimits { allow_trailing: true, ..LIMITS };
        assert_eq!(agreed(&data_and_more, &lenient, None, 1).as_ref(), Ok(&data));
    }
    // A started frame is no garbage, even where garbage is allowed.
    let mut started = frame.clone();
    started.extend_from_slice(&frame[..6]);
    let lenient = DecodeLimits { allow_trailing: true, ..LIMITS };
    assert_eq!(agreed(&started, &lenient, None, 1), Err(Error::TruncatedInput { offset: end + 6 }));
    let mut wrong = frame.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(agreed(&wrong, &LIMITS, None, 1), Err(Error::ChecksumMismatch { offset: end - 4 }));
}

#[test]
fn skippable_and_empty_frames() {
    let data = sample(1000, 8);
    let frame = compress(&data, &checked(3));
    let mut all = vec![0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0];
    all.extend_from_slice(&frame);
    all.extend_from_slice(&[0x5F, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9]);
    assert_eq!(agreed(&all, &LIMITS, None, 1).unwrap(), data);
    assert_eq!(agreed(&all[..8], &LIMITS, None, 1).unwrap(), b"");
    let survey = inspect(&all).unwrap();
    assert_eq!((survey.frames, survey.skippable_frames, survey.skippable_bytes), (1, 2, 18));
    assert_eq!((survey.content_bytes, survey.checksum, survey.end), (Some(1000), true, End::Complete));
    // A skippable frame of 4 GiB that is not there costs nothing.
    let huge = [0x50, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3];
    assert_eq!(agreed(&huge, &LIMITS, None, 1), Err(Error::TruncatedInput { offset: 11 }));
    let million = compress(b"", &CompressOptions::default()).repeat(100_000);
    assert_eq!(decompress(&million, &LIMITS, None).unwrap(), b"");
    assert_eq!(inspect(&million).unwrap().frames, 100_000);
}

#[test]
fn output_limits_exactly() {
    for (length, content_size) in
        [(100_000, true), (100_000, false), (1 << 20, false), (9 << 20, true), (9 << 20, false)]
    {
        let data = sample(length, 6);
        let frame = compress(&data, &CompressOptions { level: 1, content_size, ..Default::default() });
        for (limit, passes) in
            [(length, true), (length + 1, true), (length - 1, false), (0, false), (length / 2, false)]
        {
            let limits = DecodeLimits { max_output_bytes: limit as u64, ..Default::default() };
            let whole = decompress(&frame, &limits, None);
            let (pushed, outcome) = decompress_pushed(&frame, &limits, None, || 5000, || 70_000);
            if passes {
                assert_eq!(whole.as_ref(), Ok(&data));
                assert_eq!((&pushed, outcome), (&data, Ok(())));
            } else {
                let declared = content_size.then_some(length as u64);
                let refused = Err(Error::SizeExceeded { limit: limit as u64, declared });
                assert_eq!(whole.map(drop), refused);
                assert_eq!(outcome, refused);
                assert_eq!(pushed, &data[..if content_size { 0 } else { limit }]);
            }
        }
    }
}

#[test]
fn the_limit_counts_all_frames() {
    let data = sample(1000, 6);
    let frame = compress(&data, &CompressOptions::default());
    let twice = frame.repeat(2);
    let limits = |max_output_bytes| DecodeLimits { max_output_bytes, ..LIMITS };
    assert_eq!(agreed(&twice, &limits(2000), None, 1).unwrap().len(), 2000);
    let refused = Error::SizeExceeded { limit: 1999, declared: Some(2000) };
    assert_eq!(decompress(&frame.repeat(3), &limits(1999), None), Err(refused.clone()));
    assert_eq!(decompress_pushed(&frame.repeat(3), &limits(1999), None, || 7, || 64).1, Err(refused));
}

/// A frame header with a declared size of eight bytes in a single segment or behind a window, and one block.
fn lying(declared: u64, window: Option<u8>, block: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, if window.is_some() { 0xC0 } else { 0xE0 }];
    frame.extend(window);
    frame.extend_from_slice(&declared.to_le_bytes());
    frame.extend_from_slice(block);
    frame
}

#[test]
fn declared_sizes_that_lie() {
    let raw3 = [0x19, 0, 0, b'a', b'b', b'c'];
    assert_eq!(agreed(&lying(3, Some(0), &raw3), &LIMITS, None, 1).unwrap(), b"abc");
    for declared in [2, 4, 0, 1 << 21] {
        let outcome = agreed(&lying(declared, Some(0), &raw3), &LIMITS, None, 1);
        assert_eq!(outcome.unwrap_err().code(), "corrupt_data", "{declared}");
    }
    let error = agreed(&lying(1 << 63, Some(0), &raw3), &LIMITS, None, 1).unwrap_err();
    assert_eq!(error, Error::SizeExceeded { limit: 1 << 22, declared: Some(1 << 63) });
    // With no limit at all, nothing of that size is allocated.
    let boundless =
        DecodeLimits { max_output_bytes: u64::MAX, max_memory_bytes: u64::MAX, allow_trailing: false };
    assert_eq!(
        decompress(&lying(1 << 40, Some(0), &raw3), &boundless, None).unwrap_err().code(),
        "corrupt_data"
    );
    assert_eq!(
        decompress(&lying(u64::MAX, Some(0), &raw3), &boundless, None).unwrap_err().code(),
        "corrupt_data"
    );
    let whole = decompress(&lying(1 << 41, None, &raw3), &boundless, None).unwrap_err();
    assert_eq!(whole.code(), "memory_limit_exceeded", "a single segment of 2 TiB is a window of 2 TiB");
}

#[test]
fn windows_are_refused_before_memory_is_taken() {
    for exponent in [18u8, 20, 21, 22, 31] {
        let needed = 1u64 << (10 + exponent);
        let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, exponent << 3, 0x01, 0, 0];
        let error = agreed(&frame, &LIMITS, None, 1).unwrap_err();
        assert_eq!(error, Error::MemoryLimitExceeded { limit: 1 << 27, needed });
    }
    let frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 0x01, 0, 0];
    assert_eq!(agreed(&frame, &LIMITS, None, 1).unwrap(), b"");
}

#[test]
fn bombs() {
    // 30 bytes of run-length blocks per MiB: 4 GiB out of 128 KiB.
    let run = [(1 << 17 << 3 | 2) as u32, (1 << 17 << 3 | 3) as u32];
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0x00, 7 << 3];
    for at in 0..32_768 {
        frame.extend_from_slice(&run[usize::from(at == 32_767)].to_le_bytes()[..3]);
        frame.push(0);
    }
    let started = std::time::Instant::now();
    let error = decompress(&frame, &LIMITS, None).unwrap_err();
    assert_eq!(error, Error::SizeExceeded { limit: 1 << 22, declared: None });
    let (pushed, outcome) = decompress_pushed(&frame, &LIMITS, None, || 1000, || 1 << 16);
    assert_eq!((pushed.len(), outcome), (1 << 22, Err(error)));
    // Of the four gigabytes only those up to the limit are made, however slow the machine is.
    assert!(started.elapsed().as_secs() < 60);
    let exact = DecodeLimits { max_output_bytes: 1 << 32, ..LIMITS };
    let mut stream = DecompressStream::new(Decompressor::new().unwrap(), &exact, None).unwrap();
    let (mut place, mut progress, mut rest, mut total) =
        (vec![1; 1 << 20], Progress::default(), &frame[..], 0u64);
    while !rest.is_empty() {
        stream.push(rest, &mut place, GO_ON, &mut progress).unwrap();
        rest = &rest[progress.read..];
        total += progress.written as u64;
    }
    assert_eq!((total, stream.finish()), (1 << 32, Ok(())));
}

#[test]
fn dictionaries_missing_mismatched_broken() {
    let raw = Arc::new(Dictionary::new(&sample(4000, 1)).unwrap());
    let other = Arc::new(Dictionary::new(&sample(4000, 2)).unwrap());
    assert_eq!(raw.id(), 0);
    let data = sample(3000, 1);
    let frame = Compressor::new().unwrap().compress(&data, &checked(3), Some(&raw), GO_ON).unwrap();
    assert!(frame.len() < compress(&data, &checked(3)).len() / 2);
    assert_eq!(agreed(&frame, &LIMITS, Some(&raw), 1).unwrap(), data);
    // Raw content has no id: that it is missing shows only in the content.
    assert!(agreed(&frame, &LIMITS, None, 1).is_err());
    assert!(agreed(&frame, &LIMITS, Some(&other), 1).is_err());
    let broken = [&[0x37, 0xA4, 0x30, 0xEC, 7, 0, 0, 0][..], &[0xFF; 100]].concat();
    let refused = |bytes: &[u8]| Dictionary::new(bytes).err();
    assert_eq!(refused(&broken), Some(Error::DictionaryMismatch { id: None, given: 7 }));
    assert_eq!(refused(&[]), Some(Error::DictionaryMismatch { id: None, given: 0 }));
    // Named in the header: dictionary 5, then nothing else.
    let naming = [0x28, 0xB5, 0x2F, 0xFD, 0x01, 0x00, 5, 0x01, 0, 0];
    assert_eq!(agreed(&naming, &LIMITS, None, 1), Err(Error::DictionaryMissing { id: 5 }));
    assert_eq!(
        agreed(&naming, &LIMITS, Some(&raw), 1),
        Err(Error::DictionaryMismatch { id: Some(5), given: 0 })
    );
}
