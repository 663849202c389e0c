//! Listening on a line, or standing between it and its panel, for whoever records it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::Line;
use super::line::Open;
use crate::limits;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overheard {
    /// Nothing in the time given.
    Nothing,
    /// Bytes on the line, whoever sent them.
    Line(Vec<u8>),
    /// Bytes of the panel, handed on.
    FromPanel(Vec<u8>),
    /// Bytes of the readers, handed on.
    ToPanel(Vec<u8>),
}

/// An ear on a line.
pub struct Tap(Kind);

enum Kind {
    Passive(Open),
    Between(Receiver<io::Result<Overheard>>),
}

impl Tap {
    /// Listens and never says anything.
    ///
    /// # Errors
    /// What the system says when the line cannot be had.
    pub fn passive(line: &Line) -> io::Result<Self> {
        Ok(Self(Kind::Passive(Open::connect(line)?)))
    }

    /// Waits for the panel at `at` and hands everything on, both ways, unchanged. One panel at a
    /// time; the line is opened anew for each. Gives where it listens.
    ///
    /// # Errors
    /// What the system says when the address cannot be had.
    pub fn between(at: SocketAddr, line: &Line) -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind(at)?;
        let address = listener.local_addr()?;
        let (tell, told) = sync_channel(limits::TAP_PIECES_MAX);
        let line = line.clone();
        thread::Builder::new().name("osdp-tap".to_owned()).spawn(move || {
            for panel in listener.incoming() {
                let ended = panel.and_then(|panel| relay(panel, &line, &tell));
                if let Err(error) = ended
                    && tell.send(Err(error)).is_err()
                {
                    return;
                }
            }
        })?;
        Ok((Self(Kind::Between(told)), address))
    }

    /// The next bytes, waiting at most `wait`.
    ///
    /// # Errors
    /// The line ended.
    pub fn next(&mut self, wait: Duration) -> io::Result<Overheard> {
        match &mut self.0 {
            Kind::Passive(line) => {
                let mut buffer = [0; limits::BUS_READ_BYTES];
                let read = line.read(&mut buffer, wait)?;
                Ok(read.map_or(Overheard::Nothing, |bytes| Overheard::Line(bytes.to_vec())))
            }
            Kind::Between(told) => match told.recv_timeout(wait) {
                Ok(heard) => heard,
                Err(RecvTimeoutError::Timeout) => Ok(Overheard::Nothing),
                Err(RecvTimeoutError::Disconnected) => {
                    Err(io::Error::new(io::ErrorKind::BrokenPipe, "the tap has ended"))
                }
            },
        }
    }
}

/// Hands on between one panel and the line until the panel leaves or the line ends. A recorder that
/// is behind makes both wait.
fn relay(
    mut panel: TcpStream,
    line: &Line,
    tell: &SyncSender<io::Result<Overheard>>,
) -> io::Result<()> {
    panel.set_nodelay(true)?;
    panel.set_write_timeout(Some(limits::BUS_WRITE_MAX))?;
    let mut line = Open::connect(line)?;
    let mut buffer = [0; limits::BUS_READ_BYTES];
    loop {
        panel.set_read_timeout(Some(limits::TAP_TURN))?;
        match panel.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                line.write(bytes)?;
                if tell.send(Ok(Overheard::FromPanel(bytes.to_vec()))).is_err() {
                    return Ok(());
                }
            }
            Err(error) if is_wait(&error) => {}
            Err(_) => return Ok(()),
        }
        if let Some(bytes) = line.read(&mut buffer, limits::TAP_TURN)? {
            if panel.write_all(bytes).is_err() {
                return Ok(());
            }
            if tell.send(Ok(Overheard::ToPanel(bytes.to_vec()))).is_err() {
                return Ok(());
            }
        }
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
