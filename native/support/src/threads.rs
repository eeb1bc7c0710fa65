//! How many threads, and why: settings, environment, affinity, cgroup quota.

use std::path::{Path, PathBuf};

/// More threads than this are never started.
const MOST: usize = 512;

/// The nice level where nobody says another one: the event loop goes first, and beside a busy neighbour work still flows (at 10 it is left a tenth of a core, at 19 a hundredth).
const NICE: i32 = 5;

/// The nice level of the threads: the setting in code, else `CHUNKER_NICE` (0 to 19), else 5.
pub fn nice(setting: Option<i32>, variable: impl Fn(&str) -> Option<String>) -> i32 {
    let told = || variable("CHUNKER_NICE").and_then(|v| v.trim().parse().ok()).filter(|n| (0..=19).contains(n));
    setting.or_else(told).unwrap_or(NICE)
}

/// The decision and what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Threads {
    /// Threads to start.
    pub count: usize,
    /// `setting`, `CHUNKER_THREADS`, `RAYON_NUM_THREADS`, `affinity` or `cgroup quota`.
    pub reason: &'static str,
    /// CPUs that the process may run on.
    pub affinity: usize,
    /// CPUs that the cgroup quota pays for.
    pub quota: Option<f64>,
}

/// Decides. `setting` is 0 when the code set nothing.
pub fn decide(
    setting: usize,
    reserve: usize,
    variable: impl Fn(&str) -> Option<String>,
    affinity: usize,
    quota: Option<f64>,
) -> Threads {
    let answer = |count: usize, reason| Threads { count: count.clamp(1, MOST), reason, affinity, quota };
    if setting > 0 {
        return answer(setting, "setting");
    }
    for name in ["CHUNKER_THREADS", "RAYON_NUM_THREADS"] {
        if let Some(count) = variable(name).and_then(|v| v.trim().parse().ok()).filter(|&n: &usize| n > 0) {
            return answer(count, name);
        }
    }
    // A process above its quota is stalled whole, so only whole CPUs of it count.
    let paid = quota.map(|cpus| (cpus.floor() as usize).max(1));
    match paid {
        Some(cpus) if cpus < affinity => answer(cpus.saturating_sub(reserve), "cgroup quota"),
        _ => answer(affinity.saturating_sub(reserve), "affinity"),
    }
}

/// CPUs that this process may run on.
pub fn affinity() -> usize {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the set is as large as we say; the pid is the process's own, so that a worker pinned elsewhere does not decide for all.
        let count = unsafe {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            let failed = libc::sched_getaffinity(libc::getpid(), size_of::<libc::cpu_set_t>(), &mut set) != 0;
            if failed {
                0
            } else {
                libc::CPU_COUNT(&set)
            }
        };
        if count > 0 {
            return count as usize;
        }
    }
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// CPUs that the cgroup quota (v2 or v1) pays for; the smallest one on the way up counts. `root` is `/`, or a copy of the files in tests.
pub fn quota(root: &Path) -> Option<f64> {
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mounts = std::fs::read_to_string(root.join("proc/self/mountinfo")).ok()?;
    let quotas = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, group) = (fields.next()?, fields.next()?, fields.next()?);
        if controllers.is_empty() {
            let (top, leaf) = locate(root, &mounts, group, |kind, _| kind == "cgroup2")?;
            smallest(&top, leaf, quota_v2)
        } else if controllers.split(',').any(|c| c == "cpu") {
            let has_cpu = |kind: &str, options: &str| kind == "cgroup" && options.split(',').any(|o| o == "cpu");
            let (top, leaf) = locate(root, &mounts, group, has_cpu)?;
            smallest(&top, leaf, quota_v1)
        } else {
            None
        }
    });
    quotas.reduce(f64::min)
}

/// The mount point of the hierarchy and the group's folder below it.
fn locate(
    root: &Path,
    mounts: &str,
    group: &str,
    wanted: impl Fn(&str, &str) -> bool,
) -> Option<(PathBuf, PathBuf)> {
    mounts.lines().find_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let mut back = back.split(' ');
        let (kind, _, options) = (back.next()?, back.next()?, back.next().unwrap_or(""));
        if !wanted(kind, options) {
            return None;
        }
        let mut front = front.split(' ').skip(3);
        let (mounted, point) = (front.next()?, front.next()?);
        // Without a cgroup namespace a container sees the host's path of its group, and that group mounted.
        let below = group.strip_prefix(mounted.trim_end_matches('/')).unwrap_or("");
        let top = root.join(point.trim_start_matches('/'));
        let leaf = top.join(below.trim_start_matches('/'));
        Some((top, leaf))
    })
}

fn smallest(top: &Path, leaf: PathBuf, read: fn(&Path) -> Option<f64>) -> Option<f64> {
    leaf.ancestors().take_while(|folder| folder.starts_with(top)).filter_map(read).reduce(f64::min)
}

fn quota_v2(folder: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(folder.join("cpu.max")).ok()?;
    let mut words = text.split_whitespace();
    let quota: f64 = words.next()?.parse().ok()?;
    let period: f64 = words.next().map_or(Some(100_000.0), |p| p.parse().ok())?;
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

fn quota_v1(folder: &Path) -> Option<f64> {
    let number = |name: &str| -> Option<f64> {
        std::fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
    };
    let (quota, period) = (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?);
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}
