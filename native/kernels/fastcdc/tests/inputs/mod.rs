//! Inputs and options that tests draw at random, from a fixed seed.

use chunker_fastcdc::Options;

/// xorshift64*: good enough, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Random bytes, few letters, runs, periods, one value with specks: `kind` 0 to 4.
    pub fn bytes(&mut self, kind: usize, length: usize) -> Vec<u8> {
        let mut data = vec![0u8; length];
        match kind {
            0 => data.iter_mut().for_each(|b| *b = self.next() as u8),
            1 => data.iter_mut().for_each(|b| *b = b'a' + (self.next() % 4) as u8),
            2 => {
                let mut at = 0;
                while at < length {
                    let end = (at + 1 + self.below(3000)).min(length);
                    let (value, random) = (self.next() as u8, self.next().is_multiple_of(2));
                    data[at..end]
                        .iter_mut()
                        .for_each(|b| *b = if random { self.next() as u8 } else { value });
                    at = end;
                }
            }
            3 => {
                let period: Vec<u8> = (0..1 + self.below(700)).map(|_| self.next() as u8).collect();
                data.iter_mut().zip(period.iter().cycle()).for_each(|(b, p)| *b = *p);
            }
            _ => {
                data.fill(self.next() as u8);
                for _ in 0..length / 997 {
                    let at = self.below(length);
                    data[at] = self.next() as u8;
                }
            }
        }
        data
    }

    /// Options of every sort: usual ones, least and odd ones, any average; levels and seeds. `even` rounds all sizes.
    pub fn options(&mut self, even: bool) -> Options {
        let (min, avg, max) = match self.below(9) {
            0 => (16384, 65536, 262_144),
            1 => (2048, 8192, 65536),
            2 => (64, 256, 1024),
            3 => (65, 257, 1025),
            4 => (4097, 16001, 65535),
            5 => (131_072, 524_288, 2_097_152),
            6 => (8193, 8193, 8193),
            _ => {
                let avg = 300 + self.below(200_000);
                (64 + self.below(avg - 63), avg, avg.max(1024) + self.below(4 * avg))
            }
        };
        let round = |size: usize| (if even { size & !1 } else { size }) as u32;
        let seed = if self.below(2) == 0 { 0 } else { self.next() };
        Options {
            min_size: round(min),
            avg_size: round(avg),
            max_size: round(max),
            normalization: self.below(4) as u32,
            seed,
        }
    }

    /// A length that gives a good many chunks.
    pub fn length(&mut self, options: &Options) -> usize {
        let avg = options.avg_size as usize;
        self.below(avg * if avg <= 20_000 { 100 } else { 8 } + 10)
    }
}
