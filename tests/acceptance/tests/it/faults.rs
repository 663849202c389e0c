//! What goes wrong at real readers, and where an operator sees it: bits that no format reads, wrong
//! keys, two devices at one address, a contact that lies, a reader that floods.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::doors::{Readers, card};
use crate::points::{Process, enrol, free_port, serve, until_current};
use crate::world::{Api, DEADLINE, Plan, Server, World, binary, until};

const KEYS: [(&str, &str); 2] =
    [("right", "30112233445566778899aabbccddeeff"), ("wrong", "ffeeddccbbaa99887766554433221130")];

/// A server, an edge with three lines, and readers on them.
struct House {
    server: Option<Server>,
    world: World,
    api: Api,
    _edge: Process,
    /// The reader of d-0000, as it should be.
    gate: Readers,
    /// That of d-0001, with another key than the edge knows.
    _other: Readers,
    /// Two devices at one address: that of d-0002.
    _twins: Readers,
}

fn readers(world: &World, addresses: &str, key: &str) -> Readers {
    let mut command = Command::new(binary());
    command.args(["sim", "reader", "--listen", "127.0.0.1:0", "--address", addresses]);
    command.args(["--people", "stay", "--key"]);
    command.arg(format!("file:{}", world.path(key).display()));
    Readers::of(command)
}

fn folder(world: &World) {
    let rights: String = (0..3).map(|n| format!("r-{n},staff,d-000{n}\n")).collect();
    for (name, text) in [
        ("groups.csv", "group,name\nstaff,Staff\n".to_owned()),
        ("members.csv", "group,person\nstaff,ana\n".to_owned()),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number\nc-ana,card,ana,H10301,42,69\n"
                .to_owned(),
        ),
        ("rights.csv", format!("right,group,door\n{rights}")),
        (
            "access.toml",
            "format = 1\n[door.d-0000]\nhold = \"1s\"\n\
             [point.hq-gate]\ndoors = [\"d-0000\", \"d-0001\", \"d-0002\"]\n"
                .to_owned(),
        ),
    ] {
        std::fs::write(world.org().join(name), text).unwrap();
    }
    for (name, key) in KEYS {
        std::fs::write(world.path(name), key).unwrap();
    }
}

fn configure(world: &World, lines: [&str; 3]) -> PathBuf {
    let key: &Path = &world.path("right");
    let mut text = format!("format = 1\n[data]\nfolder = {:?}\n", world.path("edge"));
    for (at, line) in lines.iter().enumerate() {
        text += &format!(
            "[[bus]]\nid = \"b{at}\"\nline = \"{line}\"\n[[reader]]\nbus = \"b{at}\"\naddress = 1\n\
             key = \"file:{}\"\n[[door]]\nid = \"d-000{at}\"\nreader_in = \"b{at}:1\"\n\
             strike = \"b{at}:1:0\"\ncontact = \"b{at}:1:0\"\nexit = [\"b{at}:1:1\"]\n\
             formats = [\"H10301\"]\nheld_after = \"2s\"\n",
            key.display()
        );
    }
    let path = world.path("edge.toml");
    std::fs::write(&path, text).unwrap();
    path
}

impl House {
    async fn open() -> Self {
        let port = free_port();
        let world = World::with(Plan {
            listen: format!("[listen.edges]\naddress = \"127.0.0.2:{port}\"\n"),
            sources: "[[source]]\nid = \"hq-gate\"\nmapping = \"castellan-door\"\nsite = \"hq\"\n\
                      trust = \"mtls\"\nwitness_of = [\"presence\", \"door\"]\n"
                .to_owned(),
            ..Plan::default()
        });
        folder(&world);
        let (gate, other) = (readers(&world, "1", "right"), readers(&world, "1", "wrong"));
        let twins = readers(&world, "1,1", "right");
        let token = world.root();
        let server = world.start().await;
        let api = Api::to(&server, &token);
        let config = configure(&world, [&gate.line, &other.line, &twins.line]);
        enrol(&api, "hq-gate", &config).await;
        let edge = serve(&world, &config);
        until_current(&api, &["hq-gate"]).await;
        while gate.until("secure") != true {}
        let server = Some(server);
        Self { world, server, api, _edge: edge, gate, _other: other, _twins: twins }
    }

    /// Waits for an event of the house's own doors whose words hold this.
    async fn until_said(&self, words: &str) -> Vec<Vec<Value>> {
        let sql = format!(
            "SELECT door, message FROM events WHERE source = 'hq-gate' AND message LIKE '%{words}%'"
        );
        until(words, async || {
            let found = self.api.sql(&sql).await;
            (!found.is_empty()).then_some(found)
        })
        .await
    }
}

#[tokio::test]
async fn what_is_wrong_at_readers_is_shown_to_an_operator_and_the_door_beside_works() {
    let mut house = House::open().await;
    let good = card(42, 69);
    let flipped = if good.starts_with('0') { "1" } else { "0" }.to_owned() + &good[1..];
    let show = |bits: &str| json!({"reader": 1, "card": bits});
    for (bits, count) in [(&good[1..], 25), (flipped.as_str(), 26)] {
        house.gate.act(&show(bits));
        house.until_said(&format!("no format reads these {count} bits")).await;
    }
    let strange = json!({"format": "H10304", "facility": 42, "number": 69});
    house.gate.act(&json!({"reader": 1, "card": strange}));
    house.until_said("no format reads these 37 bits").await;
    house.gate.act(&show(&good));
    assert!(house.gate.is_released_within(DEADLINE), "the next card is read");

    // Another key, and two devices at one address: each is an incident that names its door.
    for (rule, door) in [("reader-wrong-key", "d-0001"), ("reader-replaced", "d-0002")] {
        let incident = house.api.incidents_of(rule, 1).await.remove(0);
        assert!(incident.to_string().contains(door), "{incident}");
    }
    // A contact that rattles is a door that was opened without a grant, once.
    house.gate.rest();
    house.gate.act(&json!({"reader": 1, "contact": "rattles"}));
    let forced = house.api.incidents_of("door-forced", 1).await.remove(0);
    assert!(forced.to_string().contains("d-0000"), "{forced}");
    house.gate.act(&json!({"reader": 1, "contact": "sound"}));

    // Ten thousand cards at once: what finds no room at the reader never was a read; what was read
    // is decided, it is an incident, and the next card opens.
    for n in 0..10_000 {
        house.gate.act(&show(&card(7, n)));
    }
    house.until_said("nobody answers to this credential").await;
    let flood = house.api.incidents_of("cards-tried-at-reader", 1).await.remove(0);
    assert!(flood.to_string().contains("d-0000"), "{flood}");
    house.gate.rest();
    house.gate.act(&show(&good));
    assert!(house.gate.is_released_within(DEADLINE), "the next card opens");
    house.server.take().unwrap().stop().await;
    let _ = &house.world;
}
