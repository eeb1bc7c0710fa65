//! xz and lzma on the bundled liblzma: bytes in, bytes out.
//!
//! - [`Compressor`] and [`Decompressor`] are coders to be reused.
//! - [`CompressStream`] and [`DecompressStream`] are the push forms.
//! - [`inspect`] reads headers and indexes.
//! - [`Host`] lends threads and memory: blocks are coded independently, and the number of threads never changes a byte.
//!
//! Departures from plain liblzma: the container is read here, so that corruption, truncation, a wrong check and trailing bytes are different errors with offsets; limits on output and
//! memory hold before anything is allocated; dictionaries are no larger than the content can use; a check that cannot be verified is refused instead of ignored. liblzma's own threads are
//! not even compiled.

mod blocks;
mod compress;
mod compress_stream;
mod container;
pub mod cost;
mod decompress;
mod decompress_stream;
mod ffi;
mod lzma_engine;
mod options;
mod parallel;
mod survey;
mod tap;
mod xz_engine;

pub use chunker_codec::{DecodeLimits, Error, Head, Host, PushCompressor, PushDecompressor, Result};
pub use compress::{compress_bound, Compressor};
pub use compress_stream::CompressStream;
pub use decompress::{content_bytes, Decompressor};
pub use decompress_stream::DecompressStream;
pub use ffi::version;
pub use options::{BlockBytes, Check, CompressOptions, Format, BLOCK_BYTES, DICTIONARY_BYTES, LEVEL_MAX};
pub use survey::{inspect, Summary};
