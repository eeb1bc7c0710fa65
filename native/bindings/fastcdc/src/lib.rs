//! FastCDC as a Node-API addon.

chunker_support::addon!();

mod pieces;

pub use pieces::Pieces;

use chunker_fastcdc::{Chunker, Options};
use chunker_support::{reserve, run_sync, Fault, Input, Job, Outcome, Settled, Ticket, Whole};
use napi_derive::napi;
use std::sync::Arc;

/// One thread cuts 3 to 8 GB/s: some four bytes in a nanosecond.
const BYTES_PER_NANOSECOND: u64 = 4;

/// A configured chunker. Immutable, so jobs share it.
#[napi]
pub struct Cutter(Arc<Chunker>);

#[napi]
impl Cutter {
    /// A chunker for sizes in bytes, a level of normalisation, and a seed in two halves of 32 bits.
    #[napi(catch_unwind, factory)]
    pub fn open(
        min_size: Whole,
        avg_size: Whole,
        max_size: Whole,
        normalization: Whole,
        seed_low: Whole,
        seed_high: Whole,
    ) -> napi::Result<Cutter> {
        // Core's options are checked; a stranger's are told in words.
        let refuse = |fault: Fault| napi::Error::from_reason(fault.to_string());
        let word = |value: Whole, name: &'static str| value.narrow::<u32>(name).map_err(refuse);
        let (low, high) = (word(seed_low, "seedLow")?, word(seed_high, "seedHigh")?);
        let options = Options {
            min_size: word(min_size, "minSize")?,
            avg_size: word(avg_size, "avgSize")?,
            max_size: word(max_size, "maxSize")?,
            normalization: word(normalization, "normalization")?,
            seed: u64::from(high) << 32 | u64::from(low),
        };
        let chunker = Chunker::new(&options).map_err(|error| napi::Error::from_reason(error.to_string()))?;
        Ok(Cutter(Arc::new(chunker)))
    }

    /// Which machine code scans.
    #[napi(catch_unwind)]
    pub fn code(&self) -> String {
        self.0.kernel().name().to_owned()
    }

    /// Length of the first chunk of the window.
    #[napi(catch_unwind)]
    pub fn next_cut(&self, window: Input) -> u32 {
        // At most 16 MiB.
        self.0.next_cut(window.bytes()) as u32
    }

    /// Lengths of the chunks of the window that are certain, on a thread of the pool.
    #[napi(catch_unwind)]
    pub fn cut_all(&self, ticket: Ticket, window: Input, is_last: bool) -> napi::Result<()> {
        let data = ticket.source(&window)?;
        let chunker = Arc::clone(&self.0);
        ticket.submit(data.len() as u64 / BYTES_PER_NANOSECOND, move |job| {
            cut_all(job, &chunker, &data, is_last)
        })
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn cut_all_sync(&self, window: Input, is_last: bool) -> Settled {
        run_sync(|job| cut_all(job, &self.0, window.bytes(), is_last))
    }

    /// A cutter for pieces that arrive one by one.
    #[napi(catch_unwind)]
    pub fn pieces(&self) -> Pieces {
        Pieces::new(Arc::clone(&self.0))
    }
}

fn cut_all(job: &Job, chunker: &Chunker, data: &[u8], is_last: bool) -> Result<Outcome, Fault> {
    let mut lengths = reserve(most_chunks(chunker, data.len()))?;
    let outcome = chunker.cut_all_until(data, is_last, &mut lengths, &mut || job.should_stop());
    if outcome.stopped {
        return Err(job.check().err().unwrap_or_else(|| Fault::new("aborted")));
    }
    lengths.shrink_to_fit();
    Ok(Outcome::Words(lengths))
}

/// Chunks that so many bytes can have at most, with one begun before and one left over.
fn most_chunks(chunker: &Chunker, bytes: usize) -> usize {
    bytes / chunker.min_size() + 2
}
