//! The demo's doors of our own: two readers on a line, a box that decides at them, and people who
//! come. Readers and box are processes of their own, so that each can be cut from the others.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::auth::new_secret;
use engine::clock::Stopwatch;
use engine::edges::keys::fingerprint;
use engine::edges::{Stage, lease_of};
use model::{PlaceId, PointId};
use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::verbs::serve::Served;

/// The box, by the name that the demo organisation knows it by.
const POINT: &str = "hq-gate";
/// Where it stands.
const SITE: &str = "hq";
/// How long readers and box may take to be there.
const PATIENCE: Duration = Duration::from_secs(60);
/// Somebody comes about this often.
const COMES_EVERY: Duration = Duration::from_secs(14);
/// Between the two cards of two persons.
const SECOND_AFTER: Duration = Duration::from_secs(2);
/// The archive's reader, and that of the cage behind it, which nobody enters alone.
const ARCHIVE: u8 = 1;
const CAGE: u8 = 2;
const READERS: [u8; 2] = [ARCHIVE, CAGE];
/// Who works there, by the numbers on their badges: those who may enter both, and one who may not.
const BADGES: [u64; 4] = [160_301, 160_302, 160_303, 160_304];

/// What ends with the demo.
pub struct Gates {
    readers: Child,
    /// Their standard input: gestures go in.
    gestures: Option<ChildStdin>,
    /// None: it has not begun.
    edge: Option<Child>,
}

impl Drop for Gates {
    fn drop(&mut self) {
        for child in self.edge.iter_mut().chain([&mut self.readers]) {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Gates {
    /// Starts readers and box, and takes the box into service as an operator would.
    ///
    /// # Errors
    /// What could not be started, in words; the demo goes on without these doors.
    pub async fn start(served: &Served, folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join("hq-gate");
        std::fs::create_dir_all(&folder)?;
        for reader in READERS {
            let key = key_of(&folder, reader);
            if !key.exists() {
                let secret = new_secret()?;
                write_private(&key, secret.chars().rev().take(32).collect::<String>().as_str())?;
            }
        }
        let (readers, gestures, line) = start_readers(&folder)?;
        let mut gates = Self { edge: None, readers, gestures: Some(gestures) };
        let config = configure(&folder, &line)?;
        enrol(served, &config).await?;
        let log = std::fs::File::create(folder.join("edge.log"))?;
        let edge = own()
            .args(["serve", "--role", "edge", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        gates.edge = Some(edge.context("the edge cannot be started")?);
        Ok(gates)
    }

    /// People come and go until told to stop.
    pub async fn live(mut self, stop: CancellationToken) {
        let Some(mut gestures) = self.gestures.take() else { return };
        let mut round: usize = 0;
        while !stop.is_cancelled() {
            for (wait, reader, badge) in visit(round) {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(wait) => {}
                }
                let card = json!({"format": "H10302", "number": badge});
                if writeln!(gestures, "{}", json!({"reader": reader, "card": card})).is_err() {
                    tracing::warn!("the demo's readers have ended");
                    return;
                }
            }
            round = round.wrapping_add(1);
        }
    }
}

/// Who comes where, and how long after what was before: mostly one to the archive; now and then two
/// to the cage, and sometimes one who may not.
fn visit(round: usize) -> Vec<(Duration, u8, u64)> {
    let [first, second, third, without] = BADGES;
    let of = [first, second, third];
    let one = of.get(round % of.len()).copied().unwrap_or(first);
    match round % 6 {
        3 => vec![(COMES_EVERY, CAGE, first), (SECOND_AFTER, CAGE, second)],
        5 => vec![(COMES_EVERY, CAGE, without)],
        _ => vec![(COMES_EVERY, ARCHIVE, one)],
    }
}

fn own() -> Command {
    Command::new(engine::trial::OWN_PROGRAM)
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    Ok(file.write_all(text.as_bytes())?)
}

/// Where the key of a reader lies: one file for each, so that each can get a new one.
fn key_of(folder: &Path, reader: u8) -> PathBuf {
    folder.join(format!("reader-{reader}.key"))
}

/// The readers, and the line that they listen on.
fn start_readers(folder: &Path) -> anyhow::Result<(Child, ChildStdin, String)> {
    let keys = READERS.map(|reader| format!("--key=file:{}", key_of(folder, reader).display()));
    let mut child = own()
        .args(["sim", "reader", "--listen", "127.0.0.1:0", "--address", "1,2"])
        .args(["--people", "go", "--control", "127.0.0.1:0"])
        .args(keys)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("the readers cannot be started")?;
    let gestures = child.stdin.take().context("the readers take nothing")?;
    let mut said = BufReader::new(child.stdout.take().context("the readers say nothing")?);
    let mut first = String::new();
    said.read_line(&mut first)?;
    // What they say further is for whoever watches them; nobody does, and the pipe must not fill.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    let first: Value = serde_json::from_str(&first).context("the readers said something else")?;
    // Whoever wants to come to these doors by hand finds here where.
    std::fs::write(folder.join("readers.json"), first.to_string())?;
    let line = first.get("listening").and_then(Value::as_str);
    Ok((child, gestures, line.context("the readers do not listen")?.to_owned()))
}

/// The box's own configuration: what is wired to it.
fn configure(folder: &Path, line: &str) -> anyhow::Result<PathBuf> {
    let mut text = format!(
        "format = 1\n\n[data]\nfolder = {:?}\n\n[[bus]]\nid = \"line\"\nline = {line:?}\n",
        folder.join("data").display().to_string(),
    );
    for (reader, door) in [(ARCHIVE, "hq-d-archive"), (CAGE, "hq-d-cage")] {
        write!(
            text,
            "\n[[reader]]\nbus = \"line\"\naddress = {reader}\nkey = \"file:{}\"\n\n[[door]]\n\
             id = \"{door}\"\nreader_in = \"line:{reader}\"\nstrike = \"line:{reader}:0\"\n\
             contact = \"line:{reader}:0\"\nexit = [\"line:{reader}:1\"]\n\
             fire = [\"line:{reader}:2\"]\nformats = [\"H10302\"]\nheld_after = \"30s\"\n",
            key_of(folder, reader).display()
        )?;
    }
    let path = folder.join("edge.toml");
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Takes the box into service, unless it is: a code, and an approval once it has asked.
async fn enrol(served: &Served, config: &Path) -> anyhow::Result<()> {
    let engine = &served.running.engine;
    let (point, site) = (PointId::parse(POINT)?, PlaceId::parse(SITE)?);
    let stage = |point: &PointId| engine.edges.get(point).map(|told| told.registered.stage);
    if stage(&point) == Some(Stage::InService) {
        return Ok(());
    }
    let invited = engine.invite_edge(&point, Some(site), "demo").await?;
    let mut asking = own()
        .args(["edge", "enrol", "--code", "-", "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    writeln!(asking.stdin.take().context("the edge takes no code")?, "{}", invited.code)?;
    let begun = Stopwatch::start();
    let mut is_approved = false;
    loop {
        if let Some(ended) = asking.try_wait()? {
            anyhow::ensure!(ended.success(), "the edge was not taken in");
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            let _ = asking.kill();
            let _ = asking.wait();
            bail!("the edge took too long to be taken in");
        }
        if !is_approved && stage(&point) == Some(Stage::Waiting) {
            let told = engine.edges.get(&point);
            let key = told.and_then(|told| told.registered.key()).context("it has no key")?;
            let lease = lease_of(&engine.access.snapshot(), &engine.access.doors_of(&point));
            let how = (fingerprint(&key), lease);
            let by = ("demo", "the box that the demo has started");
            engine.edges.approve(&point, (how.0.as_str(), how.1), by, engine.now()).await?;
            is_approved = true;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
