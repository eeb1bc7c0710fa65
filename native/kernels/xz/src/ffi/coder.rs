use super::{outcome, BlockHeader, Failure, Preset};
use crate::options::{Check, Format};
use chunker_codec::Output;
use liblzma_sys as sys;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut, NonNull};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Input used up, output full, or neither moved.
    Going,
    /// The unit that was begun is complete.
    End,
    /// It failed. What was read and written before counts.
    Failed(Failure),
}

/// What one step did; bytes written are counted by the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub read: usize,
    pub status: Status,
}

/// An encoder or decoder, whichever was begun last. Its memory is used again by the next unit of the same kind and size.
pub struct Coder {
    stream: sys::lzma_stream,
    /// What block coders refer to while they run.
    block: NonNull<sys::lzma_block>,
    memory_bytes: u64,
    /// Output of a step is tentative up to so many bytes behind its end: what filters for machine code keep back.
    keeps_back: usize,
}

// SAFETY: see the module's head; stream and block are owned.
unsafe impl Send for Coder {}

impl Drop for Coder {
    fn drop(&mut self) {
        // SAFETY: a stream that was initialised to zero or by liblzma, ended once; nothing refers to the block afterwards.
        unsafe {
            sys::lzma_end(&mut self.stream);
            drop(Box::from_raw(self.block.as_ptr()));
        }
    }
}

impl Default for Coder {
    fn default() -> Self {
        let block = Box::new(BlockHeader::blank(Check::None));
        Coder {
            // SAFETY: LZMA_STREAM_INIT is a struct of zero bytes (base.h).
            stream: unsafe { MaybeUninit::zeroed().assume_init() },
            // SAFETY: a box is not null.
            block: unsafe { NonNull::new_unchecked(Box::into_raw(block)) },
            memory_bytes: 0,
            keeps_back: 0,
        }
    }
}

impl Coder {
    /// Bytes it holds, as whoever began it said.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Says how much memory was begun with.
    pub fn weigh(&mut self, bytes: u64) {
        self.memory_bytes = bytes;
    }

    /// Begins a whole stream: for `.xz` one block without sizes in its header, an index, a footer.
    pub fn begin_stream(&mut self, preset: &Preset, format: Format, check: Check) -> Result<(), Failure> {
        let filters = preset.filters(format);
        let check = sys::lzma_check::from(check.id());
        self.keeps_back = 0;
        // SAFETY: live arguments; liblzma copies filters and options.
        outcome(unsafe {
            match format {
                Format::Xz => sys::lzma_stream_encoder(&mut self.stream, filters.as_ptr(), check),
                Format::Lzma => sys::lzma_alone_encoder(&mut self.stream, preset.options()),
            }
        })
    }

    /// Begins what follows the header of a block: compressed data, padding, check.
    pub fn begin_block(&mut self, preset: &Preset, check: Check) -> Result<(), Failure> {
        let mut filters = preset.filters(Format::Xz);
        self.keeps_back = 0;
        // SAFETY: the block is owned and lives as long as the stream; the filters are read during this call only.
        outcome(unsafe {
            let block = self.block.as_ptr();
            *block = BlockHeader::blank(check);
            (*block).filters = filters.as_mut_ptr();
            let code = sys::lzma_block_encoder(&mut self.stream, block);
            (*block).filters = null_mut();
            code
        })
    }

    /// Compressed bytes, without padding and check, of the block that was ended.
    pub fn block_bytes(&self) -> u64 {
        // SAFETY: owned; liblzma wrote to it during calls that have returned.
        unsafe { (*self.block.as_ptr()).compressed_size }
    }

    /// Begins to decode what follows a block header.
    pub fn begin_block_decoder(&mut self, header: &mut BlockHeader) -> Result<(), Failure> {
        self.keeps_back = header.keeps_back();
        // SAFETY: as in `begin_block`.
        outcome(unsafe {
            let block = self.block.as_ptr();
            *block = header.block;
            (*block).filters = header.filters.as_mut_ptr();
            let code = sys::lzma_block_decoder(&mut self.stream, block);
            (*block).filters = null_mut();
            code
        })
    }

    /// Begins to decode `.lzma`; a dictionary that makes the decoder larger than `limit` bytes fails as `MemoryLimit` before it is allocated.
    pub fn begin_lzma_decoder(&mut self, limit: u64) -> Result<(), Failure> {
        self.keeps_back = 0;
        // SAFETY: a live stream.
        outcome(unsafe { sys::lzma_alone_decoder(&mut self.stream, limit) })
    }

    /// What the decoder needs that failed as `MemoryLimit`.
    pub fn memory_needed(&self) -> u64 {
        // SAFETY: a live stream.
        unsafe { sys::lzma_memusage(&self.stream) }
    }

    /// Codes until the input is used up, `room` bytes of output were written, or the unit ends; with `end` no more input follows. A step that fails counts what it wrote, unless that is
    /// machine code that no filter has seen.
    pub fn step(&mut self, input: &[u8], output: &mut Output<'_>, room: usize, end: bool) -> Step {
        let room = room.min(output.room());
        let given = input.len();
        self.stream.next_in = input.as_ptr();
        self.stream.avail_in = given;
        self.stream.next_out = output.next_mut_ptr();
        self.stream.avail_out = room;
        let action = if end { sys::LZMA_FINISH } else { sys::LZMA_RUN };
        // SAFETY: both pointers are to live memory of at least the lengths given; liblzma only writes to the output, and bytes with values.
        let code = unsafe { sys::lzma_code(&mut self.stream, action) };
        let read = given - self.stream.avail_in;
        let before = output.written();
        let written = before + room - self.stream.avail_out;
        output.touch((written + self.keeps_back).min(before + room));
        self.stream.next_in = null();
        self.stream.avail_in = 0;
        self.stream.next_out = null_mut();
        let status = match code {
            // Called twice without input or room to move: nothing is lost.
            sys::LZMA_BUF_ERROR if given == 0 || room == 0 => Status::Going,
            sys::LZMA_OK => Status::Going,
            sys::LZMA_STREAM_END => Status::End,
            code => Status::Failed(Failure::of(code)),
        };
        let is_unseen = self.keeps_back > 0 && matches!(status, Status::Failed(_));
        // SAFETY: liblzma wrote the bytes behind `before`, up to which there were values.
        unsafe { output.set_written(if is_unseen { before } else { written }) };
        Step { read, status }
    }
}
