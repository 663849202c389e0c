//! Simulated readers and networks as processes, against a real line of ours.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdin, Command as Process, Stdio};
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};

use engine::adapters::SecretRef;
use engine::adapters::osdp::{
    Bus, BusConfig, BusEvent, BusReader, Circuit, Command, Hands, Happened, Line, Output,
    OutputAction, ReaderSecurity, Timing,
};
use engine::clock::{Clock, Stopwatch};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "30112233445566778899aabbccddeeff";

/// `castellan …` that is spoken to by lines, ended with the test.
struct Simulated {
    child: Child,
    stdin: ChildStdin,
    said: std_mpsc::Receiver<Value>,
    listening: String,
    control: Option<SocketAddr>,
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Simulated {
    fn start(args: &[&str]) -> Self {
        let mut process = Process::new(env!("CARGO_BIN_EXE_castellan"));
        process.args(args);
        let mut simulated = Self::of(process);
        let first: Value = simulated.said.recv_timeout(PATIENCE).unwrap();
        simulated.listening = first.get("listening").unwrap().as_str().unwrap().to_owned();
        let control = first.get("control").and_then(Value::as_str);
        simulated.control = control.map(|at| at.parse().unwrap());
        simulated
    }

    fn of(mut process: Process) -> Self {
        let mut child = process.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, said) = std_mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A library of another maker may print words of its own.
                let Ok(said) = serde_json::from_str(&line) else { continue };
                if tell.send(said).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, said, listening: String::new(), control: None }
    }

    fn act(&mut self, word: &Value) {
        writeln!(self.stdin, "{word}").unwrap();
    }

    /// The next thing of this kind that it says.
    fn until(&self, what: &str) -> Value {
        loop {
            let mut said = self.said.recv_timeout(PATIENCE).unwrap();
            if let Some(found) = said.get_mut(what) {
                return found.take();
            }
        }
    }

    fn address(&self) -> SocketAddr {
        self.listening.trim_start_matches("tcp:").parse().unwrap()
    }
}

struct Ours {
    bus: Bus,
    events: mpsc::Receiver<BusEvent>,
}

impl Ours {
    fn start(line: SocketAddr, key: &Path, addresses: &[u8]) -> Self {
        let security = || ReaderSecurity::Key(SecretRef::File(key.to_owned()));
        let readers = addresses
            .iter()
            .map(|address| BusReader { address: *address, security: security() })
            .collect();
        let (tell, events) = mpsc::channel(1_024);
        let watch = Stopwatch::start();
        let hands = Hands {
            clock: Clock::system().as_fn(),
            elapsed: std::sync::Arc::new(move || watch.elapsed()),
            events: tell,
            records: None,
        };
        let line = Line::Tcp(line);
        let config = BusConfig { id: "gate".into(), line, readers, timing: Timing::default() };
        Self { bus: Bus::start(config, hands).unwrap(), events }
    }

    async fn until(&mut self, is_it: impl Fn(&Happened) -> bool) -> BusEvent {
        loop {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            let event = event.unwrap().unwrap();
            if is_it(&event.what) {
                return event;
            }
        }
    }

    fn strike(&self, address: u8) {
        let output = Output { number: 0, action: OutputAction::OnFor(20) };
        let command = Command::Output(vec![output]);
        drop(self.bus.command(address, command, Duration::from_secs(5)).unwrap());
    }
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

fn key(folder: &tempfile::TempDir) -> String {
    let path = path(folder, "line.key");
    std::fs::write(&path, KEY).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_door_works_through_a_bad_network_and_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&folder);
    let reference = format!("file:{key}");
    let mut readers = Simulated::start(&[
        "sim",
        "reader",
        "--listen",
        "127.0.0.1:0",
        "--address",
        "1,2",
        "--key",
        &reference,
    ]);
    let mut network = Simulated::start(&[
        "sim",
        "impair",
        "--listen",
        "127.0.0.1:0",
        "--to",
        &readers.address().to_string(),
        "--weather",
        r#"{"delay_ms": 10, "jitter_ms": 5}"#,
    ]);
    let recording = path(&folder, "gate.osdpcap");
    // A free port: the recorder is not asked which it took.
    let panel = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut recorder = Process::new(env!("CARGO_BIN_EXE_castellan"))
        .args(["osdp", "record", "--line", &format!("tcp:{}", network.address())])
        .args(["--through", &panel.to_string(), "--to", &recording, "--lasts", "20s"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut ours = Ours::start(panel, Path::new(&key), &[1, 2]);
    for _ in 0..2 {
        ours.until(|what| matches!(what, Happened::Online(_))).await;
    }

    let card = json!({"format": "H10301", "facility": 42, "number": 69});
    readers.act(&json!({"reader": 2, "card": card}));
    let event = ours.until(|what| matches!(what, Happened::Card(_))).await;
    assert_eq!(event.address, Some(2));
    ours.strike(2);
    assert_eq!(readers.until("strike"), "released");
    assert_eq!(readers.until("leaf"), "open");
    let open = Happened::Inputs([true, false, false].map(Circuit::from).to_vec());
    ours.until(|what| *what == open).await;
    assert_eq!(readers.until("leaf"), "shut");
    assert_eq!(readers.until("strike"), "secured");
    readers.act(&json!({"reader": 2, "leaf": "open"}));
    assert!(readers.until("refused").as_str().unwrap().contains("strike"));

    // A pulled cable is no end of the line: the readers are lost one by one, and come back.
    network.act(&json!({"link": "cut"}));
    for _ in 0..2 {
        ours.until(|what| matches!(what, Happened::Offline(_))).await;
    }
    network.act(&json!({"link": "up"}));
    for _ in 0..2 {
        ours.until(|what| matches!(what, Happened::Online(_))).await;
    }
    readers.act(&json!({"reader": 1, "keys": "47#"}));
    ours.until(|what| matches!(what, Happened::Keys { .. })).await;

    let trace = |more: &[&str]| {
        let run = Process::new(env!("CARGO_BIN_EXE_castellan"))
            .args(["osdp", "trace", &recording])
            .args(more)
            .output()
            .unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    // What the panel has heard may still be on its way to the recorder's file.
    for _ in 0..100 {
        if trace(&[]).contains("KEYPAD") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    recorder.kill().unwrap();
    recorder.wait().unwrap();
    let closed = trace(&[]);
    assert!(closed.contains("RAW") && !closed.contains("26 bits"), "{closed}");
    let opened = trace(&["--key", &reference]);
    assert!(opened.contains("RAW  26 bits"), "{opened}");
    assert!(opened.contains("OUT  output 0 on for 2.0 s"), "{opened}");
    assert!(!opened.contains("number 69"));
    let shown = trace(&["--key", &format!("2={reference}"), "--reveal"]);
    assert!(shown.contains("H10301 facility 42 number 69"), "{shown}");
    assert!(shown.contains("KEYPAD  16 bytes encrypted"), "the key of reader 1 was not given");
    assert!(!shown.contains(KEY) && !shown.contains("30112233"));
}

#[test]
fn readers_are_controlled_by_a_socket() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(&folder, "line.sock");
    let readers = Simulated::start(&[
        "sim",
        "reader",
        "--unix",
        &socket,
        "--address",
        "1",
        "--control",
        "127.0.0.1:0",
    ]);
    assert_eq!(readers.listening, format!("unix:{socket}"));
    let mut control = TcpStream::connect(readers.control.unwrap()).unwrap();
    control.set_read_timeout(Some(PATIENCE)).unwrap();
    writeln!(control, "{}", json!({"reader": 1, "leaf": "force"})).unwrap();
    writeln!(control, "{}", json!({"reader": 7, "tamper": true})).unwrap();
    let said: Vec<Value> = BufReader::new(control)
        .lines()
        .take(2)
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert!(said.iter().any(|told| told.get("leaf") == Some(&json!("open"))), "{said:?}");
    let why = |told: &&Value| told.get("refused").is_some();
    assert!(said.iter().find(why).unwrap().to_string().contains("address 7"));
}

#[test]
fn readers_end_with_their_input_and_refuse_to_be_controlled_from_afar() {
    let folder = tempfile::tempdir().unwrap();
    let socket = path(&folder, "line.sock");
    let run = |more: &[&str]| {
        Process::new(env!("CARGO_BIN_EXE_castellan"))
            .args(["sim", "reader", "--unix", &socket, "--address", "1"])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    assert!(run(&[]).status.success());
    std::fs::remove_file(&socket).unwrap();
    let far = run(&["--control", "0.0.0.0:0"]);
    assert_eq!(far.status.code(), Some(1));
    assert!(String::from_utf8(far.stderr).unwrap().contains("no loopback address"));
}

fn python() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = root.join("../../scripts/reader.sh");
    let found = Process::new(script).stderr(Stdio::inherit()).output().unwrap();
    if found.status.code() == Some(3) {
        println!("skipped: no python to run an OSDP panel with");
        return None;
    }
    assert!(found.status.success(), "the OSDP library was not installed");
    Some(String::from_utf8(found.stdout).unwrap().trim().to_owned())
}

/// Our readers are understood by a panel that shares no code with ours.
#[test]
fn another_makers_panel_uses_our_readers() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let reference = format!("file:{}", key(&folder));
    let mut readers = Simulated::start(&[
        "sim",
        "reader",
        "--listen",
        "127.0.0.1:0",
        "--address",
        "3,5",
        "--key",
        &reference,
    ]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/osdp-panel.py");
    let mut panel = Process::new(python);
    panel.arg(script).arg(readers.address().to_string());
    panel.args([format!("3={KEY}"), format!("5={KEY}")]);
    let mut panel = Simulated::of(panel);
    let mut secure = std::collections::BTreeSet::new();
    while secure.len() < 2 {
        let told = panel.said.recv_timeout(PATIENCE).unwrap();
        if told.get("secure") == Some(&json!(true)) {
            secure.insert(told.get("reader").unwrap().as_u64());
        }
    }
    readers.act(&json!({"reader": 5, "card": "10010101000000000010001010"}));
    let card = panel.until("said");
    assert_eq!(
        (card.get("length"), card.get("data")),
        (Some(&json!(26)), Some(&json!("95002280"))),
        "{card}"
    );
    panel.act(&json!({"reader": 5, "output": 20}));
    assert_eq!(panel.until("taken"), true);
    assert_eq!(readers.until("strike"), "released");
    assert_eq!(readers.until("leaf"), "open");
    assert_eq!(readers.until("leaf"), "shut");
    assert_eq!(readers.until("strike"), "secured");
    readers.act(&json!({"reader": 3, "keys": "47#"}));
    loop {
        let said = panel.until("said");
        if said.get("data") == Some(&json!("34370d")) {
            break;
        }
    }
    // The panel takes its own key change as done once a channel by the new key is up.
    panel.act(&json!({"reader": 3, "keyset": "0f".repeat(16)}));
    assert_eq!(panel.until("taken"), true);
    assert_eq!(readers.until("key"), "changed");
    while readers.until("secure") != true {}
    readers.act(&json!({"reader": 3, "card": "1010"}));
    loop {
        let said = panel.until("said");
        if said.get("length") == Some(&json!(4)) {
            break;
        }
    }
}

/// What answers by sending back what it hears.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut buffer = [0; 1_024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    if stream.write_all(buffer.get(..count).unwrap()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn ask(stream: &mut TcpStream, wait: Duration) -> std::io::Result<Duration> {
    let asked = Instant::now();
    stream.set_read_timeout(Some(wait))?;
    stream.write_all(b"hello")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    assert_eq!(&answer, b"hello");
    Ok(asked.elapsed())
}

#[test]
fn a_connection_is_delayed_cut_half_open_reset_and_refused_as_told() {
    let far = echo().to_string();
    let mut network = Simulated::start(&["sim", "impair", "--listen", "127.0.0.1:0", "--to", &far]);
    let mut stream = TcpStream::connect(network.address()).unwrap();
    ask(&mut stream, PATIENCE).unwrap();
    let short = Duration::from_millis(500);
    let tell = |word: Value, stdin: &mut ChildStdin| {
        writeln!(stdin, "{word}").unwrap();
        // What a refused word would say comes after all that was done before it.
        writeln!(stdin, "?").unwrap();
        assert!(network.said.recv_timeout(PATIENCE).unwrap().get("refused").is_some());
    };
    let stdin = &mut network.stdin;

    tell(json!({"weather": {"delay_ms": 60}}), stdin);
    let took = ask(&mut stream, PATIENCE).unwrap();
    assert!(took >= Duration::from_millis(120), "{took:?}");
    tell(json!({"weather": {}}), stdin);

    tell(json!({"link": "cut"}), stdin);
    std::thread::sleep(Duration::from_millis(50));
    ask(&mut stream, short).unwrap_err();
    tell(json!({"link": "up"}), stdin);
    // What was held comes now.
    let mut late = [0; 5];
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut late).unwrap();
    ask(&mut stream, PATIENCE).unwrap();

    tell(json!({"link": "half_open"}), stdin);
    std::thread::sleep(Duration::from_millis(50));
    let silent = ask(&mut stream, short).unwrap_err();
    assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock);
    tell(json!({"link": "up"}), stdin);
    // Who was left half open stays so until somebody ends it.
    ask(&mut stream, short).unwrap_err();
    tell(json!({"reset": true}), stdin);
    let mut rest = Vec::new();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let ended = stream.read_to_end(&mut rest);
    assert!(ended.is_err() || rest.is_empty(), "{ended:?}");
}

#[test]
fn datagrams_are_lost_doubled_and_cut_as_told() {
    let far = UdpSocket::bind("127.0.0.1:0").unwrap();
    far.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let to = far.local_addr().unwrap().to_string();
    let mut network = Simulated::start(&[
        "sim",
        "impair",
        "--udp",
        "--listen",
        "127.0.0.1:0",
        "--to",
        &to,
        "--weather",
        r#"{"lose_ppm": 200000, "double_ppm": 100000}"#,
    ]);
    let near = UdpSocket::bind("127.0.0.1:0").unwrap();
    near.connect(network.address()).unwrap();
    let mut buffer = [0; 16];
    let mut heard = 0;
    for _ in 0..20 {
        for _ in 0..25 {
            near.send(b"hello").unwrap();
        }
        while far.recv(&mut buffer).is_ok() {
            heard += 1;
            far.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        }
    }
    // Four fifths of 500, and a tenth of those twice.
    assert!((380..500).contains(&heard), "{heard}");
    network.act(&json!({"link": "cut"}));
    network.act(&json!({"weather": {"rain": 1}}));
    assert!(network.until("refused").as_str().unwrap().contains("rain"));
    near.send(b"hello").unwrap();
    far.recv(&mut buffer).unwrap_err();
    network.act(&json!({"link": "up"}));
    network.act(&json!({"weather": {}}));
    network.act(&json!(1));
    network.until("refused");
    near.send(b"hello").unwrap();
    far.set_read_timeout(Some(PATIENCE)).unwrap();
    let (_, back) = far.recv_from(&mut buffer).unwrap();
    far.send_to(b"there", back).unwrap();
    near.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(near.recv(&mut buffer).unwrap(), 5);
}
