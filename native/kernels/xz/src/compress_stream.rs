//! Compression of data that arrive piece by piece.

use crate::blocks::compress_blocks;
use crate::compress::{encode_append, Compressor};
use crate::container::{write_end, write_header, Record};
use crate::options::CompressOptions;
use chunker_codec::{Error, Host, PushCompressor, Result};

/// One stream made of pieces. However the input is split, the bytes are the same; they are those of a whole input except for the dictionary's size in the header, which without blocks does
/// not know how long the content will be.
pub struct CompressStream {
    compressor: Compressor,
    options: CompressOptions,
    blocks: Option<Blocks>,
    closed: bool,
}

/// Content gathers until there is a block for each thread.
struct Blocks {
    size: usize,
    content: Vec<u8>,
    records: Vec<Record>,
    begun: bool,
}

impl CompressStream {
    /// Errors: `invalid_options`, `out_of_memory`.
    pub fn new(mut compressor: Compressor, options: &CompressOptions) -> Result<Self> {
        options.check()?;
        let size = options.cut_size();
        let blocks = match size {
            Some(size) => Some(Blocks {
                size: usize::try_from(size).unwrap_or(usize::MAX),
                content: Vec::new(),
                records: Vec::new(),
                begun: false,
            }),
            None => {
                compressor.begin(options, None)?;
                None
            }
        };
        Ok(CompressStream { compressor, options: *options, blocks, closed: false })
    }

    fn run(&mut self, input: &[u8], end: bool, output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        if self.closed {
            return Err(Error::AlreadyFinished);
        }
        let outcome = match &mut self.blocks {
            Some(blocks) => blocks.run(input, end, &self.options, output, host),
            None => encode_append(self.compressor.coder(), input, end, host, output),
        };
        self.closed = end || outcome.is_err();
        outcome
    }

    /// The encoder, for the next use.
    pub fn into_compressor(self) -> Compressor {
        self.compressor
    }
}

impl PushCompressor for CompressStream {
    fn push_to(&mut self, input: &[u8], output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        self.run(input, false, output, host)
    }

    fn finish_to(&mut self, output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        self.run(&[], true, output, host)
    }
}

impl Blocks {
    fn run(
        &mut self,
        mut input: &[u8],
        end: bool,
        options: &CompressOptions,
        output: &mut Vec<u8>,
        host: &dyn Host,
    ) -> Result<()> {
        if !self.begun {
            output.extend_from_slice(&write_header(options.check));
            self.begun = true;
        }
        let batch = self.size.saturating_mul(host.threads());
        while !input.is_empty() {
            // Only with more content at hand: the last blocks are compressed at the end, when it is known whether the first one is the only one.
            if self.content.len() >= batch {
                self.compress(options, output, host, self.size)?;
            }
            let taken = input.len().min(batch - self.content.len());
            self.content.try_reserve(taken).map_err(|_| Error::OutOfMemory { bytes: taken as u64 })?;
            self.content.extend_from_slice(&input[..taken]);
            input = &input[taken..];
        }
        if end {
            let longest = if self.records.is_empty() { self.size.min(self.content.len()) } else { self.size };
            self.compress(options, output, host, longest)?;
            output.extend_from_slice(&write_end(&self.records, options.check));
        }
        Ok(())
    }

    fn compress(
        &mut self,
        options: &CompressOptions,
        output: &mut Vec<u8>,
        host: &dyn Host,
        longest: usize,
    ) -> Result<()> {
        let (size, longest) = (self.size as u64, longest as u64);
        compress_blocks(&self.content, size, longest, options, host, &mut self.records, output)?;
        self.content.clear();
        Ok(())
    }
}
