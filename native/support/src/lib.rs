//! What every native binding of Chunker shares. A binding uses the names at this level; README.md shows how.
//!
//! Below: one executor per process (`meeting`, `executor`, `pool`), one completion channel per environment (`channel`), slabs (`slab`). Under
//! `--cfg loom` only the parts that loom models are built.

pub mod descriptor;
pub mod gate;
pub mod parallel;
pub mod pool;
pub mod queues;
pub mod stack;
pub mod sync;

macro_rules! beyond_loom {
    ($($item:item)*) => { $(#[cfg(not(loom))] $item)* };
}

beyond_loom! {
    mod addon;
    pub mod arena;
    pub mod channel;
    pub mod cpu;
    pub mod door;
    pub mod executor;
    pub mod fault;
    pub mod figures;
    pub mod free_list;
    pub mod input;
    pub mod job;
    pub mod json;
    pub mod meeting;
    pub mod memory;
    pub mod outcome;
    mod panics;
    pub mod partition;
    pub mod ranges;
    pub mod slab;
    pub mod threads;
    pub mod throw;
    pub mod view;

    pub use arena::Piece;
    pub use door::SlabBuffer;
    pub use fault::Fault;
    pub use free_list::FreeList;
    pub use input::{Input, Offsets, Output, Whole, Words};
    pub use job::{run_sync, Job, Settled, Ticket};
    pub use json::Fact;
    pub use memory::{reserve, Sink, Source};
    pub use outcome::Outcome;
    pub use ranges::Ranges;
}
