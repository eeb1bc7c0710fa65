//! What the CPU can do, as far as kernels ask for it.

/// Names of the instruction sets that are there, in Rust's spelling.
pub fn features() -> Vec<&'static str> {
    let mut found = Vec::new();
    macro_rules! ask {
        ($detect:ident: $($name:tt),*) => { $(if std::arch::$detect!($name) { found.push($name); })* };
    }
    #[cfg(target_arch = "x86_64")]
    ask!(is_x86_feature_detected: "sse2", "ssse3", "sse4.1", "sse4.2", "popcnt", "pclmulqdq", "aes", "sha", "avx", "avx2", "bmi1", "bmi2", "lzcnt",
        "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi", "avx512vbmi2", "avx512ifma", "vaes", "vpclmulqdq", "gfni");
    #[cfg(target_arch = "aarch64")]
    ask!(is_aarch64_feature_detected: "neon", "aes", "sha2", "sha3", "crc", "pmull", "sve", "sve2", "dotprod");
    found
}
