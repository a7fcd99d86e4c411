//! One connection, after the handshake: messages and acknowledgements, both ways, in one task.
//!
//! Reading never waits for writing, nor the reverse, so two nodes with full buffers cannot block each
//! other. What is sent for one mailbox is bounded by the window of the receiver, so no message that
//! arrives has to wait for space in front of others.

use std::future::{poll_fn, Future};
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::Stream;
use tokio::io::AsyncWrite;
use tokio::sync::OwnedMutexGuard;
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

use super::endpoint::Endpoint;
use super::handshake::Handshake;
use super::outbox::{Outbox, Peer, Pending};
use super::session::{Arrival, Session};
use super::transport::{Reader, Writer};
use super::wire::{self, violation, Frame, Introduction, Known};
use super::Message;
use crate::host::{now, sleep, Sleep};
use crate::wal::Marks;

/// Messages after which an acknowledgement goes out, at most.
const ACKNOWLEDGE_AT: u64 = 32;

/// As many of them, or more, are acknowledged with whatever is sent.
const ACKNOWLEDGE_ALONG: u64 = ACKNOWLEDGE_AT / 4;

/// How long an acknowledgement may wait for more messages.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_millis(5);

/// Bytes that are gathered before they are written.
const GATHER: usize = 1 << 16;

/// Frames that are read before others may run.
const FRAMES_PER_TURN: usize = 256;

/// Heartbeats that may get lost before the other side is considered dead.
const SILENT_BEATS: u32 = 3;

/// The longest time between two heartbeats that the other side may announce.
const MAX_PATIENCE: Duration = Duration::from_secs(300);

/// The connection between two nodes.
pub(super) struct Connection<'n, M> {
    endpoint: &'n Endpoint<M>,
    reader: FramedRead<Reader, LengthDelimitedCodec>,
    writer: Writer,
    out: BytesMut,
    /// What the other side sends over this connection, if it does.
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing<M>>,
    heart: Sleep,
    /// Of the task that the timers wake.
    waker: Option<Waker>,
    /// Whether something was written since the last beat.
    wrote: bool,
    /// Whether something was heard since the last beat, for how long nothing was, and for how long that may be.
    heard: bool,
    silence: Duration,
    patience: Duration,
}

/// What the other side sends. Its acknowledgements go back over the same connection: another one between the two
/// nodes, made in the same moment, has none.
struct Incoming {
    session: Arc<Session>,
    /// The number of this connection in the session.
    number: u64,
    /// By place of the inbox: the last acknowledgement.
    told: Vec<u64>,
    /// The part of its window, or of what it keeps, after which the other side is told.
    part: u64,
    /// Inboxes from which something was taken that is not acknowledged yet.
    places: Vec<u32>,
    timer: Sleep,
    timer_runs: bool,
    flush: Option<Flush>,
}

/// What we send.
struct Outgoing<M> {
    peer: Arc<Peer<M>>,
    _turn: OwnedMutexGuard<()>,
    /// By place of the outbox: the place of the mailbox in the introduction of the other side.
    slots: Vec<Option<u32>>,
    window: u64,
    /// Outboxes that may have something to send.
    places: Vec<u32>,
    flush: Option<Flush>,
}

/// Waits for the log.
type Flush = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Polls what waits for the log, and has the task look again when it is done.
fn poll_flush(flush: &mut Option<Flush>, marks: Marks, cx: &mut Context<'_>) {
    let waiting = flush.get_or_insert_with(|| Box::pin(async move { marks.flushed().await }));
    if waiting.as_mut().poll(cx).is_ready() {
        *flush = None;
        cx.waker().wake_by_ref();
    }
}

impl<'n, M: Message> Connection<'n, M> {
    /// Ends a handshake; `turn` is for whom we send, if we do.
    pub(super) async fn establish(
        endpoint: &'n Endpoint<M>,
        mut handshake: Handshake<'_>,
        them: &Introduction,
        turn: Option<(Arc<Peer<M>>, OwnedMutexGuard<()>)>,
    ) -> io::Result<Self> {
        let (session, number) = match endpoint.admit(them) {
            Ok(admitted) => admitted,
            Err(reason) => return Err(handshake.refuse(reason).await),
        };
        endpoint.written().await;
        let known: Vec<Known> = session.sources.iter().map(|source| source.known()).collect();
        let window = endpoint.config.inbox_capacity.min(them.kept as usize) as u64;
        let incoming = number.map(|number| Incoming::new(session, number, window, &known));
        let theirs = handshake.resume(known).await?;
        let outgoing = match turn {
            Some((peer, turn)) => Some(Outgoing::resume(peer, turn, them, &theirs)?),
            None => None,
        };
        let mut reader = handshake.reader;
        reader.decoder_mut().set_max_frame_length(endpoint.config.max_frame);
        Ok(Self {
            endpoint,
            reader,
            writer: handshake.writer,
            out: BytesMut::new(),
            incoming,
            outgoing,
            heart: sleep(endpoint.config.heartbeat),
            waker: None,
            wrote: false,
            heard: true,
            silence: Duration::ZERO,
            patience: SILENT_BEATS
                * endpoint.config.heartbeat.max(Duration::from_millis(them.heartbeat.into()).min(MAX_PATIENCE)),
        })
    }

    /// Serves the connection until it breaks; gives why.
    pub(super) async fn run(&mut self) -> io::Error {
        poll_fn(|cx| match self.turn(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(error),
        })
        .await
    }

    /// Does all that can be done now.
    fn turn(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.start_timers(cx);
        if let Some(incoming) = &self.incoming {
            if !incoming.session.listen(incoming.number, cx) {
                return Err(violation("another connection has taken its place"));
            }
        }
        if let Some(outgoing) = &self.outgoing {
            outgoing.peer.bell.listen(cx);
        }
        self.read(cx)?;
        loop {
            let mut more = false;
            if let Some(outgoing) = &mut self.outgoing {
                more = outgoing.put(&mut self.out, cx);
            }
            if let Some(incoming) = &mut self.incoming {
                incoming.acknowledge(&mut self.out, cx);
            }
            if !self.write(cx)? || !more {
                break;
            }
        }
        self.beat(cx)
    }

    /// Has the timers wake this task; after that it is enough to look at them.
    fn start_timers(&mut self, cx: &mut Context<'_>) {
        if self.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            return;
        }
        self.waker = Some(cx.waker().clone());
        let _ = Pin::new(&mut self.heart).poll(cx);
        if let Some(incoming) = &mut self.incoming {
            let _ = Pin::new(&mut incoming.timer).poll(cx);
        }
    }

    fn read(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        for _ in 0..FRAMES_PER_TURN {
            match Pin::new(&mut self.reader).poll_next(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(None) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Poll::Ready(Some(frame)) => self.handle(&frame?)?,
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    fn handle(&mut self, frame: &[u8]) -> io::Result<()> {
        self.heard = true;
        match wire::read(frame) {
            Some(Frame::Message { to, sequence, payload, .. }) => self.arrive(to, sequence, payload),
            Some(Frame::Taken { mailbox, sequence }) => match &mut self.outgoing {
                Some(outgoing) => outgoing.taken(mailbox, sequence),
                None => Err(violation("it acknowledges what was not sent")),
            },
            Some(Frame::Heartbeat) => Ok(()),
            _ => Err(violation("an unexpected frame")),
        }
    }

    fn arrive(&mut self, to: u32, sequence: u64, payload: &[u8]) -> io::Result<()> {
        let place = to as usize;
        let (Some((_, inbox)), Some(incoming)) = (self.endpoint.inboxes.get(place), &self.incoming) else {
            return Err(violation("a message to nobody"));
        };
        let message: M = wire::decode(payload).ok_or_else(|| violation("a message of another type"))?;
        let (session, number, config) = (&incoming.session, incoming.number, &self.endpoint.config);
        let source = &session.sources[place];
        if !config.delivery.is_reliable() {
            // A full inbox loses it.
            session.as_last(number, |_| source.pass(sequence).then(|| inbox.try_push(message)));
            return Ok(());
        }
        if self.endpoint.held.load(Ordering::Relaxed) >= config.max_messages {
            return Err(violation("there are too many messages in the inboxes"));
        }
        let arrival = session.as_last(number, |_| {
            let arrival = source.arrive(sequence, config.inbox_capacity as u64);
            if arrival == Arrival::Next {
                inbox.push(message, source.clone(), sequence);
            }
            arrival
        });
        match arrival {
            Some(Arrival::Next | Arrival::Known) => Ok(()),
            Some(Arrival::Wrong) => Err(violation("a message that is not the next, or one too many")),
            None => Err(violation("another connection has taken its place")),
        }
    }

    /// Writes what there is; whether all of it could be written.
    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        while !self.out.is_empty() {
            match Pin::new(&mut self.writer).poll_write(cx, &self.out) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => {
                    self.wrote = true;
                    self.out.advance(count);
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(false),
            }
        }
        match Pin::new(&mut self.writer).poll_flush(cx) {
            Poll::Ready(flushed) => flushed.map(|()| true),
            Poll::Pending => Ok(false),
        }
    }

    /// Sends a heartbeat if nothing else was sent, and gives up on who is silent.
    fn beat(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.heart.is_elapsed() {
            self.heart.reset(now() + self.endpoint.config.heartbeat);
            let _ = Pin::new(&mut self.heart).poll(cx);
            let heard = std::mem::take(&mut self.heard);
            self.silence = if heard { Duration::ZERO } else { self.silence + self.endpoint.config.heartbeat };
            if self.silence > self.patience {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nothing was heard for too long"));
            }
            if !std::mem::take(&mut self.wrote) && self.out.is_empty() {
                wire::put(&mut self.out, &Frame::Heartbeat);
                self.write(cx)?;
            }
        }
        Ok(())
    }
}

impl Incoming {
    fn new(session: Arc<Session>, number: u64, window: u64, known: &[Known]) -> Self {
        Self {
            told: known.iter().map(|known| known.taken).collect(),
            part: (window / 4).max(1),
            places: (0..known.len() as u32).collect(),
            session,
            number,
            timer: sleep(ACKNOWLEDGE_AFTER),
            timer_runs: false,
            flush: None,
        }
    }

    /// Adds acknowledgements that are due: many, late, or on the way with something else.
    fn acknowledge(&mut self, out: &mut BytesMut, cx: &mut Context<'_>) {
        self.session.take_rung(self.number, &mut self.places);
        if self.places.is_empty() {
            return;
        }
        let late = self.timer_runs && self.timer.is_elapsed();
        let due = self.part.min(if out.is_empty() { ACKNOWLEDGE_AT } else { ACKNOWLEDGE_ALONG });
        let (mut early, mut blocked) = (false, None);
        let Self { session, told, .. } = self;
        self.places.retain(|place| {
            let told = &mut told[*place as usize];
            let (taken, behind) = session.sources[*place as usize].taken();
            let untold = taken.saturating_sub(*told);
            if untold >= due || (late && untold > 0) {
                wire::put(out, &Frame::Taken { mailbox: *place, sequence: taken });
                *told = taken;
            }
            let waits = *told < taken;
            early |= waits;
            let flushes = behind.is_some();
            blocked = behind.or(blocked.take());
            waits || flushes
        });
        if early && !self.timer_runs {
            self.timer.reset(now() + ACKNOWLEDGE_AFTER);
            let _ = Pin::new(&mut self.timer).poll(cx);
        }
        self.timer_runs = early;
        if let Some(marks) = blocked {
            poll_flush(&mut self.flush, marks, cx);
        }
    }
}

impl<M: Message> Outgoing<M> {
    fn resume(peer: Arc<Peer<M>>, turn: OwnedMutexGuard<()>, them: &Introduction, known: &[Known]) -> io::Result<Self> {
        if known.len() != them.mailboxes.len() {
            return Err(violation("it has other mailboxes than it said"));
        }
        let mut slots = Vec::with_capacity(peer.outboxes.len());
        for (index, outbox) in &peer.outboxes {
            let slot = them.mailboxes.iter().position(|mailbox| mailbox == index);
            match slot {
                Some(slot) => {
                    let refused = |reason| io::Error::new(io::ErrorKind::ConnectionRefused, reason);
                    outbox.check(known[slot]).map_err(refused)?;
                    outbox.resume(known[slot], them.max_frame as usize);
                }
                None => tracing::warn!(address = %peer.address, ?index, "a mailbox is not where it should be"),
            }
            slots.push(slot.and_then(|slot| u32::try_from(slot).ok()));
        }
        let places = (0..peer.outboxes.len() as u32).collect();
        let window = u64::from(them.window).max(1);
        Ok(Self { peer, _turn: turn, slots, window, places, flush: None })
    }

    /// Adds messages; whether there are more than fit.
    fn put(&mut self, out: &mut BytesMut, cx: &mut Context<'_>) -> bool {
        self.peer.bell.take(&mut self.places);
        let (mut more, mut blocked) = (false, None);
        let Self { peer, slots, window, .. } = self;
        self.places.retain(|place| {
            let Some(slot) = slots[*place as usize] else { return false };
            match peer.outboxes[*place as usize].1.put(slot, *window, GATHER, out) {
                Pending::Nothing => return false,
                Pending::More => more = true,
                Pending::Until(marks) => blocked = Some(marks),
            }
            true
        });
        if let Some(marks) = blocked {
            poll_flush(&mut self.flush, marks, cx);
        }
        more
    }

    fn taken(&mut self, mailbox: u32, sequence: u64) -> io::Result<()> {
        let place = self.slots.iter().position(|slot| *slot == Some(mailbox));
        let place = place.ok_or_else(|| violation("it acknowledges what was not sent"))?;
        let outbox: &Outbox<M> = &self.peer.outboxes[place].1;
        if !outbox.has_sent(sequence) {
            return Err(violation("it acknowledges what was not sent"));
        }
        outbox.taken(sequence);
        // There may be room in the window again.
        let place = place as u32;
        if !self.places.contains(&place) {
            self.places.push(place);
        }
        Ok(())
    }
}

impl<M> Drop for Outgoing<M> {
    fn drop(&mut self) {
        self.peer.connection_lost();
    }
}
