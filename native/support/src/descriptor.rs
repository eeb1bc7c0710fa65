//! What addons of different builds say to each other: plain C structures that only ever grow at their end.

use napi::sys::{napi_env, napi_status, napi_value};
use std::ffi::c_void;

/// First word of every descriptor.
pub const MAGIC: u64 = u64::from_le_bytes(*b"CHUNKEXE");
/// Changes when a field changes its meaning; another major is never joined.
pub const MAJOR: u32 = 1;

/// A job as the executor sees it. `run(data)` is called exactly once, on whatever thread, and must not unwind.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawJob {
    /// What `run` is called with.
    pub data: *mut c_void,
    /// The job itself.
    pub run: unsafe extern "C" fn(*mut c_void),
    /// Estimated nanoseconds.
    pub cost: u64,
    /// The queue (and, in its high bits, the pool).
    pub queue: u32,
    /// 0 (first stage of a pipeline) to 7 (last stage; goes first).
    pub priority: u32,
}

// SAFETY: whoever makes a `RawJob` promises that `run` may be called with `data` on any thread.
unsafe impl Send for RawJob {}

/// A value on its way to JavaScript. Owned: whoever takes it calls `free(owner)` once.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawValue {
    /// One of the `KIND_…` constants.
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
    /// For `KIND_NUMBER`.
    pub number: f64,
    /// Bytes, words, doubles, UTF-8 text or further `RawValue`s.
    pub data: *const c_void,
    /// Number of elements at `data`.
    pub len: usize,
    /// What `free` is called with.
    pub owner: *mut c_void,
    /// Frees `data` (of a list: the array, not its members).
    pub free: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// Kinds of [`RawValue`]: `undefined`, a number, a Uint8Array, a Uint32Array, a Float64Array, a string, an array of values.
pub const KIND_NOTHING: u32 = 0;
/// See [`KIND_NOTHING`].
pub const KIND_NUMBER: u32 = 1;
/// See [`KIND_NOTHING`].
pub const KIND_BYTES: u32 = 2;
/// See [`KIND_NOTHING`].
pub const KIND_WORDS: u32 = 3;
/// See [`KIND_NOTHING`].
pub const KIND_DOUBLES: u32 = 4;
/// See [`KIND_NOTHING`].
pub const KIND_TEXT: u32 = 5;
/// See [`KIND_NOTHING`].
pub const KIND_LIST: u32 = 6;

/// How a job ended: with a value, with a fault (a list of code, message and details as JSON), or because it was cancelled.
pub const STATUS_VALUE: u32 = 0;
/// See [`STATUS_VALUE`].
pub const STATUS_FAULT: u32 = 1;
/// See [`STATUS_VALUE`].
pub const STATUS_CANCELLED: u32 = 2;

/// A slot of a channel, looked up and retained. The flags live as long as the channel is retained.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSlot {
    /// The channel; give it back by `begin` and `complete`, or by `release`.
    pub channel: *const c_void,
    /// Not zero when the environment goes away.
    pub stop: *const u32,
    /// Not zero when this slot was cancelled.
    pub cancelled: *const u32,
    /// Number of the slot.
    pub slot: u32,
    /// Queue that the caller chose.
    pub queue: u32,
    /// Priority that the caller chose.
    pub priority: u32,
    /// Bit 0: input and output may be used in place.
    pub flags: u32,
}

/// A slab, retained.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSlab {
    /// What `slab_release` takes.
    pub handle: *const c_void,
    /// Start of the memory, aligned to 2 MiB.
    pub data: *mut u8,
    /// Bytes.
    pub len: usize,
}

/// Settings of the default pool; a negative number leaves one as it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSettings {
    /// Number of threads; 0: decide again by environment, affinity and quota.
    pub threads: i64,
    /// Nice level of the pool's threads, 0 to 19.
    pub nice: i64,
    /// CPUs that are left free when the number is decided by affinity and quota.
    pub reserve_cpus: i64,
    /// Bytes of slabs that are kept for reuse.
    pub spare_slab_bytes: i64,
}

/// What the executor's threads did while somebody asked; see figures.rs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawFigures {
    /// Nanoseconds in jobs, of all threads together.
    pub work_ns: u64,
    /// Jobs that began.
    pub jobs: u64,
    /// Iterations that another thread took from the one that began the loop.
    pub stolen: u64,
    /// Threads of the default pool.
    pub threads: u64,
}

/// Receives text.
pub type Receive = unsafe extern "C" fn(*mut c_void, *const u8, usize);

/// The executor of a process as every addon sees it. Append only: a reader must look at `size` before it uses a field that an older build may not have
/// (the macro `offered!` does).
#[repr(C)]
pub struct Descriptor {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`MAJOR`].
    pub major: u32,
    /// Bytes of this structure in the build that made it.
    pub size: u32,
    /// Queues a job; never blocks. A pool thread that finds the queue full runs the job itself, at once.
    pub submit: unsafe extern "C" fn(*const RawJob),
    /// Queues a job unless the queue is full.
    pub try_submit: unsafe extern "C" fn(*const RawJob) -> bool,
    /// Calls `body(context, i)` once for each i below n, on this thread and on free ones of the queue's pool; returns when all have returned.
    pub parallel_for:
        unsafe extern "C" fn(u32, *const c_void, unsafe extern "C" fn(*const c_void, usize), usize),
    /// Threads that a queue's pool has or will have.
    pub threads: unsafe extern "C" fn(u32) -> u32,
    /// Makes an isolated pool (threads, nice); answers a queue in it, 0 when there are too many pools.
    pub create: unsafe extern "C" fn(u32, i32) -> u32,
    /// Ends the isolated pool of this queue when its waiting jobs are done.
    pub destroy: unsafe extern "C" fn(u32),
    /// A new queue in the same pool as this one.
    pub queue: unsafe extern "C" fn(u32) -> u32,
    /// Changes settings of the default pool.
    pub configure: unsafe extern "C" fn(*const RawSettings),
    /// State for people, as JSON.
    pub info: unsafe extern "C" fn(*mut c_void, Receive),
    /// Takes a slab of at least so many bytes; false when memory cannot be had.
    pub slab_take: unsafe extern "C" fn(usize, *mut RawSlab) -> bool,
    /// Retains the slab that holds these bytes; null when none does.
    pub slab_find: unsafe extern "C" fn(*const u8, usize) -> *const c_void,
    /// Gives one reference back.
    pub slab_release: unsafe extern "C" fn(*const c_void),
    /// Makes an ArrayBuffer over a new slab. `napi_no_external_buffers_allowed`: this runtime has none; `napi_generic_failure`: no memory.
    pub slab_view: unsafe extern "C" fn(napi_env, usize, *mut napi_value) -> napi_status,
    /// Detaches such an ArrayBuffer and gives its slab back; false when it is none or no longer holds the slab.
    pub slab_end: unsafe extern "C" fn(napi_env, napi_value) -> bool,
    /// Counts bytes that jobs hold besides slabs (negative: given back).
    pub charge: unsafe extern "C" fn(isize),
    /// Opens the channel of an environment: callback, ring and slot table (see packages/core/src/native/room.ts); answers its number.
    pub channel_open:
        unsafe extern "C" fn(napi_env, napi_value, napi_value, napi_value, *mut u32) -> napi_status,
    /// Looks up a slot on the JavaScript thread of its environment; false when there is none.
    pub channel_slot: unsafe extern "C" fn(napi_env, u32, u32, *mut RawSlot) -> bool,
    /// Counts a job in, on the JavaScript thread. It will be completed or abandoned exactly once.
    pub channel_begin: unsafe extern "C" fn(napi_env, *const RawSlot),
    /// Before the job touches memory of the environment; false: the environment is gone, `release` and do nothing.
    pub channel_enter: unsafe extern "C" fn(*const c_void) -> bool,
    /// Ends a job that entered: sends the result, leaves, releases.
    pub channel_complete: unsafe extern "C" fn(*const c_void, u32, u32, *const RawValue),
    /// Releases a slot's channel without completing.
    pub channel_release: unsafe extern "C" fn(*const c_void),
    /// Asks the job of a slot to stop.
    pub cancel: unsafe extern "C" fn(napi_env, u32, u32),
    /// Begins to count what threads do, or (false) takes one such wish back.
    pub measure: unsafe extern "C" fn(bool),
    /// The counts as they are now.
    pub figures: unsafe extern "C" fn(*mut RawFigures),
}

// SAFETY: a descriptor is written once before it is shared, and its functions may be called from any thread.
unsafe impl Sync for Descriptor {}
// SAFETY: as above.
unsafe impl Send for Descriptor {}

/// `offered!(descriptor, field)`: the function, or None where the build that made the descriptor did not know it yet.
#[macro_export]
macro_rules! offered {
    ($descriptor:expr, $field:ident) => {{
        let descriptor: &$crate::descriptor::Descriptor = $descriptor;
        let end =
            ::std::mem::offset_of!($crate::descriptor::Descriptor, $field) + ::std::mem::size_of::<usize>();
        if descriptor.size as usize >= end {
            Some(descriptor.$field)
        } else {
            None
        }
    }};
}
