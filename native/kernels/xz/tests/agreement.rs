//! Properties: what is written is read back by every door; threads, splits and doors change nothing; damage gives the same error everywhere.

mod support;

use chunker_xz::*;
use support::*;

fn options(random: &mut Random) -> CompressOptions {
    let checks = [Check::None, Check::Crc32, Check::Crc64, Check::Sha256];
    CompressOptions {
        format: if random.below(4) == 0 { Format::Lzma } else { Format::Xz },
        level: random.below(3) as u32,
        extreme: random.below(5) == 0,
        check: checks[random.below(4)],
        dictionary_bytes: (random.below(3) == 0).then(|| 4096 + random.below(100_000) as u32),
        block_bytes: (random.below(2) == 0).then(|| BlockBytes::Exactly(4096 + random.below(20_000) as u64)),
    }
}

#[test]
fn every_door_reads_what_every_door_writes() {
    let mut random = Random(7);
    for round in 0..60 {
        let options = options(&mut random);
        let data = sample(random.below(60_000), round);
        let whole = compress(&data, &options);
        let threads = Compressor::new().compress(&data, &options, &Threads(3));
        assert_eq!(threads.as_ref(), Ok(&whole), "threads change no byte: {options:?}");
        assert!(whole.len() as u64 <= compress_bound(data.len() as u64, &options));
        let mut place = vec![0; whole.len()];
        assert_eq!(Compressor::new().compress_into(&data, &options, &never, &mut place), Ok(whole.len()));
        assert_eq!(place, whole);
        let mut stream = CompressStream::new(Compressor::new(), &options).expect("a stream");
        let mut pieces = Vec::new();
        for piece in data.chunks(1 + random.below(9000)) {
            stream.push_to(piece, &mut pieces, &Threads(2)).expect("push");
        }
        stream.finish_to(&mut pieces, &never).expect("finish");
        if options.block_bytes.is_some() && options.format == Format::Xz {
            assert_eq!(pieces, whole, "blocks are the same in a stream: {options:?}");
        }
        for packed in [&whole, &pieces] {
            assert_eq!(decompress(packed, options.format).as_ref(), Ok(&data));
            let limits = DecodeLimits::default();
            let several = Decompressor::new().decompress(packed, options.format, &limits, &Threads(3));
            assert_eq!(several.as_ref(), Ok(&data));
            let size = 1 + random.below(700);
            assert_eq!(stream_of(packed, options.format, size), (data.clone(), Ok(())));
        }
    }
}

fn stream_of(packed: &[u8], format: Format, size: usize) -> (Vec<u8>, Result<()>) {
    stream(packed, format, &DecodeLimits::default(), || size)
}

#[test]
fn contexts_are_reused_without_a_trace() {
    let mut random = Random(11);
    let (mut compressor, mut decompressor) = (Compressor::new(), Decompressor::new());
    for round in 0..40 {
        let options = options(&mut random);
        let data = sample(random.below(30_000), round);
        let packed = compressor.compress(&data, &options, &never).expect("compress");
        assert_eq!(packed, compress(&data, &options), "{options:?}");
        let limits = DecodeLimits::default();
        assert_eq!(decompressor.decompress(&packed, options.format, &limits, &never), Ok(data));
        let cut = &packed[..random.below(packed.len())];
        let again = decompressor.decompress(cut, options.format, &limits, &never);
        assert_eq!(again, decompress(cut, options.format));
    }
}

/// Damage of any kind: bits, runs, cuts, pieces doubled. Whatever comes of it, all doors say the same, and nobody panics or goes over the limit.
#[test]
fn all_doors_agree_on_damage() {
    let mut random = Random(13);
    let limits = DecodeLimits { max_output_bytes: 100_000, ..DecodeLimits::default() };
    for round in 0..1500 {
        let options = options(&mut random);
        let mut packed = compress(&sample(random.below(12_000), round), &options);
        for _ in 0..=random.below(3) {
            damage(&mut packed, &mut random);
        }
        let whole = decompress_with(&packed, options.format, &limits);
        let several = Decompressor::new().decompress(&packed, options.format, &limits, &Threads(2));
        assert_eq!(several, whole, "round {round}");
        let size = 1 + random.below(600);
        let (given, end) = stream(&packed, options.format, &limits, || size);
        let (others, again) = stream(&packed, options.format, &limits, || 1 << 20);
        assert!(given.len() <= 100_000);
        assert_eq!(
            (&given, &end),
            (&others, &again),
            "round {round}: the place of an error does not depend on the split"
        );
        match whole {
            Ok(plain) => assert_eq!((given, end), (plain, Ok(())), "round {round}"),
            // Whole data may be refused by what their index declares, before the fault that a stream meets.
            Err(Error::SizeExceeded { declared: Some(_), .. }) => assert!(end.is_err(), "round {round}"),
            Err(error) => assert_eq!(end, Err(error), "round {round}"),
        }
    }
}

fn damage(packed: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(packed.len());
    match random.below(6) {
        0 | 1 => packed[at] ^= 1 << random.below(8),
        2 => packed[at] = random.next() as u8,
        3 => packed.truncate(at.max(1)),
        4 => {
            let until = packed.len().min(at + random.below(40));
            let piece = packed[at..until].to_vec();
            packed.extend_from_slice(&piece);
        }
        _ => packed.extend_from_slice(&[0; 9][..random.below(9)]),
    }
}

#[test]
fn a_stop_is_heard() {
    let data = sample(3 << 20, 1);
    let packed = compress(&data, &CompressOptions { level: 0, ..CompressOptions::default() });
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let soon = || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 3;
    for block_bytes in [None, Some(BlockBytes::Exactly(100_000))] {
        asked.store(0, std::sync::atomic::Ordering::Relaxed);
        let options = CompressOptions { block_bytes, ..CompressOptions::default() };
        assert_eq!(Compressor::new().compress(&data, &options, &soon), Err(Error::Aborted));
    }
    asked.store(0, std::sync::atomic::Ordering::Relaxed);
    let limits = DecodeLimits::default();
    assert_eq!(Decompressor::new().decompress(&packed, Format::Xz, &limits, &soon), Err(Error::Aborted));
}

#[test]
fn nothing_old_is_left_in_the_callers_memory() {
    let data = sample(20_000, 3);
    let mut packed = compress(&data, &CompressOptions::default());
    let middle = packed.len() / 2;
    packed[middle] ^= 0x55;
    let mut place = vec![0xee; 30_000];
    let limits = DecodeLimits::default();
    let refused = Decompressor::new().decompress_into(&packed, Format::Xz, &limits, &never, &mut place);
    assert!(refused.is_err());
    assert!(place.iter().all(|&byte| byte == 0 || byte == 0xee));
}
