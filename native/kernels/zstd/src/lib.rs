//! Zstandard (RFC 8878) on the bundled libzstd: bytes in, bytes out.
//!
//! - [`Compressor`] and [`Decompressor`] are contexts to be reused; they tell the bytes they hold.
//! - [`CompressStream`] and [`DecompressStream`] are the push forms.
//! - [`inspect`] reads headers; [`Dictionary`] holds a dictionary with its digested forms.
//!
//! Departures from plain libzstd: the window limit holds for one-shot decoding too, from the frame header and before anything is allocated; every error has the
//! offset of the unit at fault; a started second frame, truncation, trailing bytes and a wrong checksum are different errors; frames of before 1.0 are refused.
//! The host is asked before work begins and then at least once per few blocks whether to go on.

mod compress;
mod compress_stream;
pub mod cost;
mod decode_engine;
mod decompress;
mod decompress_stream;
mod dictionary;
mod ffi;
pub mod frame;
mod options;
mod progress;
mod survey;

pub use chunker_codec::{DecodeLimits, Error, Head, Host, PushCompressor, PushDecompressor, Result};
pub use compress::{compress_bound, Compressor};
pub use compress_stream::CompressStream;
pub use decompress::{content_bytes, Decompressor};
pub use decompress_stream::DecompressStream;
pub use dictionary::Dictionary;
pub use ffi::version;
pub use options::{CompressOptions, LEVELS, MIN_MATCHES, TARGET_BLOCK_BYTES, WINDOW_LOGS};
pub use progress::Progress;
pub use survey::{inspect, End, Survey};
