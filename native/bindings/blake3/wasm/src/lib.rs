//! The wasm door of the BLAKE3 kernel: the shared interface's hash operations on one thread.

use chunker_blake3::{hash, hash_many, Alone, Error, Hasher, Settings};
use chunker_wasm_abi::{group, op, Call, Code, Ranges, States, VERSION};
use std::sync::Mutex;

chunker_wasm_abi::door!(answer);

/// A state and the length of its digests. The module has one thread: the lock is never contended.
static STATES: Mutex<States<(Hasher, usize)>> = Mutex::new(States::new());

fn code(error: Error) -> Code {
    match error {
        Error::InvalidOptions => Code::InvalidOptions,
        Error::OutputTooSmall => Code::OutputTooSmall,
        Error::OutOfMemory => Code::OutOfMemory,
        Error::Aborted => Code::Aborted,
    }
}

fn first(output: &mut [u8], bytes: usize) -> Result<&mut [u8], Code> {
    output.get_mut(..bytes).ok_or(Code::OutputTooSmall)
}

fn answer(call: Call<'_>) -> Result<u64, Code> {
    match call.op {
        op::DESCRIBE => Ok(u64::from(VERSION | group::HASH << 8)),
        op::HASH => {
            let settings = Settings::decode(call.options).map_err(code)?;
            let out = first(call.output, settings.length())?;
            hash(call.input, &settings, out, &Alone).map_err(code)?;
            Ok(settings.length() as u64)
        }
        op::HASH_MANY => batch(call),
        op::HASH_CREATE..=op::HASH_DROP => state(call),
        _ => Err(Code::UnsupportedFeature),
    }
}

fn batch(call: Call<'_>) -> Result<u64, Code> {
    let ranges = Ranges::read(call.options, call.input)?;
    let settings = Settings::decode(ranges.options).map_err(code)?;
    let bytes = ranges.count().checked_mul(settings.length()).ok_or(Code::OutputTooSmall)?;
    let out = first(call.output, bytes)?;
    hash_many(ranges.count(), |index| ranges.slice(index, call.input), &settings, out, &Alone)
        .map_err(code)?;
    Ok(bytes as u64)
}

fn state(call: Call<'_>) -> Result<u64, Code> {
    let mut states = STATES.lock().map_err(|_| Code::AlreadyFinished)?;
    match call.op {
        op::HASH_CREATE => {
            let settings = Settings::decode(call.options).map_err(code)?;
            states.keep((Hasher::new(settings.mode().clone()), settings.length()))
        }
        op::HASH_UPDATE => {
            states.get(call.handle)?.0.update(call.input);
            Ok(0)
        }
        op::HASH_DIGEST => {
            let (hasher, length) = states.get(call.handle)?;
            hasher.digest_into(first(call.output, *length)?);
            Ok(*length as u64)
        }
        op::HASH_CLONE => {
            let copy = states.get(call.handle)?.clone();
            states.keep(copy)
        }
        _ => {
            states.end(call.handle);
            Ok(0)
        }
    }
}
