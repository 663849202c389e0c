//! From the act of revoking to the last of many edges refusing, with every receipt.
//!
//! Most edges are protocol clients in this process, each with its own certificate over mutual TLS
//! 1.3; they take the tombstone into a snapshot of their own and sign a receipt, as real ones do.
//! Some are real: processes with a door, at whose readers the card is presented again and again
//! until it is refused ([`super::real_edge`]).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use engine::Engine;
use engine::access::revocation::{Act, Shown, Signing, Subject};
use engine::clock::{Clock, Stopwatch};
use engine::edges::practice::{Newcomer, PracticeEdge};
use engine::warden::{Told, Wanted};
use model::{PersonId, PlaceId, PointId, RevocationId};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::real_edge::{FACILITY, FORMAT, RealEdge};
use super::road::{Measured, ORGANISATION};
use super::{Scratch, cpu_time, load_average, peak_memory, percentile_ms};
use crate::verbs::serve::{runtime, start_logging_at};

/// Longest wait for one revocation to be confirmed everywhere.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Words of edges that wait to be counted; at the bound an edge waits.
const ON_THE_WAY_MAX: usize = 4_096;
/// Pause between two revocations.
const PAUSE: Duration = Duration::from_millis(50);

/// A deed and when an edge had taken it.
type Taken = (RevocationId, Stopwatch);

/// Revokes so many people, one after the other, at so many connected edges, some of them real.
pub fn run((edges, real): (usize, usize), revocations: usize) -> anyhow::Result<Value> {
    ensure!(real <= edges, "{real} real edges of {edges}");
    ensure!(u16::try_from(revocations).is_ok(), "a card format counts 65,535 cards");
    start_logging_at("warn");
    runtime()?.block_on(async {
        let scratch = Scratch::new()?;
        let measured = house(scratch.path(), real, revocations).await?;
        let engine = measured.served.running.engine.clone();
        let watch = Stopwatch::start();
        let (tell, told) = mpsc::channel::<Taken>(ON_THE_WAY_MAX);
        let mut tasks = tokio::task::JoinSet::new();
        clients(&engine, edges - real, (&mut tasks, &tell)).await?;
        let doors = real_edges(&engine, scratch.path().to_owned(), (real, watch)).await?;
        let enrolled_s = watch.elapsed().as_secs_f64();
        let mut field = Field { engine, clients: edges - real, told, doors, watch };
        let mut taken = Samples::default();
        let cpu = cpu_time()?;
        for n in 0..revocations {
            field.revoke(n, &mut taken).await?;
            tokio::time::sleep(PAUSE).await;
        }
        let cpu = (cpu_time()? - cpu).as_secs_f64();
        let mut figures = taken.figures();
        let more = json!({
            "load_average": load_average(),
            "edges": edges,
            "revocations": revocations,
            "enrolled_s": enrolled_s,
            "cpu_s_per_revocation": cpu / revocations.max(1) as f64,
            "peak_memory_mib": peak_memory()? >> 20,
        });
        if let (Value::Object(figures), Value::Object(more)) = (&mut figures, more) {
            figures.extend(more);
        }
        drop(field);
        tasks.shutdown().await;
        measured.served.stop().await?;
        Ok(figures)
    })
}

/// A server with a card for each revocation, and a door for each real edge.
async fn house(folder: &Path, real: usize, people: usize) -> anyhow::Result<Measured> {
    let org = folder.join("org");
    std::fs::create_dir(&org)?;
    let files = organisation(real, people);
    let all = ORGANISATION.iter().map(|(name, text)| (*name, *text));
    for (name, text) in all.chain(files.iter().map(|(name, text)| (*name, text.as_str()))) {
        std::fs::write(org.join(name), text)?;
    }
    Measured::start_with(None, &files, |config| {
        let address = ([127, 0, 0, 1], 0).into();
        config.listen.edges = Some(engine::config::EdgesConfig { address, public: None });
        config.organisation = Some(org);
    })
    .await
}

fn organisation(doors: usize, people: usize) -> Vec<(&'static str, String)> {
    let mut places = String::from(
        "[[place]]\nid = \"hq\"\nkind = \"site\"\n[[place]]\nid = \"street\"\nkind = \"zone\"\n\
         parent = \"hq\"\nzone_class = \"external\"\n[[place]]\nid = \"inside\"\nkind = \"zone\"\n\
         parent = \"hq\"\nzone_class = \"restricted\"\n",
    );
    let mut joined = String::from("door,from_zone,to_zone\n");
    let mut access = String::from("format = 1\n");
    for n in 0..doors {
        places += &format!("[[place]]\nid = \"d-{n}\"\nkind = \"door\"\nparent = \"inside\"\n");
        joined += &format!("d-{n},street,inside\n");
        access += &format!("[point.real-{n}]\ndoors = [\"d-{n}\"]\n");
    }
    let mut known = String::from("person,name,kind,status\n");
    let mut members = String::from("group,person\n");
    let mut cards = String::from("credential,kind,person,format,facility,number\n");
    for n in 0..people.max(1) {
        let _ = writeln!(known, "p{n},Person {n},employee,active");
        let _ = writeln!(members, "staff,p{n}");
        let _ = writeln!(cards, "c{n},card,p{n},{FORMAT},{FACILITY},{n}");
    }
    vec![
        ("places.toml", places),
        ("doors.csv", joined),
        ("people.csv", known),
        ("groups.csv", "group,name\nstaff,Staff\n".to_owned()),
        ("members.csv", members),
        ("credentials.csv", cards),
        ("rights.csv", "right,group,zone\nr-staff,staff,inside\n".to_owned()),
        ("access.toml", access),
    ]
}

/// Times of all revocations.
#[derive(Default)]
struct Samples {
    refused: Vec<Duration>,
    done: Vec<Duration>,
    real_refused: Vec<Duration>,
    real_receipts: Vec<Duration>,
    opened: u64,
    after: u64,
}

impl Samples {
    fn figures(&mut self) -> Value {
        for times in
            [&mut self.refused, &mut self.done, &mut self.real_refused, &mut self.real_receipts]
        {
            times.sort_unstable();
        }
        let told = |times: &[Duration]| {
            json!({
                "times": times.len(),
                "p50_ms": percentile_ms(times, 50.0),
                "p99_ms": percentile_ms(times, 99.0),
                "max_ms": percentile_ms(times, 100.0),
            })
        };
        json!({
            "clients_refuse": told(&self.refused),
            "all_receipts": told(&self.done),
            "real_edges_refuse": told(&self.real_refused),
            "real_edges_receipts": told(&self.real_receipts),
            "real_edges_opened_meanwhile": self.opened,
            "real_edges_opened_afterwards": self.after,
        })
    }
}

/// All edges, ready.
struct Field {
    engine: std::sync::Arc<Engine>,
    clients: usize,
    told: mpsc::Receiver<Taken>,
    doors: Vec<RealEdge>,
    watch: Stopwatch,
}

impl Field {
    /// One person is revoked, whose card has opened every real door until then.
    async fn revoke(&mut self, n: usize, samples: &mut Samples) -> anyhow::Result<()> {
        let number = u64::try_from(n)?;
        let id = RevocationId::parse(&format!("bench-{n}"))?;
        let person = Subject::Person(PersonId::parse(&format!("p{n}"))?);
        let mut asking = Vec::new();
        for door in self.doors.drain(..) {
            // A reader answers when it is polled: each door is a thread.
            let opened = spawn_blocking(move || door.opens(number).map(|()| door)).await??;
            asking.push(spawn_blocking(move || {
                let refused = opened.until_refused(number)?;
                Ok::<_, anyhow::Error>((opened, refused))
            }));
        }
        let (acted, begun, now) = (self.watch.elapsed(), Stopwatch::start(), self.engine.now());
        let stones = self.engine.access.snapshot().stones(&person, now);
        ensure!(!stones.is_empty(), "nobody carries card {n}");
        let (reason, by) = ("measured".to_owned(), "bench".to_owned());
        let wanted = Wanted { id: id.clone(), act: Act::Revoke, subject: person, reason, by };
        self.engine.warden.act(&wanted, stones, now).await?;
        for _ in 0..self.clients {
            samples.refused.push(self.taken(&id, begun).await?);
        }
        let told = until_done(&self.engine, &id).await?;
        samples.done.push(begun.elapsed());
        for asked in asking {
            let (door, (at, opened)) = asked.await??;
            samples.real_refused.push(at.saturating_sub(acted));
            samples.opened += opened;
            samples.real_receipts.push(receipt(&told, &door.point)?.since(now));
            let (door, is_refused) =
                spawn_blocking(move || door.refuses(number).map(|is| (door, is))).await??;
            samples.after += u64::from(!is_refused);
            self.doors.push(door);
        }
        Ok(())
    }

    /// When the next client had taken a deed, since it was done.
    async fn taken(&mut self, id: &RevocationId, begun: Stopwatch) -> anyhow::Result<Duration> {
        loop {
            let taken = tokio::time::timeout(WAIT_MAX, self.told.recv()).await;
            let (deed, at) = taken?.context("an edge has gone")?;
            if deed == *id {
                // What has passed since the edge had it is not part of the way to it.
                return Ok(begun.elapsed().saturating_sub(at.elapsed()));
            }
        }
    }
}

/// When a point had signed, by its own clock, which is this machine's.
fn receipt(told: &Told, point: &str) -> anyhow::Result<model::Timestamp> {
    match told.deed.points.get(&PointId::parse(point)?) {
        Some(Signing::Confirmed(receipt)) => Ok(receipt.at),
        other => Err(anyhow!("no receipt of `{point}`: {other:?}")),
    }
}

/// The edges in this process, connected and with rights.
async fn clients(
    engine: &Engine,
    clients: usize,
    (tasks, tell): (
        &mut tokio::task::JoinSet<Result<(), engine::edges::practice::Failure>>,
        &mpsc::Sender<Taken>,
    ),
) -> anyhow::Result<()> {
    let (ready, mut readied): (mpsc::Sender<()>, _) = mpsc::channel(ON_THE_WAY_MAX);
    for n in 0..clients {
        let edge = enrol(engine, n).await?;
        tasks.spawn(serve(edge, tell.clone(), ready.clone()));
    }
    for _ in 0..clients {
        readied.recv().await.context("an edge has gone")?;
    }
    Ok(())
}

/// The edges that are processes.
async fn real_edges(
    engine: &Engine,
    folder: PathBuf,
    (real, watch): (usize, Stopwatch),
) -> anyhow::Result<Vec<RealEdge>> {
    let found = engine::folder::running(engine.folder.path()).context("the server is not found")?;
    let start = move || (0..real).map(|n| RealEdge::start(&found, (n, &folder), watch)).collect();
    spawn_blocking(start).await?
}

/// Takes an edge into service: code, fingerprint, approval.
async fn enrol(engine: &Engine, n: usize) -> anyhow::Result<PracticeEdge> {
    let point = PointId::parse(&format!("edge-{n}"))?;
    let site = PlaceId::parse("site").ok();
    let invited = engine.invite_edge(&point, site, "bench").await?;
    let newcomer = Newcomer::with_code(invited.code).map_err(|error| anyhow!("{error}"))?;
    let (tell, told) = tokio::sync::oneshot::channel();
    let asks = tokio::spawn(async move {
        newcomer.ask(|fingerprint| drop(tell.send(fingerprint.to_owned()))).await
    });
    let fingerprint = told.await.context("an edge was not heard")?;
    let how = (fingerprint.as_str(), None);
    engine.edges.approve(&point, how, ("bench", "measured"), engine.now()).await?;
    asks.await?.map_err(|error| anyhow!("{error}"))
}

/// One edge: takes what it is given and says when it has.
async fn serve(
    mut edge: PracticeEdge,
    tell: mpsc::Sender<Taken>,
    ready: mpsc::Sender<()>,
) -> Result<(), engine::edges::practice::Failure> {
    let clock = Clock::system();
    edge.connect(clock.now()).await?;
    while edge.version.is_none() {
        edge.hear(clock.now()).await?;
    }
    ready.send(()).await?;
    loop {
        let had = edge.confirmed.len();
        edge.hear(clock.now()).await?;
        for deed in edge.confirmed.iter().skip(had) {
            tell.send((deed.clone(), Stopwatch::start())).await?;
        }
    }
}

async fn until_done(engine: &Engine, id: &RevocationId) -> anyhow::Result<Told> {
    let watch = Stopwatch::start();
    loop {
        let told = engine.warden.show(id).await.context("the revocation is not known")?;
        if told.shown == Shown::Done {
            return Ok(told);
        }
        ensure!(watch.elapsed() < WAIT_MAX, "not every receipt came: {:?}", told.shown);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
