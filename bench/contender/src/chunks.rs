//! What an input is to the crates alone: a line per chunk of standard input, `OFFSET LENGTH BLAKE3`, and with a level what libzstd makes of it: its bytes, or `=` for a chunk that came before.
use fastcdc::v2020::StreamCDC;
use std::{
    collections::HashSet,
    io::{BufWriter, Write},
};

/// `args`: MIN AVG MAX [LEVEL]
pub fn chunks(args: &[String]) {
    let number = |i: usize| args[i].parse::<usize>().unwrap();
    let mut codec = args.get(3).map(|level| zstd::bulk::Compressor::new(level.parse().unwrap()).unwrap());
    let mut room = vec![0u8; zstd::zstd_safe::compress_bound(number(2))];
    let mut seen = HashSet::new();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for chunk in StreamCDC::new(std::io::stdin().lock(), number(0), number(1), number(2)) {
        let chunk = chunk.unwrap();
        let hash = blake3::hash(&chunk.data);
        write!(out, "{} {} {}", chunk.offset, chunk.length, hash.to_hex()).unwrap();
        if let Some(codec) = &mut codec {
            if seen.insert(hash) {
                write!(out, " {}", codec.compress_to_buffer(&chunk.data, &mut room[..]).unwrap()).unwrap();
            } else {
                write!(out, " =").unwrap();
            }
        }
        writeln!(out).unwrap();
    }
}
