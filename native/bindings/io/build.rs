//! The link of this addon.
fn main() {
    chunker_support_build::setup();
}
