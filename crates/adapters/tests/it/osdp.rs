//! Real readers on real lines. Each reader is a process of its own with a library that shares no
//! code with ours; it is skipped where that cannot be had.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::{Duration, Instant};

use adapters::SecretRef;
use adapters::osdp::{
    Bus, BusConfig, BusEvent, BusReader, Command, Hands, Happened, Line, Outcome, Output,
    OutputAction, ReaderSecurity, RotationProof, Scbk, Timing,
};
use codec::osdp::{Channel, DownReason};
use codec::wiegand::{Formats, Key};
use model::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::impair::{self, Far, Faults};
use crate::support::PATIENCE;

const KEY: &str = "30112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";
/// H10301, facility 42, card 69.
const CARD: &str = "10010101000000000010001010";

/// Readers in a process of their own, ended with the test.
struct Readers {
    child: Child,
    stdin: ChildStdin,
    said: std_mpsc::Receiver<Value>,
    listening: String,
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("../../scripts/reader.sh");
    let found = Process::new(script).stderr(Stdio::inherit()).output().unwrap();
    if found.status.code() == Some(3) {
        println!("skipped: no python to run an OSDP reader with");
        return None;
    }
    assert!(found.status.success(), "the OSDP reader was not installed");
    Some(String::from_utf8(found.stdout).unwrap().trim().to_owned())
}

impl Readers {
    /// `None` where there is no python to run them with.
    fn start(place: &str, readers: &[&str]) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut child = Process::new(python()?)
            .arg(root.join("tests/osdp-reader/reader.py"))
            .arg(place)
            .args(readers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, said) = std_mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The library itself may print.
                if let Ok(value) = serde_json::from_str::<Value>(&line)
                    && tell.send(value).is_err()
                {
                    return;
                }
            }
        });
        let first = said.recv_timeout(PATIENCE).unwrap();
        let listening = first["listening"].as_str().unwrap().to_owned();
        Some(Self { child, stdin, said, listening })
    }

    fn act(&mut self, asked: &Value) {
        writeln!(self.stdin, "{asked}").unwrap();
    }

    /// The next thing that they say of this kind.
    fn until(&self, what: &str) -> Value {
        loop {
            let said = self.said.recv_timeout(PATIENCE).unwrap();
            if said.get(what).is_some() {
                return said;
            }
        }
    }

    /// The next thing that they are told with such a field; what is only asked is left out.
    fn until_told(&self, field: &str) -> Value {
        loop {
            let told = self.until("told")["told"].take();
            if told.get(field).is_some() {
                return told;
            }
        }
    }
}

/// A line of ours.
struct Ours {
    bus: Bus,
    events: mpsc::Receiver<BusEvent>,
    folder: tempfile::TempDir,
}

fn line(place: &str) -> Line {
    match place.parse() {
        Ok(address) => Line::Tcp(address),
        Err(_) if place.starts_with("/dev/") => Line::Serial { path: place.into(), baud: 115_200 },
        Err(_) => Line::Unix(place.into()),
    }
}

impl Ours {
    /// Readers by address and key; a key `install:…` is given to a reader that lacks it.
    fn start(line: Line, readers: &[(u8, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers
            .iter()
            .map(|(address, key)| {
                let path = folder.path().join(format!("key-{address}"));
                let (is_new, digits) =
                    key.strip_prefix("install:").map_or((false, *key), |key| (true, key));
                std::fs::write(&path, digits).unwrap();
                let key = SecretRef::File(path);
                let security = match (is_new, digits) {
                    (_, "clear") => ReaderSecurity::Clear,
                    (true, _) => ReaderSecurity::Install(key),
                    (false, _) => ReaderSecurity::Key(key),
                };
                BusReader { address: *address, security }
            })
            .collect();
        let id = Arc::from("gate");
        let config = BusConfig { id, line, readers, timing: Timing::default() };
        let (tell, events) = mpsc::channel(adapters::limits::BUS_EVENTS_MAX);
        let began = Instant::now();
        let hands = Hands {
            clock: Arc::new(|| Timestamp::from_secs(0)),
            elapsed: Arc::new(move || began.elapsed()),
            events: tell,
            records: None,
        };
        Self { bus: Bus::start(config, hands).unwrap(), events, folder }
    }

    async fn next(&mut self) -> BusEvent {
        tokio::time::timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap()
    }

    /// The next event of this kind, whatever comes before it.
    async fn until(&mut self, is_it: impl Fn(&BusEvent) -> bool) -> BusEvent {
        let mut before = Vec::new();
        loop {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            let Ok(Some(event)) = event else {
                panic!("waited in vain; before it came {before:?}, {:?}", self.bus.counters());
            };
            if is_it(&event) {
                return event;
            }
            before.push(event);
        }
    }

    async fn until_online(&mut self, address: u8, channel: Channel) {
        let online = Happened::Online(channel);
        self.until(|event| event.address == Some(address) && event.what == online).await;
    }

    async fn outcome(&self, address: u8, command: Command) -> Outcome {
        let pending = self.bus.command(address, command, Duration::from_secs(5)).unwrap();
        tokio::time::timeout(PATIENCE, pending).await.unwrap().unwrap().unwrap()
    }
}

fn strike() -> Command {
    Command::Output(vec![Output { number: 0, action: OutputAction::OnFor(50) }])
}

fn socket(folder: &tempfile::TempDir) -> String {
    folder.path().join("line").display().to_string()
}

fn card_of(event: &BusEvent) -> Option<String> {
    match &event.what {
        Happened::Card(card) => Some(card.bits.expose_text()),
        _ => None,
    }
}

/// Everything that a door needs of a reader, over one kind of line.
async fn a_door_works_over(place: &str) {
    let Some(mut readers) = Readers::start(place, &[&format!("5={KEY}")]) else { return };
    let mut ours = Ours::start(line(&readers.listening), &[(5, KEY)]);
    ours.until_online(5, Channel::Own).await;
    assert_eq!(readers.until("secure"), json!({"reader": 5, "secure": false}));
    assert_eq!(readers.until("secure"), json!({"reader": 5, "secure": true}));

    readers.act(&json!({"reader": 5, "card": CARD}));
    let event = ours.until(|event| card_of(event).is_some()).await;
    assert_eq!((event.address, card_of(&event).as_deref()), (Some(5), Some(CARD)));
    let Happened::Card(card) = event.what else { unreachable!() };
    let read = Formats::shipped().unwrap().get("H10301").unwrap().decode(&card.bits).unwrap();
    assert_eq!(read.key(), ("H10301", Some(42), 69, None));

    assert!(matches!(ours.outcome(5, strike()).await, Outcome::Done(_)));
    let told = readers.until_told("output_no");
    assert_eq!(
        (&told["output_no"], &told["control_code"], &told["timer_count"]),
        (&json!(0), &json!(5), &json!(50)),
        "{told}"
    );

    readers.act(&json!({"reader": 5, "keys": "47#"}));
    let event = ours.until(|event| matches!(event.what, Happened::Keys { .. })).await;
    let keys = vec![Key::Digit(4), Key::Digit(7), Key::Hash];
    assert_eq!(event.what, Happened::Keys { reader: 0, keys, unknown: 0 });

    readers.act(&json!({"reader": 5, "tamper": true}));
    let tampered = Happened::Local { is_tampered: true, is_power_failing: false };
    ours.until(|event| event.what == tampered).await;
    assert!(ours.bus.is_running());
    ours.bus.stop();
}

#[tokio::test]
async fn a_door_works_over_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    a_door_works_over(&format!("unix:{}", socket(&folder))).await;
}

#[tokio::test]
async fn a_door_works_over_tcp() {
    a_door_works_over("tcp").await;
}

#[tokio::test]
async fn a_door_works_over_a_terminal() {
    a_door_works_over("pty").await;
}

#[tokio::test]
async fn a_reader_with_another_key_is_named_and_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let Some(mut readers) = Readers::start(&place, &[&format!("5={OTHER}")]) else { return };
    let mut ours = Ours::start(line(&readers.listening), &[(5, KEY)]);
    readers.act(&json!({"reader": 5, "card": CARD}));
    let down = Happened::Offline(DownReason::WrongKey);
    // Before that it may not have been listening yet.
    ours.until(|event| event.what == down).await;
    assert_eq!(ours.outcome(5, strike()).await, Outcome::NotOnline);
    let nothing = tokio::time::timeout(Duration::from_secs(2), ours.events.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a_reader_without_a_key_is_given_one_when_it_is_installed() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let Some(readers) = Readers::start(&place, &["5=install"]) else { return };
    let mut ours = Ours::start(line(&readers.listening), &[(5, &format!("install:{KEY}"))]);
    ours.until_online(5, Channel::Install).await;
    ours.until_online(5, Channel::Own).await;
    let told = readers.until_told("data");
    assert_eq!(told["data"], KEY, "{told}");
    assert!(matches!(ours.outcome(5, strike()).await, Outcome::Done(_)));
}

#[tokio::test]
async fn a_reader_that_was_killed_is_back_within_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let readers = [format!("5={KEY}")];
    let readers: Vec<&str> = readers.iter().map(String::as_str).collect();
    let Some(first) = Readers::start(&place, &readers) else { return };
    let mut ours = Ours::start(line(&first.listening), &[(5, KEY)]);
    ours.until_online(5, Channel::Own).await;
    drop(first);
    let down = Happened::Offline(DownReason::Line);
    ours.until(|event| event.what == down).await;
    assert_eq!(ours.outcome(5, strike()).await, Outcome::NotOnline);
    let mut second = Readers::start(&place, &readers).unwrap();
    let began = Instant::now();
    ours.until_online(5, Channel::Own).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    second.act(&json!({"reader": 5, "card": CARD}));
    ours.until(|event| card_of(event).as_deref() == Some(CARD)).await;
}

#[tokio::test]
async fn two_readers_share_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let keys = [format!("5={KEY}"), format!("9={OTHER}")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let Some(mut readers) = Readers::start(&place, &keys) else { return };
    let mut ours = Ours::start(line(&readers.listening), &[(5, KEY), (9, OTHER), (7, KEY)]);
    // Nobody is at 7: that is said, and holds up neither of the others.
    let mut missing = vec![
        (Some(5), Happened::Online(Channel::Own)),
        (Some(7), Happened::Offline(DownReason::NoAnswer)),
        (Some(9), Happened::Online(Channel::Own)),
    ];
    while !missing.is_empty() {
        let event = ours.next().await;
        missing.retain(|(address, what)| (event.address, &event.what) != (*address, what));
    }
    for (address, card) in [(5, CARD), (9, "0110"), (5, "111"), (9, CARD)] {
        readers.act(&json!({"reader": address, "card": card}));
        let event = ours.until(|event| card_of(event).is_some()).await;
        assert_eq!((event.address, card_of(&event).as_deref()), (Some(address), Some(card)));
    }
    let (five, nine) = tokio::join!(ours.outcome(5, strike()), ours.outcome(9, strike()));
    assert!(matches!((five, nine), (Outcome::Done(_), Outcome::Done(_))));
}

#[tokio::test]
async fn a_key_is_changed_there_and_back_and_the_old_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let Some(readers) = Readers::start(&place, &[&format!("5={KEY}")]) else { return };
    let mut ours = Ours::start(line(&readers.listening), &[(5, KEY)]);
    ours.until_online(5, Channel::Own).await;
    for key in [OTHER, KEY] {
        let pending = ours.bus.rotate(5, Scbk::parse(key).unwrap()).unwrap();
        let outcome = tokio::time::timeout(PATIENCE, pending).await.unwrap().unwrap().unwrap();
        let proof = RotationProof {
            is_new_accepted: true,
            is_old_refused: Some(true),
            is_install_refused: Some(true),
        };
        assert_eq!(outcome, Outcome::Rotated(proof));
        let told = readers.until_told("data");
        assert_eq!(told["data"], key, "{told}");
        assert!(matches!(ours.outcome(5, strike()).await, Outcome::Done(_)));
    }
    // A panel that knows only the key before the last finds the door shut to it.
    drop(ours);
    let mut late = Ours::start(line(&readers.listening), &[(5, OTHER)]);
    let down = Happened::Offline(DownReason::WrongKey);
    late.until(|event| event.what == down).await;
}

#[tokio::test]
async fn a_noisy_line_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", socket(&folder));
    let Some(mut readers) = Readers::start(&place, &[&format!("5={KEY}")]) else { return };
    let faults = Faults {
        lose: 41,
        double: 37,
        truncate: 23,
        flip: 19,
        delay: 17,
        delay_ms_max: 80,
        cut: 0,
    };
    let far = Far::Unix(readers.listening.clone().into());
    let noisy = Line::Tcp(impair::connection(far, faults, 5));
    let mut ours = Ours::start(noisy, &[(5, KEY)]);
    ours.until_online(5, Channel::Own).await;
    // What this reader says into a broken frame it does not say again: people present their card
    // once more.
    for _ in 0..5 {
        let came = async {
            loop {
                readers.act(&json!({"reader": 5, "card": CARD}));
                let is_card = |event: &BusEvent| card_of(event).is_some();
                let wait = Duration::from_secs(1);
                if let Ok(event) = tokio::time::timeout(wait, ours.until(is_card)).await {
                    return card_of(&event);
                }
            }
        };
        let card = tokio::time::timeout(2 * PATIENCE, came).await.unwrap();
        assert_eq!(card.as_deref(), Some(CARD));
    }
    let counters = ours.bus.counters();
    assert!(counters.panel.damaged + counters.panel.bytes_skipped > 0, "{counters:?}");
    assert_eq!(counters.lines_lost, 0);
    assert!(ours.folder.path().exists());
}

#[test]
fn what_cannot_be_a_line_is_refused() {
    let (events, _kept) = mpsc::channel(1);
    let hands = Hands {
        clock: Arc::new(|| Timestamp::from_secs(0)),
        elapsed: Arc::new(|| Duration::ZERO),
        events,
        records: None,
    };
    let refused = |readers: Vec<BusReader>| {
        let line = Line::Unix("/nowhere".into());
        let id = Arc::from("gate");
        let config = BusConfig { id, line, readers, timing: Timing::default() };
        Bus::start(config, hands.clone()).map(drop).unwrap_err().to_string()
    };
    let clear = |address| BusReader { address, security: ReaderSecurity::Clear };
    assert_eq!(
        refused(vec![]),
        "`readers` cannot be used: `gate` has 0 readers, expected 1 to 127"
    );
    assert_eq!(
        refused(vec![clear(3), clear(3)]),
        "`address` cannot be used: `gate` has two readers at 3"
    );
    assert_eq!(
        refused(vec![clear(127)]),
        "`address` cannot be used: `gate` has 127, expected 0 to 126"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "00112233").unwrap();
    let key = SecretRef::File(path.clone());
    let said = refused(vec![BusReader { address: 1, security: ReaderSecurity::Key(key) }]);
    assert_eq!(
        said,
        format!("`key` cannot be used: `file:{}` is not 32 hexadecimal digits", path.display())
    );
}

#[tokio::test]
async fn a_line_that_is_cut_again_and_again_comes_back() {
    let Some(mut readers) = Readers::start("tcp", &[&format!("5={KEY}")]) else { return };
    let faults = Faults { cut: 25, ..Faults::default() };
    let far = Far::Tcp(readers.listening.parse().unwrap());
    let mut ours = Ours::start(Line::Tcp(impair::connection(far, faults, 5)), &[(5, KEY)]);
    for _ in 0..3 {
        ours.until_online(5, Channel::Own).await;
        readers.act(&json!({"reader": 5, "card": CARD}));
        ours.until(|event| matches!(event.what, Happened::LineDown(_))).await;
    }
    assert!(ours.bus.counters().lines_lost >= 3);
}
