//! Syslog over UDP (RFC 5426): one datagram, one message. Nothing here can be refused to the
//! sender's face, so what is lost is counted: full queue, or full kernel buffer.

use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use model::{DropReason, RejectReason, Wire};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error::AdapterError;
use crate::intake::{Batch, Observed, TrySendError};
use crate::limits;
use crate::listen::{self, Row};
use crate::wiring::{Origin, Peers, Wiring, cut, note_cut};

/// The listener's name in records, counters and errors.
pub const LISTENER: &str = "syslog_udp";

/// How to listen.
#[derive(Debug, Clone)]
pub struct SyslogUdpConfig {
    /// Where; port 0 takes any free one.
    pub address: SocketAddr,
    /// Receive buffer asked of the kernel.
    pub receive_buffer_bytes: usize,
    /// Bytes of one record kept; the rest is cut and counted.
    pub record_bytes_max: usize,
    /// How long to wait for room in the queue before dropping.
    pub room_wait_max: Duration,
}

impl SyslogUdpConfig {
    /// The defaults, at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            receive_buffer_bytes: limits::UDP_RECEIVE_BUFFER_BYTES,
            record_bytes_max: limits::RECORD_BYTES_MAX,
            room_wait_max: limits::UDP_ROOM_WAIT_MAX,
        }
    }
}

/// A bound socket that nobody reads yet.
#[derive(Debug)]
pub struct SyslogUdp {
    config: SyslogUdpConfig,
    socket: UdpSocket,
    /// The same socket without tokio's memory of whether it is readable: for the last look.
    plain: StdSocket,
    address: SocketAddr,
}

impl SyslogUdp {
    /// Binds, failing early. Must be called inside a tokio runtime.
    pub fn bind(config: SyslogUdpConfig) -> Result<Self, AdapterError> {
        let asked = config.receive_buffer_bytes;
        let (plain, granted) = listen::udp(LISTENER, config.address, asked)?;
        // The kernel reports twice what it grants, for its own bookkeeping (socket(7)).
        if granted / 2 < asked {
            tracing::warn!(
                listener = LISTENER,
                asked_bytes = asked,
                granted_bytes = granted / 2,
                "receive buffer smaller than asked for; raise net.core.rmem_max"
            );
        }
        let address = plain.local_addr().unwrap_or(config.address);
        let socket = plain.try_clone().and_then(UdpSocket::from_std).map_err(|source| {
            AdapterError::Socket { listener: LISTENER.to_owned(), address, source }
        })?;
        Ok(Self { config, socket, plain, address })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Receives until asked to stop.
    pub async fn run(self, wiring: Wiring) -> Result<(), AdapterError> {
        let mut receiver = Receiver {
            origin: Origin::of(LISTENER, Wire::Syslog),
            peers: Peers::default(),
            buffer: vec![0; limits::UDP_DATAGRAM_BYTES_MAX],
            drops: KernelDrops::of(&self.socket),
            udp: self,
            wiring,
        };
        let mut look = interval(limits::UDP_DROPS_POLL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shutdown = receiver.wiring.shutdown.clone();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                _ = look.tick() => receiver.count_kernel_drops(),
                ready = receiver.udp.socket.readable() => {
                    ready.map_err(|source| receiver.broken(source))?;
                    receiver.take_waiting(Look::Usual).await?;
                }
            }
        }
        // What the kernel already holds was sent before the stop: it is taken too.
        while receiver.take_waiting(Look::Last).await? == limits::BATCH_RECORDS_MAX {}
        receiver.count_kernel_drops();
        Ok(())
    }
}

/// Whether the socket is read as tokio allows or whatever tokio believes.
#[derive(Clone, Copy)]
enum Look {
    Usual,
    Last,
}

struct Receiver {
    udp: SyslogUdp,
    wiring: Wiring,
    origin: Origin,
    peers: Peers,
    buffer: Vec<u8>,
    drops: KernelDrops,
}

impl Receiver {
    /// Takes up to one batch of datagrams without waiting and hands it on. Returns how many.
    async fn take_waiting(&mut self, look: Look) -> Result<usize, AdapterError> {
        let mut records = Vec::new();
        let mut datagrams = 0;
        while datagrams < limits::BATCH_RECORDS_MAX {
            let received = match look {
                Look::Usual => self.udp.socket.try_recv_from(&mut self.buffer),
                Look::Last => self.udp.plain.recv_from(&mut self.buffer),
            };
            let (length, sender) = match received {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // A refused answer of ours to a sender that is gone; says nothing of this socket.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(self.broken(error)),
            };
            datagrams += 1;
            let mut body = self.buffer.get(..length).unwrap_or_default().to_vec();
            let bytes_cut = cut(&mut body, self.udp.config.record_bytes_max);
            self.origin.peer = Some(self.peers.name(sender.ip()));
            records.push(self.origin.observed(self.wiring.time(), body, bytes_cut));
        }
        self.wiring.account.received(LISTENER, datagrams as u64);
        records.retain(|record| !record.body.is_empty());
        let empty = (datagrams - records.len()) as u64;
        if empty > 0 {
            self.wiring.account.rejected(LISTENER, RejectReason::Empty, empty);
        }
        note_cut(self.wiring.account.as_ref(), LISTENER, &records);
        self.hand_on(records).await?;
        Ok(datagrams)
    }

    async fn hand_on(&self, records: Vec<Observed>) -> Result<(), AdapterError> {
        let count = records.len() as u64;
        let batch = match self.wiring.intake.try_send(Batch { records, ack: None, mark: None }) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(batch)) => batch,
            Err(TrySendError::Closed(_)) => {
                self.wiring.account.dropped(LISTENER, DropReason::QueueFull, count);
                return Err(crate::intake::IntakeClosed.into());
            }
        };
        // The kernel's buffer is larger than a batch: a short wait there costs nothing.
        match timeout(self.udp.config.room_wait_max, self.wiring.intake.send(batch)).await {
            Ok(sent) => Ok(sent?),
            Err(_) => {
                self.wiring.account.dropped(LISTENER, DropReason::QueueFull, count);
                Ok(())
            }
        }
    }

    fn count_kernel_drops(&mut self) {
        let lost = self.drops.since_last_look();
        if lost > 0 {
            self.wiring.account.received(LISTENER, lost);
            self.wiring.account.dropped(LISTENER, DropReason::KernelBuffer, lost);
        }
    }

    fn broken(&self, source: io::Error) -> AdapterError {
        AdapterError::Socket { listener: LISTENER.to_owned(), address: self.udp.address, source }
    }
}

/// The kernel's count of datagrams it could not store for one socket.
///
/// It is the counter that `SO_RXQ_OVFL` reports; reading it from a control message needs unsafe
/// code, the `drops` column of `/proc/net/udp` does not.
struct KernelDrops {
    inode: Option<u64>,
    table: &'static str,
    seen: u64,
}

impl KernelDrops {
    fn of(socket: &UdpSocket) -> Self {
        let target = fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok();
        let inode = target.and_then(|target| {
            target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        });
        let is_v6 = socket.local_addr().is_ok_and(|address| address.is_ipv6());
        let table = if is_v6 { "/proc/self/net/udp6" } else { "/proc/self/net/udp" };
        if inode.is_none() {
            tracing::warn!(listener = LISTENER, "kernel drops cannot be counted on this system");
        }
        Self { inode, table, seen: 0 }
    }

    fn since_last_look(&mut self) -> u64 {
        let Some(inode) = self.inode else { return 0 };
        let text = fs::read_to_string(self.table).unwrap_or_default();
        let row = text.lines().skip(1).filter_map(Row::read).find(|row| row.inode == inode);
        let Some(drops) = row.and_then(|row| row.drops) else {
            return 0;
        };
        // The kernel counts in 32 bits and wraps.
        let lost = u64::from((drops as u32).wrapping_sub(self.seen as u32));
        self.seen = drops;
        lost
    }
}
