//! The Gear table against its definition, by an MD5 written here for that purpose (RFC 1321).

use chunker_fastcdc::gear::{Tables, GEAR};

fn md5_block(state: &mut [u32; 4], block: &[u8; 64]) {
    const ROTATIONS: [u32; 16] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
    let words: Vec<u32> = block.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect();
    let [mut a, mut b, mut c, mut d] = *state;
    for i in 0..64 {
        let constant = ((i as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
        let (f, g) = match i / 16 {
            0 => ((b & c) | (!b & d), i),
            1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
            2 => (b ^ c ^ d, (3 * i + 5) % 16),
            _ => (c ^ (b | !d), (7 * i) % 16),
        };
        let sum = a.wrapping_add(f).wrapping_add(constant).wrapping_add(words[g]);
        (a, d, c) = (d, c, b);
        b = b.wrapping_add(sum.rotate_left(ROTATIONS[(i / 16) * 4 + i % 4]));
    }
    for (word, added) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(added);
    }
}

/// First eight bytes, big endian, of the MD5 of 64 bytes equal to `v`.
fn defined(v: u8) -> u64 {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    md5_block(&mut state, &[v; 64]);
    let mut padding = [0u8; 64];
    padding[0] = 0x80;
    padding[56..].copy_from_slice(&512u64.to_le_bytes());
    md5_block(&mut state, &padding);
    (u64::from(state[0].swap_bytes()) << 32) | u64::from(state[1].swap_bytes())
}

#[test]
fn every_entry_is_what_its_definition_says() {
    for v in 0..=255u8 {
        assert_eq!(GEAR[v as usize], defined(v), "entry {v}");
    }
}

#[test]
fn a_seed_is_combined_with_every_entry_in_every_shape() {
    let seed = 0x0123_4567_89ab_cdef;
    let tables = Tables::seeded(seed);
    for (v, &gear) in GEAR.iter().enumerate() {
        for k in 0..4 {
            assert_eq!(tables.shifted[k][v], (gear ^ seed) << k);
        }
        for p in 0..6 {
            assert_eq!(tables.planes[p][v], ((gear ^ seed) >> (8 * p)) as u8);
        }
    }
}
