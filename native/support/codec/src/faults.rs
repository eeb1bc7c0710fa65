//! A codec's errors as faults with core's facts.

use chunker_codec::Error;
use chunker_support::Fault;

/// Facts by the names of core's `ErrorDetails`.
pub fn to_fault(error: Error) -> Fault {
    let fault = Fault::new(error.code());
    match error {
        Error::UnknownFormat { head } => fault.with("head", hex(head.as_bytes())),
        Error::CorruptData { offset, reason } => fault.with("offset", offset).with("reason", reason),
        Error::TruncatedInput { offset }
        | Error::ChecksumMismatch { offset }
        | Error::TrailingData { offset } => fault.with("offset", offset),
        Error::UnsupportedFeature { offset, feature } => {
            fault.with("offset", offset).with("feature", feature)
        }
        Error::SizeExceeded { limit, declared } => optional(fault.with("limit", limit), "declared", declared),
        Error::MemoryLimitExceeded { limit, needed } => {
            fault.with("scope", "decoder").with("limit", limit).with("needed", needed)
        }
        Error::OutputTooSmall { available, needed } => {
            optional(fault.with("available", available), "needed", needed)
        }
        Error::OutOfMemory { bytes } => fault.with("bytes", bytes),
        Error::DictionaryMissing { id } => fault.with("id", id),
        Error::DictionaryMismatch { id, given } => {
            optional(fault.with("given", given), "id", id.map(u64::from))
        }
        Error::InvalidOptions { name, value, range: (min, max) } => fault
            .with("name", name)
            .with("value", value.to_string())
            .with("range", format!("{min} to {max}"))
            .with("reason", "out of range"),
        Error::SizeMismatch { announced } => {
            fault.with("name", "input").with("expected", format!("{announced} bytes, as announced"))
        }
        Error::Aborted | Error::AlreadyFinished => fault,
    }
}

fn optional(fault: Fault, name: &'static str, fact: Option<u64>) -> Fault {
    match fact {
        Some(fact) => fault.with(name, fact),
        None => fault,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
