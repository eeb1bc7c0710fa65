//! Slabs: large pieces of memory, counted, found by address, kept for reuse.
//!
//! One lock guards the whole table: it is held for tens of nanoseconds, a handful of times per megabyte.

use crate::sync::lock;
use std::collections::BTreeMap;
use std::ptr;
use std::sync::Mutex;

/// Slabs are aligned to, and sized in multiples of, one huge page.
pub const HUGE_PAGE: usize = 2 << 20;
/// Bytes kept for reuse unless set otherwise.
const SPARE: usize = 64 << 20;

/// One slab. Its address is its handle.
pub struct Slab {
    data: *mut u8,
    len: usize,
    refs: usize,
    /// The ArrayBuffer that shows it now, if any (see view.rs).
    pub(crate) lease: *mut crate::view::Lease,
}

/// All slabs of the process.
pub struct Slabs {
    table: Mutex<Table>,
}

struct Table {
    live: BTreeMap<usize, *mut Slab>,
    spare: Vec<*mut Slab>,
    spare_bytes: usize,
    spare_limit: usize,
    used: usize,
    charged: usize,
    peak: usize,
}

// SAFETY: the pointers are owned by the table and touched under its lock.
unsafe impl Send for Table {}

/// What the process holds, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Slabs in use.
    pub used: usize,
    /// Slabs kept for reuse.
    pub spare: usize,
    /// Other memory of jobs.
    pub charged: usize,
    /// The most that used and charged were together.
    pub peak: usize,
}

impl Table {
    fn note_peak(&mut self) {
        self.peak = self.peak.max(self.used + self.charged);
    }
}

impl Default for Slabs {
    fn default() -> Slabs {
        Slabs::new()
    }
}

impl Slabs {
    /// No slabs.
    pub const fn new() -> Slabs {
        Slabs {
            table: Mutex::new(Table {
                live: BTreeMap::new(),
                spare: Vec::new(),
                spare_bytes: 0,
                spare_limit: SPARE,
                used: 0,
                charged: 0,
                peak: 0,
            }),
        }
    }

    /// A slab of at least `bytes` bytes with one reference; null when memory cannot be had. Its content is whatever was there before.
    pub fn take(&self, bytes: usize) -> *mut Slab {
        let Some(len) = bytes.max(1).checked_next_multiple_of(HUGE_PAGE) else { return ptr::null_mut() };
        let mut slab = self.take_spare(len);
        if slab.is_null() {
            slab = fresh(len);
        }
        if slab.is_null() {
            self.drop_spares(0);
            slab = fresh(len);
        }
        if slab.is_null() {
            return slab;
        }
        let mut table = lock(&self.table);
        // SAFETY: the slab is ours until it is in the table.
        let data = unsafe {
            (*slab).refs = 1;
            (*slab).data
        };
        table.live.insert(data as usize, slab);
        table.used += len;
        table.note_peak();
        slab
    }

    fn take_spare(&self, len: usize) -> *mut Slab {
        let mut table = lock(&self.table);
        // SAFETY: spare slabs are owned by the table.
        let found = table.spare.iter().rposition(|&slab| unsafe { (*slab).len } == len);
        found.map_or(ptr::null_mut(), |i| {
            table.spare_bytes -= len;
            table.spare.remove(i)
        })
    }

    /// Retains the slab that holds all of these bytes; null when none does.
    pub fn find(&self, data: *const u8, len: usize) -> *mut Slab {
        let table = lock(&self.table);
        let address = data as usize;
        let Some((&start, &slab)) = table.live.range(..=address).next_back() else { return ptr::null_mut() };
        // SAFETY: live slabs stay until they are removed under this lock.
        unsafe {
            let inside = address.checked_add(len).is_some_and(|end| end <= start + (*slab).len);
            if !inside {
                return ptr::null_mut();
            }
            (*slab).refs += 1;
        }
        slab
    }

    /// Gives one reference back; the last one makes the slab spare or unmaps it.
    ///
    /// # Safety
    /// The caller holds a reference.
    pub unsafe fn release(&self, slab: *mut Slab) {
        let mut table = lock(&self.table);
        // SAFETY: the caller's reference keeps it alive; all counts change under the lock.
        let (data, len) = unsafe {
            (*slab).refs -= 1;
            if (*slab).refs > 0 {
                return;
            }
            (*slab).lease = ptr::null_mut();
            ((*slab).data, (*slab).len)
        };
        table.live.remove(&(data as usize));
        table.used -= len;
        if table.spare_bytes + len <= table.spare_limit {
            table.spare_bytes += len;
            table.spare.push(slab);
            return;
        }
        drop(table);
        // SAFETY: no reference is left, and it is no longer in the table.
        unsafe { free(slab) };
    }

    /// Runs `action` with the slab under the lock.
    ///
    /// # Safety
    /// The caller holds a reference.
    pub unsafe fn with<T>(&self, slab: *mut Slab, action: impl FnOnce(&mut Slab) -> T) -> T {
        let _table = lock(&self.table);
        // SAFETY: alive by the caller's reference, exclusive by the lock.
        action(unsafe { &mut *slab })
    }

    /// Counts memory of jobs that is not in slabs.
    pub fn charge(&self, bytes: isize) {
        let mut table = lock(&self.table);
        table.charged = table.charged.saturating_add_signed(bytes);
        table.note_peak();
    }

    /// Sets how many bytes are kept for reuse.
    pub fn limit_spare(&self, bytes: usize) {
        lock(&self.table).spare_limit = bytes;
        self.drop_spares(bytes);
    }

    fn drop_spares(&self, keep: usize) {
        let mut dropped = Vec::new();
        let mut table = lock(&self.table);
        while table.spare_bytes > keep {
            let Some(slab) = table.spare.pop() else { break };
            // SAFETY: spare slabs are owned by the table.
            table.spare_bytes -= unsafe { (*slab).len };
            dropped.push(slab);
        }
        drop(table);
        // SAFETY: they were removed from the table, nobody else knows them.
        dropped.into_iter().for_each(|slab| unsafe { free(slab) });
    }

    /// What is held now.
    pub fn usage(&self) -> Usage {
        let table = lock(&self.table);
        Usage { used: table.used, spare: table.spare_bytes, charged: table.charged, peak: table.peak }
    }
}

impl Slab {
    /// Start of the memory.
    pub fn data(&self) -> *mut u8 {
        self.data
    }

    /// Bytes.
    #[allow(clippy::len_without_is_empty)] // a slab is never empty
    pub fn len(&self) -> usize {
        self.len
    }
}

/// A slab that nobody knows of yet; null when memory cannot be had.
fn fresh(len: usize) -> *mut Slab {
    map(len).map_or(ptr::null_mut(), |data| {
        Box::into_raw(Box::new(Slab { data, len, refs: 0, lease: ptr::null_mut() }))
    })
}

/// The caller hands over the last pointer to this slab.
unsafe fn free(slab: *mut Slab) {
    // SAFETY: by the caller's promise; `fresh` made it.
    unsafe {
        let slab = Box::from_raw(slab);
        unmap(slab.data, slab.len);
    }
}

/// Zeroed memory of `len` bytes, a multiple of [`HUGE_PAGE`], aligned to it and with huge pages where the system has them.
#[cfg(unix)]
pub(crate) fn map(len: usize) -> Option<*mut u8> {
    let padded = len.checked_add(HUGE_PAGE)?;
    // SAFETY: an anonymous mapping at an address of the system's choice; trimmed to an aligned piece of `len` bytes inside it.
    unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let base = libc::mmap(ptr::null_mut(), padded, protection, flags, -1, 0);
        if base == libc::MAP_FAILED {
            return None;
        }
        let before = (base as usize).next_multiple_of(HUGE_PAGE) - base as usize;
        let data = base.cast::<u8>().add(before);
        if before > 0 {
            libc::munmap(base, before);
        }
        if before < HUGE_PAGE {
            libc::munmap(data.add(len).cast(), HUGE_PAGE - before);
        }
        #[cfg(target_os = "linux")]
        libc::madvise(data.cast(), len, libc::MADV_HUGEPAGE);
        Some(data)
    }
}

/// Gives back what [`map`] gave.
///
/// # Safety
/// `map` gave this memory of this length, and nobody uses it any more.
#[cfg(unix)]
pub(crate) unsafe fn unmap(data: *mut u8, len: usize) {
    // SAFETY: by the caller's promise.
    unsafe { libc::munmap(data.cast(), len) };
}

/// See above.
#[cfg(not(unix))]
pub(crate) fn map(len: usize) -> Option<*mut u8> {
    let layout = std::alloc::Layout::from_size_align(len, HUGE_PAGE).ok()?;
    // SAFETY: the layout is not empty.
    let data = unsafe { std::alloc::alloc_zeroed(layout) };
    (!data.is_null()).then_some(data)
}

/// See above.
///
/// # Safety
/// As above.
#[cfg(not(unix))]
pub(crate) unsafe fn unmap(data: *mut u8, len: usize) {
    // SAFETY: by the caller's promise; the layout is that of `map`.
    unsafe { std::alloc::dealloc(data, std::alloc::Layout::from_size_align_unchecked(len, HUGE_PAGE)) };
}
