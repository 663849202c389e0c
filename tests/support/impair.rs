//! A bad network between two ends, for tests of any crate (`#[path = "…/support/impair.rs"]`).
//!
//! What happens to each piece comes from a seed, so that a failure can be had again: it is lost,
//! doubled, cut short, delayed, or has a bit turned over; a connection is now and then cut whole.
//! Each fault happens to one piece in so many, 0 for never.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How bad it is: each fault to one piece in so many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    pub lose: u64,
    pub double: u64,
    pub truncate: u64,
    pub flip: u64,
    pub delay: u64,
    pub delay_ms_max: u64,
    /// Connections only.
    pub cut: u64,
}

/// Chance from a seed, the same on every machine.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn is_one_in(&mut self, sides: u64) -> bool {
        sides > 0 && self.next().is_multiple_of(sides)
    }

    fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.next() % limit }
    }
}

/// What becomes of one piece.
pub enum Fate {
    /// It arrives so, after so long.
    Arrives(Vec<Vec<u8>>, Duration),
    /// The connection ends here.
    Cut,
}

impl Faults {
    pub fn fate(&self, chance: &mut Chance, mut piece: Vec<u8>) -> Fate {
        let wait = if chance.is_one_in(self.delay) { chance.below(self.delay_ms_max) } else { 0 };
        let wait = Duration::from_millis(wait);
        if chance.is_one_in(self.cut) {
            return Fate::Cut;
        }
        if chance.is_one_in(self.lose) {
            return Fate::Arrives(Vec::new(), wait);
        }
        let length = piece.len() as u64;
        if chance.is_one_in(self.truncate) {
            piece.truncate(chance.below(length) as usize);
        } else if chance.is_one_in(self.flip)
            && let Some(byte) = piece.get_mut(chance.below(length) as usize)
        {
            *byte ^= 1 << chance.below(8);
        }
        let pieces = if chance.is_one_in(self.double) { vec![piece; 2] } else { vec![piece] };
        Fate::Arrives(pieces, wait)
    }
}

/// Where a connection really goes.
#[derive(Debug, Clone)]
pub enum Far {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Both halves of one end of a connection.
trait End: Read + Write + Send + Sized + 'static {
    fn half(&self) -> Self;
    fn end(&self);
}

impl End for TcpStream {
    fn half(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl End for UnixStream {
    fn half(&self) -> Self {
        self.try_clone().unwrap()
    }
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Listens on loopback and passes each connection on, badly. Runs until the process ends.
pub fn connection(far: Far, faults: Faults, seed: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, near) in listener.incoming().map_while(Result::ok).enumerate() {
            near.set_nodelay(true).unwrap();
            let seed = seed.wrapping_add(number as u64 * 2);
            match &far {
                Far::Tcp(address) => match TcpStream::connect(address) {
                    Ok(far) => both_ways(near, far, faults, seed),
                    Err(_) => near.end(),
                },
                Far::Unix(path) => match UnixStream::connect(path) {
                    Ok(far) => both_ways(near, far, faults, seed),
                    Err(_) => near.end(),
                },
            }
        }
    });
    address
}

fn both_ways(near: impl End, far: impl End, faults: Faults, seed: u64) {
    let (near_half, far_half) = (near.half(), far.half());
    thread::spawn(move || pass(near, far, faults, Chance::new(seed)));
    thread::spawn(move || pass(far_half, near_half, faults, Chance::new(seed + 1)));
}

fn pass(mut from: impl End, mut to: impl End, faults: Faults, mut chance: Chance) {
    let mut buffer = [0; 4096];
    'open: while let Ok(count) = from.read(&mut buffer) {
        if count == 0 {
            break;
        }
        match faults.fate(&mut chance, buffer.iter().take(count).copied().collect()) {
            Fate::Cut => break,
            Fate::Arrives(pieces, wait) => {
                thread::sleep(wait);
                for piece in pieces {
                    if to.write_all(&piece).is_err() {
                        break 'open;
                    }
                }
            }
        }
    }
    from.end();
    to.end();
}

/// Passes datagrams between whoever sends to it first and `far`, badly; a delayed one is overtaken.
/// Runs until the process ends.
pub fn datagrams(far: SocketAddr, faults: Faults, seed: u64) -> SocketAddr {
    let near = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let beyond = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
    let address = near.local_addr().unwrap();
    let sender = Arc::new(Mutex::new(None));
    let (near_out, beyond_out) = (Arc::clone(&near), Arc::clone(&beyond));
    let seen = Arc::clone(&sender);
    thread::spawn(move || {
        relay(&near, &beyond_out, faults, Chance::new(seed), |from| {
            *seen.lock().unwrap() = Some(from);
            Some(far)
        });
    });
    thread::spawn(move || {
        let chance = Chance::new(seed.wrapping_add(1));
        relay(&beyond, &near_out, faults, chance, |_| *sender.lock().unwrap());
    });
    address
}

fn relay(
    from: &UdpSocket,
    to: &Arc<UdpSocket>,
    faults: Faults,
    mut chance: Chance,
    target: impl Fn(SocketAddr) -> Option<SocketAddr>,
) {
    let mut buffer = [0; 65_536];
    while let Ok((count, sender)) = from.recv_from(&mut buffer) {
        let Some(target) = target(sender) else { continue };
        let piece = buffer.iter().take(count).copied().collect();
        let Fate::Arrives(pieces, wait) = faults.fate(&mut chance, piece) else { continue };
        let to = Arc::clone(to);
        let send = move || {
            for piece in pieces {
                let _ = to.send_to(&piece, target);
            }
        };
        if wait.is_zero() {
            send();
        } else {
            thread::spawn(move || {
                thread::sleep(wait);
                send();
            });
        }
    }
}
