//! Which machine code scans: chosen once at run time, so that one binary serves old and new machines.

use std::sync::OnceLock;

/// The ways of scanning. All give the same cut points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Portable Rust: four positions share one base value. (Two streams with the update as one `lea` were no faster.)
    Portable,
    /// AVX-512 VBMI: byte-plane look-ups in 16 or 8 lanes.
    Vbmi,
}

impl Kernel {
    /// What runs on this machine, slowest first.
    pub fn available() -> Vec<Kernel> {
        #[allow(unused_mut, reason = "no other kernel on some targets")]
        let mut kernels = vec![Kernel::Portable];
        #[cfg(target_arch = "x86_64")]
        if crate::arch::x86_64::has_vbmi() {
            kernels.push(Kernel::Vbmi);
        }
        kernels
    }

    /// The fastest that runs here and that `CHUNKER_CPU` allows: `scalar` and `avx2` allow portable code only, anything else
    /// the best there is. Read once.
    pub fn best() -> Kernel {
        static BEST: OnceLock<Kernel> = OnceLock::new();
        *BEST.get_or_init(|| {
            let portable_only = matches!(std::env::var("CHUNKER_CPU").as_deref(), Ok("scalar" | "avx2"));
            let fastest = Kernel::available().pop().unwrap_or(Kernel::Portable);
            if portable_only {
                Kernel::Portable
            } else {
                fastest
            }
        })
    }

    /// A short name for logs and capabilities.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Portable => "portable",
            Kernel::Vbmi => "avx512-vbmi",
        }
    }
}
