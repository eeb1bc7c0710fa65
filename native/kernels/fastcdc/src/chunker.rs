//! A configured chunker: cut points of windows.

use crate::gear::Tables;
use crate::kernel::Kernel;
use crate::options::{Options, OptionsError};
use crate::plan::Plan;
use crate::scan::{Found, Scanner, Span};

/// FastCDC with checked options and its tables. Immutable; share it between threads.
pub struct Chunker {
    pub(crate) plan: Plan,
    pub(crate) tables: Box<Tables>,
    pub(crate) kernel: Kernel,
}

/// How far [`Chunker::cut_all_until`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Bytes that the lengths given out cover.
    pub consumed: usize,
    /// `should_stop` answered true; the lengths given out are right, but not all.
    pub stopped: bool,
}

impl Chunker {
    /// A chunker on the fastest kernel that this machine has and `CHUNKER_CPU` allows.
    pub fn new(options: &Options) -> Result<Chunker, OptionsError> {
        Chunker::with_kernel(options, Kernel::best())
    }

    /// A chunker on a kernel of choice; one that is not [`Kernel::available`] here gives way to the fastest that is.
    pub fn with_kernel(options: &Options, kernel: Kernel) -> Result<Chunker, OptionsError> {
        options.check()?;
        let kernel = if Kernel::available().contains(&kernel) { kernel } else { Kernel::best() };
        Ok(Chunker { plan: Plan::new(options), tables: Tables::seeded(options.seed), kernel })
    }

    /// The kernel in use.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Smallest chunk but the last, bytes: `min_size`, or one less where that is odd.
    pub fn min_size(&self) -> usize {
        self.plan.first
    }

    /// Largest chunk, bytes.
    pub fn max_size(&self) -> usize {
        self.plan.max
    }

    /// Length of the first chunk of `window`, which holds `max_size` bytes or all that is left; 0 for an empty one.
    pub fn next_cut(&self, window: &[u8]) -> usize {
        let mut scanner = Scanner::new(&self.plan, &self.tables, self.kernel);
        let window = &window[..window.len().min(self.plan.max)];
        match self.mask_cut(&mut scanner, window, 0, &mut || false) {
            Found::Cut(cut) => cut,
            _ => window.len(),
        }
    }

    /// Appends the lengths of the chunks of `window` to `lengths`; returns how many bytes they cover.
    ///
    /// With `is_last` that is all of `window`. Without, it is every chunk that more data cannot change: those that end
    /// at a match, wherever the window ends, and those of `max_size`; the rest wants to be seen again with more data.
    pub fn cut_all(&self, window: &[u8], is_last: bool, lengths: &mut Vec<u32>) -> usize {
        self.cut_all_until(window, is_last, lengths, &mut || false).consumed
    }

    /// [`Chunker::cut_all`] that asks `should_stop` at least once per MiB and ends when it answers true.
    pub fn cut_all_until(
        &self,
        window: &[u8],
        is_last: bool,
        lengths: &mut Vec<u32>,
        should_stop: &mut dyn FnMut() -> bool,
    ) -> Outcome {
        let mut scanner = Scanner::new(&self.plan, &self.tables, self.kernel);
        let mut start = 0;
        while start < window.len() {
            let left = window.len() - start;
            let end = match self.mask_cut(&mut scanner, window, start, should_stop) {
                Found::Cut(cut) => cut,
                Found::Stopped => return Outcome { consumed: start, stopped: true },
                Found::Nothing if left >= self.plan.max => start + self.plan.max,
                Found::Nothing if is_last => window.len(),
                Found::Nothing => break,
            };
            lengths.push((end - start) as u32);
            start = end;
            if scanner.poll(self.plan.first, should_stop) {
                return Outcome { consumed: start, stopped: true };
            }
        }
        Outcome { consumed: start, stopped: false }
    }

    /// The cut by a mask of the chunk that starts at `start`, if the data hold one.
    pub(crate) fn mask_cut(
        &self,
        scanner: &mut Scanner<'_>,
        data: &[u8],
        start: usize,
        stop: &mut dyn FnMut() -> bool,
    ) -> Found {
        let plan = &self.plan;
        let length = (data.len() - start).min(plan.max);
        if length <= plan.min {
            return Found::Nothing;
        }
        // Limits are even: a pair of bytes is tested or not.
        let length = length & !1;
        let span = Span {
            from: start + plan.first,
            center: start + plan.center.min(length),
            end: start + length,
            head: plan.reach,
        };
        scanner.search(data, &span, 0, stop)
    }
}
