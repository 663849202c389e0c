//! How long a card takes from a reader's socket to our channel, and how long the strike takes back.
//!
//!     osdp_latency unix|tcp LINES CARDS_A_SECOND SECONDS
//!
//! Each line has one reader, of `codec::osdp`, on a thread of its own in this process, with a
//! secure channel. The clock starts when the reader has written the last byte of its reply, and is
//! read when the record is taken from the adapter's channel, and again when the reader has read
//! the strike that was ordered at once.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a measurement that fails is no measurement"
)]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex, mpsc as std_mpsc};
use std::thread;
use std::time::{Duration, Instant};

use adapters::SecretRef;
use adapters::osdp::{
    Bus, BusConfig, BusReader, Command, Hands, Happened, Line, Output, OutputAction,
    ReaderSecurity, Timing,
};
use codec::osdp::{CardRead, Channel, Device, DeviceConfig, DeviceEvent, DeviceId, Reply, Scbk};
use codec::wiegand::Bits;
use model::Timestamp;
use tokio::sync::mpsc;

const KEY: [u8; 16] = [0x42; 16];
const RAW_SECURED: (usize, u8) = (7, 0x50);

#[derive(Default)]
struct Stamps {
    said: HashMap<usize, Instant>,
    card_us: Vec<u64>,
    strike_us: Vec<u64>,
}

fn reader(
    line: usize,
    mut socket: impl Read + Write,
    cards: &std_mpsc::Receiver<()>,
    stamps: &Mutex<Stamps>,
) {
    let id = DeviceId::default();
    let mut device = Device::new(DeviceConfig {
        address: 1,
        id,
        key: Some(Scbk::new(KEY)),
        is_installing: false,
        is_secure_only: true,
    });
    let bits = Bits::parse("10010101000000000010001010").unwrap();
    let mut buffer = [0; 512];
    let (began, mut random) = (Instant::now(), 0_u64);
    while let Ok(count) = socket.read(&mut buffer) {
        if count == 0 {
            return;
        }
        while cards.try_recv().is_ok() {
            device.post(Reply::Card(CardRead { reader: 0, format: 1, bits })).unwrap();
        }
        random += 1;
        let heard = Instant::now();
        let bytes = buffer.get(..count).unwrap();
        let answer = device.receive(bytes, began.elapsed(), random.to_be_bytes());
        let is_card = answer.get(RAW_SECURED.0) == Some(&RAW_SECURED.1);
        let mut stamps_now = is_card.then(|| stamps.lock().unwrap());
        if socket.write_all(&answer).is_err() {
            return;
        }
        if let Some(stamps) = &mut stamps_now {
            stamps.said.insert(line, Instant::now());
        }
        drop(stamps_now);
        while let Some(event) = device.next_event() {
            if let DeviceEvent::Did(Command::Output(_)) = event {
                let mut stamps = stamps.lock().unwrap();
                if let Some(said) = stamps.said.remove(&line) {
                    let taken = heard.saturating_duration_since(said);
                    stamps.strike_us.push(u64::try_from(taken.as_micros()).unwrap());
                }
            }
        }
    }
}

fn percentiles(name: &str, mut taken: Vec<u64>) {
    taken.sort_unstable();
    let at = |per_mille: usize| taken.get((taken.len() * per_mille / 1_000).min(taken.len() - 1));
    let [p50, p99, most] = [500, 990, 1_000].map(|at_| at(at_).copied().unwrap_or_default());
    println!("{name}: {} times, p50 {p50} us, p99 {p99} us, most {most} us", taken.len());
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [transport, lines, rate, seconds] = arguments.as_slice() else {
        panic!("osdp_latency unix|tcp LINES CARDS_A_SECOND SECONDS");
    };
    let [lines, rate, seconds] = [lines, rate, seconds].map(|text| text.parse::<u32>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "42".repeat(16)).unwrap();
    let stamps = Arc::new(Mutex::new(Stamps::default()));
    let (tell, mut events) = mpsc::channel(adapters::limits::BUS_EVENTS_MAX);
    let began = Instant::now();
    let hands = Hands {
        clock: Arc::new(|| Timestamp::from_secs(0)),
        elapsed: Arc::new(move || began.elapsed()),
        events: tell,
        records: None,
    };
    let (mut presents, mut buses) = (Vec::new(), Vec::new());
    for line in 0..lines as usize {
        let (present, cards) = std_mpsc::sync_channel(64);
        presents.push(present);
        let stamps = Arc::clone(&stamps);
        let place = if transport == "tcp" {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let place = Line::Tcp(listener.local_addr().unwrap());
            thread::spawn(move || {
                let (socket, _) = listener.accept().unwrap();
                socket.set_nodelay(true).unwrap();
                reader(line, socket, &cards, &stamps);
            });
            place
        } else {
            let path = folder.path().join(format!("line-{line}"));
            let listener = UnixListener::bind(&path).unwrap();
            thread::spawn(move || {
                let (socket, _) = listener.accept().unwrap();
                reader(line, socket, &cards, &stamps);
            });
            Line::Unix(path)
        };
        let security = ReaderSecurity::Key(SecretRef::File(key.clone()));
        let config = BusConfig {
            id: line.to_string().into(),
            line: place,
            readers: vec![BusReader { address: 1, security }],
            timing: Timing::default(),
        };
        buses.push(Bus::start(config, hands.clone()).unwrap());
    }
    let mut online = 0;
    while online < lines {
        let event = events.blocking_recv().unwrap();
        online += u32::from(event.what == Happened::Online(Channel::Own));
    }
    println!("{lines} readers online after {:?}, load {}", began.elapsed(), load());
    let presented = Arc::clone(&stamps);
    thread::spawn(move || {
        let pause = Duration::from_secs(1) / rate;
        for number in 0..u64::from(rate * seconds) {
            thread::sleep(pause);
            let at = usize::try_from(number % u64::from(lines)).unwrap();
            presents.get(at).unwrap().send(()).unwrap();
        }
        // The last answers are still on their way.
        thread::sleep(Duration::from_millis(500));
        let stamps = std::mem::take(&mut *presented.lock().unwrap());
        percentiles("card: reader's last byte -> our channel", stamps.card_us);
        percentiles("strike: reader's last byte -> strike read by the reader", stamps.strike_us);
        println!("load {}", load());
        std::process::exit(0);
    });
    let strike = Command::Output(vec![Output { number: 0, action: OutputAction::OnFor(30) }]);
    while let Some(event) = events.blocking_recv() {
        if !matches!(event.what, Happened::Card(_)) {
            continue;
        }
        let taken = Instant::now();
        let line: usize = event.bus.parse().unwrap();
        // Its outcome is the reader's to tell.
        let bus = buses.get(line).unwrap();
        drop(bus.command(1, strike.clone(), Duration::from_secs(1)).unwrap());
        let mut stamps = stamps.lock().unwrap();
        if let Some(said) = stamps.said.get(&line) {
            let taken = taken.saturating_duration_since(*said);
            stamps.card_us.push(u64::try_from(taken.as_micros()).unwrap());
        }
    }
}
