//! What syslog over TCP and over TLS share: accepting, framing, idling, pushing back.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use codec::framing::{Deframer, Ending};
use model::{DropReason, RejectReason};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::account::Note;
use crate::error::AdapterError;
use crate::intake::{Batch, IntakeClosed, Observed};
use crate::limits;
use crate::wiring::{Origin, Wiring, note_cut};

/// Bounds of a stream listener.
#[derive(Debug, Clone)]
pub struct StreamLimits {
    /// Connections at once.
    pub connections_max: usize,
    /// Silence after which a connection is closed.
    pub idle_max: Duration,
    /// Bytes of one record kept; the rest is cut and counted.
    pub record_bytes_max: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            connections_max: limits::CONNECTIONS_MAX,
            idle_max: limits::CONNECTION_IDLE_MAX,
            record_bytes_max: limits::RECORD_BYTES_MAX,
        }
    }
}

/// A connection that was accepted and counts against the limit.
pub(crate) struct Accepted {
    stream: TcpStream,
    pub peer: SocketAddr,
    _slot: OwnedSemaphorePermit,
}

// Read as a stream itself, so that its slot is free exactly when the socket is closed.
impl AsyncRead for Accepted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }
    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// Accepts until asked to stop, giving each connection a task of its own; then waits for them.
pub(crate) async fn accept<F, Fut>(
    listener: TcpListener,
    name: &'static str,
    connections_max: usize,
    wiring: &Wiring,
    serve: F,
) -> Result<(), AdapterError>
where
    F: Fn(Accepted) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let slots = Arc::new(Semaphore::new(connections_max));
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = wiring.shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, or the peer left already: the listener itself is sound.
                tracing::warn!(listener = name, %error, "cannot accept a connection");
                if wiring.is_shut_down_within(limits::ACCEPT_RETRY).await {
                    break;
                }
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            wiring.account.noted(name, Note::ConnectionLimit, 1);
            continue;
        };
        wiring.account.noted(name, Note::Connected, 1);
        tasks.spawn(serve(Accepted { stream, peer, _slot: slot }));
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// How a connection ended.
enum End {
    /// The peer closed it, so an unfinished line is a whole one.
    Closed,
    /// It broke, idled or was cut off by our own stop.
    Broken,
}

/// Reads one connection to its end.
pub(crate) async fn serve<S: AsyncRead + Unpin>(
    stream: S,
    origin: Origin,
    bounds: StreamLimits,
    wiring: Wiring,
) {
    let listener = Arc::clone(&origin.listener);
    let deframer = Deframer::new(bounds.record_bytes_max);
    let account = Arc::clone(&wiring.account);
    let mut connection = Connection { stream, origin, bounds, wiring, deframer };
    // A closed intake means that the program stops; the task has nobody to tell.
    let _ = connection.run().await;
    account.noted(&listener, Note::Disconnected, 1);
}

struct Connection<S> {
    stream: S,
    origin: Origin,
    bounds: StreamLimits,
    wiring: Wiring,
    deframer: Deframer,
}

impl<S: AsyncRead + Unpin> Connection<S> {
    async fn run(&mut self) -> Result<(), IntakeClosed> {
        let mut buffer = vec![0; limits::STREAM_READ_BYTES_MAX];
        let end = loop {
            let read = match self.read(&mut buffer).await {
                Ok(0) => break End::Closed,
                Ok(read) => read,
                Err(error) => {
                    if error.kind() == io::ErrorKind::TimedOut {
                        self.wiring.account.noted(&self.origin.listener, Note::Idle, 1);
                    }
                    break End::Broken;
                }
            };
            self.deframer.push(buffer.get(..read).unwrap_or_default());
            // Not reading while the intake is full is what pushes back on the sender.
            self.hand_on().await?;
        };
        self.finish(end).await
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        tokio::select! {
            biased;
            () = self.wiring.shutdown.cancelled() => Err(io::ErrorKind::Interrupted.into()),
            read = timeout(self.bounds.idle_max, self.stream.read(buffer)) => match read {
                Ok(read) => read,
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            },
        }
    }

    /// Hands on every complete frame of what was read.
    async fn hand_on(&mut self) -> Result<(), IntakeClosed> {
        let at = self.wiring.time();
        let mut records = Vec::new();
        let mut empty = 0;
        while let Some(frame) = self.deframer.next() {
            if frame.bytes.is_empty() {
                empty += 1;
            } else {
                let body = frame.bytes.to_vec();
                records.push(self.origin.observed(at, body, frame.bytes_dropped));
            }
        }
        self.account_for(&records, empty);
        self.wiring.intake.send(Batch { records, ack: None, mark: None }).await
    }

    /// What is left at the end: an unfinished line of a sender that closed properly is a record,
    /// anything else unfinished is lost, and counted.
    async fn finish(&mut self, end: End) -> Result<(), IntakeClosed> {
        let at = self.wiring.time();
        let mut records = Vec::new();
        let mut partial = 0;
        while let Some(frame) = self.deframer.finish() {
            let is_short = frame.truncated && frame.bytes_dropped == 0;
            if frame.ending == Ending::EndOfStream && (is_short || matches!(end, End::Broken)) {
                partial += 1;
            } else if !frame.bytes.is_empty() {
                let body = frame.bytes.to_vec();
                records.push(self.origin.observed(at, body, frame.bytes_dropped));
            }
        }
        self.account_for(&records, 0);
        if partial > 0 {
            let listener = &self.origin.listener;
            self.wiring.account.received(listener, partial);
            self.wiring.account.dropped(listener, DropReason::PartialFrame, partial);
        }
        self.wiring.intake.send(Batch { records, ack: None, mark: None }).await
    }

    fn account_for(&self, records: &[Observed], empty: u64) {
        let (account, listener) = (self.wiring.account.as_ref(), &self.origin.listener);
        let received = records.len() as u64 + empty;
        if received > 0 {
            account.received(listener, received);
        }
        if empty > 0 {
            account.rejected(listener, RejectReason::Empty, empty);
        }
        note_cut(account, listener, records);
    }
}
