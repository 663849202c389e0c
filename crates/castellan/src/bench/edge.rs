//! What an edge holds in memory: with no rights, after it took all of them, after a change, after
//! a start of its own and after one of its server. A process of its own, taken into service over
//! the real link.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use engine::clock::Stopwatch;
use engine::folder::Running;
use serde_json::{Value, json};

use super::process::{LOOK, Process, READY_MAX, castellan, enrol, free_port, in_force};
use super::{Scratch, load_average};
use crate::local;

/// The edge.
const POINT: &str = "bench";
/// Groups, each with a right; everybody is in two.
const GROUPS: u64 = 100;
/// A quiet edge has given back by then what it needed for a moment.
const SETTLE: Duration = Duration::from_secs(5);

/// Longer than an edge waits before it tries a server again.
const AGAIN: Duration = Duration::from_secs(15);

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// People who may pass the edge's doors.
    #[arg(long, default_value_t = 50_000)]
    people: u64,
    /// Credentials of each of them.
    #[arg(long, default_value_t = 2)]
    cards: u64,
    /// Doors of the edge, with a reader each; nobody stands at them.
    #[arg(long, default_value_t = 20)]
    doors: u64,
}

/// Starts a server and an edge, and looks at the edge.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    ensure!((1..=100).contains(&plan.doors), "an edge of 1 to 100 doors is measured");
    let scratch = Scratch::new()?;
    let (own, config) = configure(plan, scratch.path())?;
    let server = house(plan, scratch.path())?;
    let (process, found) = serve(&server)?;
    enrol(&found, POINT, &config)?;
    // A server that is away gives no rights.
    drop(process);
    let mut edge = Process::serve(&config, &own, "edge")?;
    edge.decides()?;
    thread::sleep(SETTLE);
    let bare = edge.memory()?;
    drop(edge);
    let (process, found) = serve(&server)?;
    let watch = Stopwatch::start();
    let mut edge = Process::serve(&config, &own, "edge")?;
    in_force(&found, POINT, &mut edge)?;
    let in_force_s = watch.elapsed().as_secs_f64();
    let at_once = edge.memory()?;
    thread::sleep(SETTLE);
    let taken = edge.memory()?;
    let packed_bytes = bytes_of(&own, "full-")?;
    revoke(&found)?;
    let revoked_s = done(&found, &mut edge)?;
    thread::sleep(SETTLE);
    let changed = edge.memory()?;
    let delta_bytes = bytes_of(&own, "delta-")?;
    drop(edge);
    let watch = Stopwatch::start();
    let mut edge = Process::serve(&config, &own, "edge")?;
    edge.decides()?;
    let decides_s = watch.elapsed().as_secs_f64();
    thread::sleep(SETTLE);
    let started = edge.memory()?;
    drop(process);
    let (_process, found) = serve(&server)?;
    // A server that was started anew gives everybody whole rights again.
    thread::sleep(AGAIN);
    in_force(&found, POINT, &mut edge)?;
    thread::sleep(SETTLE);
    let again = edge.memory()?;
    Ok(json!({
        "people": plan.people,
        "credentials": plan.people * plan.cards,
        "doors": plan.doors,
        "snapshot_on_disk_bytes": packed_bytes,
        "delta_on_disk_bytes": delta_bytes,
        "in_force_s": in_force_s,
        "revoked_s": revoked_s,
        "decides_after_start_s": decides_s,
        "without_rights": bare,
        "at_once_after_first_take": at_once,
        "after_first_take": taken,
        "after_delta": changed,
        "after_restart": started,
        "after_restart_of_the_server": again,
        "load_average": load_average(),
    }))
}

/// The edge's configuration, and its data folder.
fn configure(plan: &Plan, folder: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let key = folder.join("line.key");
    std::fs::write(&key, "5f".repeat(16))?;
    let own = folder.join("edge");
    let mut text = format!("format = 1\n[data]\nfolder = {own:?}\n");
    for line in 0..plan.doors.div_ceil(10) {
        // Nobody listens there.
        let socket = folder.join(format!("line-{line}.sock"));
        write!(text, "[[bus]]\nid = \"line-{line}\"\nline = \"unix:{}\"\n", socket.display())?;
    }
    for door in 0..plan.doors {
        let at = format!("line-{}:{}", door / 10, door % 10);
        write!(
            text,
            "[[reader]]\nbus = \"line-{}\"\naddress = {}\nkey = \"file:{}\"\n\
             [[door]]\nid = \"d-{door}\"\nformats = [\"H10301\"]\nreader_in = \"{at}\"\n\
             strike = \"{at}:0\"\ncontact = \"{at}:0\"\nexit = [\"{at}:1\"]\n",
            door / 10,
            door % 10,
            key.display()
        )?;
    }
    let config = own.with_extension("toml");
    std::fs::write(&config, text)?;
    Ok((own, config))
}

/// A server's data folder with the whole organisation, and its configuration beside it.
fn house(plan: &Plan, folder: &Path) -> anyhow::Result<PathBuf> {
    let (org, data) = (folder.join("org"), folder.join("server"));
    std::fs::create_dir(&org)?;
    for (name, text) in organisation(plan) {
        std::fs::write(org.join(name), text)?;
    }
    let config = data.with_extension("toml");
    let text = format!(
        "format = 1\n[data]\nfolder = {data:?}\n[organisation]\nfolder = {org:?}\n\
         [listen]\nhttp = \"127.0.0.1:0\"\n[listen.edges]\naddress = \"{}\"\n",
        free_port()?
    );
    std::fs::write(&config, text)?;
    castellan(&["import", "--org"], &[&org, Path::new("--data"), &data])?;
    Ok(data)
}

fn serve(data: &Path) -> anyhow::Result<(Process, Running)> {
    let mut server = Process::serve(&data.with_extension("toml"), data, "all")?;
    let found = server.ready(data)?;
    Ok((server, found))
}

/// A site with a zone behind each door, a hundred groups with a right each, people in two of them.
fn organisation(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut places = String::from(
        "[[place]]\nid = \"hq\"\nkind = \"site\"\n[[place]]\nid = \"street\"\nkind = \"zone\"\n\
         parent = \"hq\"\nzone_class = \"external\"\n",
    );
    let mut joined = String::from("door,from_zone,to_zone\n");
    let mut named = Vec::new();
    for door in 0..plan.doors {
        places += &format!(
            "[[place]]\nid = \"z-{door}\"\nkind = \"zone\"\nparent = \"hq\"\n\
             zone_class = \"restricted\"\n\
             [[place]]\nid = \"d-{door}\"\nkind = \"door\"\nparent = \"z-{door}\"\n"
        );
        joined += &format!("d-{door},street,z-{door}\n");
        named.push(format!("\"d-{door}\""));
    }
    let (mut groups, mut rights) =
        (String::from("group,name\n"), String::from("right,group,zone\n"));
    for group in 0..GROUPS {
        groups += &format!("group-{group},Group {group}\n");
        rights += &format!("r-{group},group-{group},z-{}\n", group % plan.doors);
    }
    let mut known = String::from("person,name,kind,status\n");
    let mut members = String::from("group,person\n");
    let mut cards = String::from("credential,kind,person,format,facility,number\n");
    for person in 0..plan.people {
        known += &format!("p-{person:06},Person {person},employee,active\n");
        let (one, other) = (person % GROUPS, (person * 7 + 3) % GROUPS);
        members += &format!("group-{one},p-{person:06}\n");
        if one != other {
            members += &format!("group-{other},p-{person:06}\n");
        }
        for card in 0..plan.cards {
            // SOURCE: HID format H10301: 8 bits of facility, 16 of number.
            let number = person * plan.cards + card;
            let (facility, low) = (number >> 16 & 255, number & 65_535);
            cards += &format!("card-{number:07},card,p-{person:06},H10301,{facility},{low}\n");
        }
    }
    let access = format!("format = 1\n[point.{POINT}]\ndoors = [{}]\n", named.join(", "));
    let house = "format = 1\nname = \"Bench\"\ntime_zone = \"UTC\"\n";
    vec![
        ("organisation.toml", house.to_owned()),
        ("places.toml", places),
        ("doors.csv", joined),
        ("people.csv", known),
        ("groups.csv", groups),
        ("members.csv", members),
        ("credentials.csv", cards),
        ("rights.csv", rights),
        ("access.toml", access),
    ]
}

/// The bytes of an edge's files of one kind, as they lie on its disk: signed and packed.
fn bytes_of(own: &Path, kind: &str) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(own.join("rights"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(kind) {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn revoke(server: &Running) -> anyhow::Result<()> {
    let subject = json!({"kind": "person", "id": "p-000000"});
    let wanted =
        json!({"id": "bench", "act": "revoke", "subject": subject, "reason": "a measurement"});
    local::post(server, "/v1/revocations", &wanted.to_string()).map(drop)
}

/// Seconds until every point has confirmed it.
fn done(server: &Running, edge: &mut Process) -> anyhow::Result<f64> {
    let watch = Stopwatch::start();
    loop {
        let told: Value = serde_json::from_str(&local::get(server, "/v1/revocations/bench")?)?;
        if told.get("state").and_then(Value::as_str) == Some("done") {
            return Ok(watch.elapsed().as_secs_f64());
        }
        ensure!(watch.elapsed() < READY_MAX, "the revocation is not confirmed: {told}");
        edge.memory().context("the edge has ended")?;
        thread::sleep(LOOK);
    }
}
