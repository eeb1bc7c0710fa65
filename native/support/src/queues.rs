//! Which job runs next: deficit round robin between queues, small before large and late before early within one.

use crate::descriptor::RawJob;
use std::collections::{HashMap, VecDeque};

/// Jobs up to this cost (nanoseconds: about 1 MiB at 1 GB/s) go before larger ones of the same queue.
pub const SMALL: u64 = 1 << 20;
/// What a queue may spend per round before the next one's turn: 4 ms.
const QUANTUM: i64 = 4 << 20;
/// A job counts as at most this much, so that a round trip of the robin stays short.
const MOST: u64 = 256 * (QUANTUM as u64);
/// A large job waits for at most so many small ones of its own queue.
const PATIENCE: u32 = 16;
/// Priorities 0 (first stage) to 7 (last stage).
pub const PRIORITIES: usize = 8;
/// Empty queues beyond so many are forgotten.
const KEPT: usize = 64;

/// All waiting jobs of a pool.
#[derive(Default)]
pub struct Queues {
    queues: HashMap<u32, Queue>,
    /// Queues that hold jobs, in the order of their turns.
    round: VecDeque<u32>,
    len: usize,
}

#[derive(Default)]
struct Queue {
    small: Lanes,
    large: Lanes,
    deficit: i64,
    /// Small jobs served since the last large one.
    streak: u32,
}

#[derive(Default)]
struct Lanes {
    by_priority: [VecDeque<RawJob>; PRIORITIES],
    len: usize,
}

impl Lanes {
    fn push(&mut self, job: RawJob) {
        self.by_priority[(job.priority as usize).min(PRIORITIES - 1)].push_back(job);
        self.len += 1;
    }

    fn first(&self) -> Option<&RawJob> {
        self.by_priority.iter().rev().find_map(VecDeque::front)
    }

    fn pop(&mut self) -> Option<RawJob> {
        let job = self.by_priority.iter_mut().rev().find_map(VecDeque::pop_front)?;
        self.len -= 1;
        Some(job)
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.small.len + self.large.len == 0
    }

    fn takes_small(&self) -> bool {
        self.small.len > 0 && (self.large.len == 0 || self.streak < PATIENCE)
    }

    fn cost(&self) -> i64 {
        let lanes = if self.takes_small() { &self.small } else { &self.large };
        lanes.first().map_or(0, |job| job.cost.min(MOST) as i64)
    }

    fn pop(&mut self) -> Option<RawJob> {
        let job = if self.takes_small() {
            self.streak += 1;
            self.small.pop()
        } else {
            self.streak = 0;
            self.large.pop()
        }?;
        self.deficit -= job.cost.min(MOST) as i64;
        Some(job)
    }
}

impl Queues {
    /// Number of waiting jobs.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a job at the end of its lane.
    pub fn push(&mut self, job: RawJob) {
        let queue = self.queues.entry(job.queue).or_default();
        if queue.is_empty() {
            queue.deficit = 0;
            self.round.push_back(job.queue);
        }
        if job.cost <= SMALL {
            queue.small.push(job);
        } else {
            queue.large.push(job);
        }
        self.len += 1;
    }

    /// Takes the job whose turn it is.
    pub fn pop(&mut self) -> Option<RawJob> {
        loop {
            let id = *self.round.front()?;
            let queue = self.queues.get_mut(&id)?;
            if self.round.len() == 1 {
                queue.deficit = queue.cost();
            }
            if queue.deficit < queue.cost() {
                queue.deficit += QUANTUM;
                self.round.rotate_left(1);
                continue;
            }
            let job = queue.pop()?;
            self.len -= 1;
            if queue.is_empty() {
                self.round.pop_front();
                if self.queues.len() > KEPT {
                    self.queues.remove(&id);
                }
            }
            return Some(job);
        }
    }
}
