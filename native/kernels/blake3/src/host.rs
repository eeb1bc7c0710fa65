//! What a caller lends to a long operation.

/// The caller's side of a long operation: its threads, and its wish to stop.
pub trait Host: Sync {
    /// Asked between pieces of at most 1 MiB; true ends the operation with [`crate::Error::Aborted`].
    fn should_stop(&self) -> bool {
        false
    }

    /// Whether [`Host::parallel_for`] may use more than one thread; decides how finely work is split.
    fn is_parallel(&self) -> bool {
        false
    }

    /// Calls `body` once for each of `0..count`, in any order, on any threads, and returns when all have returned.
    /// A host that wishes to stop may leave calls out, as long as `should_stop` answers true from then on.
    fn parallel_for(&self, count: usize, body: &(dyn Fn(usize) + Sync)) {
        for index in 0..count {
            body(index);
        }
    }
}

/// A host with one thread that never wishes to stop.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl Host for Alone {}
