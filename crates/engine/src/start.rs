//! Starting and stopping: opens what lies in the data folder, catches up, listens; and the reverse.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::SystemTime;

use adapters::{AdapterError, Intake, IntakeLimits, Wiring};
use lake::{Lake, LakeConfig, LakeError};
use model::problem::Gravity;
use model::{AuditAct, Incident, Organisation, Problem, SourceId};
use store::state::{IncidentFilter, LakeFileState, PageKey, Token};
use store::{Journal, State, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accounting::Accounts;
use crate::auth::{self, Tokens};
use crate::clock::Clock;
use crate::command::Commander;
use crate::config::{Channel, Config};
use crate::controllers::{self, ControllerMemory};
use crate::desk::Desk;
use crate::door::home::{self, Home};
use crate::edges::{self, Hub, KeysError};
use crate::edit;
use crate::engine::Engine;
use crate::flow::body;
use crate::flow::history::{Teacher, Teaching};
use crate::flow::ingest::Ingest;
use crate::flow::judge::{Begin, CONSUMER, FlowError, Judge, Progress, SNAPSHOT, Tools};
use crate::flow::keeper::{Keeper, LAKE};
use crate::flow::lake_files::from_store;
use crate::flow::pump::Pump;
use crate::flow::silencer::Silencer;
use crate::flow::stages::Stages;
use crate::folder::{self, DataFolder, FolderError};
use crate::housekeeping;
use crate::knowledge::{BadWord, Current, Knowledge, empty_organisation};
use crate::limits::Limits;
use crate::listeners::{self, Positions};
use crate::live::Live;
use crate::offline;
use crate::outbox;
use crate::photos;
use crate::rate::Rates;
use crate::refusals;
use crate::replay::Replays;
use crate::rights::{self, Rights};
use crate::signin::{Seal, SealError, Signin, SigninError};
use crate::trial::Trials;
use crate::warden::{Warden, WardenError};
use crate::watch::doors::Doors;

/// Why Castellan does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// State or journal.
    #[error("the data folder cannot be opened")]
    Store(#[from] StoreError),
    /// The journal is older than what was concluded from it.
    #[error(
        "the journal ends at record {last}, but records up to {known} have been judged: it was \
         removed or restored from an older copy; restore journal and state together"
    )]
    JournalLost {
        /// Its last record.
        last: u64,
        /// The last one that state knows.
        known: u64,
    },
    /// The lake.
    #[error("the lake cannot be opened")]
    Lake(#[from] LakeError),
    /// A listener.
    #[error(transparent)]
    Listen(#[from] AdapterError),
    /// The HTTP listener.
    #[error("{0}")]
    Http(String),
    /// Content or organisation.
    #[error("{} problems in content or organisation", .0.len())]
    Problems(Vec<Problem>),
    /// The flow.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// A secret that the configuration names.
    #[error("secret of {what}: {why}")]
    Secret {
        /// Whose.
        what: String,
        /// Why.
        why: String,
    },
    /// The system.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    /// The key of card numbers.
    #[error(transparent)]
    RightsKey(#[from] rights::KeyError),
    /// Revocations.
    #[error("revocations cannot be opened: {0}")]
    Warden(#[from] WardenError),
    /// The doors of this machine.
    #[error(transparent)]
    Doors(#[from] crate::door::PointError),
    /// The authority over edges.
    #[error(transparent)]
    Edges(#[from] KeysError),
    /// Signing in.
    #[error("sign-in cannot begin: {0}")]
    Signin(#[from] SigninError),
    /// The key that seals what operators sign in with.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Our own words.
    #[error(transparent)]
    Word(#[from] BadWord),
}

/// What else is asked of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Listen and serve.
    Serve,
    /// Only catch up with the journal, for a verb that asks the lake without a server.
    Offline,
}

/// A running engine. Drop it only after `stop`.
pub struct Running {
    /// What the HTTP interface asks.
    pub engine: Arc<Engine>,
    /// Where the listeners are, by name.
    pub listening: Vec<(String, SocketAddr)>,
    /// The token by which this machine's other verbs speak to us.
    pub local_token: String,
    stop_intake: CancellationToken,
    stop_rest: CancellationToken,
    adapters: JoinSet<()>,
    pumps: JoinSet<()>,
    intake: Vec<Intake>,
    rest: JoinSet<()>,
    /// Doors of this machine, if any. They need no flow, and outlive its end.
    pub home: Option<Home>,
    keeper: tokio::task::JoinHandle<()>,
    judge: Option<JoinHandle<Result<(), FlowError>>>,
}

/// Everything opened, nothing running.
struct Opened {
    folder: DataFolder,
    state: State,
    seal: Seal,
    journal: Arc<Journal>,
    lake: Lake,
    current: Arc<Current>,
    access: Arc<Rights>,
    warden: Arc<Warden>,
    edges: Arc<Hub>,
    commander: Commander,
    begin: Begin,
    incidents: Vec<Incident>,
    unclean_since: Option<SystemTime>,
}

/// Starts. Returns once everything is open and listening; catching up goes on beside.
pub async fn start(config: Config, clock: Clock, mode: Mode) -> Result<Running, StartError> {
    let opened = open(&config, &clock, mode).await?;
    let (begin, unclean_since) = (opened.begin.clone(), opened.unclean_since);
    let (local, local_token) = auth::local_token(clock.now())?;
    let extra = auth::config_tokens(&config, local, clock.now())?;
    let engine = Arc::new(assemble(config, clock, opened, extra)?);
    engine.tokens.reload(&engine.state, &engine.extra_tokens).await?;
    engine.signin.seal_all().await?;
    engine.signin.reload().await?;
    if let Some(since) = unclean_since {
        housekeeping::note_unclean_stop(&engine, since).await;
    }
    let (keeper, keeper_task) = Keeper::new();
    let judge = Judge::new(tools(&engine, keeper, mode), engine.current.get(), begin);
    let reader = engine.journal.reader(judge.first());
    let stages = Stages::start(reader, Arc::clone(&engine.current), workers())?;
    let judge =
        std::thread::Builder::new().name("judge".into()).spawn(move || judge.run(stages))?;
    let (lake, state) = (engine.lake.clone(), engine.state.clone());
    let keeper = tokio::spawn(keeper_task.run(lake, state, Arc::clone(&engine.journal)));
    let mut running = Running {
        engine,
        listening: Vec::new(),
        local_token,
        stop_intake: CancellationToken::new(),
        stop_rest: CancellationToken::new(),
        adapters: JoinSet::new(),
        pumps: JoinSet::new(),
        intake: Vec::new(),
        rest: JoinSet::new(),
        home: None,
        keeper,
        judge: Some(judge),
    };
    if mode == Mode::Serve {
        running.serve()?;
    }
    Ok(running)
}

/// The engine's parts, put together; nothing runs yet.
fn assemble(
    config: Config,
    clock: Clock,
    opened: Opened,
    extra_tokens: Vec<Token>,
) -> Result<Engine, StartError> {
    let accounts = Arc::new(Accounts::default());
    let silencer = Arc::new(Silencer::default());
    silencer.watch(&opened.current.get().org, clock.now());
    let doors = Arc::new(Doors::default());
    doors.watch(&opened.current.get().org);
    let live = Live::new(Limits::count(config.limits.live_backlog_max));
    let channels = config.channels.iter().map(Channel::notice).collect();
    let told = (channels, config.public_url.clone());
    let desk = Desk::new(opened.incidents, opened.state.clone(), live.clone(), told);
    let ingest = Ingest {
        journal: Arc::clone(&opened.journal),
        current: Arc::clone(&opened.current),
        accounts: Arc::clone(&accounts),
        clock: clock.clone(),
        silencer: Arc::clone(&silencer),
        room: body::shared_room(&config.limits),
        rates: Rates::default(),
        limits: config.limits.clone(),
    };
    let kept = (opened.state.clone(), Arc::clone(&accounts));
    let signin = Signin::new(kept, &config, clock.clone(), opened.seal)?;
    let trials = Trials::new(config.trial_program.clone(), &config.limits);
    Ok(Engine {
        started_at: clock.now(),
        left_over: opened.journal.last_seq(),
        config,
        clock,
        current: opened.current,
        state: opened.state,
        journal: opened.journal,
        lake: opened.lake,
        desk: Arc::new(desk),
        live,
        accounts,
        silencer,
        doors,
        things: Arc::default(),
        devices: Arc::default(),
        refusals: Arc::default(),
        whereabouts: Arc::default(),
        editing: tokio::sync::Mutex::new(()),
        trials,
        replays: Replays::default(),
        judged: Arc::default(),
        histories: Arc::default(),
        reveals: Default::default(),
        tokens: Tokens::default(),
        extra_tokens,
        ingest,
        progress: Arc::new(Progress::default()),
        folder: opened.folder,
        signin,
        access: opened.access,
        what_ifs: Default::default(),
        evaluations: Rates::default(),
        warden: opened.warden,
        edges: opened.edges,
        commander: opened.commander,
        controllers: Default::default(),
    })
}

/// What the judge works with.
fn tools(engine: &Engine, keeper: Keeper, mode: Mode) -> Tools {
    let teaching = || Teaching {
        lake: engine.lake.clone(),
        current: Arc::clone(&engine.current),
        journal: Arc::clone(&engine.journal),
        progress: Arc::clone(&engine.progress),
        clock: engine.clock.clone(),
        limits: engine.config.limits.clone(),
        handle: tokio::runtime::Handle::current(),
        told: Arc::clone(&engine.histories),
    };
    Tools {
        desk: Arc::clone(&engine.desk),
        lake: engine.lake.clone(),
        keeper,
        live: engine.live.clone(),
        accounts: Arc::clone(&engine.accounts),
        clock: engine.clock.clone(),
        silencer: Arc::clone(&engine.silencer),
        doors: Arc::clone(&engine.doors),
        things: Arc::clone(&engine.things),
        devices: Arc::clone(&engine.devices),
        refusals: Arc::clone(&engine.refusals),
        whereabouts: Arc::clone(&engine.whereabouts),
        access: Arc::clone(&engine.access),
        limits: engine.config.limits.clone(),
        handle: tokio::runtime::Handle::current(),
        progress: Arc::clone(&engine.progress),
        judged: Arc::clone(&engine.judged),
        journal_first: engine.journal.stats().first_seq,
        // A verb that only catches up leaves the reading to the next server.
        teacher: (mode == Mode::Serve).then(|| Teacher::new(teaching())),
    }
}

impl Running {
    /// Binds every listener before the first runs, so that a port in use stops the start whole.
    fn serve(&mut self) -> Result<(), StartError> {
        let engine = Arc::clone(&self.engine);
        let kept = engine.folder.path().join("controllers");
        let memory = ControllerMemory::new(kept, Arc::clone(&engine.journal));
        let bound = listeners::bind(&engine.config, memory)?;
        self.listening = bound.addresses();
        let boards = bound.boards();
        let wiring = self.wiring(None);
        bound.run(&wiring, &mut self.adapters);
        let tails = engine.folder.path().join("tail");
        let positions = Arc::new(Positions::new(tails, Arc::clone(&engine.journal)));
        for tail in &engine.config.tail {
            let wiring = match &tail.source {
                Some(source) => self.wiring(Some(source.value.clone())),
                None => wiring.clone(),
            };
            listeners::follow(tail, (wiring, Arc::clone(&positions)), &mut self.adapters)?;
        }
        self.rest.spawn(Arc::clone(&engine.silencer).run(
            (Arc::clone(&engine.journal), engine.clock.clone()),
            engine.config.limits.clone(),
            self.stop_rest.clone(),
        ));
        let senders = outbox::prepare(&engine.config)?;
        self.rest.spawn(outbox::run(Arc::clone(&engine), senders, self.stop_rest.clone()));
        self.rest.spawn(housekeeping::run(Arc::clone(&engine), self.stop_rest.clone()));
        let edges = edges::serve(&engine, (&mut self.rest, &self.stop_rest))?;
        self.listening.extend(edges.map(|at| ("edges".to_owned(), at)));
        controllers::serve(&engine, boards, (&mut self.rest, &self.stop_rest));
        if let Some((point, source)) = home::wanted(&engine) {
            let how = (self.wiring(Some(source)).intake, point, self.stop_rest.clone());
            self.home = Some(Home::start(&engine, how, &mut self.rest)?);
        }
        self.rest.spawn(refusals::remember(engine));
        Ok(())
    }

    /// An intake queue with a pump of its own. `source`: whose everything is that comes this way.
    fn wiring(&mut self, source: Option<SourceId>) -> Wiring {
        let engine = &self.engine;
        let bounds = IntakeLimits {
            records_max: Limits::count(engine.config.limits.intake_queue_records_max),
            ..IntakeLimits::default()
        };
        let (intake, receiver) = adapters::intake(bounds);
        let pump = Pump {
            journal: Arc::clone(&engine.journal),
            current: Arc::clone(&engine.current),
            accounts: Arc::clone(&engine.accounts),
            clock: engine.clock.clone(),
            silencer: Arc::clone(&engine.silencer),
            limits: engine.config.limits.clone(),
            source,
        };
        self.pumps.spawn(pump.run(receiver));
        self.intake.push(intake.clone());
        Wiring {
            intake,
            clock: engine.clock.as_fn(),
            account: Arc::clone(&engine.accounts) as Arc<dyn adapters::Account>,
            shutdown: self.stop_intake.clone(),
        }
    }

    /// Whether the flow still runs; it ends early only by a failure.
    pub fn is_flowing(&self) -> bool {
        self.judge.as_ref().is_some_and(|judge| !judge.is_finished())
    }

    /// Stops in order: listeners, journal, flow, lake. What was acknowledged is kept.
    pub async fn stop(mut self) -> Result<(), StartError> {
        self.engine.replays.stop_all();
        home::stop(self.home.take()).await;
        self.stop_intake.cancel();
        while self.adapters.join_next().await.is_some() {}
        self.intake.clear();
        while self.pumps.join_next().await.is_some() {}
        self.stop_rest.cancel();
        while self.rest.join_next().await.is_some() {}
        let journal = Arc::clone(&self.engine.journal);
        let closed = tokio::task::spawn_blocking(move || journal.close()).await;
        if closed.is_err() {
            tracing::error!("the journal did not close in order");
        }
        let judge = self.judge.take();
        let ended = tokio::task::spawn_blocking(move || judge.map(JoinHandle::join)).await;
        match ended {
            Ok(Some(Ok(Err(error)))) => return Err(error.into()),
            Ok(Some(Err(_))) | Err(_) => tracing::error!("the judge ended in a panic"),
            Ok(Some(Ok(Ok(()))) | None) => {}
        }
        if self.keeper.await.is_err() {
            tracing::error!("the lake's keeper ended in a panic");
        }
        housekeeping::save_counters(&self.engine).await;
        self.engine.state.close().await;
        self.engine.folder.mark_stopped()?;
        Ok(())
    }
}

/// Normalising threads: one core is left to the rest where there is more than one.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().saturating_sub(1).clamp(1, 8))
}

async fn open(config: &Config, clock: &Clock, mode: Mode) -> Result<Opened, StartError> {
    let folder = DataFolder::hold(&config.data)?;
    let unclean_since = match mode {
        Mode::Serve => folder.mark_running()?,
        Mode::Offline => None,
    };
    let state = State::open(&config.data.join("state.db")).await?;
    let seal = Seal::of(config)?;
    if let Some(house) = &config.content {
        edit::recover(house)?;
    }
    let read = offline::tolerant(config.content.as_deref(), &[]).map_err(StartError::Problems)?;
    let org = organisation(config, &state, clock).await?;
    take_photos(config, &state, (&org, clock)).await?;
    let unmet = config.unmet(Some(&org));
    if mode == Mode::Serve && !unmet.is_empty() {
        return Err(StartError::Problems(unmet));
    }
    let content = &read.content;
    let parts = (content.mappings.clone(), content.rules.clone(), content.rights.clone());
    let knowledge = Knowledge::new(1, org, parts, config.default_team.clone())?;
    let lake_folder = config.lake.clone().unwrap_or_else(|| config.data.join("lake"));
    let lake = open_lake(config, &state, (&lake_folder, &knowledge)).await?;
    let journal_folder = config.data.join("journal");
    let limits = config.limits.journal();
    let now = clock.now();
    let journal = tokio::task::spawn_blocking(move || {
        Journal::open(&journal_folder, limits, &[CONSUMER], now)
    });
    let journal = Arc::new(journal.await.map_err(std::io::Error::other)??);
    let begin = Begin {
        snapshot: state.snapshot(SNAPSHOT).await?,
        cursor: state.cursor(CONSUMER).await?,
        in_lake: state.cursor(LAKE).await?,
    };
    if journal.last_seq() < begin.cursor.max(begin.in_lake) {
        // New records would be taken for old ones and never judged.
        return Err(StartError::JournalLost {
            last: journal.last_seq(),
            known: begin.cursor.max(begin.in_lake),
        });
    }
    let incidents = stored_incidents(&state).await?;
    let current = Arc::new(Current::new(knowledge));
    let access = rights::open(config, &state, (&current.get().org, &read.content), now).await?;
    let access = Arc::new(access);
    let (warden, edges) = edges::open(config, &state, (&access, now)).await?;
    let parts = (Arc::clone(&edges), Arc::clone(&access));
    let commander = Commander::open(state.clone(), parts.0, parts.1).await?;
    current.refuse_content(read.refused.clone());
    housekeeping::take(&current, read);
    Ok(Opened {
        folder,
        state,
        seal,
        journal,
        lake,
        current,
        access,
        warden,
        edges,
        commander,
        begin,
        incidents,
        unclean_since,
    })
}

async fn open_lake(
    config: &Config,
    state: &State,
    (folder, knowledge): (&Path, &Knowledge),
) -> Result<Lake, StartError> {
    let files = state.lake_files(LakeFileState::Live, None, None).await?;
    let catalogue = files.iter().filter_map(from_store).collect();
    let mut lake = LakeConfig::folder(folder, knowledge.org.tenant.clone());
    let limits = &config.limits;
    lake.limits.unflushed_rows_max = Limits::count(limits.lake_memory_rows_max);
    lake.limits.unflushed_bytes_max = Limits::count(limits.lake_memory_bytes_max);
    lake.limits.unflushed_rows_flush = Limits::count(limits.lake_flush_rows);
    lake.limits.flush_interval = Limits::ms(limits.lake_flush_ms_max);
    Ok(Lake::open(lake, catalogue).await?)
}

/// The organisation folder that the configuration names, else the stored one, else nobody's.
async fn organisation(
    config: &Config,
    state: &State,
    clock: &Clock,
) -> Result<Organisation, StartError> {
    let stored = state.load_organisation().await?;
    let Some(folder) = &config.organisation else {
        return stored.map_or_else(|| Ok(empty_organisation()?), Ok);
    };
    let read = offline::organisation(folder).map_err(|e| StartError::Http(e.to_string()))?;
    let (Some(org), _) = read else {
        let errors = read.1.into_iter().filter(|p| p.gravity == Gravity::Error);
        return Err(StartError::Problems(errors.collect()));
    };
    if stored.as_ref() != Some(&org) {
        import(state, &org, "castellan", clock.now()).await?;
    }
    Ok(org)
}

/// The photos of the organisation folder that the configuration names.
async fn take_photos(
    config: &Config,
    state: &State,
    (org, clock): (&Organisation, &Clock),
) -> Result<(), StoreError> {
    let files = config.organisation.as_deref().and_then(photos::in_folder);
    let max = Limits::count(config.limits.photo_bytes_max);
    let how = (max, "castellan", clock.now());
    for problem in photos::keep(state, org, files.as_deref(), how).await? {
        tracing::warn!(%problem, "a photo is not taken");
    }
    Ok(())
}

/// Writes an organisation into state, audited.
pub async fn import(
    state: &State,
    org: &Organisation,
    by: &str,
    now: model::Timestamp,
) -> Result<(), StoreError> {
    let act = AuditAct {
        at: now,
        by: by.to_owned(),
        verb: "organisation.import".into(),
        object: format!("tenant:{}", org.tenant),
        detail: serde_json::json!({
            "people": org.people.len(),
            "assets": org.assets.len(),
            "places": org.places.len(),
            "identifiers": org.identifiers.len(),
            "doors": org.doors.len(),
            "sources": org.sources.len(),
        }),
    };
    state.replace_organisation(org, &act).await
}

/// Every stored incident, newest first, as far as the book remembers closed ones.
async fn stored_incidents(state: &State) -> Result<Vec<Incident>, StoreError> {
    let mut all = Vec::new();
    let mut after: Option<PageKey> = None;
    loop {
        let filter = IncidentFilter { after, limit: 500, ..IncidentFilter::default() };
        let page = state.incidents(&filter).await?;
        all.extend(page.items);
        match page.next {
            Some(next) if all.len() < 50_000 => after = Some(next),
            Some(_) | None => return Ok(all),
        }
    }
}

/// Tells other verbs on this machine where the HTTP interface is.
pub fn announce(running: &Running, http: SocketAddr) -> std::io::Result<()> {
    running.engine.folder.announce(&folder::Running {
        pid: std::process::id(),
        http,
        token: running.local_token.clone(),
    })
}

/// An organisation of nobody, to compare the first import with.
pub fn nobody() -> Result<Organisation, StartError> {
    Ok(empty_organisation()?)
}
