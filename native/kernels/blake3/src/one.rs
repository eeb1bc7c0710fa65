//! One message, one-shot.

use crate::{Error, Hasher, Host, Mode, Settings};

/// Up to here one call into the crate: a host that wishes to stop waits at most that long.
const ONE_CALL: usize = 1 << 20;

/// Writes the digest of `data` to `out`, which has exactly `settings.length()` bytes ([`Error::OutputTooSmall`]).
/// Large data is spread over the host's threads; [`Error::Aborted`] when the host wishes to stop.
pub fn hash(data: &[u8], settings: &Settings, out: &mut [u8], host: &dyn Host) -> Result<(), Error> {
    if out.len() != settings.length() {
        return Err(Error::OutputTooSmall);
    }
    let split_pays = data.len() > ONE_CALL || (host.is_parallel() && data.len() >= ONE_CALL / 2);
    if split_pays {
        let mut hasher = Hasher::new(settings.mode().clone());
        hasher.update_with(data, host)?;
        hasher.digest_into(out);
    } else {
        hash_at_once(data, settings.mode(), out);
    }
    Ok(())
}

/// Without polls.
pub(crate) fn hash_at_once(data: &[u8], mode: &Mode, out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(lanes) = crate::arch::Sixteen::detect().filter(|_| data.len() >= crate::tree::LEAST) {
        crate::tree::hash(lanes, data, mode, out);
        return;
    }
    if out.len() > 32 {
        mode.hasher().update(data).finalize_xof().fill(out);
        return;
    }
    // The free functions skip the 1.9 KB state that a hasher carries: that shows below some KiB.
    let digest = match mode {
        Mode::Hash => blake3::hash(data),
        Mode::Keyed(key) => blake3::keyed_hash(key, data),
        Mode::DeriveKey(_) => mode.hasher().update(data).finalize(),
    };
    // Four stores where the size is known, a call of memcpy where it is not.
    if let Ok(out) = <&mut [u8; 32]>::try_from(&mut *out) {
        *out = *digest.as_bytes();
    } else {
        out.copy_from_slice(&digest.as_bytes()[..out.len()]);
    }
}
