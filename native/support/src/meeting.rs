//! How addons that know nothing of each other meet: one exported pointer, the first in the process counts.

use crate::descriptor::{Descriptor, MAGIC, MAJOR};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};
use std::sync::OnceLock;

/// The meeting point. Every addon exports one; only the first that the dynamic linker finds is used.
#[no_mangle]
pub static CHUNKER_EXECUTOR: AtomicPtr<Descriptor> = AtomicPtr::new(ptr::null_mut());

static JOINED: OnceLock<Joined> = OnceLock::new();

/// The executor that this addon uses.
pub struct Joined {
    /// Its functions.
    pub descriptor: &'static Descriptor,
    /// False: meeting failed, this addon has an executor of its own.
    pub shared: bool,
    /// True: the executor is this addon's code.
    pub ours: bool,
}

/// Joins the executor of the process at the first call.
pub fn joined() -> &'static Joined {
    JOINED.get_or_init(|| {
        // Leaked: other addons hold it for the rest of the process's life.
        let ours: &'static Descriptor = Box::leak(Box::new(crate::executor::descriptor()));
        let point = meeting_point();
        let mine = ptr::from_ref(ours).cast_mut();
        let meeting = point.unwrap_or(&CHUNKER_EXECUTOR);
        let winner = match meeting.compare_exchange(ptr::null_mut(), mine, AcqRel, Acquire) {
            Ok(_) => mine,
            Err(first) => first,
        };
        // SAFETY: whoever won leaked a descriptor that begins with these fields.
        let (magic, major) = unsafe { ((*winner).magic, (*winner).major) };
        let usable = point.is_some() && magic == MAGIC && major == MAJOR;
        // SAFETY: magic and major say that it is a descriptor of our kind; fields past its `size` are asked for through `offered!`.
        let descriptor = if usable { unsafe { &*winner } } else { ours };
        Joined { descriptor, shared: usable, ours: ptr::eq(descriptor, ours) }
    })
}

/// The functions of the executor.
pub fn executor() -> &'static Descriptor {
    joined().descriptor
}

#[cfg(unix)]
fn meeting_point() -> Option<&'static AtomicPtr<Descriptor>> {
    // SAFETY: `dladdr` of our own function names this library, which is loaded; promoting it to the global scope makes its symbol (and that of every other
    // addon) visible to `dlsym`, and NODELETE keeps it for ever, so the pointer stays good.
    unsafe {
        let mut about: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(meeting_point as *const libc::c_void, &mut about) == 0 {
            return None;
        }
        let flags = libc::RTLD_NOLOAD | libc::RTLD_GLOBAL | libc::RTLD_NODELETE | libc::RTLD_LAZY;
        if libc::dlopen(about.dli_fname, flags).is_null() {
            return None;
        }
        let first = libc::dlsym(libc::RTLD_DEFAULT, c"CHUNKER_EXECUTOR".as_ptr());
        first.cast::<AtomicPtr<Descriptor>>().as_ref()
    }
}

#[cfg(not(unix))]
fn meeting_point() -> Option<&'static AtomicPtr<Descriptor>> {
    None
}
