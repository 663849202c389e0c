//! Opening sockets, and saying who is in the way when that fails.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::error::AdapterError;
use crate::limits;

/// Who holds an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupant {
    /// Another program.
    Program {
        /// Its name.
        name: String,
        /// Its process id.
        pid: u32,
    },
    /// This very process.
    Ourselves,
    /// Someone whose processes we may not look into, or who is gone again.
    Unknown,
}

impl fmt::Display for Occupant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name, pid } => write!(f, "`{name}` (pid {pid})"),
            Self::Ourselves => f.write_str("another listener of this program"),
            Self::Unknown => {
                f.write_str("a program that cannot be named without more rights (try as root)")
            }
        }
    }
}

/// Opens a listening TCP socket. `listener` names it in errors. Port 0 takes any free port.
pub fn tcp(listener: &str, address: SocketAddr) -> Result<tokio::net::TcpListener, AdapterError> {
    let open = || -> io::Result<tokio::net::TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A restart must not wait for old connections to leave TIME_WAIT.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(limits::ACCEPT_BACKLOG).unwrap_or(i32::MAX))?;
        tokio::net::TcpListener::from_std(socket.into())
    };
    open().map_err(|source| explain(listener, address, "tcp", source))
}

/// Opens a non-blocking UDP socket with a receive buffer of at least `buffer_bytes` where the
/// kernel grants it. Returns the socket and the buffer granted.
pub fn udp(
    listener: &str,
    address: SocketAddr,
    buffer_bytes: usize,
) -> Result<(std::net::UdpSocket, usize), AdapterError> {
    let open = || -> io::Result<(std::net::UdpSocket, usize)> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        socket.set_recv_buffer_size(buffer_bytes)?;
        let granted = socket.recv_buffer_size()?;
        socket.bind(&address.into())?;
        Ok((socket.into(), granted))
    };
    open().map_err(|source| explain(listener, address, "udp", source))
}

fn explain(listener: &str, address: SocketAddr, table: &str, source: io::Error) -> AdapterError {
    let listener = listener.to_owned();
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            AdapterError::InUse { listener, address, by: occupant(table, address) }
        }
        io::ErrorKind::PermissionDenied => AdapterError::NotPermitted { listener, address },
        io::ErrorKind::AddrNotAvailable => AdapterError::NoSuchAddress { listener, address },
        _ => AdapterError::Listen { listener, address, source },
    }
}

/// Finds who holds `address` in the kernel's `tcp` or `udp` tables.
fn occupant(table: &str, address: SocketAddr) -> Occupant {
    for path in [format!("/proc/net/{table}"), format!("/proc/net/{table}6")] {
        let text = fs::read_to_string(path).unwrap_or_default();
        for row in text.lines().skip(1).filter_map(Row::read) {
            // A TCP row in another state than LISTEN (0A) is a connection, not a listener.
            let is_listening = table != "tcp" || row.state == "0A";
            if is_listening && row.collides_with(address) {
                return process_of(row.inode);
            }
        }
    }
    Occupant::Unknown
}

/// One row of `/proc/net/{tcp,udp}{,6}`.
/// SOURCE: Linux, proc_pid_net(5) and net/ipv4/udp.c `udp4_format_sock`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    local: SocketAddr,
    state: String,
    pub(crate) inode: u64,
    pub(crate) drops: Option<u64>,
}

impl Row {
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let local = words.nth(1)?;
        let state = words.nth(1)?.to_owned();
        let inode = words.nth(5)?.parse().ok()?;
        // UDP rows end with `ref pointer drops`.
        let drops = words.nth(2).and_then(|word| word.parse().ok());
        Some(Self { local: read_address(local)?, state, inode, drops })
    }

    fn collides_with(&self, address: SocketAddr) -> bool {
        let (ours, theirs) = (address.ip().to_canonical(), self.local.ip().to_canonical());
        let overlaps = ours == theirs || ours.is_unspecified() || theirs.is_unspecified();
        self.local.port() == address.port() && overlaps
    }
}

/// `0100007F:15B3`: the address in the machine's byte order, by 32-bit words; the port plainly.
fn read_address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..host.len()).step_by(8) {
        let word = u32::from_str_radix(host.get(at..at + 8)?, 16).ok()?;
        bytes.extend_from_slice(&word.to_ne_bytes());
    }
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => IpAddr::V4(Ipv4Addr::from(four)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some(SocketAddr::new(ip, port))
}

fn process_of(inode: u64) -> Occupant {
    let wanted = format!("socket:[{inode}]");
    let Ok(processes) = fs::read_dir("/proc") else {
        return Occupant::Unknown;
    };
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        if !holds(&process.path(), &wanted) {
            continue;
        }
        if pid == std::process::id() {
            return Occupant::Ourselves;
        }
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        return Occupant::Program { name: name.trim().to_owned(), pid };
    }
    Occupant::Unknown
}

fn holds(process: &Path, wanted: &str) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    descriptors
        .flatten()
        .any(|fd| fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str() == wanted))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn kernel_tables_are_read_as_written() {
        let row = Row::read(
            "  812: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0 \
             0 48213 2 0000000000000000 17",
        )
        .unwrap();
        assert_eq!(row.local, "127.0.0.1:5514".parse().unwrap());
        assert_eq!((row.inode, row.drops), (48213, Some(17)));
        let six = Row::read(
            "0: 00000000000000000000000000000000:0202 00000000000000000000000000000000:0000 0A \
             00000000:00000000 00:00000000 00000000 0 0 99 1 0000000000000000 100 0 0 10 0",
        )
        .unwrap();
        assert_eq!(six.local, "[::]:514".parse().unwrap());
        assert!(six.collides_with("127.0.0.1:514".parse().unwrap()));
        assert!(!six.collides_with("127.0.0.1:515".parse().unwrap()));
    }
}
