//! Into buffers, batches, streams, reuse, abort: every form gives the bytes of the plain one.
mod support;

use chunker_zstd::*;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::Arc;
use support::*;

fn push_all(
    stream: &mut CompressStream,
    data: &[u8],
    mut input: impl FnMut() -> usize,
    mut output: impl FnMut() -> usize,
) -> Vec<u8> {
    let mut frame = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let piece = &rest[..input().clamp(1, rest.len())];
        let mut place = vec![0; output()];
        let progress = stream.push(piece, &mut place, GO_ON).unwrap();
        assert!(progress.read == piece.len() || progress.written == place.len());
        frame.extend_from_slice(&place[..progress.written]);
        rest = &rest[progress.read..];
    }
    loop {
        let mut place = vec![0; output()];
        let progress = stream.finish(&mut place, GO_ON).unwrap();
        frame.extend_from_slice(&place[..progress.written]);
        if progress.done {
            return frame;
        }
    }
}

#[test]
fn a_pushed_frame_does_not_depend_on_the_split() {
    let (mut random, mut sizes) = (Random(3), Random(5));
    for (length, level) in
        [(0, 3), (1, 3), (5000, 1), (400_000, 3), (300_000, 9), (150_000, 19), (700_000, -3)]
    {
        let data = sample(length, 12);
        let options = CompressOptions { level, checksum: true, ..Default::default() };
        for announced in [None, Some(length as u64)] {
            let stream =
                || CompressStream::new(Compressor::new().unwrap(), &options, None, announced).unwrap();
            let whole = push_all(&mut stream(), &data, || usize::MAX, || 1 << 20);
            assert_eq!(
                push_all(&mut stream(), &data, || 1 + random.below(9000), || 1 + sizes.below(3000)),
                whole
            );
            assert_eq!(push_all(&mut stream(), &data, || 1 << 16, || 1 << 17), whole);
            if length <= 5000 {
                assert_eq!(push_all(&mut stream(), &data, || 1, || 1), whole);
            }
            assert_eq!(decompress(&whole, &DecodeLimits::default(), None).unwrap(), data);
            let known = announced.or((length == 0).then_some(0));
            assert_eq!(inspect(&whole).unwrap().content_bytes, known);
        }
    }
}

#[test]
fn an_announced_length_is_held() {
    let open = |announced| {
        CompressStream::new(Compressor::new().unwrap(), &CompressOptions::default(), None, Some(announced))
            .unwrap()
    };
    let mut place = vec![0; 1000];
    let mut stream = open(10);
    assert_eq!(stream.push(&[0; 11], &mut place, GO_ON), Err(Error::SizeMismatch { announced: 10 }));
    assert_eq!(stream.push(&[0; 1], &mut place, GO_ON), Err(Error::AlreadyFinished));
    let mut stream = open(10);
    stream.push(&[0; 9], &mut place, GO_ON).unwrap();
    assert_eq!(stream.finish(&mut place, GO_ON), Err(Error::SizeMismatch { announced: 10 }));
}

#[test]
fn streams_end_once() {
    let mut place = vec![0; 1000];
    let mut stream =
        CompressStream::new(Compressor::new().unwrap(), &CompressOptions::default(), None, None).unwrap();
    assert!(stream.finish(&mut place, GO_ON).unwrap().done);
    assert_eq!(stream.finish(&mut place, GO_ON), Err(Error::AlreadyFinished));
    assert_eq!(stream.push(b"x", &mut place, GO_ON), Err(Error::AlreadyFinished));
    let mut stream =
        DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
    assert_eq!(stream.finish(), Err(Error::TruncatedInput { offset: 0 }));
    assert_eq!(stream.finish(), Err(Error::AlreadyFinished));
}

#[test]
fn compressing_into_exact_short_and_empty_buffers() {
    let mut compressor = Compressor::new().unwrap();
    for (length, level) in [(0, 3), (10, 3), (5000, 3), (5000, 19), (200_000, 1), (6 << 20, 1)] {
        let data = sample(length, 21);
        let options = CompressOptions { level, ..Default::default() };
        let frame = compressor.compress(&data, &options, None, GO_ON).unwrap();
        for extra in [0, 1, 7, compress_bound(length).unwrap()] {
            let mut place = vec![0xEE; frame.len() + extra];
            assert_eq!(compressor.compress_into(&data, &options, None, GO_ON, &mut place), Ok(frame.len()));
            assert_eq!(&place[..frame.len()], frame);
            assert!(place[frame.len()..].iter().all(|&byte| byte == 0xEE || byte == 0));
        }
        for available in [0, 1, frame.len() - 1] {
            let mut place = vec![0xEE; available];
            let too_small =
                Error::OutputTooSmall { available: available as u64, needed: Some(frame.len() as u64) };
            assert_eq!(compressor.compress_into(&data, &options, None, GO_ON, &mut place), Err(too_small));
            assert!(place.iter().all(|&byte| byte == 0xEE));
        }
    }
}

#[test]
fn decompressing_into_exact_short_and_empty_buffers() {
    let mut decompressor = Decompressor::new().unwrap();
    let limits = DecodeLimits::default();
    for (length, content_size) in
        [(1, true), (5000, true), (5000, false), (300_000, false), (5 << 20, true), (5 << 20, false)]
    {
        let data = sample(length, 22);
        let frame = compress(
            &data,
            &CompressOptions { level: 1, content_size, checksum: true, ..Default::default() },
        );
        for extra in [0, 1, 100_000] {
            let mut place = vec![0xEE; length + extra];
            assert_eq!(decompressor.decompress_into(&frame, &limits, None, GO_ON, &mut place), Ok(length));
            assert_eq!(&place[..length], data);
            assert!(place[length..].iter().all(|&byte| byte == 0xEE || (!content_size && byte == 0)));
        }
        for available in [0, length / 2, length - 1] {
            let mut place = vec![0xEE; available];
            let outcome = decompressor.decompress_into(&frame, &limits, None, GO_ON, &mut place);
            let needed = content_size.then_some(length as u64);
            assert_eq!(outcome, Err(Error::OutputTooSmall { available: available as u64, needed }));
        }
    }
}

#[test]
fn a_stream_into_exactly_enough_room_is_not_truncated() {
    for checksum in [false, true] {
        for length in [1000, 128 << 10, 300_000] {
            let data = sample(length, 4);
            let frame = compress(&data, &CompressOptions { checksum, ..Default::default() });
            let mut stream =
                DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
            let (mut place, mut progress) = (vec![0; length], Progress::default());
            stream.push(&frame, &mut place, GO_ON, &mut progress).unwrap();
            assert_eq!((progress.read, progress.written), (frame.len(), length));
            assert_eq!((stream.finish(), place), (Ok(()), data));
        }
    }
}

#[test]
fn contexts_in_any_order_give_the_same_bytes() {
    let mut random = Random(17);
    let dictionary = Arc::new(Dictionary::new(&sample(9000, 5)).unwrap());
    let mut compressor = Compressor::new().unwrap();
    let mut decompressor = Decompressor::new().unwrap();
    for round in 0..300 {
        let data = sample(random.below(30_000), round);
        let options = CompressOptions {
            level: [-7, 1, 3, 6, 12, 19][random.below(6)],
            checksum: random.below(2) == 0,
            long_distance: random.below(4) == 0,
            ..Default::default()
        };
        let dictionary = (random.below(2) == 0).then_some(&dictionary);
        let frame = compressor.compress(&data, &options, dictionary, GO_ON).unwrap();
        assert_eq!(frame, Compressor::new().unwrap().compress(&data, &options, dictionary, GO_ON).unwrap());
        assert_eq!(
            decompressor.decompress(&frame, &DecodeLimits::default(), dictionary, GO_ON).unwrap(),
            data
        );
        match random.below(5) {
            0 => compressor.rest(),
            1 => decompressor.rest(),
            2 => {
                let mut stream = CompressStream::new(compressor, &options, dictionary, None).unwrap();
                stream.push(&data, &mut vec![0; 1 << 16], GO_ON).unwrap();
                compressor = stream.into_compressor();
            }
            3 => {
                let mut stream =
                    DecompressStream::new(decompressor, &DecodeLimits::default(), dictionary).unwrap();
                let _ =
                    stream.push(&frame[..frame.len() / 2], &mut [0; 100], GO_ON, &mut Progress::default());
                decompressor = stream.into_decompressor();
            }
            _ => {}
        }
    }
}

#[test]
fn batches_append() {
    let (mut compressor, mut decompressor) = (Compressor::new().unwrap(), Decompressor::new().unwrap());
    let items: Vec<Vec<u8>> = (0..40).map(|seed| sample(seed * 97, seed as u64)).collect();
    let (mut frames, mut lengths) = (Vec::new(), Vec::new());
    for item in &items {
        lengths.push(
            compressor.compress_append(item, &CompressOptions::default(), None, GO_ON, &mut frames).unwrap(),
        );
    }
    let (mut plain, mut at) = (Vec::new(), 0);
    for length in lengths {
        decompressor
            .decompress_append(&frames[at..at + length], &DecodeLimits::default(), None, GO_ON, &mut plain)
            .unwrap();
        let before = plain.len();
        let mut damaged = frames[at..at + length].to_vec();
        damaged.truncate(length - 1);
        assert!(decompressor
            .decompress_append(&damaged, &DecodeLimits::default(), None, GO_ON, &mut plain)
            .is_err());
        assert_eq!(plain.len(), before);
        at += length;
    }
    assert_eq!(plain, items.concat());
}

#[test]
fn slow_work_looks_up_and_stops() {
    let data = sample(4 << 20, 31);
    let options = CompressOptions { level: 19, ..Default::default() };
    let asked = AtomicUsize::new(0);
    let stop = || asked.fetch_add(1, Relaxed) >= 3;
    let mut compressor = Compressor::new().unwrap();
    assert_eq!(compressor.compress(&data, &options, None, &stop), Err(Error::Aborted));
    assert_eq!(asked.load(Relaxed), 4);
    // The context is as good as before.
    let small = sample(1000, 1);
    assert_eq!(compressor.compress(&small, &options, None, GO_ON).unwrap(), compress(&small, &options));
    let frame = compress(&sample(20 << 20, 1), &CompressOptions { level: 1, ..Default::default() });
    asked.store(0, Relaxed);
    assert_eq!(
        Decompressor::new().unwrap().decompress(&frame, &DecodeLimits::default(), None, &stop),
        Err(Error::Aborted)
    );
    let mut stream =
        DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
    let mut progress = Progress::default();
    asked.store(0, Relaxed);
    assert_eq!(stream.push(&frame, &mut vec![0; 20 << 20], &stop, &mut progress), Err(Error::Aborted));
    assert!(progress.written > 0 && progress.written < 20 << 20);
}

#[test]
fn options_out_of_range_are_refused() {
    let default = CompressOptions::default();
    for (options, name) in [
        (CompressOptions { level: 23, ..default }, "level"),
        (CompressOptions { level: -8, ..default }, "level"),
        (CompressOptions { window_log: Some(9), ..default }, "windowLog"),
        (CompressOptions { window_log: Some(32), ..default }, "windowLog"),
        (CompressOptions { min_match: Some(8), ..default }, "minMatch"),
        (CompressOptions { target_block_bytes: Some(1339), ..default }, "targetBlockBytes"),
    ] {
        let error = Compressor::new().unwrap().compress(b"x", &options, None, GO_ON).unwrap_err();
        assert!(matches!(error, Error::InvalidOptions { name: told, .. } if told == name), "{error}");
    }
}

#[test]
fn contexts_tell_their_weight() {
    let mut compressor = Compressor::new().unwrap();
    let light = compressor.memory_bytes();
    let options = CompressOptions { level: 19, ..Default::default() };
    compressor.compress(&sample(1 << 20, 1), &options, None, GO_ON).unwrap();
    assert!(light < 64 << 10 && compressor.memory_bytes() > 8 << 20);
    let frame = compress(
        &sample(1 << 20, 1),
        &CompressOptions { window_log: Some(20), content_size: false, ..options },
    );
    let mut stream =
        DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
    stream.push(&frame, &mut vec![0; 1 << 20], GO_ON, &mut Progress::default()).unwrap();
    let weight = stream.into_decompressor().memory_bytes();
    assert!((1 << 20..2 << 20).contains(&weight), "{weight}");
}

#[test]
fn large_inputs_use_few_blocks_of_slack() {
    for level in [1, 3, 12] {
        let data = sample(10 << 20, 9);
        let options = CompressOptions { level, ..Default::default() };
        let ours = compress(&data, &options).len() as f64;
        let mut theirs = vec![0; compress_bound(data.len()).unwrap()];
        // SAFETY: live slices.
        let whole = unsafe {
            zstd_sys::ZSTD_compress(
                theirs.as_mut_ptr().cast(),
                theirs.len(),
                data.as_ptr().cast(),
                data.len(),
                level,
            )
        } as f64;
        assert!(ours <= whole * 1.002, "{ours} {whole}");
    }
}

#[test]
fn streams_into_vectors() {
    let data = sample(1 << 20, 6);
    let options = CompressOptions { checksum: true, ..Default::default() };
    let (mut frame, mut plain) = (vec![1, 2], vec![3]);
    let mut stream = CompressStream::new(Compressor::new().unwrap(), &options, None, None).unwrap();
    for piece in data.chunks(300_000) {
        stream.push_to(piece, &mut frame, GO_ON).unwrap();
    }
    stream.finish_to(&mut frame, GO_ON).unwrap();
    let mut stream = CompressStream::new(Compressor::new().unwrap(), &options, None, None).unwrap();
    assert_eq!(frame[2..], push_all(&mut stream, &data, || usize::MAX, || 1 << 20));
    let mut stream =
        DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
    stream.push_to(&frame[2..], &mut plain, GO_ON).unwrap();
    stream.finish().unwrap();
    assert_eq!(plain[1..], data);
}

#[test]
fn a_decoder_gives_no_more_than_was_asked_for() {
    let content = vec![7u8; 5 << 20];
    let frame =
        Compressor::new().unwrap().compress(&content, &CompressOptions::default(), None, GO_ON).unwrap();
    let mut stream =
        DecompressStream::new(Decompressor::new().unwrap(), &DecodeLimits::default(), None).unwrap();
    let (mut at, mut plain) = (0, Vec::new());
    loop {
        let mut piece = Vec::new();
        at += stream.push_some(&frame[at..], &mut piece, 1 << 20, GO_ON).unwrap();
        assert!(piece.len() <= 1 << 20);
        let more = piece.len() == 1 << 20;
        plain.extend_from_slice(&piece);
        if !more {
            break;
        }
    }
    stream.finish().unwrap();
    assert_eq!((at, plain == content), (frame.len(), true));
}
