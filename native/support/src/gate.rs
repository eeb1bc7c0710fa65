//! The gate of an environment: jobs enter and leave, closing it stops newcomers and waits until nobody is inside.

use crate::sync::{atomic::AtomicU32, atomic::Ordering::SeqCst, lock, wait, Condvar, Mutex};

/// Keeps an environment's memory alive while its jobs run: the cleanup hook closes the gate and returns when the last job has left.
pub struct Gate {
    stop: AtomicU32,
    state: Mutex<State>,
    empty: Condvar,
}

struct State {
    open: bool,
    inside: usize,
}

impl Gate {
    /// An open gate with nobody inside.
    #[allow(clippy::new_without_default)] // loom's types have no const default, and a gate is made in one place
    pub fn new() -> Gate {
        Gate {
            stop: AtomicU32::new(0),
            state: Mutex::new(State { open: true, inside: 0 }),
            empty: Condvar::new(),
        }
    }

    /// True: the caller is inside and must [`leave`](Gate::leave). False: the gate is closed.
    pub fn enter(&self) -> bool {
        let mut state = lock(&self.state);
        if state.open {
            state.inside += 1;
        }
        state.open
    }

    /// Leaves after a successful [`enter`](Gate::enter).
    pub fn leave(&self) {
        let mut state = lock(&self.state);
        state.inside -= 1;
        if state.inside == 0 && !state.open {
            self.empty.notify_all();
        }
    }

    /// Asks those inside to stop, lets nobody in any more, and waits until all have left.
    pub fn close(&self) {
        self.stop.store(1, SeqCst);
        let mut state = lock(&self.state);
        state.open = false;
        while state.inside > 0 {
            state = wait(&self.empty, state);
        }
    }

    /// Runs `action` unless the gate is closed; it cannot close meanwhile.
    pub fn while_open(&self, action: impl FnOnce()) {
        let state = lock(&self.state);
        if state.open {
            action();
        }
    }

    /// Not zero once the gate is closing; jobs poll it.
    pub fn stop_flag(&self) -> &AtomicU32 {
        &self.stop
    }
}
