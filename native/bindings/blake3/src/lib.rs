//! BLAKE3 as a Node-API addon.

chunker_support::addon!();

pub mod batch;
pub mod state;

use chunker_blake3::{Error, Host, Settings};
use chunker_support::{reserve, run_sync, Fault, Input, Job, Outcome, Output, Settled, Ticket};
use napi_derive::napi;

/// One thread hashes 5 to 6 GB/s: five bytes in a nanosecond.
const BYTES_PER_NANOSECOND: u64 = 5;
/// Below this a synchronous call stays on its thread: waking others would take as long as the work.
const WAKES_OTHERS: usize = 4 << 20;

/// A job as the kernel's host.
struct OnJob<'a> {
    job: &'a Job<'a>,
    is_parallel: bool,
}

impl<'a> OnJob<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        OnJob { job, is_parallel: job.threads() > 1 }
    }

    /// For work on the caller's own thread.
    fn at_once(job: &'a Job<'a>, bytes: usize) -> Self {
        OnJob { job, is_parallel: bytes >= WAKES_OTHERS && job.threads() > 1 }
    }
}

impl Host for OnJob<'_> {
    fn should_stop(&self) -> bool {
        self.job.should_stop()
    }

    fn is_parallel(&self) -> bool {
        self.is_parallel
    }

    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        self.job.parallel_for(count, body);
    }
}

fn to_fault(error: Error) -> Fault {
    match error {
        Error::InvalidOptions => Fault::invalid("settings", "a mode, its secret and a digest length"),
        Error::OutputTooSmall => Fault::invalid("output", "exactly as many bytes as the digests have"),
        Error::Aborted => Fault::aborted(),
        Error::OutOfMemory => Fault::out_of_memory(0),
    }
}

fn settings_of(settings: &Input) -> Result<Settings, Fault> {
    Settings::decode(settings.bytes()).map_err(to_fault)
}

/// The digest of the input, as new bytes.
#[napi(catch_unwind)]
pub fn hash(ticket: Ticket, input: Input, settings: Input) -> napi::Result<()> {
    let settings = settings_of(&settings).map_err(|fault| ticket.fail(&fault))?;
    let data = ticket.source(&input)?;
    ticket.submit(data.len() as u64 / BYTES_PER_NANOSECOND, move |job| {
        let mut digest = reserve(settings.length())?;
        digest.resize(settings.length(), 0);
        chunker_blake3::hash(&data, &settings, &mut digest, &OnJob::new(job)).map_err(to_fault)?;
        Ok(Outcome::Bytes(digest))
    })
}

/// The digest of the input, at once, into memory of exactly its size.
#[napi(catch_unwind)]
pub fn hash_into_sync(input: Input, settings: Input, mut output: Output) -> Settled {
    run_sync(|job| {
        let host = OnJob::at_once(job, input.bytes().len());
        chunker_blake3::hash(input.bytes(), &settings_of(&settings)?, output.bytes(), &host)
            .map_err(to_fault)?;
        Ok(Outcome::Nothing)
    })
}
