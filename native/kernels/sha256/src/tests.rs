//! Batches against the reference, with and without the machine that interleaves.

use crate::arch::Machine;
use crate::batch::hash_many_on;
use crate::{reference, Error};
use std::cell::Cell;

fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

#[test]
fn batches_of_any_count_and_lengths_on_every_machine() {
    let data = bytes(3000);
    for machine in [Machine::detect(), None] {
        for count in 0..40 {
            // Lanes end together, one after the other, and with nobody waiting.
            for step in [0, 1, 55, 64, 331] {
                let message = |index: usize| &data[index * 7..][..(index * step + count * 29) % 2700];
                let mut out = vec![0; count * 32];
                hash_many_on(machine, count, message, &mut out, &|| false).unwrap();
                for (index, digest) in out.chunks(32).enumerate() {
                    let wanted = reference::hash(message(index));
                    assert_eq!(digest, wanted, "{index} of {count}, step {step}, {machine:?}");
                }
            }
        }
    }
}

#[test]
fn every_length_around_the_padding_beside_others() {
    let data = bytes(400);
    for machine in [Machine::detect(), None] {
        let message = |index: usize| &data[..index];
        let mut out = vec![0; 400 * 32];
        hash_many_on(machine, 400, message, &mut out, &|| false).unwrap();
        for (index, digest) in out.chunks(32).enumerate() {
            assert_eq!(digest, reference::hash(message(index)), "{index} bytes, {machine:?}");
        }
    }
}

#[test]
fn a_wish_to_stop_is_asked_for_once_in_a_mebibyte_whatever_the_messages() {
    let data = vec![0; 4 << 20];
    for machine in [Machine::detect(), None] {
        for (count, length) in [(1, 4 << 20), (7, 600 << 10), (4 << 12, 1 << 10)] {
            let asked = Cell::new(0);
            let count_down = || {
                asked.set(asked.get() + 1);
                false
            };
            let mut out = vec![0; count * 32];
            hash_many_on(machine, count, |_| &data[..length], &mut out, &count_down).unwrap();
            assert!(
                asked.get() * (2 << 20) >= count * length,
                "{count} x {length}: asked {} times",
                asked.get()
            );
            let answer = hash_many_on(machine, count, |_| &data[..length], &mut out, &|| true);
            assert_eq!(answer, Err(Error::Aborted));
        }
    }
}
