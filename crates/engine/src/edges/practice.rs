//! An edge without doors: it speaks the link, keeps what it is given in memory and confirms it.
//! For measurements and tests of the server's side; what a real one does with its rights is in
//! the road of doors.

use std::time::Duration;

use access::door::Snapshot;
use access::door::travel::{Delta, Full};
use access::link::enrol::{Code, ENROL_BYTES_MAX, FromNew, Granted, ToNew};
use access::link::{
    Command, Done, DoneHow, FRAME_BYTES_MAX, FromEdge, FromServer, LINK_FORMAT, LINK_REVISION,
    Passages, Purpose, Renewal, Signed, World,
};
use access::passages::Passage;
use access::revocation::{Known, Receipt};
use adapters::link::{EdgeStream, LinkConnector, LinkIdentity, LinkTrust, LinkWay, frame};
use model::{PointId, RevocationId, Timestamp};
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use ring::signature::Ed25519KeyPair;
use tokio::time::timeout;

use super::keys::is_signed_by;

/// Largest snapshot, unpacked, in bytes.
const UNPACKED_BYTES_MAX: usize = 512 << 20;
/// How long a word is waited for.
const WAIT: Duration = Duration::from_secs(30);

/// Why it did not go on.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A key that no certificate was made for yet.
pub struct Newcomer {
    key: KeyPair,
    code: Code,
}

impl Newcomer {
    /// With a code that somebody carried to it.
    pub fn with_code(code: Code) -> Result<Self, Failure> {
        Ok(Self { key: KeyPair::generate_for(&PKCS_ED25519)?, code })
    }

    /// Asks, and shows the fingerprint of its key to `shown` as soon as the server has it; waits
    /// for the answer.
    pub async fn ask(&self, shown: impl FnOnce(&str)) -> Result<PracticeEdge, Failure> {
        let trust = LinkTrust::Fingerprint(self.code.authority);
        let connector = LinkConnector::new(LinkWay::Enrol, &trust, None)?;
        let mut stream = connector.connect(&self.code.address).await?;
        let request = CertificateParams::default().serialize_request(&self.key)?;
        let ask = FromNew::Ask {
            format: LINK_FORMAT,
            point: self.code.point.clone(),
            secret: self.code.secret.to_vec(),
            request: request.der().to_vec(),
        };
        frame::write(&mut stream, &rmp_serde::to_vec_named(&ask)?).await?;
        let mut shown = Some(shown);
        loop {
            let word = timeout(WAIT, frame::read(&mut stream, ENROL_BYTES_MAX)).await??;
            match rmp_serde::from_slice(&word.ok_or("the server has gone")?)? {
                ToNew::Waiting { fingerprint } => {
                    if let Some(shown) = shown.take() {
                        shown(&fingerprint);
                    }
                }
                ToNew::Granted(granted) => {
                    return PracticeEdge::of(&self.key, *granted, &self.code.address);
                }
                ToNew::Refused { why } => return Err(why.into()),
            }
        }
    }
}

/// An edge in service.
pub struct PracticeEdge {
    /// Who it is.
    pub point: PointId,
    /// The snapshot that it goes by.
    pub version: Option<u64>,
    /// Its rights, where it keeps them.
    pub snapshot: Option<Snapshot>,
    /// Whether it keeps rights, or only their version.
    pub keeps: bool,
    /// Deeds that it has confirmed.
    pub confirmed: Vec<RevocationId>,
    /// The number of its last record, as it says in its greeting.
    pub owes: u64,
    /// What it was last told of the world.
    pub world: World,
    /// All passages that it was told.
    pub passed: Vec<Passage>,
    key: Ed25519KeyPair,
    server: [u8; 32],
    connector: LinkConnector,
    address: String,
    stream: Option<EdgeStream>,
}

impl PracticeEdge {
    /// With the key of its certificate.
    pub fn of(key: &KeyPair, granted: Granted, address: &str) -> Result<Self, Failure> {
        let der = key.serialize_der();
        let identity = LinkIdentity { certificate: granted.certificate, key: der.clone() };
        let trust = LinkTrust::Authority(granted.authority);
        Ok(Self {
            point: granted.point,
            version: None,
            snapshot: None,
            keeps: true,
            confirmed: Vec::new(),
            owes: 0,
            world: World::default(),
            passed: Vec::new(),
            key: Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|e| e.to_string())?,
            server: granted.signing_key.try_into().map_err(|_| "the signing key is not one")?,
            connector: LinkConnector::new(LinkWay::Edge, &trust, Some(&identity))?,
            address: address.to_owned(),
            stream: None,
        })
    }

    /// Opens the link and greets.
    pub async fn connect(&mut self, now: Timestamp) -> Result<(), Failure> {
        self.stream = Some(self.connector.connect(&self.address).await?);
        let hello = FromEdge::Hello {
            format: LINK_FORMAT,
            point: self.point.clone(),
            software: "practice".to_owned(),
            now,
            snapshot: self.version,
            records: (1, self.owes + 1),
            revision: LINK_REVISION,
        };
        self.say(&hello).await
    }

    /// The link breaks.
    pub fn cut(&mut self) {
        self.stream = None;
    }

    /// Says something.
    pub async fn say(&mut self, word: &FromEdge) -> Result<(), Failure> {
        let stream = self.stream.as_mut().ok_or("not connected")?;
        Ok(frame::write(stream, &rmp_serde::to_vec_named(word)?).await?)
    }

    /// The next word of the server.
    pub async fn next(&mut self) -> Result<FromServer, Failure> {
        let stream = self.stream.as_mut().ok_or("not connected")?;
        let word = timeout(WAIT, frame::read(stream, FRAME_BYTES_MAX)).await??;
        Ok(rmp_serde::from_slice(&word.ok_or("the server has gone")?)?)
    }

    /// Signs for a purpose.
    pub fn sign<T: serde::Serialize>(&self, purpose: Purpose, what: &T) -> Result<Signed, Failure> {
        let bytes = rmp_serde::to_vec_named(what)?;
        let message = Signed::message(purpose, &self.point, &bytes);
        let signature = self.key.sign(&message).as_ref().to_vec();
        Ok(Signed { purpose, point: self.point.clone(), bytes, signature })
    }

    fn checked(&self, signed: &Signed, purpose: Purpose) -> Result<(), Failure> {
        match is_signed_by(signed, purpose, &self.point, &self.server) {
            true => Ok(()),
            false => Err("a bad signature".into()),
        }
    }

    /// Hears one word and does what it says, as an edge does: takes rights and confirms them.
    /// Gives a command, where it is one, for the caller to answer.
    pub async fn hear(&mut self, now: Timestamp) -> Result<Option<Command>, Failure> {
        let word = self.next().await?;
        self.heed(word, now).await
    }

    /// The same with a word that was heard.
    pub async fn heed(
        &mut self,
        word: FromServer,
        now: Timestamp,
    ) -> Result<Option<Command>, Failure> {
        match word {
            FromServer::Full(signed) => {
                self.checked(&signed, Purpose::Full)?;
                let bytes = zstd::bulk::decompress(&signed.bytes, UNPACKED_BYTES_MAX)?;
                let full: Full = rmp_serde::from_slice(&bytes)?;
                let (version, deeds) = (full.version, full.deeds.clone());
                if self.keeps {
                    self.snapshot = Some(Snapshot::from_full(full)?);
                }
                self.take(version, deeds, now).await?;
            }
            FromServer::Delta(signed) => {
                self.checked(&signed, Purpose::Delta)?;
                let bytes = zstd::bulk::decompress(&signed.bytes, UNPACKED_BYTES_MAX)?;
                let delta: Delta = rmp_serde::from_slice(&bytes)?;
                if self.version != Some(delta.from) {
                    return Err(format!("a change from {}", delta.from).into());
                }
                if let Some(snapshot) = &mut self.snapshot {
                    snapshot.apply_delta(&delta)?;
                }
                self.take(delta.to, delta.deeds.clone(), now).await?;
            }
            FromServer::Renewal(signed) => {
                self.checked(&signed, Purpose::Renewal)?;
                let renewal: Renewal = rmp_serde::from_slice(&signed.bytes)?;
                if self.version == Some(renewal.version) && !renewal.deeds.is_empty() {
                    self.take(renewal.version, renewal.deeds, now).await?;
                }
                let (snapshot, doors, last) = (self.version, Vec::new(), None);
                let (clock_trusted, records_waiting) = (true, None);
                let alive =
                    FromEdge::Alive { now, clock_trusted, snapshot, doors, records_waiting, last };
                self.say(&alive).await?;
            }
            FromServer::Command(signed) => {
                self.checked(&signed, Purpose::Command)?;
                return Ok(Some(rmp_serde::from_slice(&signed.bytes)?));
            }
            FromServer::Farewell { why } => return Err(why.into()),
            FromServer::TellTombstones => {
                let (dead, suspended) = match &self.snapshot {
                    Some(held) => (held.tombstones.iter().collect(), (*held.suspensions).clone()),
                    None => Default::default(),
                };
                self.say(&FromEdge::Tombstones { dead, suspended }).await?;
            }
            FromServer::World(world) => self.world = world,
            FromServer::Passages(Passages { passed, .. }) => {
                if let Some(held) = &mut self.snapshot {
                    for passage in &passed {
                        held.told(passage);
                    }
                }
                self.passed.extend(passed);
            }
            FromServer::Welcome { .. } | FromServer::Kept { .. } => {}
        }
        Ok(None)
    }

    async fn take(
        &mut self,
        version: u64,
        deeds: Vec<RevocationId>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.version = Some(version);
        let mut receipts = Vec::new();
        for deed in &deeds {
            let receipt = Receipt {
                point: self.point.clone(),
                deed: deed.clone(),
                known: Known::DeviceSigned,
                snapshot: version,
                at: now,
            };
            receipts.push(self.sign(Purpose::Receipt, &receipt)?);
        }
        self.say(&FromEdge::Taken { snapshot: version, receipts }).await?;
        for deed in deeds {
            if !self.confirmed.contains(&deed) {
                self.confirmed.push(deed);
            }
        }
        Ok(())
    }

    /// Says what has become of a command.
    pub async fn answer(
        &mut self,
        command: &Command,
        (outcome, at): (DoneHow, Timestamp),
    ) -> Result<(), Failure> {
        let done = Done { id: command.id.clone(), at, outcome };
        let signed = self.sign(Purpose::Outcome, &done)?;
        self.say(&FromEdge::Outcome(signed)).await
    }
}
