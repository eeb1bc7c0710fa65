//! The search inside one chunk, shared by every kernel: an exact head, then a kernel's search per mask.

use crate::gear::Tables;
use crate::kernel::Kernel;
use crate::plan::Plan;
use crate::scalar;
use std::ops::Range;

/// Bytes that must lie before a position where a kernel's search begins (64: vectors load whole cache lines).
pub const RUN_UP: usize = 64;

/// Bytes scanned between two looks at `stop`.
const POLL_BYTES: usize = 512 << 10;

/// Where one chunk's tests lie, as indices into the data at hand.
pub struct Span {
    /// First position to test.
    pub from: usize,
    /// End of the strict mask's positions.
    pub center: usize,
    /// End of the loose mask's positions.
    pub end: usize,
    /// Positions from `from` on that the plain loop must test: the hash begins there (or was carried over).
    pub head: usize,
}

/// What a search ended with.
pub enum Found {
    /// The chunk ends before this index.
    Cut(usize),
    /// No test succeeded.
    Nothing,
    /// `stop` answered true.
    Stopped,
}

/// One kernel at work on one buffer. Lives as long as one call, so that blocks already scanned serve the next chunk.
pub struct Scanner<'a> {
    plan: &'a Plan,
    tables: &'a Tables,
    kernel: Kernel,
    since_poll: usize,
    #[cfg(target_arch = "x86_64")]
    blocks: crate::arch::x86_64::Blocks,
}

impl<'a> Scanner<'a> {
    pub fn new(plan: &'a Plan, tables: &'a Tables, kernel: Kernel) -> Self {
        Scanner {
            plan,
            tables,
            kernel,
            since_poll: 0,
            #[cfg(target_arch = "x86_64")]
            blocks: crate::arch::x86_64::Blocks::new(plan),
        }
    }

    /// Searches `span`; `hash` is what was rolled up before `span.from`. Ask only with [`RUN_UP`] bytes before
    /// `span.from + span.head`, and always with the same `data`.
    pub fn search(
        &mut self,
        data: &[u8],
        span: &Span,
        mut hash: u64,
        stop: &mut dyn FnMut() -> bool,
    ) -> Found {
        let head_end = (span.from + span.head).min(span.end);
        let mut at = span.from;
        for (strict, limit) in [(true, span.center.min(head_end)), (false, head_end)] {
            if at < limit {
                let mask = if strict { self.plan.strict } else { self.plan.loose };
                if let Some(cut) = scalar::find_from(data, at..limit, mask, &mut hash, self.tables) {
                    return Found::Cut(cut);
                }
                at = limit;
            }
        }
        for (strict, limit) in [(true, span.center), (false, span.end)] {
            while at < limit {
                let to = limit.min(at + POLL_BYTES);
                if let Some(cut) = self.find(data, at..to, strict) {
                    return Found::Cut(cut);
                }
                if self.poll(to - at, stop) {
                    return Found::Stopped;
                }
                at = to;
            }
        }
        Found::Nothing
    }

    /// Counts `bytes` as done; asks `stop` when enough have gathered.
    pub fn poll(&mut self, bytes: usize, stop: &mut dyn FnMut() -> bool) -> bool {
        self.since_poll += bytes;
        if self.since_poll < POLL_BYTES {
            return false;
        }
        self.since_poll = 0;
        stop()
    }

    fn find(&mut self, data: &[u8], range: Range<usize>, strict: bool) -> Option<usize> {
        let mask = if strict { self.plan.strict } else { self.plan.loose };
        match self.kernel {
            Kernel::Portable => scalar::find(data, range, mask, self.tables),
            #[cfg(target_arch = "x86_64")]
            Kernel::Vbmi => self.blocks.find(data, range, mask, strict, self.tables),
            #[cfg(not(target_arch = "x86_64"))]
            Kernel::Vbmi => scalar::find(data, range, mask, self.tables),
        }
    }
}
