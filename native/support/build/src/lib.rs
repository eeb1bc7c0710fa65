//! The build script that all bindings share: `fn main() { chunker_support_build::setup(); }`.

/// Sets up the link of an addon.
pub fn setup() {
    napi_build::setup();
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        // Threads of the executor and finalizers outlive the environment that loaded the addon: it is never unmapped.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        // Symbols of bundled C libraries need no flag: rustc's own version script exports `#[no_mangle]` items alone (tools/addon.mjs checks).
    }
}
