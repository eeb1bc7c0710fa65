//! Options at and beyond their limits.

use chunker_fastcdc::{Chunker, Kernel, Options, OptionsError};

fn refused(options: Options) -> OptionsError {
    Chunker::new(&options).err().expect("must be refused")
}

#[test]
fn limits_are_accepted_and_what_lies_beyond_is_refused_by_name() {
    let least = Options { min_size: 64, avg_size: 256, max_size: 1024, normalization: 0, seed: 0 };
    let greatest = Options {
        min_size: 1 << 20,
        avg_size: 4 << 20,
        max_size: 16 << 20,
        normalization: 3,
        seed: u64::MAX,
    };
    for options in [least, greatest, Options::default()] {
        assert!(Chunker::new(&options).is_ok(), "{options:?}");
    }
    let beyond = [
        (Options { min_size: 63, ..least }, "min_size"),
        (Options { min_size: (1 << 20) + 1, ..greatest }, "min_size"),
        (Options { avg_size: 255, ..least }, "avg_size"),
        (Options { avg_size: (4 << 20) + 1, ..greatest }, "avg_size"),
        (Options { max_size: 1023, ..least }, "max_size"),
        (Options { max_size: (16 << 20) + 1, ..greatest }, "max_size"),
        (Options { normalization: 4, ..least }, "normalization"),
        (Options { min_size: 0, ..least }, "min_size"),
        (Options { max_size: u32::MAX, ..least }, "max_size"),
    ];
    for (options, parameter) in beyond {
        let error = refused(options);
        assert!(matches!(error, OptionsError::OutOfRange { .. }), "{error}");
        assert_eq!((error.code(), error.parameter()), ("invalid_chunking_options", parameter));
    }
}

#[test]
fn sizes_out_of_order_are_refused() {
    let options = Options { min_size: 1024, avg_size: 512, max_size: 4096, normalization: 1, seed: 0 };
    assert_eq!(refused(options), OptionsError::NotOrdered { lower: "min_size", upper: "avg_size" });
    let options = Options { min_size: 512, avg_size: 4096, max_size: 2048, ..options };
    assert_eq!(refused(options), OptionsError::NotOrdered { lower: "avg_size", upper: "max_size" });
}

#[test]
fn an_odd_minimum_is_declared_one_byte_less() {
    let options = Options { min_size: 4097, avg_size: 16001, max_size: 65535, normalization: 1, seed: 0 };
    let chunker = Chunker::new(&options).expect("options are in range");
    assert_eq!((chunker.min_size(), chunker.max_size()), (4096, 65535));
}

#[test]
fn the_portable_kernel_is_always_there() {
    assert_eq!(Kernel::available()[0], Kernel::Portable);
    assert!(Kernel::available().contains(&Kernel::best()));
}
