//! Small files that were at rest are looked at once; others, and those that change meanwhile, as often as it takes.

use super::*;
use crate::sys::tests::on_call;
use crate::Syscall;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// After this, what was written before is known to be at rest: more than two whole seconds.
fn settle() {
    std::thread::sleep(Duration::from_millis(3100));
}

/// How often files were opened, read and asked for their facts.
fn counted(path: &Path) -> (Vec<u8>, [usize; 3]) {
    let calls = Rc::new(RefCell::new([0; 3]));
    let counting = Rc::clone(&calls);
    on_call(Some(Box::new(move |call| {
        let kinds = [Syscall::Open, Syscall::Read, Syscall::Stat];
        if let Some(kind) = kinds.iter().position(|kind| *kind == call) {
            counting.borrow_mut()[kind] += 1;
        }
    })));
    let archive = packed(path, 1 << 20, LIMITS, &host(1), false).unwrap();
    on_call(None);
    let calls = *calls.borrow();
    (archive, calls)
}

#[test]
fn four_system_calls_are_enough_for_what_was_at_rest() {
    const FILES: usize = 40;
    let (folder, empty) = (Folder::new(), Folder::new());
    for index in 0..FILES {
        fs::write(folder.at(&index.to_string()), vec![index as u8; index * 100]).unwrap();
    }
    let expected = reference(&folder.0);
    let (_, [opens, reads, stats]) = counted(&empty.0);
    assert_eq!(reads, 0);
    let lately = counted(&folder.0);
    // An empty file needs no second read.
    assert_eq!(lately.1, [opens + FILES, 2 * FILES - 1, stats + 2 * FILES - 1]);
    settle();
    let settled = counted(&folder.0);
    assert_eq!(settled.1, [opens + FILES, FILES, stats + FILES]);
    assert!(lately.0 == expected && settled.0 == expected);
}

#[test]
fn large_files_are_not_read_in_vain_for_long() {
    let folder = Folder::new();
    (0..2000).for_each(|index| fs::write(folder.at(&format!("{index:04}")), vec![1; 5000]).unwrap());
    let (archive, [_, reads, _]) = counted(&folder.0);
    assert!(archive == reference(&folder.0));
    assert!((2000..2600).contains(&reads), "{reads}");
}

#[test]
fn a_change_at_any_call_gives_the_old_file_or_the_new_one_or_is_told() {
    const CALLS: usize = 14;
    let folder = Folder::new();
    let contents = [&[2_u8; 1000][..], &[1; 999], &[1; 1001], &[], &[3; 5000]];
    let place = |change: usize, call: usize| folder.at(&format!("{change}-{call}"));
    let trials = || (0..contents.len()).flat_map(|change| (0..CALLS).map(move |call| (change, call)));
    for (change, call) in trials() {
        fs::create_dir(place(change, call)).unwrap();
        fs::write(place(change, call).join("file"), [1; 1000]).unwrap();
    }
    settle();
    let (mut old, mut new) = (0, 0);
    for (change, call) in trials() {
        let root = place(change, call);
        let before = reference(&root);
        let (file, after) = (root.join("file"), contents[change]);
        let mut left = call;
        on_call(Some(Box::new(move |_| {
            if left == 0 {
                fs::write(&file, after).unwrap();
            }
            left = left.wrapping_sub(1);
        })));
        let outcome = packed(&root, 10_000, LIMITS, &host(1), false);
        on_call(None);
        match outcome {
            Ok(archive) if archive == before => old += 1,
            Ok(archive) => {
                assert!(archive == reference(&root), "a mixture after {call} calls");
                new += 1;
            }
            Err((path, why)) => {
                assert_eq!((&path[..], why), (&b"file"[..], Why::Failed(Fault::of(Code::FileChanged))));
            }
        }
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

#[test]
fn a_first_read_that_fails_is_made_again() {
    let folder = Folder::new();
    (0..3).for_each(|index| fs::write(folder.at(&index.to_string()), [index; 100]).unwrap());
    let expected = reference(&folder.0);
    settle();
    let (mut whole, mut failed) = (0, 0);
    for calls in 0.. {
        fail_after(Some((calls, libc::EIO)));
        let outcome = packed(&folder.0, 10_000, LIMITS, &host(1), false);
        let unused = fail_after(None);
        match outcome {
            Ok(archive) => {
                assert!(archive == expected, "after {calls} calls");
                whole += 1;
            }
            Err((_, Why::Refused(fault) | Why::Failed(fault))) => {
                assert_eq!(fault.code, Code::IoError);
                failed += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
        if unused {
            break;
        }
    }
    // One for each file, and the last round, in which nothing fails.
    assert_eq!(whole, 4);
    assert!(failed > 6, "{failed}");
    assert_eq!(folder.descriptors(), 0);
}
