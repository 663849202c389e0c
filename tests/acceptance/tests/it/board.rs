//! A UHPPOTE controller of our own, on a thread: it holds cards, doors and a clock, speaks the wire
//! format of docs/protocols/uhppote.md byte for byte, loses datagrams, and is away when told to be.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const SERIAL: u32 = 405_419_896;

/// What it is.
pub struct Inside {
    /// Bytes 8 to 27 of each card's messages, by place; a forgotten card leaves its place empty.
    pub places: Vec<Option<[u8; 20]>>,
    /// Control state and delay of each door.
    pub control: [[u8; 2]; 4],
    /// Door, and its delay then, each time it was opened.
    pub opened: Vec<(u8, u8)>,
    released_until: [Option<Instant>; 4],
    /// Its clock, packed decimal.
    pub clock: [u8; 7],
    pub burns: bool,
    pub is_away: bool,
    /// One datagram in so many is lost, each way; 0 for none.
    pub loses_one_in: u32,
    count: u32,
}

pub struct Board {
    pub port: u16,
    inside: Arc<Mutex<Inside>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A card as its messages carry it: for good, open at these doors.
pub fn card(number: u32, doors: [u8; 4]) -> [u8; 20] {
    let mut body = [0; 20];
    body[..4].copy_from_slice(&number.to_le_bytes());
    body[4..8].copy_from_slice(&[0x20, 0x00, 0x01, 0x01]);
    body[8..12].copy_from_slice(&[0x20, 0x99, 0x12, 0x31]);
    body[12..16].copy_from_slice(&doors);
    body
}

fn number_of(body: &[u8]) -> u32 {
    u32::from_le_bytes(body[..4].try_into().unwrap())
}

impl Inside {
    fn place(&self, number: u32) -> Option<usize> {
        self.places.iter().position(|place| place.is_some_and(|body| number_of(&body) == number))
    }

    fn loses(&mut self) -> bool {
        // Not in step with three tries of one request.
        self.count = self.count.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.loses_one_in > 0 && (self.count >> 16).is_multiple_of(self.loses_one_in)
    }

    fn answer(&mut self, asked: &[u8; 64]) -> [u8; 64] {
        let mut out = [0; 64];
        out[..8].copy_from_slice(&asked[..8]);
        let argument = number_of(&asked[8..]);
        match asked[1] {
            0x20 => {
                for (door, until) in self.released_until.iter().enumerate() {
                    let is_released = until.is_some_and(|until| Instant::now() < until);
                    let is_open = self.control[door][0] == 1;
                    out[49] |= u8::from(is_released || is_open) << door;
                }
                out[50] = u8::from(self.burns) << 1;
                out[37..40].copy_from_slice(&self.clock[4..7]);
                out[51..54].copy_from_slice(&self.clock[1..4]);
            }
            0x30 => {
                self.clock.copy_from_slice(&asked[8..15]);
                out[8..15].copy_from_slice(&asked[8..15]);
            }
            0x32 => out[8..15].copy_from_slice(&self.clock),
            0x40 => {
                let door = usize::from(asked[8]) - 1;
                let delay = self.control[door][1];
                self.opened.push((asked[8], delay));
                let until = Instant::now() + Duration::from_secs(delay.into());
                self.released_until[door] = Some(until);
                out[8] = 1;
            }
            0x50 => {
                let body: [u8; 20] = asked[8..28].try_into().unwrap();
                match self.place(argument) {
                    Some(place) => self.places[place] = Some(body),
                    None => self.places.push(Some(body)),
                }
                out[8] = 1;
            }
            0x52 => {
                let place = self.place(argument);
                out[8] = u8::from(place.is_some());
                if let Some(place) = place {
                    self.places[place] = None;
                }
            }
            0x58 => {
                let count = self.places.iter().flatten().count() as u32;
                out[8..12].copy_from_slice(&count.to_le_bytes());
            }
            0x5a => {
                if let Some(place) = self.place(argument) {
                    out[8..28].copy_from_slice(&self.places[place].unwrap());
                }
            }
            0x5c => match self.places.get(argument as usize - 1) {
                Some(Some(body)) => out[8..28].copy_from_slice(body),
                Some(None) => out[8..12].fill(0xff),
                None => {}
            },
            0x80 => {
                self.control[usize::from(asked[8]) - 1] = [asked[9], asked[10]];
                out[8..11].copy_from_slice(&asked[8..11]);
            }
            0x82 => {
                out[8] = asked[8];
                out[9..11].copy_from_slice(&self.control[usize::from(asked[8]) - 1]);
            }
            0x90 => out[8] = 1,
            0xb0 => {}
            other => panic!("function {other:02x} is not asked of a controller"),
        }
        out
    }
}

impl Board {
    /// As from the factory, its battery empty.
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let inside = Arc::new(Mutex::new(Inside {
            places: Vec::new(),
            control: [[3, 5]; 4],
            opened: Vec::new(),
            released_until: [None; 4],
            clock: [0x20, 0x01, 0x01, 0x01, 0, 0, 0],
            burns: false,
            is_away: false,
            loses_one_in: 0,
            count: 1,
        }));
        let is_over = Arc::new(AtomicBool::new(false));
        let (own, over) = (Arc::clone(&inside), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            let mut asked = [0; 64];
            while !over.load(Ordering::Relaxed) {
                let Ok((64, from)) = socket.recv_from(&mut asked) else { continue };
                assert_eq!((asked[0], number_of(&asked[4..])), (0x17, SERIAL));
                let mut inside = own.lock().unwrap();
                if inside.is_away || inside.loses() {
                    continue;
                }
                let answer = inside.answer(&asked);
                if !inside.loses() {
                    socket.send_to(&answer, from).unwrap();
                }
            }
        });
        Self { port, inside, is_over, thread: Some(thread) }
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Inside) -> T) -> T {
        act(&mut self.inside.lock().unwrap())
    }

    /// The doors that a card opens; none: it is not there.
    pub fn doors(&self, number: u32) -> Option<[u8; 4]> {
        self.with(|inside| {
            let body = inside.places[inside.place(number)?]?;
            Some(body[12..16].try_into().unwrap())
        })
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
