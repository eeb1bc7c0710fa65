//! The body that all machines share, as a macro: functions with `target_feature` cannot be generic over the machine and still
//! be inlined into one another without unsafe code.
//!
//! A machine brings `Vector`, `LANES`, `splat`, `load`, `store`, `add`, `xor`, `rotate::<N>`, `select`, `transpose` and `prefetch`.

macro_rules! lanes {
    ($($feature:tt)*) => {
        use crate::arch::Item;
        use crate::reference::{BLOCK, IV};

        /// Blocks from the one in use to the one asked for: about the time that memory takes.
        const AHEAD: usize = 4;

        /// What differs from lane to lane, one step (one block in each lane) after the other.
        struct Lanes<'a> {
            blocks: [&'a [[u8; BLOCK]]; LANES],
            tails: [[u8; BLOCK]; LANES],
            tail_bytes: [u32; LANES],
            last_step: [u32; LANES],
            counter: [u32; LANES],
            first: [u32; LANES],
            last: [u32; LANES],
            /// What the lane works on next: the start of its next item, else whatever lies behind this one.
            upcoming: [*const u8; LANES],
        }

        impl<'a> Lanes<'a> {
            /// `items` are 1 to `LANES`, `then` those of the next turn; lanes without an item end before the first step.
            fn new(items: &[Item<'a>], then: &[Item<'_>]) -> Self {
                let mut lanes = Lanes {
                    blocks: [&[]; LANES],
                    tails: [[0; BLOCK]; LANES],
                    tail_bytes: [0; LANES],
                    last_step: [0; LANES],
                    counter: [0; LANES],
                    first: [0; LANES],
                    last: [0; LANES],
                    upcoming: [std::ptr::null(); LANES],
                };
                for (lane, item) in items.iter().enumerate() {
                    let (blocks, tail) = item.data.as_chunks();
                    lanes.blocks[lane] = blocks;
                    lanes.tails[lane][..tail.len()].copy_from_slice(tail);
                    let has_tail = !tail.is_empty() || blocks.is_empty();
                    lanes.tail_bytes[lane] = if has_tail { tail.len() } else { BLOCK } as u32;
                    lanes.last_step[lane] = (blocks.len() - usize::from(!has_tail)) as u32;
                    lanes.counter[lane] = item.counter;
                    lanes.first[lane] = item.first;
                    lanes.last[lane] = item.last;
                    lanes.upcoming[lane] = then.get(lane).map_or(item.data.as_ptr_range().end, |next| next.data.as_ptr());
                }
                lanes
            }

            /// The block that the lane comes to some steps from now, in this item or in its next one.
            #[inline(always)]
            fn ahead(&self, lane: usize, step: usize) -> *const u8 {
                let (block, own) = (step + AHEAD, self.blocks[lane].len());
                match self.blocks[lane].get(block) {
                    Some(block) => block.as_ptr(),
                    None => self.upcoming[lane].wrapping_add((block - own) * BLOCK),
                }
            }

            #[inline(always)]
            fn block(&self, lane: usize, step: usize) -> &[u8; BLOCK] {
                self.blocks[lane].get(step).unwrap_or(&self.tails[lane])
            }
        }

        /// One block in every lane: the new chaining values.
        $($feature)*
        #[inline]
        fn compress(h: &[Vector; 8], m: &[Vector; 16], low: Vector, high: Vector, length: Vector, flags: Vector) -> [Vector; 8] {
            let [h0, h1, h2, h3, h4, h5, h6, h7] = *h;
            let (i0, i1, i2, i3) = (splat(IV[0]), splat(IV[1]), splat(IV[2]), splat(IV[3]));
            let mut v = [h0, h1, h2, h3, h4, h5, h6, h7, i0, i1, i2, i3, low, high, length, flags];
            rounds(&mut v, m);
            [
                xor(v[0], v[8]), xor(v[1], v[9]), xor(v[2], v[10]), xor(v[3], v[11]),
                xor(v[4], v[12]), xor(v[5], v[13]), xor(v[6], v[14]), xor(v[7], v[15]),
            ]
        }

        /// The lanes' chaining values as bytes.
        $($feature)*
        #[inline]
        fn values_of(h: [Vector; 8]) -> [[u8; 32]; LANES] {
            let mut words = [[0; LANES]; 8];
            for (row, vector) in words.iter_mut().zip(h) {
                store(row, vector);
            }
            let mut values = [[0; 32]; LANES];
            for (lane, value) in values.iter_mut().enumerate() {
                for (bytes, row) in value.as_chunks_mut().0.iter_mut().zip(&words) {
                    *bytes = row[lane].to_le_bytes();
                }
            }
            values
        }

        /// Up to `LANES` items in lock step; a lane whose item has ended keeps its value.
        $($feature)*
        fn run_lanes(
            items: &[Item<'_>],
            then: &[Item<'_>],
            key: &[u32; 8],
            mode_flags: u32,
            values: &mut [[u8; 32]],
        ) {
            let lanes = Lanes::new(items, then);
            then.iter().for_each(|item| prefetch(item.data.as_ptr_range().end));
            let steps = lanes.last_step.iter().max().map_or(0, |last| last + 1);
            let counter = load(&lanes.counter);
            let mut h = [splat(0); 8];
            for (vector, word) in h.iter_mut().zip(key) {
                *vector = splat(*word);
            }
            for step in 0..steps {
                let mut flags = [mode_flags; LANES];
                let mut length = [BLOCK as u32; LANES];
                let mut runs = [u32::MAX; LANES];
                for lane in 0..LANES {
                    let is_last = step == lanes.last_step[lane];
                    flags[lane] |= if step == 0 { lanes.first[lane] } else { 0 };
                    flags[lane] |= if is_last { lanes.last[lane] } else { 0 };
                    length[lane] = if is_last { lanes.tail_bytes[lane] } else { BLOCK as u32 };
                    runs[lane] = if step <= lanes.last_step[lane] { u32::MAX } else { 0 };
                }
                // As many messages as lanes are more streams than the processor's own prefetcher follows.
                (0..LANES).for_each(|lane| prefetch(lanes.ahead(lane, step as usize)));
                let m = transpose(|lane| lanes.block(lane, step as usize));
                let next = compress(&h, &m, counter, splat(0), load(&length), load(&flags));
                let runs = load(&runs);
                for (old, new) in h.iter_mut().zip(next) {
                    *old = select(runs, new, *old);
                }
            }
            for (item, value) in items.iter().zip(values_of(h)) {
                values[item.place as usize] = value;
            }
        }

        $($feature)*
        pub(super) fn run(items: &[Item<'_>], key: &[u32; 8], mode_flags: u32, values: &mut [[u8; 32]]) {
            let mut rest = items;
            while !rest.is_empty() {
                let (now, then) = rest.split_at(rest.len().min(LANES));
                run_lanes(now, &then[..then.len().min(LANES)], key, mode_flags, values);
                rest = then;
            }
        }
    };
}

/// Rows of whole blocks, one behind the other: nothing differs from lane to lane but where the row lies and, of chunks, its number.
#[cfg(target_arch = "x86_64")]
macro_rules! whole {
    ($($feature:tt)*) => {
        /// The chaining values of `LANES` rows of `BLOCKS` blocks: of chunks, the first of which has the number `first`, or of parents. `flags` are those of
        /// the first block, of those in between, and of the last.
        $($feature)*
        pub(super) fn run_whole<const BLOCKS: usize>(
            blocks: &[[u8; BLOCK]],
            first: Option<u64>,
            flags: (u32, u32, u32),
            key: &[u32; 8],
        ) -> [[u8; 32]; LANES] {
            let blocks = &blocks[..LANES * BLOCKS];
            let number: [u64; LANES] = std::array::from_fn(|lane| first.map_or(0, |first| first + lane as u64));
            let (low, high) = (load(&number.map(|number| number as u32)), load(&number.map(|number| (number >> 32) as u32)));
            let mut h = [splat(0); 8];
            for (vector, word) in h.iter_mut().zip(key) {
                *vector = splat(*word);
            }
            // Sixteen streams are more than the processor's own prefetcher follows, and it stops at the end of each page.
            let ask = |lane: usize, step: usize| {
                prefetch_far(blocks.as_ptr().wrapping_add((LANES + lane) * BLOCKS + step).cast());
            };
            for step in 0..BLOCKS {
                if BLOCKS > 1 {
                    (0..LANES).for_each(|lane| ask(lane, step));
                }
                let m = transpose(|lane| &blocks[lane * BLOCKS + step]);
                let flags = if step == BLOCKS - 1 { flags.2 } else if step == 0 { flags.0 } else { flags.1 };
                h = compress(&h, &m, low, high, splat(BLOCK as u32), splat(flags));
            }
            values_of(h)
        }
    };
}

/// The seven rounds in terms of a machine's operations.
macro_rules! rounds {
    ($($feature:tt)*) => {
        use crate::reference::SCHEDULE;

        $($feature)*
        #[inline]
        fn mix(v: &mut [Vector; 16], a: usize, b: usize, c: usize, d: usize, x: Vector, y: Vector) {
            v[a] = add(add(v[a], v[b]), x);
            v[d] = rotate::<16>(xor(v[d], v[a]));
            v[c] = add(v[c], v[d]);
            v[b] = rotate::<12>(xor(v[b], v[c]));
            v[a] = add(add(v[a], v[b]), y);
            v[d] = rotate::<8>(xor(v[d], v[a]));
            v[c] = add(v[c], v[d]);
            v[b] = rotate::<7>(xor(v[b], v[c]));
        }

        $($feature)*
        #[inline]
        fn round<const R: usize>(v: &mut [Vector; 16], m: &[Vector; 16]) {
            let s = &SCHEDULE[R];
            mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
            mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
            mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
            mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
            mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
            mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
            mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
            mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
        }

        $($feature)*
        #[inline]
        fn rounds(v: &mut [Vector; 16], m: &[Vector; 16]) {
            round::<0>(v, m);
            round::<1>(v, m);
            round::<2>(v, m);
            round::<3>(v, m);
            round::<4>(v, m);
            round::<5>(v, m);
            round::<6>(v, m);
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(crate) use whole;
pub(crate) use {lanes, rounds};
