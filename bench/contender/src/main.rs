//! The contender: what a good engineer gets from the best crates. `contender serve FILE` reads one command a line and answers one line of JSON with the
//! time it took and what came out, so that outputs are compared before times are; `contender pack …` is the whole job as a program of its own; `contender chunks …` says what
//! an input is, chunk by chunk, for `tools/agreement.mjs`.
mod chunks;
mod pack;
mod serve;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((command, rest)) if command == "serve" && rest.len() == 1 => serve::serve(&rest[0]),
        Some((command, rest)) if command == "pack" && rest.len() >= 7 => pack::pack(rest),
        Some((command, rest)) if command == "chunks" && (3..=4).contains(&rest.len()) => chunks::chunks(rest),
        _ => {
            eprintln!("usage: contender serve FILE | contender chunks MIN AVG MAX [LEVEL] | contender pack OUT MIN AVG MAX LEVEL THREADS PATH...");
            std::process::exit(2);
        }
    }
}
