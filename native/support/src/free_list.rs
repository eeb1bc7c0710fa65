//! Reusable contexts, bounded in number and bytes: instead of thread-locals, whose memory nobody can count or free.

use crate::sync::lock;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Contexts of one kind, shared by all threads of an addon.
pub struct FreeList<T> {
    kept: Mutex<Kept<T>>,
    max_bytes: usize,
}

struct Kept<T> {
    items: Vec<(T, usize)>,
    bytes: usize,
}

impl<T> FreeList<T> {
    /// An empty list that keeps at most `max_bytes` bytes.
    pub const fn new(max_bytes: usize) -> FreeList<T> {
        FreeList { kept: Mutex::new(Kept { items: Vec::new(), bytes: 0 }), max_bytes }
    }

    /// Takes a kept context or makes one. `bytes` is what one weighs. It goes back when the loan is dropped, unless a panic is on its way: a context that a
    /// panic left half way is not used again.
    pub fn take<E>(&self, bytes: usize, make: impl FnOnce() -> Result<T, E>) -> Result<Loan<'_, T>, E> {
        let kept = {
            let mut kept = lock(&self.kept);
            let item = kept.items.pop();
            kept.bytes -= item.as_ref().map_or(0, |(_, weight)| *weight);
            item
        };
        let item = match kept {
            Some((item, _)) => item,
            None => make()?,
        };
        Ok(Loan { list: self, item: Some(item), bytes })
    }

    /// Bytes kept now.
    pub fn bytes(&self) -> usize {
        lock(&self.kept).bytes
    }

    fn put(&self, item: T, bytes: usize) {
        let mut kept = lock(&self.kept);
        // One per thread of the pool, and one for the event loop's own synchronous calls; the first needs no question.
        // SAFETY: a plain question.
        let room = kept.items.is_empty()
            || kept.items.len() <= unsafe { (crate::meeting::executor().threads)(0) as usize };
        if room && kept.bytes + bytes <= self.max_bytes {
            kept.bytes += bytes;
            kept.items.push((item, bytes));
        }
    }
}

/// A context on loan.
pub struct Loan<'a, T> {
    list: &'a FreeList<T>,
    item: Option<T>,
    bytes: usize,
}

impl<T> Loan<'_, T> {
    /// Says what the context weighs now, when that depends on how it was used.
    pub fn weigh(&mut self, bytes: usize) {
        self.bytes = bytes;
    }
}

impl<T> Deref for Loan<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.item.as_ref().expect("present until dropped")
    }
}

impl<T> DerefMut for Loan<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.item.as_mut().expect("present until dropped")
    }
}

impl<T> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            if !std::thread::panicking() {
                self.list.put(item, self.bytes);
            }
        }
    }
}
