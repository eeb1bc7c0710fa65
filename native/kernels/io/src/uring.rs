//! Is io_uring there? Containers and hardened systems forbid it. Nothing here uses it; who looks for the reason of slow cold reads wants to know.

/// 0 where this process may make a ring, else the system's number: ENOSYS (no such call), EPERM (forbidden).
pub fn io_uring_errno() -> i32 {
    // `struct io_uring_params`: 120 bytes, all zero for no wishes.
    let mut params = [0u64; 15];
    // SAFETY: the pointer is to 120 bytes that live through the call.
    let fd = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, params.as_mut_ptr()) };
    if fd < 0 {
        return crate::sys::errno();
    }
    drop(crate::sys::owned(fd as isize));
    0
}
