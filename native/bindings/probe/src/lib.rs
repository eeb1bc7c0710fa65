//! Operations with which tests look at the executor and the border: every way in, every way out, every way to fail.

chunker_support::addon!();

use chunker_support::{
    reserve, run_sync, Fault, Input, Job, Offsets, Outcome, Output, Settled, Ticket, Whole,
};
use napi_derive::napi;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Bytes between two looks at `should_stop`.
const POLL: usize = 64 << 10;

fn sum_of(job: &Job, data: &[u8]) -> Result<Outcome, Fault> {
    let mut total = 0u64;
    for piece in data.chunks(POLL) {
        job.check()?;
        total += piece.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    }
    Ok(total.into())
}

/// Adds all bytes up.
#[napi(catch_unwind)]
pub fn sum(ticket: Ticket, input: Input) -> napi::Result<()> {
    let data = ticket.source(&input)?;
    ticket.submit(data.len() as u64, move |job| sum_of(job, &data))
}

/// The same at once.
#[napi(catch_unwind)]
pub fn sum_sync(input: Input) -> Settled {
    run_sync(|job| sum_of(job, input.bytes()))
}

/// Adds all bytes up, over and over, until `milliseconds` have passed; answers the number of rounds.
#[napi(catch_unwind)]
pub fn slow(ticket: Ticket, input: Input, milliseconds: Whole) -> napi::Result<()> {
    let data = ticket.source(&input)?;
    let time = Duration::from_millis(milliseconds.0);
    ticket.submit(milliseconds.0 * 1_000_000, move |job| {
        let (begin, mut rounds) = (Instant::now(), 0u64);
        while begin.elapsed() < time {
            std::hint::black_box(sum_of(job, &data)?);
            job.check()?;
            rounds += 1;
        }
        Ok(rounds.into())
    })
}

fn leaves(job: &Job, depth: u64, count: &AtomicU64) {
    if depth == 0 {
        std::hint::black_box((0..2_000u64).sum::<u64>());
        count.fetch_add(1, Relaxed);
    } else {
        job.parallel_for(4, |_| leaves(job, depth - 1, count));
    }
}

/// Loops nested `depth` deep, four iterations each; answers the number of leaves.
#[napi(catch_unwind)]
pub fn nest(ticket: Ticket, depth: Whole) -> napi::Result<()> {
    ticket.submit(1, move |job| {
        let count = AtomicU64::new(0);
        leaves(job, depth.0, &count);
        Ok(count.into_inner().into())
    })
}

/// The same at once.
#[napi(catch_unwind)]
pub fn nest_sync(depth: Whole) -> Settled {
    run_sync(|job| {
        let count = AtomicU64::new(0);
        leaves(job, depth.0, &count);
        Ok(count.into_inner().into())
    })
}

/// Panics, in a loop's body when asked to.
#[napi(catch_unwind)]
pub fn panic_in_job(ticket: Ticket, in_loop: bool) -> napi::Result<()> {
    ticket.submit(1, move |job| {
        if in_loop {
            job.parallel_for(8, |i| assert!(i < 5, "iteration {i} failed"));
        }
        panic!("the probe panicked on purpose")
    })
}

/// The same at once.
#[napi(catch_unwind)]
pub fn panic_sync() -> Settled {
    run_sync(|_| panic!("the probe panicked on purpose"))
}

/// Allocates as much as it is told to.
#[napi(catch_unwind)]
pub fn allocate(ticket: Ticket, bytes: Whole) -> napi::Result<()> {
    ticket.submit(1, move |_| {
        let memory: Vec<u8> = reserve(bytes.narrow("bytes")?)?;
        Ok(memory.capacity().into())
    })
}

/// Fails with a fault that carries facts.
#[napi(catch_unwind)]
pub fn fault(ticket: Ticket) -> napi::Result<()> {
    ticket.submit(1, |_| Err(broken()))
}

/// The same at once.
#[napi(catch_unwind)]
pub fn fault_sync() -> Settled {
    run_sync(|_| Err(broken()))
}

fn broken() -> Fault {
    // An offset beyond 2^32, to see that it arrives whole.
    Fault::new("corrupt_data").with("offset", (1u64 << 32) + 5).with("reason", "a \"quoted\"\nreason")
}

/// Gives the bytes back as a new array.
#[napi(catch_unwind)]
pub fn echo(ticket: Ticket, input: Input) -> napi::Result<()> {
    let data = ticket.source(&input)?;
    ticket.submit(data.len() as u64, move |_| {
        let mut copy = reserve(data.len())?;
        copy.extend_from_slice(&data);
        Ok(Outcome::Bytes(copy))
    })
}

/// Copies the input into the output; answers the number of bytes.
#[napi(catch_unwind)]
pub fn echo_into(ticket: Ticket, input: Input, output: Output) -> napi::Result<()> {
    let (data, mut sink) = (ticket.source(&input)?, ticket.sink(&output)?);
    ticket.submit(data.len() as u64, move |_| {
        if sink.len() < data.len() {
            return Err(Fault::new("output_too_small")
                .with("available", sink.len())
                .with("needed", data.len()));
        }
        sink[..data.len()].copy_from_slice(&data);
        Ok(sink.finish(data.len()))
    })
}

/// One of each kind of value.
#[napi(catch_unwind)]
pub fn kinds(ticket: Ticket, offsets: Offsets) -> napi::Result<()> {
    ticket.submit(1, move |_| {
        let doubles = offsets.0.iter().map(|&n| n as f64).collect::<Vec<_>>();
        Ok(Outcome::List(vec![
            Outcome::Nothing,
            ((1u64 << 53) - 1).into(),
            vec![1u8, 2, 3].into(),
            vec![u32::MAX, 7].into(),
            doubles.into(),
            "schön".to_owned().into(),
        ]))
    })
}

/// The number as native code sees it.
#[napi(catch_unwind)]
pub fn whole(number: Whole) -> f64 {
    number.0 as f64
}
