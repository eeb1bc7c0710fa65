//! What a binding says of its kernel; the rest of it follows.

use crate::faults::to_fault;
use chunker_codec::{DecodeLimits, Host, PushCompressor, PushDecompressor, Result};
use chunker_support::{Fault, FreeList};

/// A codec with its options, as it was taken.
pub trait Coding: Send + Sync + Sized + 'static {
    /// A reusable encoder.
    type Compressor;
    /// A reusable decoder.
    type Decompressor;

    /// Estimated nanoseconds of compressing so many bytes.
    fn compress_cost(&self, bytes: usize) -> u64;

    /// Estimated nanoseconds of decompressing so many bytes. Nobody knows yet what they hold: a wrong guess only makes the queue a little less fair.
    fn decompress_cost(&self, bytes: usize) -> u64;

    /// Bytes that an encoder takes for so many bytes of content (none told: for any), where it is so heavy that encoders at work are counted.
    fn encoder_memory(&self, bytes: Option<u64>) -> u64 {
        let _ = bytes;
        0
    }

    /// Lends an encoder to `work`: see [`lend`].
    fn compressing<T>(
        &self,
        work: impl FnOnce(&mut Self::Compressor) -> Result<T>,
    ) -> std::result::Result<T, Fault>;

    /// Lends a decoder to `work`.
    fn decompressing<T>(
        &self,
        work: impl FnOnce(&mut Self::Decompressor) -> Result<T>,
    ) -> std::result::Result<T, Fault>;

    /// Bytes that the data decode to, where they declare them, can hold them and show no error: memory is taken for them before they are decoded.
    fn content_bytes(&self, input: &[u8], limits: &DecodeLimits) -> Option<usize>;

    /// Compresses behind what `output` holds, which stays as it was on failure; answers the bytes added.
    fn compress_append(
        &self,
        compressor: &mut Self::Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize>;

    /// Compresses into the start of `output`; answers the bytes written.
    fn compress_into(
        &self,
        compressor: &mut Self::Compressor,
        input: &[u8],
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize>;

    /// As `compress_append`.
    fn decompress_append(
        &self,
        decompressor: &mut Self::Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize>;

    /// As `compress_into`.
    fn decompress_into(
        &self,
        decompressor: &mut Self::Decompressor,
        input: &[u8],
        limits: &DecodeLimits,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize>;

    /// The push form of compressing, before its first byte.
    fn push_compressor(&self) -> Result<Box<dyn PushCompressor>>;

    /// The push form of decompressing, before its first byte.
    fn push_decompressor(&self, limits: &DecodeLimits) -> Result<Box<dyn PushDecompressor>>;
}

/// Lends a kept context, or one that `make` makes, to `work`, and weighs it afterwards.
pub fn lend<C, T>(
    kept: &FreeList<C>,
    make: impl FnOnce() -> Result<C>,
    weigh: impl FnOnce(&C) -> usize,
    work: impl FnOnce(&mut C) -> Result<T>,
) -> std::result::Result<T, Fault> {
    let mut context = kept.take(0, make).map_err(to_fault)?;
    let outcome = work(&mut context);
    let bytes = weigh(&context);
    context.weigh(bytes);
    outcome.map_err(to_fault)
}
