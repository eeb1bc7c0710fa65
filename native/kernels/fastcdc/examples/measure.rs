//! Speed against the `fastcdc` crate 5.0.0 in one run: `measure [ROUNDS] FILE...`
//!
//! CPU time of this thread, so that other processes do not count; contenders interleaved; medians and their ratio. Before
//! anything is timed, all cut points are compared.

use chunker_fastcdc::{Chunker, Kernel, Options};

#[repr(C)]
struct Timespec(i64, i64);
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Seconds of CPU time of this thread.
fn cpu_seconds() -> f64 {
    let mut time = Timespec(0, 0);
    // SAFETY: writes one struct timespec; clock 3 is CLOCK_THREAD_CPUTIME_ID on Linux.
    unsafe { clock_gettime(3, &mut time) };
    time.0 as f64 + time.1 as f64 * 1e-9
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn with_crate(data: &[u8], o: &Options) -> Vec<u32> {
    let (min, avg, max) = (o.min_size as usize, o.avg_size as usize, o.max_size as usize);
    fastcdc::v2020::FastCDC::new(data, min, avg, max).map(|chunk| chunk.length as u32).collect()
}

fn measure(data: &[u8], kib: [u32; 3], rounds: usize) {
    let options = Options {
        min_size: kib[0] << 10,
        avg_size: kib[1] << 10,
        max_size: kib[2] << 10,
        ..Options::default()
    };
    let kernels = Kernel::available();
    let chunkers: Vec<Chunker> =
        kernels.iter().map(|&k| Chunker::with_kernel(&options, k).expect("options are in range")).collect();
    let expected = with_crate(data, &options);
    let mut times = vec![Vec::new(); kernels.len() + 1];
    let mut lengths = Vec::with_capacity(expected.len());
    for _ in 0..rounds {
        let begin = cpu_seconds();
        assert!(with_crate(data, &options) == expected);
        times[0].push(cpu_seconds() - begin);
        for (chunker, times) in chunkers.iter().zip(&mut times[1..]) {
            lengths.clear();
            let begin = cpu_seconds();
            chunker.cut_all(data, true, &mut lengths);
            times.push(cpu_seconds() - begin);
            assert!(lengths == expected, "{:?} cuts differently", chunker.kernel());
        }
    }
    let base = median(&mut times[0]);
    let speed = |seconds: f64| data.len() as f64 / seconds / 1e9;
    print!(
        "{:>4}/{}/{} KiB, {} chunks: fastcdc 5.0.0 {:.2} GB/s",
        kib[0],
        kib[1],
        kib[2],
        expected.len(),
        speed(base)
    );
    for (kernel, times) in kernels.iter().zip(&mut times[1..]) {
        let own = median(times);
        print!("; {} {:.2} GB/s = {:.2} x", kernel.name(), speed(own), base / own);
    }
    println!();
}

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds =
        arguments.first().and_then(|a| a.parse().ok()).inspect(|_| drop(arguments.remove(0))).unwrap_or(9);
    for file in &arguments {
        let data = std::fs::read(file)?;
        println!("{file}, {} MiB, {rounds} rounds", data.len() >> 20);
        for avg in [4, 16, 64, 512, 1024] {
            measure(&data, [avg / 4, avg, avg * 4], rounds);
        }
    }
    Ok(())
}
