//! Files and directories as a Node-API addon. Linux only: elsewhere the addon has the common exports and nothing else, and `node:fs` serves.
chunker_support::addon!();

#[cfg(target_os = "linux")]
mod archive;
#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
mod tree;
#[cfg(target_os = "linux")]
mod unpack;

#[cfg(target_os = "linux")]
use chunker_support::Fault;

/// The kernel's facts in one number; packages/io/src/errors.ts makes the error of it, because it knows the path.
#[cfg(target_os = "linux")]
fn to_fault(fault: chunker_io::Fault) -> Fault {
    match fault.code {
        chunker_io::Code::Aborted => Fault::aborted(),
        _ => Fault::new("io_error").with("fault", fault.packed()),
    }
}

/// 0 where this process may use io_uring, else the system's number.
#[cfg(target_os = "linux")]
#[napi_derive::napi(catch_unwind)]
pub fn io_uring_errno() -> i32 {
    chunker_io::io_uring_errno()
}

/// How to read, from the numbers of packages/io/src/settings.ts.
#[cfg(target_os = "linux")]
fn reading(
    slice_cap: chunker_support::Whole,
    readahead: chunker_support::Whole,
) -> Result<chunker_io::Reading, Fault> {
    Ok(chunker_io::Reading {
        slice_cap_bytes: slice_cap.narrow("sliceCapBytes")?,
        readahead_bytes: readahead.0,
    })
}
