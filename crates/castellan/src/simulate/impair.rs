//! A bad network as a process: connections and datagrams passed on as `sim::impair` has it.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use engine::clock::Stopwatch;
use sim::impair::{Fate, Link, Network, Path, Way};
use socket2::SockRef;

/// How often a connection looks whether the network has changed.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of one piece of a connection.
const PIECE_BYTES: usize = 4_096;
/// Bytes of one datagram.
const DATAGRAM_BYTES: usize = 65_536;
/// Pieces on their way; at more, who sends by a connection waits, and datagrams are lost.
const PIECES_MAX: usize = 1_024;
/// Connections at once; one more is reset.
const CONNECTIONS_MAX: usize = 1_024;
/// Longest wait for the far end.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// Where connections really go.
#[derive(Debug, Clone)]
pub enum Far {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The network as it is now, and from which seed.
#[derive(Clone)]
pub struct Air {
    network: Arc<Mutex<Network>>,
    watch: Stopwatch,
    seed: u64,
}

impl Air {
    /// A good network.
    pub fn new(seed: u64) -> Self {
        Self { network: Arc::default(), watch: Stopwatch::start(), seed }
    }

    /// Changes it as a line of control says.
    pub fn apply(&self, line: &str) -> Result<(), String> {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        network.apply(line).map_err(|why| why.to_string())
    }

    fn now(&self) -> Network {
        *self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Either end of a connection.
enum End {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl End {
    fn connect(far: &Far) -> io::Result<Self> {
        let end = match far {
            Far::Tcp(address) => Self::Tcp(TcpStream::connect_timeout(address, CONNECT_MAX)?),
            Far::Unix(path) => Self::Unix(UnixStream::connect(path)?),
        };
        end.prepare()?;
        Ok(end)
    }

    fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(LOOK))
            }
            Self::Unix(stream) => stream.set_read_timeout(Some(LOOK)),
        }
    }

    fn half(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// An end that is gone already cannot be ended; there is nothing to do about it.
    fn shut(&self, how: Shutdown) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
        };
    }

    /// Ends it without a farewell.
    fn reset(&self) {
        if let Self::Tcp(stream) = self {
            // Where that is refused it ends as others do.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        self.shut(Shutdown::Both);
    }
}

/// Passes connections on for ever. Gives where it listens.
pub fn connections(at: SocketAddr, far: Far, air: Air) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(at).with_context(|| format!("cannot listen on {at}"))?;
    let address = listener.local_addr()?;
    let open = Arc::new(());
    thread::spawn(move || {
        for (number, near) in listener.incoming().map_while(Result::ok).enumerate() {
            let near = End::Tcp(near);
            let is_room = Arc::strong_count(&open) <= CONNECTIONS_MAX;
            if !is_room || air.now().link == Link::Refused || near.prepare().is_err() {
                near.reset();
                continue;
            }
            let (far, air, open) = (far.clone(), air.clone(), Arc::clone(&open));
            thread::spawn(move || {
                // An end that cannot be had ends the other.
                if pass(&near, &far, &air, number as u64).is_err() {
                    near.reset();
                }
                drop(open);
            });
        }
    });
    Ok(address)
}

/// One connection, until either end ends.
fn pass(near: &End, far: &Far, air: &Air, number: u64) -> io::Result<()> {
    let resets = air.now().resets;
    // Through a pulled cable nobody is reached, and nobody says so.
    let far = loop {
        match air.now().link {
            Link::Up => break End::connect(far)?,
            Link::Cut | Link::HalfOpen => thread::sleep(LOOK),
            Link::Refused => return Err(ErrorKind::ConnectionReset.into()),
        }
        if air.now().resets != resets {
            return Err(ErrorKind::ConnectionReset.into());
        }
    };
    let there = (near.half()?, far.half()?, Way::There);
    let back = (far.half()?, near.half()?, Way::Back);
    let ways: Vec<_> = [there, back]
        .into_iter()
        .map(|(from, to, way)| {
            let run =
                OneWay { air: air.clone(), path: Path::new(air.seed, number, way), way, resets };
            thread::spawn(move || run.carry(from, to))
        })
        .collect();
    for way in ways {
        // A panic there was its own; its ends are closed with it.
        let _ = way.join();
    }
    Ok(())
}

/// Bytes that are due at a time.
type Due = (Duration, Vec<u8>);

struct OneWay {
    air: Air,
    path: Path,
    way: Way,
    resets: u64,
}

/// Why a way ended.
enum Ended {
    /// Whoever sends has said its last.
    Quietly,
    /// One end cannot be reached any more.
    Broken,
    /// Both ends are reset.
    Reset,
    /// The far end is gone and the near one does not know.
    HalfOpen,
}

impl OneWay {
    fn carry(mut self, mut from: End, to: End) {
        let (queue, due) = sync_channel::<Due>(PIECES_MAX);
        let Ok(writing) = to.half() else { return };
        let (watch, air) = (self.air.watch, self.air.clone());
        let writer = thread::spawn(move || write_when_due(&due, writing, watch, &air));
        let ended = self.read(&mut from, &queue);
        drop(queue);
        // The far end that went away says nothing of it to the near one.
        let is_unheard = matches!(self.way, Way::Back) && self.air.now().link == Link::HalfOpen;
        match ended {
            Ended::Quietly | Ended::Broken if is_unheard => {}
            Ended::Quietly => {
                // What is on its way still arrives; then the other end is told.
                let _ = writer.join();
                to.shut(Shutdown::Write);
            }
            Ended::Broken => {
                from.shut(Shutdown::Both);
                to.shut(Shutdown::Both);
            }
            Ended::Reset => {
                from.reset();
                to.reset();
            }
            Ended::HalfOpen => {
                let (near, far) = match self.way {
                    Way::There => (&mut from, &to),
                    Way::Back => return from.reset(),
                };
                far.reset();
                swallow(near, &self.air);
            }
        }
    }

    fn read(&mut self, from: &mut End, queue: &SyncSender<Due>) -> Ended {
        let mut buffer = [0; PIECE_BYTES];
        let mut latest = Duration::ZERO;
        loop {
            let network = self.air.now();
            if network.resets != self.resets || network.link == Link::Refused {
                return Ended::Reset;
            }
            match network.link {
                Link::Up => {}
                Link::HalfOpen => return Ended::HalfOpen,
                Link::Cut | Link::Refused => {
                    thread::sleep(LOOK);
                    continue;
                }
            }
            let piece = match from.read(&mut buffer) {
                Ok(0) => return Ended::Quietly,
                Ok(count) => buffer.get(..count).unwrap_or_default().to_vec(),
                Err(error) if is_wait(&error) => continue,
                Err(_) => return Ended::Broken,
            };
            // It may have changed while nothing came.
            let network = self.air.now();
            if network.link == Link::HalfOpen {
                return Ended::HalfOpen;
            }
            let now = self.air.watch.elapsed();
            match self.path.fate(network.weather(self.way), piece, now) {
                Fate::Reset => return Ended::Reset,
                Fate::Arrives { pieces, at } => {
                    // A stream keeps its order.
                    latest = latest.max(at);
                    if pieces.into_iter().any(|piece| queue.send((latest, piece)).is_err()) {
                        return Ended::Broken;
                    }
                }
            }
        }
    }
}

/// Writes what is due. While the cable is out, what is on its way waits.
fn write_when_due(due: &Receiver<Due>, mut to: End, watch: Stopwatch, air: &Air) {
    while let Ok((at, piece)) = due.recv() {
        thread::sleep(at.saturating_sub(watch.elapsed()));
        while air.now().link == Link::Cut {
            thread::sleep(LOOK);
        }
        if to.write_all(&piece).is_err() {
            return;
        }
    }
}

/// Takes what comes and answers nothing, until the near end gives up or everybody is reset.
fn swallow(near: &mut End, air: &Air) {
    let resets = air.now().resets;
    let mut buffer = [0; PIECE_BYTES];
    loop {
        let network = air.now();
        if network.resets != resets || network.link == Link::Refused {
            return near.reset();
        }
        match near.read(&mut buffer) {
            Ok(0) => return near.reset(),
            Ok(_) => {}
            Err(error) if is_wait(&error) => {}
            Err(_) => return near.reset(),
        }
    }
}

/// Passes datagrams on between whoever sent last and `far`, for ever. Gives where it listens.
pub fn datagrams(at: SocketAddr, far: SocketAddr, air: &Air) -> anyhow::Result<SocketAddr> {
    let near = UdpSocket::bind(at).with_context(|| format!("cannot listen on {at}"))?;
    let any = if far.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let beyond = UdpSocket::bind(any)?;
    let address = near.local_addr()?;
    let sender = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&sender);
    let (near_out, beyond_out) = (near.try_clone()?, beyond.try_clone()?);
    let going = Datagrams { air: air.clone(), way: Way::There };
    let coming = Datagrams { air: air.clone(), way: Way::Back };
    thread::spawn(move || {
        going.relay(&near, beyond_out, move |from| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            Some(far)
        });
    });
    thread::spawn(move || {
        coming.relay(&beyond, near_out, move |_| {
            *sender.lock().unwrap_or_else(PoisonError::into_inner)
        });
    });
    Ok(address)
}

struct Datagrams {
    air: Air,
    way: Way,
}

/// Datagrams that are due, the earliest first; each with its number, which keeps them apart.
type Flying = std::collections::BTreeMap<(Duration, u64), (Vec<u8>, SocketAddr)>;

impl Datagrams {
    fn relay(
        &self,
        from: &UdpSocket,
        to: UdpSocket,
        target: impl Fn(SocketAddr) -> Option<SocketAddr>,
    ) {
        let mut path = Path::new(self.air.seed, 0, self.way);
        let mut buffer = vec![0; DATAGRAM_BYTES];
        let (mut flying, mut number) = (Flying::new(), 0_u64);
        loop {
            let now = self.air.watch.elapsed();
            while let Some(entry) = flying.first_entry() {
                if entry.key().0 > now {
                    break;
                }
                let (piece, target) = entry.remove();
                // Whoever is not there hears nothing, as over any network.
                let _ = to.send_to(&piece, target);
            }
            let next = flying.keys().next().map(|(at, _)| at.saturating_sub(now));
            let wait = next.unwrap_or(LOOK).clamp(Duration::from_millis(1), LOOK);
            if from.set_read_timeout(Some(wait)).is_err() {
                return;
            }
            let (count, sender) = match from.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(_) => continue,
            };
            let network = self.air.now();
            let Some(target) = target(sender) else { continue };
            if network.link != Link::Up {
                continue;
            }
            let piece = buffer.get(..count).unwrap_or_default().to_vec();
            let now = self.air.watch.elapsed();
            let Fate::Arrives { pieces, at } = path.fate(network.weather(self.way), piece, now)
            else {
                continue;
            };
            for piece in pieces {
                if flying.len() < PIECES_MAX {
                    number += 1;
                    flying.insert((at, number), (piece, target));
                }
            }
        }
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
