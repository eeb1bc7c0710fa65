//! The push forms.

use crate::faults::to_fault;
use crate::memory::{Lent, Taken};
use crate::{decompress_cost, limits_of, Codec, Setup};
use chunker_support::{run_sync, Fault, Input, Job, Outcome, Settled, Ticket, Whole};
use chunker_xz::{CompressStream, Compressor, DecompressStream, Decompressor, Host};
use napi_derive::napi;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream that JavaScript holds and jobs feed. JavaScript starts one job after the other: the order of pieces is the order of their calls.
struct Place<T> {
    stream: Mutex<Option<T>>,
    ended: AtomicBool,
}

impl<T> Place<T> {
    fn new(stream: Option<T>) -> Arc<Self> {
        Arc::new(Place { stream: Mutex::new(stream), ended: AtomicBool::new(false) })
    }

    /// Does `work` with the stream; it is put back only when that went well and says that there is more to come.
    fn with<R>(&self, work: impl FnOnce(&mut T) -> Result<(R, bool), Fault>) -> Result<R, Fault> {
        let mut place = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stream = place.take().ok_or_else(|| Fault::new("already_finished"))?;
        let (result, goes_on) = work(&mut stream)?;
        if goes_on {
            *place = Some(stream);
        }
        drop(place);
        if self.ended.load(Ordering::SeqCst) {
            self.free();
        }
        Ok(result)
    }

    /// Frees the stream; where a job is at it, that job does when it is done, for the event loop waits for none and the collector, to which an encoder is a few bytes, comes late.
    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        self.free();
    }

    fn free(&self) {
        if let Ok(mut place) = self.stream.try_lock() {
            *place = None;
        }
    }
}

/// One stream made of pieces.
#[napi]
pub struct Encoder {
    setup: Option<Arc<Setup>>,
    place: Arc<Place<Encoding>>,
}

struct Encoding {
    stream: CompressStream,
    _taken: Taken,
}

impl Encoder {
    fn cost(&self, bytes: usize) -> u64 {
        self.setup.as_ref().map_or(0, |setup| setup.compress_cost(bytes))
    }
}

fn compress_piece(place: &Place<Encoding>, job: &Job, data: &[u8], end: bool) -> Result<Outcome, Fault> {
    place.with(|encoding| {
        let (mut output, host) = (Vec::new(), Lent(job));
        encoding.stream.push_to(data, &mut output, &host).map_err(to_fault)?;
        if end {
            encoding.stream.finish_to(&mut output, &host).map_err(to_fault)?;
        }
        Ok((Outcome::Bytes(output), !end))
    })
}

#[napi]
impl Encoder {
    /// A stream before its first byte; of a codec that cannot be used one that is finished.
    #[napi(catch_unwind, factory)]
    pub fn open(codec: &Codec) -> Encoder {
        let setup = codec.setup().ok();
        let stream = setup.as_ref().and_then(|setup| {
            let _taken = Taken::of(setup.options.encoder_memory(None));
            let stream = CompressStream::new(Compressor::new(), &setup.options).ok()?;
            Some(Encoding { stream, _taken })
        });
        Encoder { setup, place: Place::new(stream) }
    }

    /// Takes a piece, answers what is ready; with `end` it is the last.
    #[napi(catch_unwind)]
    pub fn push(&self, ticket: Ticket, input: Input, end: bool) -> napi::Result<()> {
        let (place, data) = (Arc::clone(&self.place), ticket.source(&input)?);
        ticket.submit(self.cost(data.len()), move |job| compress_piece(&place, job, &data, end))
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn push_sync(&self, input: Input, end: bool) -> Settled {
        run_sync(|job| compress_piece(&self.place, job, input.bytes(), end))
    }

    /// Frees what it holds.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        self.place.end();
    }
}

/// Streams that arrive in pieces.
#[napi]
pub struct Decoder(Arc<Place<Decoding>>);

/// Output of one step: a few bytes of input may hold gigabytes. JavaScript knows the number, too: an answer of so many bytes says that there may be more.
const PIECE_BYTES: usize = 1 << 20;

struct Decoding {
    stream: DecompressStream,
    /// What is left of the input, where its output has not all been asked for.
    rest: Vec<u8>,
    /// All was given, and just so much that JavaScript will ask for more.
    ended: bool,
    /// Told by the next call: what a piece gave before its fault comes first.
    fault: Option<Fault>,
}

fn decompress_piece(place: &Place<Decoding>, job: &Job, data: &[u8], end: bool) -> Result<Outcome, Fault> {
    place.with(|decoding| {
        if let Some(fault) = decoding.fault.take() {
            return Err(fault);
        }
        if decoding.ended {
            return Ok((Outcome::Bytes(Vec::new()), false));
        }
        let rest = std::mem::take(&mut decoding.rest);
        if !rest.is_empty() && !data.is_empty() {
            return Err(Fault::invalid("input", "nothing before all output of the last piece was asked for"));
        }
        let (input, mut output) = (if rest.is_empty() { data } else { &rest }, Vec::new());
        match decode(decoding, input, end, &mut output, &Lent(job)).map_err(to_fault) {
            Ok(goes_on) => Ok((Outcome::Bytes(output), goes_on)),
            Err(fault) if output.is_empty() || end || job.should_stop() => Err(fault),
            Err(fault) => {
                decoding.fault = Some(fault);
                Ok((Outcome::Bytes(output), true))
            }
        }
    })
}

/// Decodes until the output is a piece or the input is used up, and keeps what is left; says whether more may come.
fn decode(
    decoding: &mut Decoding,
    input: &[u8],
    end: bool,
    output: &mut Vec<u8>,
    host: &dyn Host,
) -> chunker_xz::Result<bool> {
    let read = decoding.stream.push(input, output, PIECE_BYTES, host)?;
    if output.len() == PIECE_BYTES {
        decoding.rest = input[read..].to_vec();
        return Ok(true);
    }
    if end {
        decoding.stream.finish(output, host)?;
        decoding.ended = output.len() == PIECE_BYTES;
    }
    Ok(!end || decoding.ended)
}

#[napi]
impl Decoder {
    /// A decoder before its first byte; of a codec that cannot be used one that is finished.
    #[napi(catch_unwind, factory)]
    pub fn open(codec: &Codec, max_output: Whole, max_memory: Whole, allow_trailing: bool) -> Decoder {
        let limits = limits_of(max_output, max_memory, allow_trailing);
        let stream = codec
            .setup()
            .ok()
            .and_then(|setup| DecompressStream::new(Decompressor::new(), setup.format(), &limits).ok());
        Decoder(Place::new(stream.map(|stream| Decoding {
            stream,
            rest: Vec::new(),
            ended: false,
            fault: None,
        })))
    }

    /// Takes a piece, answers what it gives, at most `PIECE_BYTES`; after an answer of just so many the next call takes no input and answers more. With `end` the piece is the last, and faults at
    /// the end are told.
    #[napi(catch_unwind)]
    pub fn push(&self, ticket: Ticket, input: Input, end: bool) -> napi::Result<()> {
        let (place, data) = (Arc::clone(&self.0), ticket.source(&input)?);
        ticket.submit(decompress_cost(data.len()), move |job| decompress_piece(&place, job, &data, end))
    }

    /// The same at once.
    #[napi(catch_unwind)]
    pub fn push_sync(&self, input: Input, end: bool) -> Settled {
        run_sync(|job| decompress_piece(&self.0, job, input.bytes(), end))
    }

    /// Frees what it holds.
    #[napi(catch_unwind)]
    pub fn end(&self) {
        self.0.end();
    }
}
