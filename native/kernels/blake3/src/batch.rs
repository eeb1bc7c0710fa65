//! Many messages at once: chunks of all messages, then their parents level by level, side by side in vector lanes.
//!
//! The crate's wide kernels want whole blocks and one length for all; here each lane has its own length, counter and
//! flags. Chunks are sorted by their number of blocks, so that the lanes of one vector end (nearly) together.

use crate::arch::{Item, Machine};
use crate::one::hash_at_once;
use crate::reference::{BLOCK, CHUNK, CHUNK_END, CHUNK_START, PARENT, ROOT};
use crate::{hash, Error, Host, Mode, Settings};
use std::sync::Mutex;

/// Messages above this go one by one: the crate fills its vectors from a single message of that size.
const LANES_PAY: usize = 12 << 10;
/// Chunks of one group: enough to fill vectors at every number of blocks, and their data still lie in the second cache.
const GROUP_CHUNKS: usize = 512;
/// Bytes of messages that are hashed one by one before the host is asked whether to stop.
const ALONE_BYTES: usize = 256 << 10;
/// Bytes of messages in one task of a parallel batch.
const TASK_BYTES: usize = 256 << 10;
/// Fewer lanes than this in use are slower than one message after the other.
const LANES_WORTH: usize = 4;

/// Writes the digests of `message(0..count)` to `out`, one after the other: `count * settings.length()` bytes
/// ([`Error::OutputTooSmall`]). [`Error::Aborted`] when the host wishes to stop.
pub fn hash_many<'a>(
    count: usize,
    message: impl Fn(usize) -> &'a [u8] + Sync,
    settings: &Settings,
    out: &mut [u8],
    host: &dyn Host,
) -> Result<(), Error> {
    hash_many_on(Machine::detect(), count, message, settings, out, host)
}

/// The same on a machine of choice; `None`: one message after the other.
pub(crate) fn hash_many_on<'a>(
    machine: Option<Machine>,
    count: usize,
    message: impl Fn(usize) -> &'a [u8] + Sync,
    settings: &Settings,
    out: &mut [u8],
    host: &dyn Host,
) -> Result<(), Error> {
    if Some(out.len()) != count.checked_mul(settings.length()) {
        return Err(Error::OutputTooSmall);
    }
    // Lanes give the first 32 bytes of output; longer digests are the crate's.
    let machine = machine.filter(|_| settings.length() <= 32);
    if !host.is_parallel() {
        return Run { settings, host, machine }.messages(0..count, &message, out);
    }
    let tasks = tasks(count, &message, settings.length(), out)?;
    let failure = Mutex::new(None);
    host.parallel_for(tasks.len(), &|index| {
        let taken = tasks[index].lock().ok().and_then(|mut task| task.take());
        let Some((range, out)) = taken else { return };
        if let Err(error) = (Run { settings, host: &Inner(host), machine }).messages(range, &message, out) {
            failure.lock().map(|mut first| *first = Some(error)).ok();
        }
    });
    if host.should_stop() {
        return Err(Error::Aborted);
    }
    failure.into_inner().ok().flatten().map_or(Ok(()), Err)
}

type Task<'o> = Mutex<Option<(std::ops::Range<usize>, &'o mut [u8])>>;

/// Cuts a batch into tasks of about `TASK_BYTES`; a larger message is a task of its own.
fn tasks<'a, 'o>(
    count: usize,
    message: &(impl Fn(usize) -> &'a [u8] + Sync),
    length: usize,
    mut out: &'o mut [u8],
) -> Result<Vec<Task<'o>>, Error> {
    let (mut tasks, mut start, mut bytes) = (Vec::new(), 0, 0);
    for index in 0..count {
        // A message costs something even when it is empty.
        bytes += message(index).len().max(BLOCK);
        if bytes >= TASK_BYTES || index + 1 == count {
            let (mine, rest) = std::mem::take(&mut out).split_at_mut((index + 1 - start) * length);
            tasks.try_reserve(1).map_err(|_| Error::OutOfMemory)?;
            tasks.push(Mutex::new(Some((start..index + 1, mine))));
            (out, start, bytes) = (rest, index + 1, 0);
        }
    }
    Ok(tasks)
}

/// A host as seen from inside one of its own tasks: no further threads.
struct Inner<'h>(&'h dyn Host);

impl Host for Inner<'_> {
    fn should_stop(&self) -> bool {
        self.0.should_stop()
    }
}

#[derive(Clone, Copy)]
struct Run<'s> {
    settings: &'s Settings,
    host: &'s dyn Host,
    machine: Option<Machine>,
}

impl Run<'_> {
    fn messages<'a>(
        &self,
        range: std::ops::Range<usize>,
        message: &impl Fn(usize) -> &'a [u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let length = self.settings.length();
        let mut group = Group::new()?;
        let mut first = range.start;
        while first < range.end {
            if self.host.should_stop() {
                return Err(Error::Aborted);
            }
            group.clear();
            let (mut next, mut alone) = (first, 0);
            // Not without end: the host is asked again between groups, and between so many bytes that go one by one.
            while next < range.end && group.has_room() && alone < ALONE_BYTES {
                let data = message(next);
                let out = &mut out[(next - range.start) * length..][..length];
                match self.machine {
                    Some(_) if data.len() <= LANES_PAY => group.add(data, next - range.start),
                    _ => {
                        hash(data, self.settings, out, self.host)?;
                        alone += data.len().max(BLOCK);
                    }
                }
                next += 1;
            }
            if let Some(machine) = self.machine {
                group.finish(machine, self.settings.mode(), length, out);
            }
            first = next;
        }
        Ok(())
    }
}

/// One message whose tree is being folded: its chaining values stand at `start..start + count`.
#[derive(Clone, Copy)]
struct Tree {
    message: usize,
    start: usize,
    count: usize,
}

/// The messages that go through the lanes together.
struct Group<'a> {
    data: Vec<(&'a [u8], usize)>,
    chunks: usize,
    values: Vec<[u8; 32]>,
    parents: Vec<[u8; 32]>,
}

impl<'a> Group<'a> {
    fn new() -> Result<Self, Error> {
        let most = GROUP_CHUNKS + LANES_PAY / CHUNK;
        Ok(Group {
            data: Vec::new(),
            chunks: 0,
            values: chaining_values(most)?,
            parents: chaining_values(most)?,
        })
    }

    fn clear(&mut self) {
        self.data.clear();
        self.chunks = 0;
    }

    fn has_room(&self) -> bool {
        self.chunks < GROUP_CHUNKS
    }

    fn add(&mut self, data: &'a [u8], message: usize) {
        self.chunks += data.len().div_ceil(CHUNK).max(1);
        self.data.push((data, message));
    }

    /// Writes the digests of the group's messages to their places in `out`.
    fn finish(&mut self, machine: Machine, mode: &Mode, length: usize, out: &mut [u8]) {
        let mut place = |message: usize, digest: &[u8; 32]| {
            out[message * length..][..length].copy_from_slice(&digest[..length]);
        };
        if self.chunks < LANES_WORTH {
            for (data, message) in &self.data {
                let mut digest = [0; 32];
                hash_at_once(data, mode, &mut digest);
                place(*message, &digest);
            }
            return;
        }
        let (items, mut trees) = self.chunk_items();
        machine.run(&items, mode, &mut self.values);
        loop {
            trees.retain(|tree| {
                if tree.count == 1 {
                    place(tree.message, &self.values[tree.start]);
                }
                tree.count > 1
            });
            if trees.is_empty() {
                return;
            }
            let items = join(&mut trees, &self.values, &mut self.parents);
            machine.run(&items, mode, &mut self.parents);
            std::mem::swap(&mut self.values, &mut self.parents);
        }
    }

    /// All chunks of all messages, those with most blocks first.
    fn chunk_items(&self) -> (Vec<Item<'a>>, Vec<Tree>) {
        let mut trees = Vec::with_capacity(self.data.len());
        let mut buckets = [0; CHUNK / BLOCK + 1];
        let blocks = |bytes: usize| bytes.div_ceil(BLOCK).max(1);
        let mut start = 0;
        for (data, message) in &self.data {
            let full = data.len().saturating_sub(1) / CHUNK;
            buckets[CHUNK / BLOCK] += full;
            buckets[blocks(data.len() - full * CHUNK)] += 1;
            trees.push(Tree { message: *message, start, count: full + 1 });
            start += full + 1;
        }
        // From counts to first places, largest number of blocks first.
        let mut place = 0;
        for bucket in buckets.iter_mut().rev() {
            place += std::mem::replace(bucket, place);
        }
        let mut items = vec![Item::default(); start];
        for (tree, (data, _)) in trees.iter().zip(&self.data) {
            for index in 0..tree.count {
                let piece = &data[index * CHUNK..data.len().min((index + 1) * CHUNK)];
                let root = if tree.count == 1 { ROOT } else { 0 };
                let bucket = &mut buckets[blocks(piece.len())];
                items[*bucket] = Item {
                    data: piece,
                    counter: index as u32,
                    first: CHUNK_START,
                    last: CHUNK_END | root,
                    place: (tree.start + index) as u32,
                };
                *bucket += 1;
            }
        }
        (items, trees)
    }
}

/// Where intermediate chaining values go; the memory is asked for, not taken.
fn chaining_values(count: usize) -> Result<Vec<[u8; 32]>, Error> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| Error::OutOfMemory)?;
    values.resize(count, [0; 32]);
    Ok(values)
}

/// The parents of the next level up: neighbours joined in pairs, the odd one out moved up as it is.
fn join<'v>(trees: &mut [Tree], values: &'v [[u8; 32]], parents: &mut [[u8; 32]]) -> Vec<Item<'v>> {
    let mut items = Vec::with_capacity(values.len() / 2);
    let mut place = 0;
    for tree in trees {
        let root = if tree.count == 2 { ROOT } else { 0 };
        let start = place;
        for pair in values[tree.start..tree.start + tree.count].chunks(2) {
            match pair {
                [_, _] => {
                    let data = pair.as_flattened();
                    items.push(Item { data, counter: 0, first: PARENT, last: root, place: place as u32 });
                }
                _ => parents[place] = pair[0],
            }
            place += 1;
        }
        *tree = Tree { message: tree.message, start, count: place - start };
    }
    items
}
