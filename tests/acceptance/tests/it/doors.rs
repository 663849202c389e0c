//! A card at a reader, an edge that decides, a server that gives the rights: each a process of its
//! own, and the network between them comes and goes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::points::{Process, enrol, free_port, serve, until_current};
use crate::world::{Api, DEADLINE, Plan, Server, World, binary};

const KEY: &str = "30112233445566778899aabbccddeeff";
/// How old the rights of the zone may be: more than the server's word takes to come again.
const LEASE: Duration = Duration::from_secs(30);
/// Longer than an answer at a door takes.
const NO_ANSWER: Duration = Duration::from_secs(3);

/// Readers in a process of their own: ours, or another maker's.
pub struct Readers {
    _process: Process,
    stdin: ChildStdin,
    said: Receiver<Value>,
    /// Where they listen.
    pub line: String,
}

impl Readers {
    /// Readers that a program plays.
    pub fn of(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // A library of another maker may print words of its own.
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if tell.send(value).is_err() {
                    return;
                }
            }
        });
        let mut readers = Self { _process: Process(child), stdin, said, line: String::new() };
        readers.line = readers.until("listening").as_str().unwrap().to_owned();
        readers
    }

    fn ours(key: &Path) -> Self {
        let mut command = Command::new(binary());
        command.args(["sim", "reader", "--listen", "127.0.0.1:0", "--address", "1"]);
        command.args(["--people", "stay", "--key"]).arg(format!("file:{}", key.display()));
        Self::of(command)
    }

    /// By the library `libosdp`; `None` where there is no python to run it with.
    fn of_another_maker() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let found = Command::new(root.join("scripts/reader.sh")).output().unwrap();
        if found.status.code() == Some(3) {
            println!("skipped: no python to run an OSDP reader with");
            return None;
        }
        assert!(found.status.success(), "the OSDP reader was not installed");
        let mut command = Command::new(String::from_utf8(found.stdout).unwrap().trim());
        command.arg(root.join("crates/adapters/tests/osdp-reader/reader.py"));
        command.arg("tcp").arg(format!("1={KEY}"));
        let mut readers = Self::of(command);
        readers.line = format!("tcp:{}", readers.line);
        Some(readers)
    }

    /// One gesture.
    pub fn act(&mut self, gesture: &Value) {
        writeln!(self.stdin, "{gesture}").unwrap();
    }

    /// The next word of this kind.
    pub fn until(&self, what: &str) -> Value {
        loop {
            let mut said = self.said.recv_timeout(DEADLINE).unwrap();
            if let Some(found) = said.get_mut(what) {
                return found.take();
            }
        }
    }

    /// Whether the strike is told to let go within so long.
    pub fn is_released_within(&self, wait: Duration) -> bool {
        let end = Instant::now() + wait;
        loop {
            match self.said.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(said) if said["strike"] == "released" => return true,
                Ok(said) if is_release(&said["told"]) => return true,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => panic!("the readers have ended"),
            }
        }
    }

    /// Forgets what was said until now, after what is under way has ended.
    pub fn rest(&self) {
        while self.said.recv_timeout(Duration::from_millis(2_500)).is_ok() {}
    }
}

/// SOURCE: SIA OSDP 2.2, `osdp_OUT`: 2 and 5 turn an output on. As the python library tells it.
fn is_release(told: &Value) -> bool {
    told.get("output_no") == Some(&json!(0))
        && [json!(2), json!(5)].iter().any(|code| told.get("control_code") == Some(code))
}

/// The bits of format H10301: even parity of the first half, odd of the second.
pub fn card(facility: u32, number: u32) -> String {
    let data = format!("{facility:08b}{number:016b}");
    let ones = |text: &str| text.matches('1').count();
    let (first, second) = data.split_at(12);
    format!("{}{data}{}", ones(first) % 2, (ones(second) + 1) % 2)
}

fn world(port: u16) -> World {
    let world = World::with(Plan {
        listen: format!("[listen.edges]\naddress = \"127.0.0.1:{port}\"\n"),
        sources: "[[source]]\nid = \"hq-gate\"\nmapping = \"castellan-door\"\nsite = \"hq\"\n\
                  trust = \"mtls\"\nwitness_of = [\"presence\", \"door\"]\n"
            .to_owned(),
        ..Plan::default()
    });
    let lease = LEASE.as_secs();
    for (name, text) in [
        ("groups.csv", "group,name\nstaff,Staff\n".to_owned()),
        ("members.csv", "group,person\nstaff,ana\n".to_owned()),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number\n\
             c-ana,card,ana,H10301,42,69\nc-ben,card,ben,H10301,42,70\n"
                .to_owned(),
        ),
        ("rights.csv", "right,group,zone\nr-staff,staff,lab\n".to_owned()),
        (
            "access.toml",
            format!(
                "format = 1\n[zone.lab]\nlease = \"{lease}s\"\nat_expiry = \"refuse\"\n\
                 break_glass = \"the key in the box beside the door\"\n\
                 [door.d-0000]\nhold = \"1s\"\n[point.hq-gate]\ndoors = [\"d-0000\"]\n"
            ),
        ),
    ] {
        std::fs::write(world.org().join(name), text).unwrap();
    }
    world
}

/// The edge's configuration, with one reader on one line.
fn configure(world: &World, line: &str, key: &Path) -> std::path::PathBuf {
    let data = world.path("edge");
    let text = format!(
        "format = 1\n[data]\nfolder = {data:?}\n[[bus]]\nid = \"gate\"\nline = \"{line}\"\n\
         [[reader]]\nbus = \"gate\"\naddress = 1\nkey = \"file:{}\"\n\
         [[door]]\nid = \"d-0000\"\nreader_in = \"gate:1\"\nstrike = \"gate:1:0\"\n\
         exit = [\"gate:1:1\"]\nformats = [\"H10301\"]\n",
        key.display()
    );
    let path = world.path("edge.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// The story: rights from the server open the door, the server dies and they go on opening it, they
/// grow too old and do not, the server is back and they do.
async fn a_door_outlives_its_server(readers: impl FnOnce(&Path) -> Option<Readers>) {
    let world = world(free_port());
    let key = world.path("gate.key");
    std::fs::write(&key, KEY).unwrap();
    let Some(mut readers) = readers(&key) else { return };
    let (ana, ben) = (card(42, 69), card(42, 70));
    let show = |bits: &str| json!({"reader": 1, "card": bits});

    let token = world.root();
    let server: Server = world.start().await;
    let api = Api::to(&server, &token);
    let config = configure(&world, &readers.line, &key);
    enrol(&api, "hq-gate", &config).await;
    let _edge = serve(&world, &config);
    until_current(&api, &["hq-gate"]).await;
    while readers.until("secure") != true {}

    readers.act(&show(&ana));
    assert!(readers.is_released_within(DEADLINE), "ana may enter");
    readers.rest();
    readers.act(&show(&ben));
    assert!(!readers.is_released_within(NO_ANSWER), "ben may not");
    let counted = "SELECT count(*) FROM events WHERE class_uid = 4230001 AND activity_id IN (1, 2)";
    api.until_count(counted, 2).await;

    server.kill();
    let gone = Instant::now();
    readers.act(&show(&ana));
    assert!(readers.is_released_within(DEADLINE), "the server is gone, her rights are not");
    readers.rest();

    tokio::time::sleep((LEASE + Duration::from_secs(1)).saturating_sub(gone.elapsed())).await;
    readers.act(&show(&ana));
    assert!(!readers.is_released_within(NO_ANSWER), "the rights are older than the zone allows");

    let server = world.start().await;
    let api = Api::to(&server, &token);
    until_current(&api, &["hq-gate"]).await;
    readers.act(&show(&ana));
    assert!(readers.is_released_within(DEADLINE), "the server has confirmed her rights");
    // What was decided meanwhile is told afterwards, once.
    api.until_count(counted, 5).await;
}

#[tokio::test]
async fn a_simulated_reader_opens_a_door_until_its_rights_are_too_old() {
    a_door_outlives_its_server(|key| Some(Readers::ours(key))).await;
}

#[tokio::test]
async fn another_makers_reader_opens_a_door_until_its_rights_are_too_old() {
    a_door_outlives_its_server(|_| Readers::of_another_maker()).await;
}
