//! UHPPOTE door controllers: each event that one remembers becomes a record once, whatever was
//! lost on the way and whoever was dead meanwhile.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::world::{Api, Plan, World};

const SERIAL: u32 = 405_419_896;
/// Functions: status, event record, listener.
const STATUS: u8 = 0x20;
const GET_EVENT: u8 = 0xb0;
const SET_LISTENER: u8 = 0x90;

/// A controller of our own, on a thread; its events are numbered from 1.
struct Board {
    port: u16,
    /// The last event that it holds.
    last: Arc<AtomicU32>,
    /// The first that is not overwritten.
    oldest: Arc<AtomicU32>,
    told: Arc<Mutex<Option<std::net::SocketAddr>>>,
    socket: Arc<UdpSocket>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A message that carries an event: a card was let in at door 1.
fn packet(function: u8, event: u32) -> [u8; 64] {
    let mut packet = [0; 64];
    packet[0] = 0x17;
    packet[1] = function;
    packet[4..8].copy_from_slice(&SERIAL.to_le_bytes());
    packet[8..12].copy_from_slice(&event.to_le_bytes());
    if event > 0 {
        packet[12..16].copy_from_slice(&[1, 1, 1, 1]);
        packet[16..20].copy_from_slice(&10_058_400_u32.to_le_bytes());
        packet[20..27].copy_from_slice(&[0x20, 0x26, 0x11, 0x22, 0x08, 0x15, 0x00]);
        packet[27] = 1;
    }
    packet
}

impl Board {
    fn with(events: u32) -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let port = socket.local_addr().unwrap().port();
        let (last, oldest) = (Arc::new(AtomicU32::new(events)), Arc::new(AtomicU32::new(1)));
        let (told, is_over) = (Arc::new(Mutex::new(None)), Arc::new(AtomicBool::new(false)));
        let shared = (Arc::clone(&last), Arc::clone(&oldest), Arc::clone(&told));
        let (own, over) = (Arc::clone(&socket), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            let (last, oldest, told) = shared;
            let mut asked = [0; 64];
            while !over.load(Ordering::Relaxed) {
                let Ok((64, from)) = own.recv_from(&mut asked) else { continue };
                let last = last.load(Ordering::Relaxed);
                let answer = match asked[1] {
                    STATUS => packet(STATUS, last),
                    GET_EVENT => {
                        let wanted = u32::from_le_bytes(asked[8..12].try_into().unwrap());
                        let oldest = oldest.load(Ordering::Relaxed);
                        match wanted {
                            0 => packet(GET_EVENT, oldest),
                            _ if wanted > last => packet(GET_EVENT, 0),
                            _ if wanted < oldest => {
                                let mut gone = packet(GET_EVENT, wanted);
                                gone[12] = 0xff;
                                gone
                            }
                            _ => packet(GET_EVENT, wanted),
                        }
                    }
                    function => {
                        if function == SET_LISTENER {
                            *told.lock().unwrap() = Some(from);
                        }
                        let mut done = packet(function, 0);
                        done[8] = 1;
                        done
                    }
                };
                own.send_to(&answer, from).unwrap();
            }
        });
        Self { port, last, oldest, told, socket, is_over, thread: Some(thread) }
    }

    /// Something happens, and only the last of it is sent.
    async fn happens(&self, up_to: u32) {
        let told = crate::world::until("the controller was told where to send", async || {
            *self.told.lock().unwrap()
        });
        let told = told.await;
        self.last.store(up_to, Ordering::Relaxed);
        self.socket.send_to(&packet(STATUS, up_to), told).unwrap();
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

#[tokio::test]
async fn a_controllers_events_are_taken_once_through_loss_and_a_kill() {
    let board = Board::with(4);
    let world = World::with(Plan {
        config: format!("[[uhppote]]\nserial = {SERIAL}\naddress = \"127.0.0.1:{}\"\n", board.port),
        listen: "uhppote = \"127.0.0.1:0\"\nuhppote_announce = \"127.0.0.1:60001\"\n".into(),
        sources: "[[source]]\nid = \"boards\"\nmapping = \"uhppote\"\nsite = \"hq\"\n\
                  trust = \"address\"\nmatch = { listener = \"uhppote\" }\n"
            .into(),
        ..Plan::default()
    });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    // What was before we were there is not ours; from the first event on, every one is.
    board.happens(5).await;
    api.until_account(["intake", "boards", "kept", ""], 1).await;
    board.happens(9).await;
    api.until_account(["intake", "boards", "kept", ""], 5).await;
    let granted = "SELECT count(*) FROM events WHERE source = 'boards' AND class_uid = 4230001";
    api.until_count(granted, 5).await;

    server.kill();
    *board.told.lock().unwrap() = None;
    // While nobody listens eleven events happen, and the first three of them are overwritten.
    board.last.store(20, Ordering::Relaxed);
    board.oldest.store(13, Ordering::Relaxed);
    let server = world.start().await;
    let api = Api::to(&server, &token);
    board.happens(20).await;
    api.until_count(granted, 13).await;
    api.until_account(["listen", "uhppote", "dropped", "overwritten"], 3).await;
    api.adds_up("listen").await;
    drop(server);
}

#[tokio::test]
async fn controllers_without_a_place_to_send_to_are_refused() {
    let world = World::with(Plan {
        config: "[[uhppote]]\nserial = 0\naddress = \"nowhere\"\n".into(),
        ..Plan::default()
    });
    let said = world.refused();
    for wanted in ["serial", "expected ADDRESS:PORT"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}
