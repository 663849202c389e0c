//! A card at a reader, an edge that decides, a server that gives the rights: each a process of its
//! own, and the network between them comes and goes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::points::{Process, enrol, free_port, serve, until_current};
use crate::world::{Api, DEADLINE, Plan, Server, World, binary, until};

const KEY: &str = "30112233445566778899aabbccddeeff";
/// How old the rights of the zone may be: more than the server's word takes to come again.
const LEASE: Duration = Duration::from_secs(30);
/// For how long an edge that hears nothing of its server counts on what it knows, and a little.
const UNHEARD: Duration = Duration::from_secs(12);
/// Longer than news from one door to the other take.
const NEWS: Duration = Duration::from_millis(1_500);
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
    world_with(port, (String::new(), ""))
}

/// The same with doors of the server's own, and more rules for the lab.
fn world_with(port: u16, (config, rules): (String, &str)) -> World {
    let world = World::with(Plan {
        config,
        listen: format!("[listen.edges]\naddress = \"127.0.0.2:{port}\"\n"),
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
                 break_glass = \"the key in the box beside the door\"\n{rules}\n\
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
    until("no record waits at the edge", async || {
        (api.get("/v1/edges").await[0]["records_waiting"] == 0).then_some(())
    })
    .await;
}

/// A new key for the door's reader: proved, kept for the next start, and told.
#[tokio::test]
async fn a_reader_gets_a_new_key_and_the_old_one_ends() {
    let port = free_port();
    let world = world(port);
    let key = world.path("gate.key");
    std::fs::write(&key, KEY).unwrap();
    let mut readers = Readers::ours(&key);
    let token = world.root();
    let server: Server = world.start().await;
    let api = Api::to(&server, &token);
    let config = configure(&world, &readers.line, &key);
    enrol(&api, "hq-gate", &config).await;
    let edge = serve(&world, &config);
    until_current(&api, &["hq-gate"]).await;
    while readers.until("secure") != true {}

    let order = json!({"order": "rotate_keys", "reason": "somebody left who knew it"});
    let given = api.post("/v1/doors/d-0000/commands", &order).await;
    assert_eq!(given.status, 202, "{}", given.body);
    let path = format!("/v1/commands/{}", given.body["id"].as_str().unwrap());
    let ended = until("the reader has its new key", async || {
        let command = api.get(&path).await;
        (command["state"] != "asked" && command["state"] != "sent").then_some(command)
    })
    .await;
    assert_eq!(ended["state"], "confirmed", "{ended}");
    let kept = std::fs::read_to_string(&key).unwrap();
    assert_ne!(kept, KEY);
    assert!(!world.path("gate.key.next").exists());
    let told = "SELECT count(*) FROM events WHERE message = 'reader key_changed'";
    api.until_count(told, 1).await;

    // The box begins anew by the key on its disk: the reader has that one, and no other.
    drop(edge);
    let edge = serve(&world, &config);
    until_current(&api, &["hq-gate"]).await;
    while readers.until("secure") != true {}
    readers.act(&json!({"reader": 1, "card": card(42, 69)}));
    assert!(readers.is_released_within(DEADLINE), "ana may enter");

    // Cut off between the reader and the disk: the reader has the key that lies beside.
    drop(edge);
    std::fs::rename(&key, world.path("gate.key.next")).unwrap();
    std::fs::write(&key, KEY).unwrap();
    let _edge = serve(&world, &config);
    until_current(&api, &["hq-gate"]).await;
    until("the reader's own key is in force", async || {
        let is_kept = std::fs::read_to_string(&key).unwrap() == kept;
        (is_kept && !world.path("gate.key.before").exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_simulated_reader_opens_a_door_until_its_rights_are_too_old() {
    a_door_outlives_its_server(|key| Some(Readers::ours(key))).await;
}

#[tokio::test]
async fn another_makers_reader_opens_a_door_until_its_rights_are_too_old() {
    a_door_outlives_its_server(|_| Readers::of_another_maker()).await;
}

/// The same door, run by the server itself.
fn configure_home(world: &World, line: &str, key: &Path) {
    let doors = format!(
        "[edge]\npoint = \"hq-gate\"\n[[bus]]\nid = \"gate\"\nline = \"{line}\"\n\
         [[reader]]\nbus = \"gate\"\naddress = 1\nkey = \"file:{}\"\n\
         [[door]]\nid = \"d-0000\"\nreader_in = \"gate:1\"\nstrike = \"gate:1:0\"\n\
         formats = [\"H10301\"]\n",
        key.display()
    );
    world.configure("", &doors);
}

/// The number of each record of the server's own doors, and the gaps that records tell of.
fn numbers(world: &World) -> (Vec<u64>, Vec<(u64, u64)>) {
    let rows = world.query("SELECT ocsf FROM events WHERE source = 'hq-gate'");
    let (mut numbers, mut gaps) = (Vec::new(), Vec::new());
    for row in rows {
        let event: Value = serde_json::from_str(row["ocsf"].as_str().unwrap()).unwrap();
        // A decision is an authentication as well, which has no number of its own.
        let Some(uid) = event["metadata"]["uid"].as_str() else { continue };
        numbers.push(uid.strip_prefix("hq-gate-").unwrap().parse().unwrap());
        if event["metadata"]["event_code"] == "lost" {
            let unmapped = &event["unmapped"];
            gaps.push((unmapped["from"].as_u64().unwrap(), unmapped["to"].as_u64().unwrap()));
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    (numbers, gaps)
}

#[tokio::test]
async fn a_killed_servers_own_doors_count_the_records_that_may_be_missing() {
    let world = world(1);
    let key = world.path("gate.key");
    std::fs::write(&key, KEY).unwrap();
    let mut readers = Readers::ours(&key);
    configure_home(&world, &readers.line, &key);
    let token = world.root();
    let show = json!({"reader": 1, "card": card(42, 69)});
    let counted = "SELECT count(*) FROM events WHERE class_uid = 4230001 AND activity_id IN (1, 2)";

    let server = world.start().await;
    let api = Api::to(&server, &token);
    while readers.until("secure") != true {}
    readers.act(&show);
    assert!(readers.is_released_within(DEADLINE), "ana may enter");
    readers.rest();
    api.until_count(counted, 1).await;
    api.settled().await;
    let (before, gaps) = numbers(&world);
    assert_eq!(gaps, []);
    assert_eq!(before, (1..=before.len() as u64).collect::<Vec<_>>(), "none twice, none missing");
    server.kill();

    let server = world.start().await;
    let api = Api::to(&server, &token);
    while readers.until("secure") != true {}
    readers.act(&show);
    assert!(readers.is_released_within(DEADLINE), "ana may enter again");
    readers.rest();
    api.until_count(counted, 2).await;
    api.settled().await;
    let (after, gaps) = numbers(&world);
    // What the power cut may have taken begins behind the last record that is known.
    let [(from, to)] = gaps[..] else { panic!("one gap: {gaps:?}") };
    let known = after.iter().filter(|n| **n < from).count() as u64;
    assert!(known >= before.len() as u64 && from == known + 1, "{gaps:?} {after:?}");
    let behind: Vec<u64> = after.into_iter().filter(|n| *n >= from).collect();
    let last = to + behind.len() as u64;
    assert_eq!(behind, (to + 1..=last).collect::<Vec<_>>());

    // A clean end leaves none.
    server.stop().await;
    let server = world.start().await;
    let api = Api::to(&server, &token);
    while readers.until("secure") != true {}
    readers.act(&show);
    assert!(readers.is_released_within(DEADLINE), "ana may enter once more");
    api.until_count(counted, 3).await;
    api.settled().await;
    let (all, gaps) = numbers(&world);
    assert_eq!(gaps, [(from, to)]);
    assert!(all.iter().zip(all.iter().skip(1)).all(|(a, b)| b - a == 1 || *a + 1 == from));
}

/// Anti-passback over two points: in at the server's own door, then not again at the edge's; and
/// once the edge is alone, as the zone says for when nobody is heard.
#[tokio::test]
async fn whoever_came_in_at_the_servers_door_does_not_come_in_again_at_the_edge() {
    let port = free_port();
    let keys = tempfile::tempdir().unwrap();
    let key = keys.path().join("gate.key");
    std::fs::write(&key, KEY).unwrap();
    let (mut home, mut edge) = (Readers::ours(&key), Readers::ours(&key));
    let doors = format!(
        "[[bus]]\nid = \"hall\"\nline = \"{}\"\n[[reader]]\nbus = \"hall\"\naddress = 1\n\
         key = \"file:{}\"\n[[door]]\nid = \"d-0001\"\nreader_in = \"hall:1\"\n\
         strike = \"hall:1:0\"\nformats = [\"H10301\"]\n",
        home.line,
        key.display()
    );
    let rules = "anti_passback = \"hard\"\nblind = \"admit\"\n\
                 [point.server]\ndoors = [\"d-0001\"]\n[door.d-0001]\nhold = \"1s\"";
    let world = world_with(port, (doors, rules));
    let show = json!({"reader": 1, "card": card(42, 69)});
    let token = world.root();
    let server: Server = world.start().await;
    let api = Api::to(&server, &token);
    let config = configure(&world, &edge.line, &key);
    enrol(&api, "hq-gate", &config).await;
    let _process = serve(&world, &config);
    until_current(&api, &["hq-gate"]).await;
    while home.until("secure") != true {}
    while edge.until("secure") != true {}

    home.act(&show);
    assert!(home.is_released_within(DEADLINE), "ana may enter");
    tokio::time::sleep(NEWS).await;
    edge.act(&show);
    assert!(!edge.is_released_within(NO_ANSWER), "she is in already");
    let again = "SELECT count(*) FROM events WHERE class_uid = 4230001 AND activity_id = 9";
    api.until_count(again, 1).await;

    server.kill();
    tokio::time::sleep(UNHEARD).await;
    edge.act(&show);
    assert!(edge.is_released_within(DEADLINE), "nobody is heard: this zone then admits, and flags");
}
