//! `CHUNKER_CPU`, in a process of its own because it is read once.

use chunker_fastcdc::{Chunker, Kernel, Options};

#[test]
fn scalar_keeps_to_portable_code() {
    std::env::set_var("CHUNKER_CPU", "scalar");
    assert_eq!(Kernel::best(), Kernel::Portable);
    std::env::remove_var("CHUNKER_CPU");
    let chunker = Chunker::new(&Options::default()).expect("the defaults are in range");
    assert_eq!(chunker.kernel(), Kernel::Portable);
    // What a caller names goes before it.
    let named = Kernel::available().pop().expect("there is one");
    assert_eq!(Chunker::with_kernel(&Options::default(), named).expect("in range").kernel(), named);
}
