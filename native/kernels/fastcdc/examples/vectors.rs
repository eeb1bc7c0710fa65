//! Prints `vectors/fastcdc/golden.json`: cut points of the `fastcdc` crate, never of ours.
//!
//!     cargo run --release -p chunker-fastcdc --example vectors > vectors/fastcdc/golden.json

use chunker_fastcdc::Options;
use fastcdc4::v2020::{cut_gear, get_gear_with_seed, MASKS};

const INPUTS: &str = "x starts as inputSeed; for each byte x ^= x << 13, x ^= x >> 17, x ^= x << 5 in 32 bits; \
    random: the byte is x >> 24; letters: 97 + (x >> 24) % 4; counting: byte i is i % 251, whatever x; zeros: 0";

struct Case {
    name: &'static str,
    kind: &'static str,
    input_seed: u32,
    bytes: usize,
    options: Options,
}

fn input(case: &Case) -> Vec<u8> {
    let mut x = case.input_seed;
    let mut random = move || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        (x >> 24) as u8
    };
    let byte = |i: usize| match case.kind {
        "random" => random(),
        "letters" => 97 + random() % 4,
        "counting" => (i % 251) as u8,
        _ => 0,
    };
    (0..case.bytes).map(byte).collect()
}

/// 4.0.1 answers for all sizes.
fn with_4(o: &Options, data: &[u8]) -> Vec<usize> {
    let (bits, level) = (f64::from(o.avg_size).log2().round() as usize, o.normalization as usize);
    let (strict, loose) = (MASKS[bits + level], MASKS[bits - level]);
    let (gear, shifted) = get_gear_with_seed(o.seed);
    let (min, avg, max) = (o.min_size as usize, o.avg_size as usize, o.max_size as usize);
    let (mut lengths, mut at) = (Vec::new(), 0);
    while at < data.len() {
        let rest = &data[at..];
        let (_, length) =
            cut_gear(rest, min, avg, max, strict, loose, strict << 1, loose << 1, &gear, &shifted);
        lengths.push(length);
        at += length;
    }
    lengths
}

/// 5.0.0 answers for even sizes.
fn with_5(o: &Options, data: &[u8]) -> Option<Vec<usize>> {
    use fastcdc::v2020::{FastCDC, Normalization as N};
    let (min, avg, max) = (o.min_size as usize, o.avg_size as usize, o.max_size as usize);
    if (min | avg | max) % 2 == 1 {
        return None;
    }
    let level = [N::Level0, N::Level1, N::Level2, N::Level3][o.normalization as usize];
    Some(FastCDC::with_level_and_seed(data, min, avg, max, level, o.seed).map(|c| c.length).collect())
}

fn print(case: &Case, is_last: bool) {
    let (o, data) = (&case.options, input(case));
    let lengths = with_4(o, &data);
    let origin = match with_5(o, &data) {
        Some(same) => {
            assert_eq!(same, lengths, "the two versions agree where both answer");
            "fastcdc 4.0.1 and 5.0.0"
        }
        None => "fastcdc 4.0.1",
    };
    println!(
        "  {{\"name\": \"{}\", \"origin\": \"{origin}\", \"input\": \"{}\", \"inputSeed\": {}, \"bytes\": {}, \"min\": {}, \"avg\": {}, \
         \"max\": {}, \"normalization\": {}, \"seed\": \"0x{:x}\",\n   \"lengths\": {lengths:?}}}{}",
        case.name, case.kind, case.input_seed, case.bytes, o.min_size, o.avg_size, o.max_size, o.normalization, o.seed,
        if is_last { "" } else { "," }
    );
}

fn options(min: u32, avg: u32, max: u32, normalization: u32, seed: u64) -> Options {
    Options { min_size: min, avg_size: avg, max_size: max, normalization, seed }
}

fn profiles() -> Vec<Case> {
    let named = [
        ("fastcdc-2020/nc1@16k", 4, 16, 64, 1),
        ("fastcdc-2020/nc1@64k", 16, 64, 256, 1),
        ("fastcdc-2020/nc1@256k", 64, 256, 1024, 1),
        ("fastcdc-2020/nc1@512k", 128, 512, 2048, 1),
        ("fastcdc-2020/nc1@1m", 256, 1024, 4096, 1),
        ("fastcdc-2020/nc1@4m", 1024, 4096, 16384, 1),
        ("fastcdc-2020/nc2@512k", 128, 512, 2048, 2),
        ("nar@1", 128, 512, 2048, 1),
        ("large-packages@1", 256, 1024, 4096, 1),
        ("small-packages@1", 32, 128, 512, 1),
        ("high-latency@1", 1024, 4096, 16384, 1),
        ("low-bandwidth@1", 16, 64, 256, 1),
        ("s3@1", 1024, 4096, 16384, 1),
    ];
    let case = |(name, min, avg, max, level): (&'static str, u32, u32, u32, u32)| Case {
        name,
        kind: "random",
        input_seed: 2020,
        bytes: (avg as usize * 12_000).min(24_000_001),
        options: options(min << 10, avg << 10, max << 10, level, 0),
    };
    named.into_iter().map(case).collect()
}

fn sizes() -> Vec<Case> {
    let triples = [
        ("least", 64, 256, 1024),
        ("odd", 65, 257, 1025),
        ("odd", 4097, 16001, 65535),
        ("all equal and odd", 8193, 8193, 8193),
        ("average just below the square root of two powers", 1024, 46340, 131_072),
        ("average just above it", 1024, 46341, 131_072),
        ("no power of two", 300, 1000, 5001),
        ("odd minimum alone", 1001, 5000, 20000),
    ];
    let seeds = [0, 666, 0x8000_0000_0000_0001, u64::MAX];
    let mut cases = Vec::new();
    for (index, (name, min, avg, max)) in triples.into_iter().enumerate() {
        for level in 0..4 {
            let seed = seeds[(index + level as usize) % 4];
            let kind = ["random", "letters"][(index / 4 + level as usize) % 2];
            let bytes = avg as usize * 15 + 1;
            cases.push(Case {
                name,
                kind,
                input_seed: 7 + index as u32,
                bytes,
                options: options(min, avg, max, level, seed),
            });
        }
    }
    cases
}

fn edges() -> Vec<Case> {
    let odd = options(101, 1001, 4001, 2, 0);
    let at = |name, kind, bytes| Case { name, kind, input_seed: 3, bytes, options: odd };
    vec![
        at("no bytes", "zeros", 0),
        at("one byte", "random", 1),
        at("as long as min", "random", 101),
        at("one longer than min", "random", 102),
        at("zeros", "zeros", 40_000),
        at("counting", "counting", 40_000),
    ]
}

fn main() {
    let cases: Vec<Case> = profiles().into_iter().chain(sizes()).chain(edges()).collect();
    println!("{{\n \"algorithm\": \"FastCDC, variant of 2020\",\n \"generator\": \"native/kernels/fastcdc/examples/vectors.rs\",");
    println!(" \"inputs\": \"{INPUTS}\",\n \"cases\": [");
    for (index, case) in cases.iter().enumerate() {
        print(case, index + 1 == cases.len());
    }
    println!(" ]\n}}");
}
