//! The running engine, as the HTTP interface and the command line ask it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lake::{
    Lake, LakeError, LimitKind, Page as LakePage, QueryLimits, QueryResult, RawRow, Search, View,
};
use model::spine::Source;
use model::{AuditAct, IncidentId, PersonId, Record, SourceId, SourceState, Timestamp};
use respond::{Act, HandMade, Moment};
use serde::Serialize;
use store::state::{Counter, DeadLetterChoice, Token};
use store::{Batch, Journal, State, StoreError};

use crate::accounting::Accounts;
use crate::auth::{self, AuthError, NewToken, Principal, TokenError, Tokens};
use crate::clock::{Clock, Stopwatch};
use crate::command::Commander;
use crate::config::Config;
use crate::content;
use crate::controllers::ControllersTold;
use crate::desk::{Desk, DeskError};
use crate::edges::Hub;
use crate::edit::Origin;
use crate::flow::history::Histories;
use crate::flow::ingest::Ingest;
use crate::flow::judge::{Judged, Progress};
use crate::flow::silencer::Silencer;
use crate::folder::DataFolder;
use crate::knowledge::Current;
use crate::limits::{LIMITS, Limits};
use crate::live::Live;
use crate::owners::Whence;
use crate::rate::Rates;
use crate::replay::Replays;
use crate::reveal::Reveals;
use crate::rights::{Rights, WhatIfs};
use crate::signin::Signin;
use crate::trial::Trials;
use crate::warden::Warden;
use crate::watch::devices::Devices;
use crate::watch::doors::Doors;
use crate::watch::refused::Refusals;
use crate::watch::things::Things;
use crate::watch::whereabouts::Whereabouts;

/// Everything that runs, by its parts.
pub struct Engine {
    /// When it started.
    pub started_at: Timestamp,
    /// Its configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Organisation and content.
    pub current: Arc<Current>,
    /// State.
    pub state: State,
    /// Journal.
    pub journal: Arc<Journal>,
    /// Lake.
    pub lake: Lake,
    /// Incidents.
    pub desk: Arc<Desk>,
    /// Subscribers.
    pub live: Live,
    /// Counts since the start.
    pub accounts: Arc<Accounts>,
    /// Who is silent.
    pub silencer: Arc<Silencer>,
    /// How doors stand.
    pub doors: Arc<Doors>,
    /// Whether things have their link.
    pub things: Arc<Things>,
    /// Whether people's devices are as they should be.
    pub devices: Arc<Devices>,
    /// Who was refused at them.
    pub refusals: Arc<Refusals>,
    /// Where people are believed to be.
    pub whereabouts: Arc<Whereabouts>,
    /// One change of content at a time.
    pub(crate) editing: tokio::sync::Mutex<()>,
    /// Tries of mappings.
    pub(crate) trials: Trials,
    /// The past once more.
    pub replays: Replays,
    /// What detection counts.
    pub judged: Arc<Judged>,
    /// What rules that learn were taught of the time before them.
    pub histories: Arc<Histories>,
    /// Whose names sessions have asked for.
    pub(crate) reveals: Reveals,
    /// Who may ask.
    pub tokens: Tokens,
    /// Tokens that the configuration names, and this machine's own.
    pub extra_tokens: Vec<Token>,
    /// HTTP ingest.
    pub ingest: Ingest,
    /// How far the flow is.
    pub progress: Arc<Progress>,
    /// The data folder.
    pub folder: DataFolder,
    /// The journal's last record when the server started: what the last run left ends here.
    pub left_over: u64,
    /// Who may sign in, and who has.
    pub signin: Signin,
    /// Who may pass which door.
    pub access: Arc<Rights>,
    /// What drafts of rights would change.
    pub what_ifs: WhatIfs,
    /// Questions of enforcement points, by token.
    pub evaluations: Rates,
    /// What was revoked, and where that has arrived.
    pub warden: Arc<Warden>,
    /// Edges, and what they are told.
    pub edges: Arc<Hub>,
    /// Commands to doors.
    pub commander: Commander,
    /// Door controllers that are run.
    pub controllers: ControllersTold,
}

/// One source, as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct SourceStatus {
    /// Its settings.
    pub source: Source,
    /// Heard, silent, or `None` when it declares no heartbeat.
    pub state: Option<SourceState>,
    /// When it was last heard since the start.
    pub last_heard: Option<Timestamp>,
    /// Its lines of the accounts, of all time.
    pub accounts: Vec<AccountLine>,
}

/// One line of the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountLine {
    /// Where: `listen`, `intake`, `normalise`, `detect`, `lake`.
    pub boundary: String,
    /// Whose.
    pub source: String,
    /// `received`, `kept`, `rejected`, `dropped`.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub records: u64,
}

/// One limit and how near it is.
#[derive(Debug, Clone, Serialize)]
pub struct LimitStatus {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The bound in force.
    pub max: u64,
    /// How much is used now, where that is known.
    pub used: Option<u64>,
    /// What it bounds and what happens at it.
    pub meaning: &'static str,
}

/// Whether the engine can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// Records can be made durable, and the flow keeps up.
    pub is_ready: bool,
    /// Newest durable record.
    pub journalled: u64,
    /// Newest judged record.
    pub judged: u64,
    /// Events judged since the start.
    pub events: u64,
    /// Open incidents.
    pub open_incidents: usize,
}

/// One mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingStatus {
    /// Name.
    pub name: String,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// `real` or `constructed`.
    pub evidence: &'static str,
    /// Whose it is.
    pub origin: Origin,
}

impl MappingStatus {
    fn of(name: String, manifest: &normalise::Manifest, origin: Origin) -> Self {
        Self {
            origin,
            name,
            vendor: manifest.vendor.clone(),
            product: manifest.product.clone(),
            version: manifest.version.clone(),
            evidence: match manifest.evidence {
                normalise::Evidence::Real => "real",
                normalise::Evidence::Constructed => "constructed",
            },
        }
    }
}

/// Why dead letters could not be sent through again.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal takes nothing now; the letters stay where they are.
    #[error("the journal takes nothing now: {0}")]
    Journal(#[from] store::AppendError),
}

/// Runs a question to the lake on a thread of its own: it computes for long between its waits, and
/// intake must not wait behind it.
pub(crate) async fn aside<T: Send + 'static>(
    question: impl Future<Output = Result<T, LakeError>> + Send + 'static,
) -> Result<T, LakeError> {
    let here = tokio::runtime::Handle::current();
    let asked = tokio::task::spawn_blocking(move || here.block_on(question)).await;
    asked.unwrap_or_else(|_| {
        Err(LakeError::Refused { what: "the question ended in a panic".to_owned() })
    })
}

/// Readiness allows the flow to be this many records behind.
const BEHIND_MAX: u64 = 200_000;

impl Engine {
    /// The clock's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whose a token is.
    pub fn authenticate(&self, secret: &str) -> Result<Principal, AuthError> {
        self.tokens.authenticate(secret, self.now())
    }

    /// Whether records can be taken and judged, and what the last run left has been read.
    pub async fn readiness(&self) -> Readiness {
        let journalled = self.journal.last_seq();
        let judged = self.progress.judged.load(Ordering::Acquire);
        Readiness {
            is_ready: journalled.saturating_sub(judged) < BEHIND_MAX && judged >= self.left_over,
            journalled,
            judged,
            events: self.progress.events.load(Ordering::Relaxed),
            open_incidents: self.desk.open_count().await,
        }
    }

    /// Every source, the unassigned one last.
    pub async fn sources(&self) -> Result<Vec<SourceStatus>, StoreError> {
        let knowledge = self.current.get();
        let lines = self.account_lines().await?;
        let unassigned = SourceId::parse(model::ids::UNASSIGNED).ok();
        let ids = knowledge.org.sources.keys().cloned().chain(unassigned);
        Ok(ids
            .map(|id| {
                let (state, last_heard) = self.silencer.state_of(&id);
                let own = lines.iter().filter(|line| line.source == id.as_str());
                let accounts = own.cloned().collect();
                let mut source = knowledge.source(&id).clone();
                source.id = id;
                SourceStatus { source, state, last_heard, accounts }
            })
            .collect())
    }

    /// The accounts of all time, as state holds them: at most a second behind the counting.
    pub async fn account_lines(&self) -> Result<Vec<AccountLine>, StoreError> {
        let line = |counter: Counter| AccountLine {
            boundary: counter.boundary,
            source: counter.source,
            outcome: counter.outcome,
            reason: counter.reason,
            records: counter.value,
        };
        Ok(self.state.counters().await?.into_iter().map(line).collect())
    }

    /// Every limit and how near it is.
    pub fn limit_status(&self) -> Vec<LimitStatus> {
        let journal = self.journal.stats();
        let lake = self.lake.stats();
        let used = |name: &str| match name {
            "journal_bytes_max" => Some(journal.bytes),
            "lake_memory_rows_max" => Some(lake.unflushed_rows as u64),
            "lake_memory_bytes_max" => Some(lake.unflushed_bytes as u64),
            "live_subscribers_max" => Some(self.live.seats.taken()),
            "sources_max" => Some(self.current.get().org.sources.len() as u64),
            "refusals_kept_max" => Some(self.refusals.len() as u64),
            "whereabouts_people_max" => Some(self.whereabouts.len() as u64),
            _ => None,
        };
        LIMITS
            .iter()
            .map(|info| LimitStatus {
                name: info.name,
                unit: info.unit,
                max: self.config.limits.get(info.name).unwrap_or(info.default),
                used: used(info.name),
                meaning: info.meaning.trim(),
            })
            .collect()
    }

    /// Events by time, person, thing, place, address, text. `view`: as the asker sees them, where
    /// something is covered for them.
    pub async fn search(&self, search: &Search, view: Option<View>) -> Result<LakePage, LakeError> {
        let (lake, search) = (self.lake.clone(), search.clone());
        let time_max = Limits::ms(self.config.limits.query_ms_max);
        aside(async move { lake.search_as(&search, time_max, view).await }).await
    }

    /// How many events a search finds in each of equal steps between two instants: step length and
    /// counts, all steps listed.
    pub async fn histogram(
        &self,
        search: &Search,
        (from, to): (Timestamp, Timestamp),
        (buckets, view): (u32, Option<View>),
    ) -> Result<(Duration, Vec<u64>), LakeError> {
        let step = (to.since(from) / buckets.max(1)).max(Duration::from_millis(1));
        if let Some(view) = view.filter(|_| search.asks_for_words()) {
            let search = Search { from: Some(from), to: Some(to), ..search.clone() };
            let counts = self.counted(search, (from, step), buckets, view).await?;
            return Ok((step, counts));
        }
        let result = self.query(&search.histogram_sql(from, to, step), (false, true)).await?;
        let mut counts = vec![0; buckets as usize];
        for row in result.rows()? {
            let number = |name: &str| row.get(name).and_then(serde_json::Value::as_u64);
            if let (Some(bucket), Some(events)) = (number("bucket"), number("events"))
                && let Some(count) = usize::try_from(bucket).ok().and_then(|at| counts.get_mut(at))
            {
                *count += events;
            }
        }
        Ok((step, counts))
    }

    /// The same by looking at every hit as the asker sees it, page by page.
    async fn counted(
        &self,
        mut search: Search,
        (from, step): (Timestamp, Duration),
        buckets: u32,
        view: View,
    ) -> Result<Vec<u64>, LakeError> {
        let mut counts = vec![0; buckets as usize];
        let began = Stopwatch::start();
        let time_max = Limits::ms(self.config.limits.query_ms_max);
        search.limit = usize::MAX;
        loop {
            let page = self.search(&search, Some(Arc::clone(&view))).await?;
            for found in &page.events {
                let at = found.key.time.since(from).as_nanos() / step.as_nanos().max(1);
                if let Some(count) = usize::try_from(at).ok().and_then(|at| counts.get_mut(at)) {
                    *count += 1;
                }
            }
            search.before = page.next;
            if search.before.is_none() {
                return Ok(counts);
            }
            if began.elapsed() > time_max {
                let allowed = format!("{} s", time_max.as_secs_f64());
                return Err(LakeError::Limit { which: LimitKind::Time, allowed });
            }
        }
    }

    /// Keeps the reason that somebody gave for an act, in the audit chain after the act itself.
    pub async fn note_reason(
        &self,
        (verb, object): (&str, &str),
        reason: &str,
        by: &str,
    ) -> Result<(), StoreError> {
        let act = AuditAct {
            at: self.now(),
            by: by.to_owned(),
            verb: verb.to_owned(),
            object: object.to_owned(),
            detail: serde_json::json!({ "reason": reason }),
        };
        self.state.record_acts(&[act]).await
    }

    /// Whether a session has asked for a person's name.
    pub fn is_revealed(&self, session: &[u8; 32], person: &PersonId) -> bool {
        self.reveals.has(session, person)
    }

    /// Whether a session has asked for anybody's name.
    pub fn has_revealed(&self, session: &[u8; 32]) -> bool {
        self.reveals.has_any(session)
    }

    /// Whose names a session has asked for.
    pub fn revealed(&self, session: &[u8; 32]) -> Vec<PersonId> {
        self.reveals.of(session)
    }

    /// Shows a person's name to a session, for a reason that is kept in the audit chain.
    pub async fn reveal(
        &self,
        session: Option<[u8; 32]>,
        person: &PersonId,
        (reason, by): (&str, &str),
    ) -> Result<(), StoreError> {
        let object = format!("person:{person}");
        self.note_reason(("person.reveal", &object), reason, by).await?;
        if let Some(session) = session {
            let max = Limits::count(self.config.limits.reveals_max);
            self.reveals.add(session, person.clone(), max);
        }
        Ok(())
    }

    /// SQL over the lake and what is not yet in it. `raw_too`: also what sources said word by word.
    /// `sees_names`: what may name somebody may be compared and computed with.
    pub async fn query(
        &self,
        sql: &str,
        (raw_too, sees_names): (bool, bool),
    ) -> Result<QueryResult, LakeError> {
        let limits = &self.config.limits;
        let bounds = QueryLimits {
            rows_max: Limits::count(limits.query_rows_max),
            time_max: Limits::ms(limits.query_ms_max),
            memory_max: Limits::count(limits.query_bytes_max),
            may_read_raw: raw_too,
            may_compare_names: sees_names,
        };
        let (lake, sql) = (self.lake.clone(), sql.to_owned());
        aside(async move { lake.query(&sql, bounds).await }).await
    }

    /// What a source said, word by word; `None` when it is no longer, or not yet, in the history.
    pub async fn raw(&self, record: u64) -> Result<Option<RawRow>, LakeError> {
        let lake = self.lake.clone();
        aside(async move { lake.raw(record).await }).await
    }

    /// Does one act to one incident.
    pub async fn act(
        &self,
        id: &IncidentId,
        what: &Act,
        by: (&str, Option<&PersonId>),
        expected: Option<u64>,
    ) -> Result<model::Incident, DeskError> {
        if let Some(incident) = self.state.incident(id).await? {
            self.check_act(what, &incident)?;
        }
        self.desk.act(id, what, by, (expected, self.now())).await
    }

    /// Where an incident that is opened by hand will be.
    pub fn site_by_hand(&self, made: &HandMade) -> Option<model::PlaceId> {
        respond::site_by_hand(&self.current.get().org, made)
    }

    /// Opens an incident by hand.
    pub async fn open_incident(
        &self,
        made: HandMade,
        by: (&str, Option<&PersonId>),
        new_id: IncidentId,
    ) -> Result<model::Incident, DeskError> {
        let owner = model::incident::Owner::Team(made.team.clone());
        self.check_owner(&owner, Whence::at(self.site_by_hand(&made).as_ref()))?;
        let moment = Moment { now: self.now(), new_id };
        self.desk.open(&self.current.get(), made, by, &moment).await
    }

    /// Sends the oldest open dead letters that fit through again, with today's mappings. Gives how
    /// many were sent.
    pub async fn rerun(
        &self,
        choice: &DeadLetterChoice,
        limit: u32,
        by: &str,
    ) -> Result<u64, RerunError> {
        let now = self.now();
        let act = AuditAct {
            at: now,
            by: by.to_owned(),
            verb: "dead_letter.rerun".into(),
            object: choice.source.as_ref().map_or("source:*".into(), |id| format!("source:{id}")),
            detail: serde_json::json!({
                "limit": limit, "reason": choice.reason_code, "records": choice.records,
            }),
        };
        let taken = self.state.take_dead_letters(choice, limit, &act).await?;
        if taken.is_empty() {
            return Ok(0);
        }
        let numbers: Vec<u64> = taken.iter().filter_map(|raw| raw.rerun_of).collect();
        let records: Vec<Record> = taken.into_iter().map(Record::from).collect();
        let count = records.len() as u64;
        let batch = Batch { records, ..Batch::default() };
        if let Err(error) = self.journal.append(batch, now).await {
            self.state.put_back_dead_letters(&numbers).await?;
            return Err(error.into());
        }
        Ok(count)
    }

    /// Makes a token; gives its id and its text, which is kept nowhere.
    pub async fn create_token(
        &self,
        wanted: NewToken,
        by: &str,
    ) -> Result<(String, String), TokenError> {
        let (token, secret) = auth::create(&self.state, wanted, by, self.now()).await?;
        self.tokens.reload(&self.state, &self.extra_tokens).await?;
        Ok((token.id, secret))
    }

    /// Ends a token; whether there was one.
    pub async fn revoke_token(&self, id: &str, by: &str) -> Result<bool, StoreError> {
        let now = self.now();
        let act = auth::revoke_act(id, by, now);
        let was_there = self.state.revoke_token(id, now, &act).await?;
        self.tokens.reload(&self.state, &self.extra_tokens).await?;
        Ok(was_there)
    }

    /// The mappings in force.
    pub fn mappings(&self) -> Vec<MappingStatus> {
        let knowledge = self.current.get();
        let names = knowledge.mappings.names();
        let manifest = |name| knowledge.mappings.get(name).map(|m| &m.manifest);
        let house = self.config.content.as_deref().map(content::mapping_names_in);
        let house = house.unwrap_or_default();
        let origin = |name: &str| match house.contains(name) {
            true => Origin::House,
            false => Origin::Shipped,
        };
        names
            .filter_map(|name| {
                let origin = origin(name.as_str());
                Some(MappingStatus::of(name.to_string(), manifest(name)?, origin))
            })
            .collect()
    }

    /// Waits until everything durable has been judged, or gives up; whether it has.
    pub async fn caught_up(&self, wait_max: Duration) -> bool {
        let target = self.journal.last_seq();
        let pause = Duration::from_millis(10);
        let mut waited = Duration::ZERO;
        while self.progress.judged.load(Ordering::Acquire) < target {
            if waited >= wait_max {
                return false;
            }
            tokio::time::sleep(pause).await;
            waited += pause;
        }
        true
    }
}
