//! Compression of inputs that lie in memory whole.

use crate::blocks::compress_blocks;
use crate::container::{write_end, write_header};
use crate::ffi::{Coder, Failure, Status};
use crate::options::{CompressOptions, Format};
use chunker_codec::{append, check, copy_out, Error, Host, Output, Result};

/// Input between two looks at `should_stop`: some 50 ms at level 9.
const POLL_BYTES: usize = 64 << 10;
/// The first step of growing memory.
const FIRST_BYTES: usize = 32 << 10;
/// Input is taken by an encoder only where it has room to put its output.
const SPARE_BYTES: usize = 4 << 10;

/// A reusable encoder. Holds what the last stream needed.
#[derive(Default)]
pub struct Compressor {
    coder: Coder,
}

impl Compressor {
    /// An encoder that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes it holds, as liblzma counts them: up to 1 GiB at level 9, where the content was large.
    pub fn memory_bytes(&self) -> u64 {
        self.coder.memory_bytes()
    }

    /// Compresses `input` to one stream in memory of exactly its size. The bytes depend on input and options alone.
    ///
    /// Errors: `invalid_options`, `out_of_memory`, `aborted`.
    pub fn compress(&mut self, input: &[u8], options: &CompressOptions, host: &dyn Host) -> Result<Vec<u8>> {
        let mut output = Vec::new();
        self.compress_append(input, options, host, &mut output)?;
        output.shrink_to_fit();
        Ok(output)
    }

    /// As `compress`, behind what `output` holds, which stays as it was on failure. Returns the stream's length.
    pub fn compress_append(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<usize> {
        options.check()?;
        let before = output.len();
        let outcome = match options.cut_size() {
            Some(size) => write_blocks(input, size, options, host, output),
            None => self.write_stream(input, options, host, output),
        };
        if let Err(error) = outcome {
            output.truncate(before);
            return Err(error);
        }
        Ok(output.len() - before)
    }

    /// Compresses `input` into the start of `output` and returns the bytes written: the same bytes that `compress` gives. What lies behind them stays as it was; on failure what was written
    /// is zero.
    ///
    /// Errors: those of `compress`, and `output_too_small` with the exact size needed.
    pub fn compress_into(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        host: &dyn Host,
        output: &mut [u8],
    ) -> Result<usize> {
        options.check()?;
        if options.cut_size().is_some() {
            return copy_out(&self.compress(input, options, host)?, output);
        }
        self.begin(options, Some(input.len() as u64))?;
        let available = output.len();
        let mut place = Output::over(output);
        let mut beyond = [0; FIRST_BYTES];
        let mut over = 0;
        let outcome = encode(&mut self.coder, input, true, host, &mut |code| {
            if place.room() > 0 {
                code(&mut place);
            } else {
                // Goes on into nothing, to tell how much is needed.
                let mut sink = Output::over(&mut beyond);
                code(&mut sink);
                over += sink.written();
            }
            Ok(())
        });
        let written = place.written();
        let outcome = match outcome {
            Ok(()) if over > 0 => Err(Error::OutputTooSmall {
                available: available as u64,
                needed: Some((available + over) as u64),
            }),
            outcome => outcome,
        };
        if outcome.is_err() {
            output[..written].fill(0);
        }
        outcome.map(|()| written)
    }

    fn write_stream(
        &mut self,
        input: &[u8],
        options: &CompressOptions,
        host: &dyn Host,
        output: &mut Vec<u8>,
    ) -> Result<()> {
        self.begin(options, Some(input.len() as u64))?;
        encode_append(&mut self.coder, input, true, host, output)
    }

    /// Begins a stream of one block.
    pub(crate) fn begin(&mut self, options: &CompressOptions, length: Option<u64>) -> Result<()> {
        let preset = options.preset(length);
        let memory = preset.encoder_memory();
        self.coder.weigh(memory);
        self.coder
            .begin_stream(&preset, options.format, options.check)
            .map_err(|failure| encoding_error(failure, memory))
    }

    pub(crate) fn coder(&mut self) -> &mut Coder {
        &mut self.coder
    }
}

fn write_blocks(
    input: &[u8],
    size: u64,
    options: &CompressOptions,
    host: &dyn Host,
    output: &mut Vec<u8>,
) -> Result<()> {
    check(host)?;
    let mut records = Vec::new();
    output.extend_from_slice(&write_header(options.check));
    let longest = size.min(input.len() as u64);
    compress_blocks(input, size, longest, options, host, &mut records, output)?;
    output.extend_from_slice(&write_end(&records, options.check));
    Ok(())
}

/// Calls what it is handed with a place for more output.
type Giver<'a> = dyn FnMut(&mut dyn FnMut(&mut Output<'_>)) -> Result<()> + 'a;

/// Hands all of `input` to the encoder, piece by piece, and with `end` ends what was begun.
fn encode(coder: &mut Coder, input: &[u8], end: bool, host: &dyn Host, give: &mut Giver<'_>) -> Result<()> {
    let mut read = 0;
    loop {
        check(host)?;
        let until = input.len().min(read + POLL_BYTES);
        let last = end && until == input.len();
        let mut status = Status::Going;
        let mut full = false;
        give(&mut |place| {
            let step = coder.step(&input[read..until], place, usize::MAX, last);
            read += step.read;
            status = step.status;
            full = place.room() == 0;
        })?;
        match status {
            Status::End => return Ok(()),
            Status::Failed(failure) => return Err(encoding_error(failure, 0)),
            Status::Going if !end && !full && read == input.len() => return Ok(()),
            Status::Going => {}
        }
    }
}

/// As `encode`, into memory that doubles, behind what `output` holds.
pub(crate) fn encode_append(
    coder: &mut Coder,
    input: &[u8],
    end: bool,
    host: &dyn Host,
    output: &mut Vec<u8>,
) -> Result<()> {
    encode(coder, input, end, host, &mut |code| {
        if output.capacity() - output.len() < SPARE_BYTES {
            let step = output.len().max(FIRST_BYTES);
            output.try_reserve(step).map_err(|_| Error::OutOfMemory { bytes: step as u64 })?;
        }
        let room = output.capacity() - output.len();
        append(output, room, |place| {
            code(place);
            Ok(())
        })
    })
}

/// An upper bound of the compressed length of `bytes` bytes. `.xz` stores what does not shrink, in chunks of up to 64 KiB with headers of 3 bytes, but ends chunks early where it tried to
/// compress them; `.lzma` cannot store, and grows by a third at the very most (LzmaLib.h of the LZMA SDK).
pub fn compress_bound(bytes: u64, options: &CompressOptions) -> u64 {
    match options.format {
        Format::Lzma => bytes + bytes / 3 + 128,
        Format::Xz => {
            let blocks = options.block_size().map_or(1, |size| bytes.div_ceil(size).max(1));
            bytes + bytes / 1024 + 128 + blocks * 96
        }
    }
}

/// Options were checked, so what is left is memory.
pub(crate) fn encoding_error(failure: Failure, bytes: u64) -> Error {
    match failure {
        Failure::OutOfMemory => Error::OutOfMemory { bytes },
        _ => Error::CorruptData { offset: 0, reason: "liblzma cannot encode this" },
    }
}
