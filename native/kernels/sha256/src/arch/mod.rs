//! Several messages at once, interleaved: the processor's SHA instructions take longer to answer than to be asked again.
//!
//! The only unsafe code of the kernel lies here: calls of functions whose CPU features `Machine::detect` has seen.

#[cfg(target_arch = "x86_64")]
mod sha_ni;

use crate::batch::BLOCK;

/// Messages that run side by side at most: four chains of `sha256rnds2` fill what one leaves idle; more have no registers.
pub(crate) const LANES: usize = 4;

/// A processor on which messages side by side are faster than one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine(());

impl Machine {
    /// `None`: messages go one by one.
    pub(crate) fn detect() -> Option<Machine> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1") {
            return Some(Machine(()));
        }
        None
    }

    /// Asks for the first blocks of what will be hashed soon: where a message begins, the processor's own prefetcher has to begin as well.
    pub(crate) fn soon(self, message: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        sha_ni::prefetch(message);
        #[cfg(not(target_arch = "x86_64"))]
        let _ = message;
    }

    /// Takes as many blocks into each state as the shortest of `blocks` has.
    pub(crate) fn compress<const N: usize>(self, states: &mut [[u32; 8]; N], blocks: [&[[u8; BLOCK]]; N]) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a machine exists only where `detect` has seen these features.
        unsafe {
            sha_ni::compress(states, blocks);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (states, blocks);
    }
}
