//! From the act of revoking to the last of many edges refusing, with every receipt.
//!
//! The edges are protocol clients in this process, each with its own certificate over mutual TLS
//! 1.3; they take the tombstone into a snapshot of their own and sign a receipt, as real ones do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use engine::access::door::CredentialKey;
use engine::access::revocation::{Act, Shown, Subject, Tombstone};
use engine::clock::{Clock, Stopwatch};
use engine::edges::practice::{Newcomer, PracticeEdge};
use engine::warden::Wanted;
use model::{PersonId, PlaceId, PointId, RevocationId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::road::Measured;
use super::{cpu_time, load_average, peak_memory, percentile_ms};
use crate::verbs::serve::{runtime, start_logging_at};

/// Longest wait for one revocation to be confirmed everywhere.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Words of edges that wait to be counted; at the bound an edge waits.
const ON_THE_WAY_MAX: usize = 4_096;
/// Pause between two revocations.
const PAUSE: Duration = Duration::from_millis(50);

/// A deed and when an edge had taken it.
type Taken = (RevocationId, Stopwatch);

/// Revokes so many people, one after the other, at so many connected edges.
pub fn run(edges: usize, revocations: usize) -> anyhow::Result<Value> {
    start_logging_at("warn");
    runtime()?.block_on(async {
        let measured = Measured::start_with(None, &organisation(revocations), |config| {
            let address = ([127, 0, 0, 1], 0).into();
            config.listen.edges = Some(engine::config::EdgesConfig { address, public: None });
        })
        .await?;
        let engine = measured.served.running.engine.clone();
        let (tell, mut told) = mpsc::channel::<Taken>(ON_THE_WAY_MAX);
        let watch = Stopwatch::start();
        let mut tasks = tokio::task::JoinSet::new();
        let (ready, mut readied): (mpsc::Sender<()>, _) = mpsc::channel(ON_THE_WAY_MAX);
        for n in 0..edges {
            let edge = enrol(&engine, n).await?;
            tasks.spawn(serve(edge, tell.clone(), ready.clone()));
        }
        for _ in 0..edges {
            readied.recv().await.context("an edge has gone")?;
        }
        let enrolled_s = watch.elapsed().as_secs_f64();
        let (mut refused, mut done) = (Vec::new(), Vec::new());
        let cpu = cpu_time()?;
        for n in 0..revocations {
            let id = RevocationId::parse(&format!("bench-{n}"))?;
            let begun = Stopwatch::start();
            let now = engine.now();
            engine.warden.act(&wanted(&id, n)?, vec![stone(n, now)], now).await?;
            let mut waits = BTreeMap::new();
            while waits.len() < edges {
                let taken = tokio::time::timeout(WAIT_MAX, told.recv()).await;
                let (deed, at) = taken?.context("an edge has gone")?;
                if deed == id {
                    // What has passed since the edge had it is not part of the way to it.
                    let wait = begun.elapsed().saturating_sub(at.elapsed());
                    waits.insert(waits.len(), wait);
                }
            }
            refused.extend(waits.into_values());
            until_done(&engine, &id).await?;
            done.push(begun.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        let cpu = (cpu_time()? - cpu).as_secs_f64();
        refused.sort_unstable();
        done.sort_unstable();
        let figures = json!({
            "load_average": load_average(),
            "edges": edges,
            "revocations": revocations,
            "enrolled_s": enrolled_s,
            "refused_p50_ms": percentile_ms(&refused, 50.0),
            "refused_p99_ms": percentile_ms(&refused, 99.0),
            "refused_max_ms": percentile_ms(&refused, 100.0),
            "receipts_p50_ms": percentile_ms(&done, 50.0),
            "receipts_p99_ms": percentile_ms(&done, 99.0),
            "receipts_max_ms": percentile_ms(&done, 100.0),
            "cpu_s_per_revocation": cpu / revocations.max(1) as f64,
            "peak_memory_mib": peak_memory()? >> 20,
        });
        tasks.shutdown().await;
        measured.served.stop().await?;
        Ok(figures)
    })
}

fn organisation(people: usize) -> Vec<(&'static str, String)> {
    let mut rows = String::from("person,name,kind,status\n");
    for n in 0..people.max(1) {
        let _ = writeln!(rows, "p{n},Person {n},employee,active");
    }
    vec![("people.csv", rows)]
}

/// What dies: the number of a card that this person carries.
fn stone(n: usize, since: model::Timestamp) -> Tombstone {
    let mut key = [0; 16];
    key.iter_mut().zip(n.to_le_bytes()).for_each(|(to, from)| *to = from);
    Tombstone { key: CredentialKey::from_bytes(key), generation: 1, since }
}

fn wanted(id: &RevocationId, n: usize) -> anyhow::Result<Wanted> {
    let person = Subject::Person(PersonId::parse(&format!("p{n}"))?);
    let (reason, by) = ("measured".to_owned(), "bench".to_owned());
    Ok(Wanted { id: id.clone(), act: Act::Revoke, subject: person, reason, by })
}

/// Takes an edge into service: code, fingerprint, approval.
async fn enrol(engine: &engine::Engine, n: usize) -> anyhow::Result<PracticeEdge> {
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

async fn until_done(engine: &engine::Engine, id: &RevocationId) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    loop {
        let told = engine.warden.show(id).await.context("the revocation is not known")?;
        if told.shown == Shown::Done {
            return Ok(());
        }
        anyhow::ensure!(watch.elapsed() < WAIT_MAX, "not every receipt came: {:?}", told.shown);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
