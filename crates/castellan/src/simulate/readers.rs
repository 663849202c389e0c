//! Readers behind one socket, as behind a converter: one panel at a time, the newest one counts.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use engine::clock::Stopwatch;
use sim::readers::{Cue, Readers, Told};

/// Longest wait on the line before the readers look around.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes taken from a line at once.
const READ_BYTES: usize = 2_048;

/// Where a line is.
#[derive(Debug, Clone)]
pub enum Place {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket, which must not be there yet.
    Unix(PathBuf),
}

/// A line that waits for its panel.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// Readers that others may act upon.
pub type Shared = Arc<Mutex<Readers>>;

/// The readers, whatever became of a thread that held them.
pub fn lock(readers: &Shared) -> MutexGuard<'_, Readers> {
    readers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One line with its readers.
pub struct Line {
    listener: Listener,
    panel: Option<Box<dyn Wire>>,
    readers: Shared,
    watch: Stopwatch,
}

/// What one turn of a line brought.
#[derive(Debug, Default)]
pub struct Turn {
    /// When bytes of the panel were taken from the socket.
    pub heard_at: Option<Duration>,
    /// Readers that answered with a card, and when the last byte of it was written.
    pub cards: Vec<(u8, Duration)>,
    /// Readers whose strike was told to let go, by the bytes taken at [`Turn::heard_at`].
    pub released: Vec<u8>,
    /// What the readers were told.
    pub told: Vec<Told>,
}

impl Line {
    /// Listens. `watch`: the time by which readers and measurements go.
    pub fn listen(place: &Place, readers: Readers, watch: Stopwatch) -> anyhow::Result<Self> {
        let listener = match place {
            Place::Tcp(at) => {
                let found = TcpListener::bind(at);
                let listener = found.with_context(|| format!("cannot listen on {at}"))?;
                listener.set_nonblocking(true)?;
                Listener::Tcp(listener)
            }
            Place::Unix(path) => {
                let found = UnixListener::bind(path);
                let said = || format!("cannot listen on {}", path.display());
                let listener = found.with_context(said)?;
                listener.set_nonblocking(true)?;
                Listener::Unix(listener)
            }
        };
        Ok(Self { listener, panel: None, readers: Arc::new(Mutex::new(readers)), watch })
    }

    /// Where it listens, as an edge's configuration names it: `tcp:…` or `unix:…`.
    pub fn address(&self) -> anyhow::Result<String> {
        Ok(match &self.listener {
            Listener::Tcp(listener) => format!("tcp:{}", listener.local_addr()?),
            Listener::Unix(listener) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname().unwrap_or_else(|| Path::new(""));
                format!("unix:{}", path.display())
            }
        })
    }

    /// The readers, for whoever acts upon them.
    pub fn readers(&self) -> Shared {
        Arc::clone(&self.readers)
    }

    /// Waits a little for the panel and answers it.
    pub fn turn(&mut self) -> Turn {
        self.welcome();
        let mut turn = Turn::default();
        let mut buffer = [0; READ_BYTES];
        let heard = match &mut self.panel {
            None => {
                std::thread::sleep(LOOK);
                Ok(None)
            }
            Some(panel) => read(panel.as_mut(), &mut buffer),
        };
        let heard = heard.unwrap_or_else(|_| {
            self.panel = None;
            None
        });
        let now = self.watch.elapsed();
        let answer = {
            let mut readers = lock(&self.readers);
            let answer = match heard {
                Some(bytes) => {
                    turn.heard_at = Some(now);
                    readers.receive(bytes, now)
                }
                None => {
                    readers.tick(now);
                    Vec::new()
                }
            };
            turn.told.extend(std::iter::from_fn(|| readers.next_told()));
            if heard.is_some() {
                turn.released.extend(readers.released_anew());
                turn.cards.extend(readers.cards_said().map(|address| (address, now)));
            }
            answer
        };
        if !answer.is_empty()
            && let Some(panel) = &mut self.panel
        {
            if panel.write_all(&answer).is_err() {
                self.panel = None;
            }
            let written = self.watch.elapsed();
            turn.cards.iter_mut().for_each(|(_, at)| *at = written);
        }
        turn
    }

    /// The newest panel counts: the one before it may be gone without a word.
    fn welcome(&mut self) {
        match &self.listener {
            Listener::Tcp(listener) => {
                while let Ok((stream, _)) = listener.accept() {
                    self.panel = tcp(stream).ok();
                }
            }
            Listener::Unix(listener) => {
                while let Ok((stream, _)) = listener.accept() {
                    self.panel = unix(stream).ok();
                }
            }
        }
    }
}

fn tcp(stream: TcpStream) -> io::Result<Box<dyn Wire>> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    Ok(Box::new(stream))
}

fn unix(stream: UnixStream) -> io::Result<Box<dyn Wire>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(LOOK))?;
    Ok(Box::new(stream))
}

fn read<'a>(panel: &mut dyn Wire, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
    match panel.read(buffer) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(count) => Ok(buffer.get(..count)),
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
            _ => Err(error),
        },
    }
}

/// Does at the readers what a line of control says.
pub fn act(readers: &Shared, watch: Stopwatch, line: &str) -> Result<(), String> {
    let cue = Cue::parse(line).map_err(|why| why.to_string())?;
    lock(readers).act(&cue, watch.elapsed()).map_err(|why| why.to_string())
}
