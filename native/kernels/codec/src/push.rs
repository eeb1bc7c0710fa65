use crate::error::Result;
use crate::host::Host;

/// Compressed data made of pieces. However the input is split, the bytes are the same.
pub trait PushCompressor: Send {
    /// All of `input`; what is ready comes behind what `output` holds.
    ///
    /// Errors: `aborted`, `out_of_memory`, `invalid_input` for more than was announced, `already_finished` after the end or an error.
    fn push_to(&mut self, input: &[u8], output: &mut Vec<u8>, host: &dyn Host) -> Result<()>;

    /// The end of the data, behind what `output` holds.
    ///
    /// Errors: those of `push_to`.
    fn finish_to(&mut self, output: &mut Vec<u8>, host: &dyn Host) -> Result<()>;
}

/// Compressed data that arrive in pieces. However they are split and however little is asked for: the same bytes, and at a fault the same error after the same bytes. Checks come last, so bytes are
/// given out before they are verified; the data are whole only when `finish_to` says so.
pub trait PushDecompressor: Send {
    /// Takes input and appends at most `most` bytes to `output`; returns the input bytes taken, fewer than there are only where `most` bytes were given. Where `most` were given more may be
    /// held: call again, also without input. On an error `output` has what was given out before it.
    ///
    /// Errors: those of decompressing, and `already_finished` after `finish_to` or an error.
    fn push_some(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        most: usize,
        host: &dyn Host,
    ) -> Result<usize>;

    /// Says that no input follows. A last byte may come behind what `output` holds.
    ///
    /// Errors: `truncated_input`, `corrupt_data`, `trailing_data`, `unknown_format`, `already_finished`.
    fn finish_to(&mut self, output: &mut Vec<u8>, host: &dyn Host) -> Result<()>;

    /// All of `input`, its output behind what `output` holds.
    ///
    /// Errors: those of `push_some`.
    fn push_to(&mut self, input: &[u8], output: &mut Vec<u8>, host: &dyn Host) -> Result<()> {
        self.push_some(input, output, usize::MAX, host).map(drop)
    }
}
