//! What the bindings of all codecs share. A binding says in [`Coding`] how its kernel compresses and decompresses, and opens its codec; [`codec_doors!`] makes the addon's classes of that. README.md of
//! chunker-support shows how bindings are built.

mod batch;
mod coding;
mod doors;
mod faults;
mod held;
mod memory;
mod stream;

pub use coding::{lend, Coding};
pub use faults::to_fault;
pub use held::Held;
pub use memory::budget;
pub use stream::{DecoderPlace, EncoderPlace};

pub use chunker_codec::{DecodeLimits, Host, PushCompressor, PushDecompressor, Result};
