//! SHA-256 as a Node-API addon.

chunker_support::addon!();

pub mod batch;
pub mod state;

use chunker_sha256::{Error, DIGEST};
use chunker_support::{run_sync, Fault, Input, Outcome, Output, Settled, Ticket};
use napi_derive::napi;

/// One thread hashes 1.8 GB/s with the processor's SHA instructions.
const PICOSECONDS_PER_BYTE: u64 = 550;

/// Estimated nanoseconds.
fn cost(bytes: u64) -> u64 {
    bytes * PICOSECONDS_PER_BYTE / 1000
}

fn to_fault(error: Error) -> Fault {
    match error {
        Error::OutputTooSmall => Fault::invalid("output", "exactly as many bytes as the digests have"),
        Error::Aborted => Fault::aborted(),
    }
}

fn put(digest: [u8; DIGEST], output: &mut [u8]) -> Result<Outcome, Fault> {
    *<&mut [u8; DIGEST]>::try_from(output).map_err(|_| to_fault(Error::OutputTooSmall))? = digest;
    Ok(Outcome::Nothing)
}

/// The digest of the input, as new bytes.
#[napi(catch_unwind)]
pub fn hash(ticket: Ticket, input: Input) -> napi::Result<()> {
    let data = ticket.source(&input)?;
    ticket.submit(cost(data.len() as u64), move |job| {
        let digest = chunker_sha256::hash(&data, &|| job.should_stop()).map_err(to_fault)?;
        Ok(Outcome::Bytes(digest.to_vec()))
    })
}

/// The digest of the input, at once, into memory of exactly its size.
#[napi(catch_unwind)]
pub fn hash_into_sync(input: Input, mut output: Output) -> Settled {
    run_sync(|_| put(chunker_sha256::hash(input.bytes(), &|| false).map_err(to_fault)?, output.bytes()))
}
