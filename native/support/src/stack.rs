//! A lock-free stack of messages: many threads push, one takes everything at once.

use crate::sync::atomic::{AtomicPtr, Ordering::*};
use std::ptr;

/// Treiber's stack without a single pop, hence without its ABA problem.
pub struct Stack<T> {
    head: AtomicPtr<Node<T>>,
}

struct Node<T> {
    next: *mut Node<T>,
    value: T,
}

impl<T> Stack<T> {
    /// An empty stack.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Stack<T> {
        Stack { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Pushes; true when the stack was empty, that is when the reader must be woken.
    pub fn push(&self, value: T) -> bool {
        let node = Box::into_raw(Box::new(Node { next: ptr::null_mut(), value }));
        let mut head = self.head.load(Relaxed);
        loop {
            // SAFETY: the node is ours alone until the exchange succeeds.
            unsafe { (*node).next = head };
            match self.head.compare_exchange_weak(head, node, AcqRel, Relaxed) {
                Ok(_) => return head.is_null(),
                Err(seen) => head = seen,
            }
        }
    }

    /// Takes all messages, oldest first, and appends them to `into`.
    pub fn drain(&self, into: &mut Vec<T>) {
        let start = into.len();
        let mut node = self.head.swap(ptr::null_mut(), Acquire);
        while !node.is_null() {
            // SAFETY: the swap made the whole list ours; each node came from `Box::into_raw`.
            let owned = unsafe { Box::from_raw(node) };
            node = owned.next;
            into.push(owned.value);
        }
        into[start..].reverse();
    }
}

impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        self.drain(&mut Vec::new());
    }
}

// SAFETY: values only move through the stack; each is owned by one thread at a time.
unsafe impl<T: Send> Send for Stack<T> {}
// SAFETY: as above; all shared access is through the atomic head.
unsafe impl<T: Send> Sync for Stack<T> {}
