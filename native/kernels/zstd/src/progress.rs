/// What one call of a stream did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Input bytes taken.
    pub read: usize,
    /// Output bytes given.
    pub written: usize,
    /// The stream is complete: nothing will follow.
    pub done: bool,
}
