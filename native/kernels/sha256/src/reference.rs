//! The reference: SHA-256 as sections 4 to 6 of FIPS 180-4 describe it. The constants are computed from their definition: the
//! first 32 bits of the fractional parts of square and cube roots of the first primes.

fn primes() -> impl Iterator<Item = u64> {
    (2..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

/// The first 32 bits of the fractional part of the `degree`th root of `prime`: the root of `prime * 2^(32 * degree)`, found bit by bit.
fn root_fraction(prime: u64, degree: u32) -> u32 {
    let target = u128::from(prime) << (32 * degree);
    let mut root = 0u128;
    for bit in (0..40).rev() {
        let candidate = root | 1 << bit;
        if candidate.pow(degree) <= target {
            root = candidate;
        }
    }
    root as u32
}

fn compress(state: &mut [u32; 8], block: &[u8], k: &[u32]) {
    let mut w: Vec<u32> = block.as_chunks::<4>().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
    for t in 16..64 {
        let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ (w[t - 15] >> 3);
        let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ (w[t - 2] >> 10);
        w.push(s1.wrapping_add(w[t - 7]).wrapping_add(s0).wrapping_add(w[t - 16]));
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for t in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(k[t]).wrapping_add(w[t]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(t1));
        (d, c, b, a) = (c, b, a, t1.wrapping_add(s0).wrapping_add(majority));
    }
    for (word, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(new);
    }
}

/// The digest of `data`.
pub fn hash(data: &[u8]) -> [u8; 32] {
    let k: Vec<u32> = primes().take(64).map(|prime| root_fraction(prime, 3)).collect();
    let mut state: [u32; 8] = std::array::from_fn(|i| root_fraction(primes().nth(i).unwrap_or(0), 2));
    // Section 5.1.1: a one bit, zeros, and the number of bits, up to a whole block.
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize((data.len() + 9).next_multiple_of(64) - 8, 0);
    padded.extend((data.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        compress(&mut state, block, &k);
    }
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    digest
}
