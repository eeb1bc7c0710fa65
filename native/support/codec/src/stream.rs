//! The push forms: streams that JavaScript holds and jobs feed.

use crate::coding::Coding;
use crate::faults::to_fault;
use crate::held::Held;
use crate::memory::{Lent, Taken};
use chunker_codec::{DecodeLimits, Host, PushCompressor, PushDecompressor};
use chunker_support::{run_sync, Fault, Input, Job, Outcome, Settled, Ticket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a stream lies. JavaScript starts one job after the other: the order of pieces is the order of their calls.
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

struct Encoding {
    stream: Box<dyn PushCompressor>,
    _taken: Taken,
}

/// Compressed data made of pieces.
pub struct EncoderPlace<S> {
    setup: Option<Arc<S>>,
    place: Arc<Place<Encoding>>,
}

impl<S: Coding> EncoderPlace<S> {
    /// A stream before its first byte; of a codec that cannot be used one that is finished.
    pub fn open(codec: &Held<S>) -> Self {
        let setup = codec.setup().ok();
        let stream = setup.as_ref().and_then(|setup| {
            let _taken = Taken::of(setup.encoder_memory(None));
            Some(Encoding { stream: setup.push_compressor().ok()?, _taken })
        });
        EncoderPlace { setup, place: Place::new(stream) }
    }

    /// Takes a piece, answers what is ready; with `end` it is the last.
    pub fn push(&self, ticket: Ticket, input: &Input, end: bool) -> napi::Result<()> {
        let (place, data) = (Arc::clone(&self.place), ticket.source(input)?);
        let cost = self.setup.as_ref().map_or(0, |setup| setup.compress_cost(data.len()));
        ticket.submit(cost, move |job| compress_piece(&place, job, &data, end))
    }

    /// The same at once.
    pub fn push_sync(&self, input: &Input, end: bool) -> Settled {
        run_sync(|job| compress_piece(&self.place, job, input.bytes(), end))
    }

    /// Frees what it holds.
    pub fn end(&self) {
        self.place.end();
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

/// Output of one step: a few bytes of input may hold gigabytes. JavaScript knows the number, too: an answer of so many bytes says that there may be more.
const PIECE_BYTES: usize = 1 << 20;

struct Decoding {
    stream: Box<dyn PushDecompressor>,
    /// What is left of the input, where its output has not all been asked for.
    rest: Vec<u8>,
    /// All was given, and just so much that JavaScript will ask for more.
    ended: bool,
    /// Told by the next call: what a piece gave before its fault comes first.
    fault: Option<Fault>,
}

/// Compressed data that arrive in pieces.
pub struct DecoderPlace<S> {
    setup: Option<Arc<S>>,
    place: Arc<Place<Decoding>>,
}

impl<S: Coding> DecoderPlace<S> {
    /// A decoder before its first byte; of a codec that cannot be used one that is finished.
    pub fn open(codec: &Held<S>, limits: &DecodeLimits) -> Self {
        let setup = codec.setup().ok();
        let stream = setup.as_ref().and_then(|setup| setup.push_decompressor(limits).ok());
        let decoding = |stream| Decoding { stream, rest: Vec::new(), ended: false, fault: None };
        DecoderPlace { setup, place: Place::new(stream.map(decoding)) }
    }

    /// Takes a piece, answers what it gives, at most `PIECE_BYTES`; after an answer of just so many the next call takes no input and answers more. With `end` the piece is the last, and faults at
    /// the end are told.
    pub fn push(&self, ticket: Ticket, input: &Input, end: bool) -> napi::Result<()> {
        let (place, data) = (Arc::clone(&self.place), ticket.source(input)?);
        let cost = self.setup.as_ref().map_or(0, |setup| setup.decompress_cost(data.len()));
        ticket.submit(cost, move |job| decompress_piece(&place, job, &data, end))
    }

    /// The same at once.
    pub fn push_sync(&self, input: &Input, end: bool) -> Settled {
        run_sync(|job| decompress_piece(&self.place, job, input.bytes(), end))
    }

    /// Frees what it holds.
    pub fn end(&self) {
        self.place.end();
    }
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
) -> chunker_codec::Result<bool> {
    let read = decoding.stream.push_some(input, output, PIECE_BYTES, host)?;
    if output.len() == PIECE_BYTES {
        decoding.rest = input[read..].to_vec();
        return Ok(true);
    }
    if end {
        decoding.stream.finish_to(output, host)?;
        decoding.ended = output.len() == PIECE_BYTES;
    }
    Ok(!end || decoding.ended)
}
