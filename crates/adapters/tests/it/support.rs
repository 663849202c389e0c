//! What the tests share: counters that can be awaited, a clock, a receiving end, certificates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use adapters::{
    Account, AckOutcome, AdapterError, Intake, IntakeLimits, IntakeReceiver, Note, Observed,
    Wiring, intake,
};
use model::{DropReason, RejectReason, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for anything; only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Counts(watch::Sender<BTreeMap<String, u64>>);

impl Counts {
    fn add(&self, name: String, count: u64) {
        self.0.send_modify(|counts| *counts.entry(name).or_default() += count);
    }
    /// `received 3, rejected empty 1`, without the listener.
    pub fn text(&self) -> String {
        let counts = self.0.borrow();
        counts.iter().map(|(k, v)| format!("{k} {v}")).collect::<Vec<_>>().join(", ")
    }
    pub fn get(&self, name: &str) -> u64 {
        self.0.borrow().get(name).copied().unwrap_or(0)
    }
    pub async fn until(&self, name: &str, at_least: u64) {
        let mut watching = self.0.subscribe();
        let reached =
            |counts: &BTreeMap<String, u64>| counts.get(name).copied().unwrap_or(0) >= at_least;
        let waited = tokio::time::timeout(PATIENCE, watching.wait_for(reached)).await;
        assert!(waited.is_ok(), "waited in vain for {name} {at_least}: {}", self.text());
    }
}

impl Account for Counts {
    fn received(&self, _: &str, records: u64) {
        self.add("received".into(), records);
    }
    fn rejected(&self, _: &str, reason: RejectReason, records: u64) {
        self.add(format!("rejected {}", reason.as_str()), records);
    }
    fn dropped(&self, _: &str, reason: DropReason, records: u64) {
        self.add(format!("dropped {}", reason.as_str()), records);
    }
    fn noted(&self, _: &str, note: Note, count: u64) {
        self.add(format!("noted {}", note.as_str()), count);
    }
}

pub struct Bench {
    pub wiring: Wiring,
    pub intake: Intake,
    pub receiver: IntakeReceiver,
    pub counts: Arc<Counts>,
    pub shutdown: CancellationToken,
}

pub fn bench() -> Bench {
    bench_with(IntakeLimits::default())
}

pub fn bench_with(limits: IntakeLimits) -> Bench {
    let (intake, receiver) = intake(limits);
    let counts = Arc::new(Counts(watch::Sender::new(BTreeMap::new())));
    let shutdown = CancellationToken::new();
    let ticks = AtomicI64::new(0);
    let wiring = Wiring {
        intake: intake.clone(),
        clock: Arc::new(move || Timestamp::from_secs(ticks.fetch_add(1, Ordering::Relaxed))),
        account: Arc::clone(&counts) as Arc<dyn Account>,
        shutdown: shutdown.clone(),
    };
    Bench { wiring, intake, receiver, counts, shutdown }
}

impl Bench {
    /// Receives `count` records, saying *journalled* to each batch.
    pub async fn receive(&mut self, count: usize) -> Vec<Observed> {
        let mut records = Vec::new();
        while records.len() < count {
            let batch = tokio::time::timeout(PATIENCE, self.receiver.recv()).await;
            let Ok(Some(batch)) = batch else {
                panic!("{} of {count} records came; {}", records.len(), self.counts.text());
            };
            records.extend(batch.records);
            if let Some(ack) = batch.ack {
                let _ = ack.send(AckOutcome::Journalled);
            }
        }
        records
    }

    /// Stops the adapter, receiving to its end.
    pub async fn stop(&mut self, task: JoinHandle<Result<(), AdapterError>>) -> Vec<Observed> {
        self.shutdown.cancel();
        let mut task = task;
        let mut rest = Vec::new();
        loop {
            tokio::select! {
                Some(batch) = self.receiver.recv() => {
                    rest.extend(batch.records);
                    if let Some(ack) = batch.ack {
                        let _ = ack.send(AckOutcome::Journalled);
                    }
                }
                ended = &mut task => {
                    ended.unwrap().unwrap();
                    break;
                }
            }
        }
        while let Some(batch) = self.receiver.try_recv() {
            rest.extend(batch.records);
        }
        rest
    }
}

pub fn text(record: &Observed) -> String {
    record.body.escape_ascii().to_string()
}

pub fn texts(records: &[Observed]) -> Vec<String> {
    records.iter().map(text).collect()
}

/// An authority and what it signed, as PEM files in a folder that lives as long as this.
pub struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }
    pub fn pem(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
    /// Certificate and key for `localhost` and 127.0.0.1, in the name of `common_name`.
    pub fn sign(&self, common_name: &str) -> (PathBuf, PathBuf) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, "Castellan tests");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let at = |suffix: &str| self.folder.path().join(format!("{common_name}.{suffix}"));
        fs::write(at("pem"), certificate.pem()).unwrap();
        fs::write(at("key"), key.serialize_pem()).unwrap();
        (at("pem"), at("key"))
    }
}
