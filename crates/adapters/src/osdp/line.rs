//! The line itself: bytes in, bytes out, and never longer than asked.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serial2::SerialPort;

use super::Line;
use crate::limits;

/// A line that is open.
pub(super) enum Open {
    Tcp(TcpStream),
    Unix(UnixStream),
    Serial(SerialPort),
}

/// The shortest wait that the system takes for one: 0 would be for ever.
const WAIT_MIN: Duration = Duration::from_millis(1);

impl Open {
    pub fn connect(line: &Line) -> io::Result<Self> {
        Ok(match line {
            Line::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, limits::BUS_CONNECT_MAX)?;
                // Each frame is a packet: the other side waits for it.
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(limits::BUS_WRITE_MAX))?;
                Self::Tcp(stream)
            }
            Line::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(limits::BUS_WRITE_MAX))?;
                Self::Unix(stream)
            }
            Line::Serial { path, baud } => {
                let mut port = SerialPort::open(path, |mut settings: serial2::Settings| {
                    settings.set_raw();
                    settings.set_baud_rate(*baud)?;
                    Ok(settings)
                })?;
                port.set_write_timeout(limits::BUS_WRITE_MAX)?;
                Self::Serial(port)
            }
        })
    }

    /// Waits for bytes, at most `wait`. `None` when none came in time.
    pub fn read<'a>(
        &mut self,
        buffer: &'a mut [u8],
        wait: Duration,
    ) -> io::Result<Option<&'a [u8]>> {
        let wait = wait.max(WAIT_MIN);
        let read = match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(wait))?;
                stream.read(buffer)
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(wait))?;
                stream.read(buffer)
            }
            Self::Serial(port) => {
                port.set_read_timeout(wait)?;
                port.read(buffer)
            }
        };
        match read {
            Ok(0) => Err(io::Error::new(ErrorKind::UnexpectedEof, "the other side closed it")),
            Ok(count) => Ok(buffer.get(..count)),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            },
        }
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Unix(stream) => stream.write_all(bytes),
            Self::Serial(port) => port.write_all(bytes),
        }
    }
}
