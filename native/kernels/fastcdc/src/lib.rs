//! FastCDC (2020 variant, normalised chunking): where to cut, identical to the plain loop in every kernel.
//!
//! A cut depends on the chunk's bytes from `min_size` on; a single test depends on the last 48 of them only, because no
//! mask has a bit above 47. That is why the scan can run in many lanes and still find the very same cuts.
//!
//! [`Chunker`] cuts windows of one buffer, [`Feed`] carries state over pieces that arrive from elsewhere. Nothing here
//! allocates per chunk except the caller's list of lengths; nothing reachable from input panics.

mod arch;
mod chunker;
mod feed;
pub mod gear;
mod kernel;
mod options;
mod plan;
pub mod reference;
mod scalar;
mod scan;

pub use chunker::{Chunker, Outcome};
pub use feed::Feed;
pub use kernel::Kernel;
pub use options::{
    Options, OptionsError, AVG_SIZE_RANGE, MAX_SIZE_RANGE, MIN_SIZE_RANGE, NORMALIZATION_RANGE,
};
pub use plan::MASKS;
