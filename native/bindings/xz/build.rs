//! See chunker-support-build.
fn main() {
    chunker_support_build::setup();
}
