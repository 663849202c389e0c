//! The door road under load: from the last byte of a card on a reader's socket to the first byte of
//! what releases its strike, while the event road beside it idles, is flooded, or has no disk, and
//! at an edge whose server is gone.
//!
//! The server is a process of its own with its lines and doors, or an edge is; the readers are
//! another ([`super::field`]), and the times are taken there. Every case has fresh ones.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::field::{self, FACILITY, FORMAT};
use super::process::{Process, READY_MAX, castellan, enrol, free_port, in_force};
use super::{Scratch, load_average};

/// Longest wait for a measurement beyond its own time.
const ANSWER_MAX: Duration = Duration::from_secs(90);
/// By how much a file may still grow where the disk is full.
const GROWS_BYTES: u64 = 1 << 20;
/// What `ulimit -f` counts in.
/// SOURCE: POSIX, `ulimit`: units of 512 bytes.
const BLOCK_BYTES: u64 = 512;
/// The point whose doors are measured.
const POINT: &str = "bench";
/// What is told between two processes and not yet read.
const LINES_MAX: usize = 64;

/// What the machine does beside its doors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Nothing.
    Idle,
    /// Records come as fast as they are taken.
    Saturated,
    /// No file can grow: nothing can be made durable, and records come.
    DiskFull,
    /// The doors are an edge's, which was taken into service, and whose server was killed.
    ServerGone,
}

impl Case {
    const ALL: [Self; 4] = [Self::Idle, Self::Saturated, Self::DiskFull, Self::ServerGone];

    const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Saturated => "saturated",
            Self::DiskFull => "disk_full",
            Self::ServerGone => "server_gone",
        }
    }
}

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Lines.
    #[arg(long, default_value_t = 10)]
    lines: u64,
    /// Readers of each line.
    #[arg(long, default_value_t = 10)]
    readers: u64,
    /// Cards a second, over all readers.
    #[arg(long, default_value_t = 200)]
    rate: u64,
    /// Seconds of each case.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// People with a card each; there is at least one for each reader.
    #[arg(long, default_value_t = 10_000)]
    people: u64,
    /// Only this case; may be given often.
    #[arg(long, value_enum)]
    case: Vec<Case>,
}

/// Runs the cases, one after the other.
pub fn run(plan: &Plan) -> anyhow::Result<Value> {
    let scratch = Scratch::new()?;
    let house = House::build(plan, scratch.path())?;
    let mut field = Field::start(plan, &house)?;
    let cases = if plan.case.is_empty() { Case::ALL.to_vec() } else { plan.case.clone() };
    let mut figures = Map::new();
    for case in cases {
        let doors: Server = match case {
            Case::ServerGone => edge(plan, &house)?,
            Case::Idle | Case::Saturated | Case::DiskFull => Server::start(plan, &house, case)?,
        };
        let measured = field.measure(case, plan.seconds)?;
        drop(doors);
        figures.insert(case.name().to_owned(), measured);
    }
    figures.insert("people".to_owned(), json!(house.people));
    figures.insert("load_average".to_owned(), json!(load_average()));
    Ok(Value::Object(figures))
}

/// Everything that lies in files.
struct House {
    folder: PathBuf,
    key: PathBuf,
    people: u64,
}

impl House {
    fn build(plan: &Plan, folder: &Path) -> anyhow::Result<Self> {
        let doors = plan.lines * plan.readers;
        ensure!(doors > 0, "there is at least one line with one reader");
        let people = plan.people.max(doors);
        let key = folder.join("line.key");
        std::fs::write(&key, "5f".repeat(16))?;
        let org = folder.join("org");
        std::fs::create_dir(&org)?;
        for (name, text) in organisation(doors, people) {
            std::fs::write(org.join(name), text)?;
        }
        Ok(Self { folder: folder.to_owned(), key, people })
    }

    /// Writes a configuration: `head`, then every line, reader and door.
    fn configure(&self, plan: &Plan, data: &Path, head: &str) -> anyhow::Result<PathBuf> {
        let mut text = format!("format = 1\n[data]\nfolder = {data:?}\n{head}");
        for line in 0..plan.lines {
            let socket = field::socket(&self.folder, line);
            let socket = socket.display();
            write!(text, "[[bus]]\nid = \"line-{line}\"\nline = \"unix:{socket}\"\n")?;
        }
        for line in 0..plan.lines {
            for reader in 0..plan.readers {
                let number = 1 + line * plan.readers + reader;
                let at = format!("line-{line}:{reader}");
                write!(
                    text,
                    "[[reader]]\nbus = \"line-{line}\"\naddress = {reader}\nkey = \"file:{key}\"\n\
                     [[door]]\nid = \"d-{number}\"\nformats = [\"{FORMAT}\"]\n\
                     reader_in = \"{at}\"\nstrike = \"{at}:0\"\ncontact = \"{at}:0\"\n\
                     exit = [\"{at}:1\"]\nfire = [\"{at}:2\"]\n",
                    key = self.key.display(),
                )?;
            }
        }
        let config = data.with_extension("toml");
        std::fs::write(&config, text)?;
        Ok(config)
    }

    /// What a server's configuration says before its doors.
    fn head(&self, listen: &str) -> String {
        let org = self.folder.join("org");
        format!("[organisation]\nfolder = {org:?}\n[listen]\nhttp = \"127.0.0.1:0\"\n{listen}")
    }
}

/// One site with one zone behind all doors, and people who may enter it.
fn organisation(doors: u64, people: u64) -> Vec<(&'static str, String)> {
    let mut places = String::from(
        "[[place]]\nid = \"hq\"\nkind = \"site\"\n[[place]]\nid = \"street\"\nkind = \"zone\"\n\
         parent = \"hq\"\nzone_class = \"external\"\n[[place]]\nid = \"inside\"\nkind = \"zone\"\n\
         parent = \"hq\"\nzone_class = \"restricted\"\n",
    );
    let mut joined = String::from("door,from_zone,to_zone\n");
    let mut named = Vec::new();
    for door in 1..=doors {
        places += &format!("[[place]]\nid = \"d-{door}\"\nkind = \"door\"\nparent = \"inside\"\n");
        joined += &format!("d-{door},street,inside\n");
        named.push(format!("\"d-{door}\""));
    }
    let mut known = String::from("person,name,kind,status\n");
    let mut members = String::from("group,person\n");
    let mut cards = String::from("credential,kind,person,format,facility,number\n");
    for person in 1..=people {
        known += &format!("p-{person},Person {person},employee,active\n");
        members += &format!("staff,p-{person}\n");
        cards += &format!("c-{person},card,p-{person},{FORMAT},{FACILITY},{person}\n");
    }
    let access = format!("format = 1\n[point.{POINT}]\ndoors = [{}]\n", named.join(", "));
    let sources = "[[source]]\nid = \"bench-syslog\"\nmapping = \"auto\"\n\
                   match = { listener = \"syslog_tcp\" }\n\n\
                   [[source]]\nid = \"bench-okta\"\nmapping = \"okta\"\ntrust = \"token\"\n";
    let house = "format = 1\nname = \"Bench\"\ntime_zone = \"UTC\"\n";
    vec![
        ("organisation.toml", house.to_owned()),
        ("places.toml", places),
        ("doors.csv", joined),
        ("people.csv", known),
        ("groups.csv", "group,name\nstaff,Staff\n".to_owned()),
        ("members.csv", members),
        ("credentials.csv", cards),
        ("rights.csv", "right,group,zone\nr-staff,staff,inside\n".to_owned()),
        ("access.toml", access),
        ("sources.toml", sources.to_owned()),
    ]
}

/// The readers' process.
struct Field {
    child: Child,
    stdin: ChildStdin,
    said: Receiver<Value>,
}

impl Drop for Field {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Field {
    fn start(plan: &Plan, house: &House) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["bench", "field", "--json", "--folder"])
            .arg(&house.folder)
            .arg("--key")
            .arg(&house.key)
            .args(["--lines", &plan.lines.to_string(), "--readers", &plan.readers.to_string()])
            .args(["--rate", &plan.rate.to_string(), "--seconds", &plan.seconds.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the readers")?;
        let stdin = child.stdin.take().context("the readers have no input")?;
        let stdout = child.stdout.take().context("the readers have no output")?;
        let (tell, said) = sync_channel(LINES_MAX);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if tell.send(value).is_err() {
                    return;
                }
            }
        });
        let field = Self { child, stdin, said };
        let first = field.said.recv_timeout(READY_MAX).context("the readers do not listen")?;
        ensure!(first.get("listening").is_some(), "the readers said {first}");
        Ok(field)
    }

    fn measure(&mut self, case: Case, seconds: u64) -> anyhow::Result<Value> {
        writeln!(self.stdin, "{}", case.name()).context("the readers have ended")?;
        let wait = Duration::from_secs(seconds) + ANSWER_MAX;
        let answer = self.said.recv_timeout(wait).context("the readers measured nothing")?;
        if let Some(why) = answer.get("not_ready") {
            bail!("{}: {why} readers have a secure channel", case.name());
        }
        Ok(answer)
    }
}

/// One case's server, and the records that come beside.
struct Server {
    _process: Process,
    load: Option<Child>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(load) = &mut self.load {
            end(load);
        }
    }
}

fn end(child: &mut Child) {
    // What has ended by itself cannot be ended.
    let _ = child.kill();
    let _ = child.wait();
}

/// Size of the largest file of a folder, in bytes.
fn largest(folder: &Path) -> anyhow::Result<u64> {
    let mut most = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let size = match entry.file_type()?.is_dir() {
            true => largest(&entry.path())?,
            false => entry.metadata()?.len(),
        };
        most = most.max(size);
    }
    Ok(most)
}

impl Server {
    fn start(plan: &Plan, house: &House, case: Case) -> anyhow::Result<Self> {
        let data = house.folder.join(case.name());
        let syslog = free_port()?;
        let listen = format!("syslog_tcp = \"{syslog}\"\n[edge]\npoint = \"{POINT}\"\n");
        let config = house.configure(plan, &data, &house.head(&listen))?;
        castellan(&["import", "--org"], &[&house.folder.join("org"), Path::new("--data"), &data])?;
        let token =
            castellan(&["token", "create", "bench", "--scope", "ingest", "--data"], &[&data])?;
        let program = std::env::current_exe()?;
        let mut command = match case {
            Case::Idle | Case::Saturated | Case::ServerGone => Command::new(&program),
            Case::DiskFull => {
                // A write beyond the limit fails, as on a full disk, and the server is told.
                let blocks = (largest(&data)? + GROWS_BYTES) / BLOCK_BYTES;
                let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
                let mut shell = Command::new("sh");
                shell.args(["-c", &limit]).arg(&program);
                shell
            }
        };
        command.args(["serve", "--config"]).arg(&config);
        let mut process = Process::start(command, &data)?;
        let found = process.ready(&data)?;
        let mut server = Self { _process: process, load: None };
        if case != Case::Idle {
            let seconds = (plan.seconds + READY_MAX.as_secs()).to_string();
            let load = Command::new(&program)
                .args(["bench", "load", "--json", "--rate", "0", "--seconds", &seconds])
                .args(["--syslog", &syslog.to_string(), "--http", &found.http.to_string()])
                .env("CASTELLAN_BENCH_TOKEN", token.trim())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .context("cannot start the load generator")?;
            server.load = Some(load);
        }
        Ok(server)
    }
}

/// An edge with all doors, taken into service by a server that is gone afterwards.
fn edge(plan: &Plan, house: &House) -> anyhow::Result<Server> {
    let (data, own) = (house.folder.join("server"), house.folder.join("edge"));
    let listen = format!("[listen.edges]\naddress = \"{}\"\n", free_port()?);
    let config = data.with_extension("toml");
    let text = format!("format = 1\n[data]\nfolder = {data:?}\n{}", house.head(&listen));
    std::fs::write(&config, text)?;
    castellan(&["import", "--org"], &[&house.folder.join("org"), Path::new("--data"), &data])?;
    let mut server = Process::serve(&config, &data, "all")?;
    let found = server.ready(&data)?;
    let config = house.configure(plan, &own, "")?;
    enrol(&found, POINT, &config)?;
    let mut process = Process::serve(&config, &own, "edge")?;
    in_force(&found, POINT, &mut process)?;
    // From now on the server is gone.
    drop(server);
    Ok(Server { _process: process, load: None })
}
