//! The evidence of one incident as an archive that anybody can check.

use std::collections::BTreeSet;

use access::Reach;
use codec::archive::Archive;
use codec::cell;
use codec::civil::LocalTime;
use lake::RawRow;
use model::{AuditAct, Incident, Occurrence, PersonId, PlaceId, Timestamp};
use serde::Serialize;
use store::state::OccurrenceFilter;

use super::{Covering, Paper, PaperError, sha256};
use crate::engine::Engine;
use crate::limits::Limits;

/// How an incident's bundle is named in the audit chain.
pub const BUNDLE_VERB: &str = "incident.bundle";
/// Records whose events one question to the lake asks for.
const RECORDS_ASKED_MAX: usize = 200;
/// Acts of one bundle; an incident's history is bounded too.
const ACTS_MAX: u32 = 10_000;
/// Entries of the occurrence log in one bundle.
const OCCURRENCES_MAX: u32 = 500;
/// How to check a bundle, for whoever gets it.
const READ_ME: &str = include_str!("READ-ME.txt");

/// Who asks for a bundle, why, and what they may see; a text says why not.
#[derive(Clone)]
pub struct BundleAsk<'a> {
    /// Who, as the audit chain names them.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// How far they may search events.
    pub events: Result<Reach, String>,
    /// Whether they may read what sources said.
    pub raw: Result<(), String>,
    /// How far they may read the occurrence log.
    pub occurrences: Result<Reach, String>,
    /// Whose names they see; everybody else is called by their id.
    pub sees: &'a (dyn Fn(&PersonId) -> bool + Sync),
}

#[derive(Debug, Serialize)]
struct Manifest<'a> {
    format: u32,
    kind: &'static str,
    incident: &'a str,
    incident_version: u64,
    organisation: &'a str,
    tenant: &'a str,
    made_at: Timestamp,
    by: &'a str,
    reason: &'a str,
    version: &'static str,
    files: Vec<FileLine>,
    left_out: Vec<LeftOut>,
}

#[derive(Debug, Serialize)]
struct FileLine {
    name: String,
    bytes: usize,
    sha256: String,
}

/// Something that is not in the bundle, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct LeftOut {
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    why: String,
}

/// A bundle in the making.
struct Bundle<'a> {
    covering: Covering<'a>,
    /// Texts in which somebody is called by their id.
    covered: usize,
    archive: Archive,
    files: Vec<FileLine>,
    left_out: Vec<LeftOut>,
    room: usize,
}

impl<'a> Bundle<'a> {
    fn new(at: Timestamp, room: usize, covering: Covering<'a>) -> Result<Self, PaperError> {
        let archive = Archive::new(&LocalTime::utc(at.nanos()))?;
        let (files, left_out) = (Vec::new(), Vec::new());
        Ok(Self { covering, covered: 0, archive, files, left_out, room })
    }

    /// A JSON text as whoever asks may see it.
    fn cover(&mut self, json: String) -> String {
        let covered = self.covering.json(&json);
        self.covered += usize::from(covered.is_some());
        covered.unwrap_or(json)
    }

    fn add(&mut self, name: &str, content: &[u8]) -> Result<(), PaperError> {
        self.archive.add(name, content)?;
        self.room = self.room.saturating_sub(content.len());
        let line =
            FileLine { name: name.to_owned(), bytes: content.len(), sha256: sha256(content) };
        self.files.push(line);
        Ok(())
    }

    fn leave_out(&mut self, what: &'static str, count: Option<usize>, why: impl Into<String>) {
        if count != Some(0) {
            self.left_out.push(LeftOut { what, count, why: why.into() });
        }
    }

    /// Lines as far as there is room for them.
    fn add_lines(
        &mut self,
        (name, what): (&str, &'static str),
        lines: impl Iterator<Item = String>,
    ) -> Result<(), PaperError> {
        let (mut text, mut gone) = (String::new(), 0);
        for line in lines {
            let line = self.cover(line);
            if text.len() + line.len() < self.room {
                text.push_str(&line);
                text.push('\n');
            } else {
                gone += 1;
            }
        }
        self.leave_out(what, Some(gone), "the limit bundle_bytes_max is reached");
        self.add(name, text.as_bytes())
    }

    /// The archive with its manifest and sums at the end.
    fn finish(mut self, mut manifest: Manifest<'_>) -> Result<Vec<u8>, PaperError> {
        let why = "people are called by their ids where whoever made this had not asked for names";
        self.leave_out("names", Some(self.covered), why);
        manifest.files = std::mem::take(&mut self.files);
        manifest.left_out = std::mem::take(&mut self.left_out);
        let text = serde_json::to_string_pretty(&manifest)? + "\n";
        let line = |sum: &str, name: &str| format!("{sum}  {name}\n");
        let mut sums: String = manifest.files.iter().map(|f| line(&f.sha256, &f.name)).collect();
        sums.push_str(&line(&sha256(text.as_bytes()), "manifest.json"));
        self.archive.add("manifest.json", text.as_bytes())?;
        self.archive.add("SHA256SUMS", sums.as_bytes())?;
        Ok(self.archive.finish()?)
    }
}

fn seen(row: serde_json::Map<String, serde_json::Value>) -> Option<Seen> {
    let site = row.get("site").and_then(serde_json::Value::as_str);
    Some(Seen {
        record: row.get("seq")?.as_u64()?,
        site: site.and_then(|site| PlaceId::parse(site).ok()),
        ocsf: row.get("ocsf")?.as_str()?.to_owned(),
    })
}

/// An event of the evidence, as it lies in the lake.
struct Seen {
    record: u64,
    site: Option<PlaceId>,
    ocsf: String,
}

impl Engine {
    /// Makes the bundle of an incident, and keeps its hash in the audit chain.
    pub async fn bundle(
        &self,
        incident: &Incident,
        ask: &BundleAsk<'_>,
    ) -> Result<Paper, PaperError> {
        let made_at = self.now();
        let room = Limits::count(self.config.limits.bundle_bytes_max);
        let covering = Covering { knowledge: self.current.get(), sees: ask.sees };
        let mut bundle = Bundle::new(made_at, room, covering)?;
        bundle.add("READ-ME.txt", READ_ME.as_bytes())?;
        // Covered first, so that the table of its history is covered too.
        let json = bundle.cover(serde_json::to_string(incident)?);
        let shown: Incident = serde_json::from_str(&json)?;
        let json = serde_json::to_string_pretty(&shown)? + "\n";
        bundle.add("incident.json", json.as_bytes())?;
        bundle.add("timeline.csv", timeline(&shown)?.as_bytes())?;
        let findings = self.state.findings_by_id(&incident.findings).await?;
        let lines = findings.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        bundle.add_lines(("findings.ndjson", "findings"), lines.into_iter())?;
        self.add_events(&mut bundle, incident, ask).await?;
        self.add_occurrences(&mut bundle, incident, ask).await?;
        self.add_acts(&mut bundle, incident).await?;
        self.add_raw(&mut bundle, incident, ask).await?;
        let org = &self.current.get().org;
        let manifest = Manifest {
            format: 1,
            kind: "castellan-evidence-bundle",
            incident: incident.id.as_str(),
            incident_version: incident.version,
            organisation: &org.name,
            tenant: org.tenant.as_str(),
            made_at,
            by: ask.by,
            reason: ask.reason,
            version: env!("CARGO_PKG_VERSION"),
            files: Vec::new(),
            left_out: Vec::new(),
        };
        let bytes = tokio::task::block_in_place(|| bundle.finish(manifest))?;
        let paper = Paper::new(bytes, format!("incident-{}.zip", incident.id));
        let act = AuditAct {
            at: made_at,
            by: ask.by.to_owned(),
            verb: BUNDLE_VERB.to_owned(),
            object: format!("incident:{}", incident.id),
            detail: serde_json::json!({
                "sha256": paper.sha256,
                "bytes": paper.bytes.len(),
                "version": incident.version,
                "reason": ask.reason,
            }),
        };
        self.state.record_acts(&[act]).await?;
        Ok(paper)
    }

    async fn add_events(
        &self,
        bundle: &mut Bundle<'_>,
        incident: &Incident,
        ask: &BundleAsk<'_>,
    ) -> Result<(), PaperError> {
        let reach = match &ask.events {
            Ok(reach) => reach,
            Err(why) => {
                bundle.leave_out("events", None, why);
                return Ok(());
            }
        };
        let (found, is_cut) = self.evidence(incident).await?;
        let wanted: BTreeSet<u64> = incident.evidence.iter().map(|e| e.record).collect();
        let have: BTreeSet<u64> = found.iter().map(|seen| seen.record).collect();
        let gone = wanted.difference(&have).count();
        if is_cut {
            let why = "the limit bundle_events_max is reached";
            bundle.leave_out("events of evidence records", Some(gone), why);
        } else {
            let why = "no longer, or not yet, in the history";
            bundle.leave_out("events of evidence records", Some(gone), why);
        }
        let all = found.len();
        let near: Vec<Seen> =
            found.into_iter().filter(|seen| reach.covers(seen.site.as_ref())).collect();
        let far = Some(all - near.len());
        bundle.leave_out("events", far, "outside the sites of whoever made this");
        let lines = near.into_iter().map(|seen| seen.ocsf);
        bundle.add_lines(("events.ndjson", "events"), lines)
    }

    /// The events of an incident's evidence in the order of time, and whether some were cut off.
    async fn evidence(&self, incident: &Incident) -> Result<(Vec<Seen>, bool), PaperError> {
        let max = Limits::count(self.config.limits.bundle_events_max);
        let mut found = Vec::new();
        let mut is_cut = false;
        for refs in incident.evidence.chunks(RECORDS_ASKED_MAX) {
            let times = || refs.iter().map(|e| e.time.nanos());
            let (Some(first), Some(last)) = (times().min(), times().max()) else { continue };
            let records: BTreeSet<String> = refs.iter().map(|e| e.record.to_string()).collect();
            let records: Vec<String> = records.into_iter().collect();
            let sql = format!(
                "SELECT seq, site, ocsf FROM events WHERE seq IN ({}) \
                 AND time >= to_timestamp_nanos({first}) AND time <= to_timestamp_nanos({last}) \
                 ORDER BY time, seq, part",
                records.join(", ")
            );
            let result = self.query(&sql, false).await?;
            is_cut |= result.truncated;
            found.extend(result.rows()?.into_iter().filter_map(seen));
        }
        is_cut |= found.len() > max;
        found.truncate(max);
        Ok((found, is_cut))
    }

    async fn add_occurrences(
        &self,
        bundle: &mut Bundle<'_>,
        incident: &Incident,
        ask: &BundleAsk<'_>,
    ) -> Result<(), PaperError> {
        let sites = match &ask.occurrences {
            Ok(Reach::Everywhere) => None,
            Ok(Reach::Sites(sites)) => Some(sites.iter().cloned().collect()),
            Err(why) => {
                bundle.leave_out("occurrences", None, why);
                return Ok(());
            }
        };
        let filter = OccurrenceFilter {
            sites,
            incident: Some(incident.id.clone()),
            limit: OCCURRENCES_MAX,
            ..OccurrenceFilter::default()
        };
        let page = self.state.occurrences(&filter).await?;
        if page.next.is_some() {
            let why = format!("older than the newest {OCCURRENCES_MAX}");
            bundle.leave_out("occurrences", None, why);
        }
        let line = |entry: &Occurrence| serde_json::to_string(entry);
        let lines = page.items.iter().rev().map(line).collect::<Result<Vec<_>, _>>()?;
        bundle.add_lines(("occurrences.ndjson", "occurrences"), lines.into_iter())
    }

    /// The acts on the incident. Whoever sees the incident sees them in its history; here they
    /// stand with their place in the chain. Bundles made of it are no acts on it.
    async fn add_acts(
        &self,
        bundle: &mut Bundle<'_>,
        incident: &Incident,
    ) -> Result<(), PaperError> {
        let object = format!("incident:{}", incident.id);
        let mut acts = self.state.acts_of(&object, incident.opened_at, ACTS_MAX).await?;
        if acts.len() as u64 >= u64::from(ACTS_MAX) {
            bundle.leave_out("acts", None, format!("younger than the first {ACTS_MAX}"));
        }
        acts.retain(|chained| chained.act.verb != BUNDLE_VERB);
        let lines = acts.iter().map(|chained| {
            format!(
                "{{\"seq\":{},\"digest\":\"{}\",\"previous\":\"{}\",\"head\":\"{}\",\"act\":{}}}",
                chained.seq, chained.digest, chained.previous, chained.head, chained.text
            )
        });
        // Acts hold ids and digests, never names, and must stay the bytes that were hashed.
        let text: String = lines.map(|line| line + "\n").collect();
        bundle.add("audit.ndjson", text.as_bytes())
    }

    async fn add_raw(
        &self,
        bundle: &mut Bundle<'_>,
        incident: &Incident,
        ask: &BundleAsk<'_>,
    ) -> Result<(), PaperError> {
        let wanted: BTreeSet<u64> = incident.evidence.iter().map(|e| e.record).collect();
        if let Err(why) = &ask.raw {
            bundle.leave_out("raw records", Some(wanted.len()), why);
            return Ok(());
        }
        let (mut missing, mut large) = (0, 0);
        let mut index = String::new();
        for record in wanted {
            let Some(row) = self.raw(record).await? else {
                missing += 1;
                continue;
            };
            let line = index_line(&row)?;
            if row.raw.body.len() + index.len() + line.len() >= bundle.room {
                large += 1;
                continue;
            }
            index.push_str(&line);
            bundle.add(&raw_name(&row), &row.raw.body)?;
        }
        bundle.leave_out("raw records", Some(missing), "no longer, or not yet, in the history");
        bundle.leave_out("raw records", Some(large), "the limit bundle_bytes_max is reached");
        bundle.add("raw/index.ndjson", index.as_bytes())
    }
}

fn raw_name(row: &RawRow) -> String {
    format!("raw/{:020}.raw", row.seq)
}

/// What a raw record's file does not say of itself.
fn index_line(row: &RawRow) -> Result<String, PaperError> {
    let raw = &row.raw;
    let line = serde_json::json!({
        "file": raw_name(row),
        "record": row.seq,
        "source": raw.source,
        "received_at": raw.received_at,
        "wire": raw.wire,
        "listener": raw.listener,
        "peer": raw.peer,
        "topic": raw.topic,
        "trust": raw.trust,
        "bytes_cut": raw.bytes_cut,
        "rerun_of": raw.rerun_of,
    });
    Ok(serde_json::to_string(&line)? + "\n")
}

/// The history as a table: when, who, what, and the rest of it as JSON.
fn timeline(incident: &Incident) -> Result<String, PaperError> {
    let mut text = cell::line(["at", "by", "act", "detail"]);
    for entry in &incident.timeline {
        let value = serde_json::to_value(&entry.act)?;
        let act = value.get("act").and_then(serde_json::Value::as_str).unwrap_or_default();
        let fields = value.as_object().into_iter().flatten();
        let rest: serde_json::Map<_, _> = fields
            .filter(|(name, _)| *name != "act")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let detail = serde_json::to_string(&rest)?;
        text.push_str(&cell::line([&*entry.at.to_string(), &entry.by, act, &detail]));
    }
    Ok(text)
}
