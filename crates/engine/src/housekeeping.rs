//! What must be done now and then: counters into state, changes beside us, retention, compaction.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use access::Rights;
use detect::RuleSet;
use lake::{Change, Retention, RetentionRule};
use model::{AuditAct, Timestamp};
use normalise::Mappings;
use store::state::{Counter, LakeCommit};
use tokio_util::sync::CancellationToken;

use crate::accounting::{Boundary, Key};
use crate::clock::Stopwatch;
use crate::content;
use crate::engine::{Engine, aside};
use crate::flow::lake_files::to_store;
use crate::folder;
use crate::knowledge::{Current, Knowledge};
use crate::offline::{self, Tolerant};
use crate::rights;

/// How often counters are saved and changes looked for.
const PAUSE: Duration = Duration::from_secs(1);
/// Problems of one reading of content that are logged; the API has all.
const PROBLEMS_TOLD_MAX: usize = 20;
/// How often the lake is tidied.
const LAKE_PAUSE: Duration = Duration::from_secs(60);

/// Runs until told to stop.
pub async fn run(engine: Arc<Engine>, stop: CancellationToken) {
    let mut seen_change = changed_at(&engine);
    let mut since_lake = Stopwatch::start();
    while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
        save_counters(&engine).await;
        if let Err(error) = engine.desk.sweep(engine.now(), |except| engine.watch(except)).await {
            tracing::warn!(reason = %error, "what is due at the desk waits a second more");
        }
        if let Err(error) = engine.signin.save_seen().await {
            tracing::warn!(reason = %error, "last use of sessions not saved");
        }
        engine.access.tick(engine.now());
        let changed = changed_at(&engine);
        // Whoever changes a mapping reads it again; in between it may be half there.
        if changed != seen_change
            && let Ok(_alone) = engine.editing.try_lock()
        {
            seen_change = changed;
            reload(&engine).await;
        }
        publish(&engine);
        if since_lake.elapsed() >= LAKE_PAUSE {
            since_lake = Stopwatch::start();
            tidy_lake(&engine).await;
        }
    }
    save_counters(&engine).await;
}

/// When state or content was last changed beside us.
fn changed_at(engine: &Engine) -> (Option<SystemTime>, Option<SystemTime>) {
    let content = engine.config.content.as_deref().and_then(content::newest);
    (folder::changed_at(engine.folder.path()), content)
}

/// Adds what the listeners and intake have counted to state. The flow writes its own counters with
/// its cursor.
pub async fn save_counters(engine: &Engine) {
    let mut grown = engine.accounts.unsaved();
    grown.retain(|(key, _)| key.boundary != Boundary::Normalise);
    if grown.is_empty() {
        return;
    }
    let counter = |(key, value): &(Key, u64)| Counter {
        boundary: key.boundary.as_str().into(),
        source: key.source.clone(),
        outcome: key.outcome.as_str().into(),
        reason: key.reason.into(),
        value: *value,
    };
    let counters: Vec<Counter> = grown.iter().map(counter).collect();
    match engine.state.add_to_counters(&counters).await {
        Ok(()) => engine.accounts.mark_saved(grown),
        Err(error) => tracing::warn!(reason = %error, "counters not saved; they are added later"),
    }
}

/// Reads again what another process changed: tokens and the organisation.
pub async fn reload(engine: &Engine) {
    if let Err(error) = engine.tokens.reload(&engine.state, &engine.extra_tokens).await {
        tracing::error!(reason = %error, "tokens not read again");
    }
    if let Err(error) = engine.signin.reload().await {
        tracing::error!(reason = %error, "operators not read again");
    }
    let before = engine.current.get();
    let stored = match engine.state.load_organisation().await {
        Ok(Some(org)) => org,
        Ok(None) => (*before.org).clone(),
        Err(error) => {
            tracing::error!(reason = %error, "organisation not read again");
            return;
        }
    };
    let good = engine.current.rule_files();
    let read = || offline::tolerant(engine.config.content.as_deref(), &good);
    let (content, refused) = match tokio::task::block_in_place(read) {
        Ok(read) => {
            let refused = read.refused.clone();
            (take(&engine.current, read), refused)
        }
        Err(problems) => {
            for problem in problems.iter().take(PROBLEMS_TOLD_MAX) {
                tracing::error!(%problem, "content not read again, the last good one stays");
            }
            let kept = &before;
            let (mappings, rules) = (Arc::clone(&kept.mappings), Arc::clone(&kept.rules));
            ((mappings, rules, Arc::clone(&kept.rights)), problems)
        }
    };
    let team = engine.config.default_team.clone();
    match Knowledge::new(before.version + 1, stored, content, team) {
        Ok(knowledge) => {
            engine.silencer.watch(&knowledge.org, engine.now());
            engine.doors.watch(&knowledge.org);
            engine.things.watch(&knowledge.org);
            engine.devices.watch(&knowledge.org);
            engine.current.set(knowledge);
            rights::reload(engine).await;
            // Said last: whoever sees it may count on what is in force.
            engine.current.refuse_content(refused);
            tracing::info!(version = before.version + 1, "organisation and content read again");
        }
        Err(error) => tracing::error!(reason = %error, "organisation not usable"),
    }
}

/// Takes content that can run, and says what of its rules cannot.
pub fn take(current: &Current, read: Tolerant) -> (Arc<Mappings>, Arc<RuleSet>, Arc<Rights>) {
    for problem in read.refused.iter().take(PROBLEMS_TOLD_MAX) {
        tracing::error!(%problem, "rule not read again, its last good form stays");
    }
    current.keep_rule_files(read.rule_files);
    (read.content.mappings, read.content.rules, read.content.rights)
}

/// Says in the audit chain between which instants counts may be missing after an unclean stop.
pub async fn note_unclean_stop(engine: &Engine, since: SystemTime) {
    let since = since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let began = Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    let now = engine.now();
    tracing::warn!(%began, "the last run did not stop in order");
    let act = AuditAct {
        at: now,
        by: "castellan".into(),
        verb: "server.unclean_stop".into(),
        object: "server".into(),
        detail: serde_json::json!({
            "run_began": began,
            "noticed": now,
            "meaning": "received, rejected and dropped counts of the last second before the stop \
                        may be missing; every acknowledged record is in the journal",
        }),
    };
    if let Err(error) = engine.state.record_acts(&[act]).await {
        tracing::error!(reason = %error, "unclean stop not recorded");
    }
}

fn publish(engine: &Engine) {
    for limit in engine.limit_status() {
        metrics::gauge!("castellan_limit", "name" => limit.name).set(limit.max as f64);
        if let Some(used) = limit.used {
            metrics::gauge!("castellan_limit_used", "name" => limit.name).set(used as f64);
        }
    }
}

async fn tidy_lake(engine: &Engine) {
    let now = engine.now();
    if let Some(policy) = retention(engine) {
        let change = engine.lake.enforce_retention(&policy, now).await;
        commit(engine, change).await;
    }
    let lake = engine.lake.clone();
    match aside(async move { lake.compact(now).await }).await {
        Ok(change) => commit(engine, change).await,
        Err(error) => tracing::warn!(reason = %error, "lake not compacted"),
    }
    engine.lake.sweep().await;
}

fn retention(engine: &Engine) -> Option<Retention> {
    let config = &engine.config;
    let rule = |(class, keep): (&u32, &Duration)| RetentionRule {
        class: Some(*class),
        site: None,
        keep: Some(*keep),
    };
    let rules: Vec<RetentionRule> = config.retention_by_class.iter().map(rule).collect();
    let keep = config.retention;
    if keep.is_none() && rules.is_empty() {
        return None;
    }
    Some(Retention { keep, rules, raw_keep: keep, ..Retention::default() })
}

/// Files change for queries only when state has taken the change.
async fn commit(engine: &Engine, change: Change) {
    if change.is_empty() {
        return engine.lake.abandon(change).await;
    }
    let entries = LakeCommit {
        added: change.added().iter().map(to_store).collect(),
        removed: change.removed().iter().map(|entry| entry.path.clone()).collect(),
        cursor: None,
    };
    match engine.state.commit_lake(&entries).await {
        Ok(()) => {
            engine.lake.apply(change).await;
            if let Err(error) = engine.state.forget_lake_files(&entries.removed).await {
                tracing::warn!(reason = %error, "removed lake files stay listed as doomed");
            }
        }
        Err(error) => {
            tracing::error!(reason = %error, "lake change not committed");
            engine.lake.abandon(change).await;
        }
    }
}
