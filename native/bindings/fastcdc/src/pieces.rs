//! The push form.

use crate::most_chunks;
use chunker_fastcdc::{Chunker, Feed};
use chunker_support::{reserve, run_sync, Input, Outcome, Settled};
use napi_derive::napi;
use std::sync::Arc;

/// State carried over pieces: no bytes are kept, and none is scanned twice.
#[napi]
pub struct Pieces {
    chunker: Arc<Chunker>,
    feed: Feed,
}

impl Pieces {
    pub(crate) fn new(chunker: Arc<Chunker>) -> Pieces {
        Pieces { chunker, feed: Feed::new() }
    }
}

#[napi]
impl Pieces {
    /// Takes in a piece; the lengths of the chunks that are now certain.
    #[napi(catch_unwind)]
    pub fn push(&mut self, piece: Input) -> Settled {
        run_sync(|_| {
            let piece = piece.bytes();
            let mut lengths = reserve(most_chunks(&self.chunker, piece.len()))?;
            self.feed.push(&self.chunker, piece, &mut lengths, &mut || false);
            Ok(Outcome::Words(lengths))
        })
    }

    /// The length of the last chunk, if bytes are left. The next piece begins anew.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Settled {
        run_sync(|_| Ok(Outcome::Words(self.feed.finish().into_iter().collect())))
    }
}
