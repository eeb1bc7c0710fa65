//! What the kernels of all codecs share, so that each of them holds what is its format's own.
//!
//! - [`Error`], whose words are core's; [`DecodeLimits`], which hold for every format.
//! - [`Host`] lends threads and memory, and says when nobody wants the result any more; [`work_off`] shares work out.
//! - [`Output`] is memory that a C library fills: what has no value is never shown.
//! - [`PushCompressor`] and [`PushDecompressor`] are the push forms that bindings drive.

mod error;
mod host;
mod limits;
mod output;
mod push;

pub use error::{Error, Head, Result};
pub use host::{check, work_off, Host};
pub use limits::{in_range, DecodeLimits, DEFAULT_MEMORY_BYTES};
pub use output::{append, append_parts, copy_out, reserve, Output};
pub use push::{PushCompressor, PushDecompressor};
