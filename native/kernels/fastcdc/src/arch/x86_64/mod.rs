//! The AVX-512 kernel.

mod blocks;
mod lanes;
mod lanes32;
mod lanes48;

pub use blocks::Blocks;

/// Whether the vector kernel runs here.
pub fn has_vbmi() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx512f")
        && has!("avx512bw")
        && has!("avx512vl")
        && has!("avx512dq")
        && has!("avx512vbmi")
        && has!("bmi1")
        && has!("bmi2")
}
