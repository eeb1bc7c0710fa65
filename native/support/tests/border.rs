//! Slabs, values, faults, free lists, numbers of threads.
#![cfg(not(loom))]

use chunker_support::descriptor::*;
use chunker_support::slab::{Slabs, HUGE_PAGE};
use chunker_support::threads::{decide, nice, quota};
use chunker_support::{partition, reserve, run_sync, Fact, Fault, FreeList, Job, Outcome};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::*};

#[test]
fn slabs_are_aligned_counted_found_and_reused() {
    let slabs = Slabs::new();
    let slab = slabs.take(3_000_000);
    // SAFETY: we hold the reference from `take` until the release below.
    let (data, len) = unsafe { slabs.with(slab, |slab| (slab.data(), slab.len())) };
    assert_eq!((data as usize % HUGE_PAGE, len), (0, 2 * HUGE_PAGE));
    assert_eq!((slabs.usage().used, slabs.usage().spare), (len, 0));
    // SAFETY: inside the slab.
    let (inside, end) = unsafe { (data.add(17), data.add(len)) };
    assert_eq!(slabs.find(inside, 100), slab);
    assert!(slabs.find(inside, len).is_null(), "it would end outside");
    assert!(slabs.find(end, 1).is_null());
    assert!(slabs.find(inside, usize::MAX).is_null());
    assert!(slabs.find(std::ptr::null(), 1).is_null());
    // SAFETY: one reference from `take`, one from `find`.
    unsafe {
        slabs.release(slab);
        assert_eq!(slabs.usage().used, len, "a job still reads it");
        slabs.release(slab);
    }
    assert_eq!((slabs.usage().used, slabs.usage().spare), (0, len));
    assert!(slabs.find(inside, 1).is_null(), "spare memory belongs to nobody");
    assert_eq!(slabs.take(len), slab, "reused");
    assert_eq!(slabs.usage().peak, len);
    // SAFETY: the reference from `take`.
    unsafe { slabs.release(slab) };
    slabs.limit_spare(0);
    assert_eq!(slabs.usage().spare, 0);
}

#[test]
fn spare_slabs_are_bounded() {
    let slabs = Slabs::new();
    slabs.limit_spare(2 * HUGE_PAGE);
    let taken: Vec<_> = (0..5).map(|_| slabs.take(1)).collect();
    // SAFETY: the references from `take`.
    taken.into_iter().for_each(|slab| unsafe { slabs.release(slab) });
    assert_eq!((slabs.usage().used, slabs.usage().spare), (0, 2 * HUGE_PAGE));
    slabs.limit_spare(0);
}

#[test]
fn memory_that_cannot_be_had_is_an_answer() {
    let slabs = Slabs::new();
    for bytes in [usize::MAX, usize::MAX / 2, 1 << 55] {
        assert!(slabs.take(bytes).is_null(), "{bytes}");
        assert_eq!(reserve::<u8>(bytes).unwrap_err(), Fault::out_of_memory(bytes));
    }
    assert_eq!(slabs.usage().used, 0);
}

#[test]
fn values_own_their_memory() {
    let value = RawValue::from(Outcome::List(vec![
        vec![1u8, 2].into(),
        Outcome::List(vec![]),
        "x".to_owned().into(),
    ]));
    assert_eq!((value.kind, value.len), (KIND_LIST, 3));
    // SAFETY: the list's members are values; the whole is discarded once.
    unsafe {
        let members = std::slice::from_raw_parts(value.data.cast::<RawValue>(), 3);
        assert_eq!(members.iter().map(|m| m.kind).collect::<Vec<_>>(), [KIND_BYTES, KIND_LIST, KIND_TEXT]);
        assert_eq!(std::slice::from_raw_parts(members[0].data.cast::<u8>(), members[0].len), [1, 2]);
        value.discard();
    }
}

#[test]
fn results_do_not_keep_buffers_much_larger_than_themselves() {
    let mut bytes = Vec::with_capacity(1 << 20);
    bytes.extend_from_slice(b"short");
    let value = RawValue::from(Outcome::Bytes(bytes));
    // SAFETY: the owner of bytes is a `Vec<u8>`; discarded once.
    unsafe {
        assert!((*value.owner.cast::<Vec<u8>>()).capacity() < 4096);
        value.discard();
    }
}

#[test]
fn faults_are_json() {
    let fault = Fault::new("corrupt_data")
        .with("offset", (1u64 << 53) - 1)
        .with("reason", "a \"b\"\\\n\u{1}é")
        .with("none", Fact::Null)
        .with("odd", f64::NAN)
        .with("list", Fact::List(vec![true.into(), 0.5.into()]));
    let expected = r#"{"offset":9007199254740991,"reason":"a \"b\"\\\u000a\u0001é","none":null,"odd":null,"list":[true,0.5]}"#;
    assert_eq!(fault.details_json(), expected);
}

#[test]
fn panics_become_faults_with_their_place() {
    let inner = |i: usize| assert!(i != 3, "iteration {i} failed");
    let fault = run_sync(|job: &Job| {
        job.parallel_for(4, inner);
        Ok(Outcome::Nothing)
    })
    .0
    .unwrap_err();
    assert_eq!(fault.code, "native_panic");
    let Fact::Text(reason) = &fault.details[0].1 else { panic!("{fault:?}") };
    assert!(reason.starts_with("iteration 3 failed (") && reason.contains("border.rs:"), "{reason}");
    struct Nasty;
    impl Drop for Nasty {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let fault = run_sync(|_| std::panic::panic_any(Nasty)).0.unwrap_err();
    assert_eq!(fault.code, "native_panic");
}

#[test]
fn free_lists_reuse_and_are_bounded() {
    static LIST: FreeList<Vec<u8>> = FreeList::new(1000);
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let take = || {
        LIST.take(400, || {
            MADE.fetch_add(1, Relaxed);
            Ok::<_, Fault>(Vec::new())
        })
        .unwrap()
    };
    take().push(7);
    assert_eq!(*take(), [7], "the same one");
    assert_eq!((MADE.load(Relaxed), LIST.bytes()), (1, 400));
    let three = [take(), take(), take()];
    assert_eq!(LIST.bytes(), 0);
    drop(three);
    assert_eq!(LIST.bytes(), 800, "a third would be over the limit");
    let mut heavy = take();
    heavy.weigh(5000);
    drop(heavy);
    assert_eq!(LIST.bytes(), 400, "grown beyond the limit, it was freed");
    drop(std::panic::catch_unwind(|| {
        let _loan = LIST.take(1, || Ok::<_, Fault>(Vec::new())).unwrap();
        panic!("half way");
    }));
    assert_eq!(LIST.bytes(), 0, "what a panic left is not used again");
    assert_eq!(LIST.take(1, || Err("no memory")).err(), Some("no memory"));
}

#[test]
fn pieces_hold_about_equal_bytes() {
    let mut lengths = vec![1000u32; 1000];
    lengths[500] = 10_000_000;
    let ranges = partition::by_bytes(&lengths, 2);
    assert_eq!(ranges.iter().flat_map(Clone::clone).collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
    assert!(ranges.iter().all(|range| !range.is_empty()));
    let large = ranges.iter().find(|range| range.contains(&500)).unwrap();
    assert_eq!(large.clone(), 500..501, "the large item holds nobody up");
    let even = partition::by_bytes(&[100; 64], 2);
    assert!(even.len() == 8 && even.iter().all(|range| range.len() == 8), "{even:?}");
    assert!(partition::by_bytes(&[], 4).is_empty());
    assert!(partition::by_bytes(&[0, 0, 0], 4).into_iter().eq(std::iter::once(0..3)));
    assert_eq!(partition::by_bytes(&[u32::MAX; 3], 0).len(), 3);
}

fn none(_: &str) -> Option<String> {
    None
}

#[test]
fn the_number_of_threads_is_decided_in_the_stated_order() {
    let variables = |name: &str| Some(if name == "CHUNKER_THREADS" { "5" } else { "6" }.to_owned());
    let rayon = |name: &str| (name == "RAYON_NUM_THREADS").then(|| " 6 ".to_owned());
    let nonsense = |name: &str| Some(if name == "CHUNKER_THREADS" { "many" } else { "0" }.to_owned());
    let brief = |t: chunker_support::threads::Threads| (t.count, t.reason);
    assert_eq!(brief(decide(7, 1, variables, 64, Some(2.0))), (7, "setting"));
    assert_eq!(brief(decide(0, 1, variables, 64, Some(2.0))), (5, "CHUNKER_THREADS"));
    assert_eq!(brief(decide(0, 1, rayon, 64, Some(2.0))), (6, "RAYON_NUM_THREADS"));
    assert_eq!(brief(decide(0, 0, nonsense, 8, None)), (8, "affinity"));
    assert_eq!(brief(decide(0, 3, none, 8, None)), (5, "affinity"));
    assert_eq!(brief(decide(0, 9, none, 8, None)), (1, "affinity"));
    assert_eq!(brief(decide(0, 0, none, 8, Some(3.9))), (3, "cgroup quota"));
    assert_eq!(brief(decide(0, 0, none, 8, Some(0.5))), (1, "cgroup quota"));
    assert_eq!(brief(decide(0, 0, none, 2, Some(16.0))), (2, "affinity"));
    assert_eq!(brief(decide(usize::MAX, 0, none, 2, None)), (512, "setting"));
}

#[test]
fn the_nice_level_is_the_setting_then_the_variable_then_five() {
    let says = |text: &'static str| move |name: &str| (name == "CHUNKER_NICE").then(|| text.to_owned());
    assert_eq!(nice(Some(0), says("19")), 0);
    assert_eq!(nice(None, says(" 19 ")), 19);
    for nonsense in ["", "-1", "20", "low"] {
        assert_eq!(nice(None, says(nonsense)), 5);
    }
}

/// A copy of the few files that a quota is read from.
struct Root(PathBuf);

impl Root {
    fn new(name: &str, files: &[(&str, &str)]) -> Root {
        let root = Root(std::env::temp_dir().join(format!("chunker-quota-{}-{name}", std::process::id())));
        for (path, text) in files {
            let path = root.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

#[test]
fn quotas_of_version_2_count_on_the_whole_way_up() {
    let root = Root::new(
        "v2",
        &[
            ("proc/self/cgroup", "0::/a.slice/b.scope\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/a.slice/cpu.max", "250000 100000\n"),
            ("sys/fs/cgroup/a.slice/b.scope/cpu.max", "max 100000\n"),
            ("sys/fs/cgroup/cpu.max", "900000 100000\n"),
        ],
    );
    assert_eq!(quota(&root.0), Some(2.5));
}

#[test]
fn quotas_in_a_container_without_a_namespace_are_found() {
    let root = Root::new(
        "docker",
        &[
            ("proc/self/cgroup", "0::/docker/abc\n"),
            ("proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"),
            ("sys/fs/cgroup/cpu.max", "150000 100000\n"),
        ],
    );
    assert_eq!(quota(&root.0), Some(1.5));
}

#[test]
fn quotas_of_version_1_are_read() {
    let root = Root::new(
        "v1",
        &[
            ("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/jobs/1\n1:name=systemd:/\n"),
            (
                "proc/self/mountinfo",
                "31 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n32 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n",
            ),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/1/cpu.cfs_quota_us", "400000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/jobs/1/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        ],
    );
    assert_eq!(quota(&root.0), Some(4.0));
}

#[test]
fn no_quota_is_none_and_nonsense_is_ignored() {
    assert_eq!(quota(Path::new("/nonexistent")), None);
    let root = Root::new(
        "nonsense",
        &[
            ("proc/self/cgroup", "0::/\nnonsense\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/cpu.max", "much more\n"),
        ],
    );
    assert_eq!(quota(&root.0), None);
}
