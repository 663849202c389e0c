//! What any database behind `State` must keep. Written against `State` alone, so that another
//! database passes the same suite.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use model::finding::Window;
use model::incident::{Handling, Owner, SopStep, TimelineAct, TimelineEntry};
use model::spine::{
    Asset, Door, Identifier, Person, PersonKind, PersonStatus, Place, PlaceKind, Source,
    SourceMatch, Validity, WitnessOf, ZoneClass,
};
use model::{
    AssetId, AuditAct, DeadLetter, DeadReason, Entity, EvidenceRef, Finding, FindingId,
    FindingState, Incident, IncidentId, IncidentState, Level, MappingName, Organisation, PersonId,
    PlaceId, Position, Raw, RuleId, SourceId, TeamId, TenantId, Timestamp, Trust, Wire,
};
use store::state::{
    Counter, DeadLetterChoice, DeadLetterFilter, DeadLetterStatus, DetectStep, FindingFilter,
    IncidentFilter, LakeCommit, LakeFile, LakeFileState, LateHour, OutboxItem, OutboxOutcome,
    OutboxState, Snapshot, State, StepOutcome, StoredDeadLetter, Token, UnresolvedTally,
};
use store::{StoreError, verify_audit};

fn at(secs: i64) -> Timestamp {
    Timestamp::from_nanos(secs * 1_000_000_000 + 123_456_789)
}

fn act(verb: &str) -> AuditAct {
    AuditAct {
        at: at(1),
        by: "castellan".into(),
        verb: verb.into(),
        object: "incident:i-1".into(),
        detail: serde_json::json!({"z": 1, "a": {"y": [1, 2], "b": null}}),
    }
}

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn place(id: &str) -> PlaceId {
    PlaceId::parse(id).unwrap()
}

fn asset(id: &str) -> AssetId {
    AssetId::parse(id).unwrap()
}

fn source(id: &str) -> SourceId {
    SourceId::parse(id).unwrap()
}

/// The dead letters of a source.
fn of(id: &str) -> DeadLetterChoice {
    DeadLetterChoice { source: Some(source(id)), ..DeadLetterChoice::default() }
}

fn a_place(id: &str, kind: PlaceKind, parent: Option<&str>) -> Place {
    Place {
        id: place(id),
        kind,
        parent: parent.map(place),
        name: Some(format!("The {id}")),
        time_zone: parent.is_none().then(|| "Europe/Berlin".into()),
        zone_class: (kind == PlaceKind::Zone).then_some(ZoneClass::Critical),
        capacity: Some(7),
        dwell_max: Some(Duration::from_secs(43_200)),
    }
}

fn a_person(id: &str, manager: Option<&str>) -> Person {
    Person {
        id: person(id),
        name: "Ana Bramar".into(),
        kind: PersonKind::Contractor,
        status: PersonStatus::Active,
        team: Some("guards".into()),
        manager: manager.map(person),
        site: Some(place("hq")),
        validity: Validity { from: Some(at(0)), to: None },
    }
}

fn an_identifier(kind: &str, value: &str, entity: Entity) -> Identifier {
    Identifier {
        kind: kind.into(),
        value: value.into(),
        entity,
        realm: Some("pacs".into()),
        validity: Validity { from: None, to: Some(at(99)) },
        replaces: Some("4711".into()),
    }
}

fn a_source(id: &str) -> Source {
    Source {
        mapping: Some(MappingName::parse("pacs-csv").unwrap()),
        site: Some(place("hq")),
        heartbeat: Some(Duration::from_secs(300)),
        trust: Trust::Mtls,
        witness_of: vec![WitnessOf::Presence, WitnessOf::Door],
        matching: SourceMatch { peer: Some("10.2.0.0/16".into()), ..SourceMatch::default() },
        ..Source::with_defaults(source(id))
    }
}

fn an_organisation() -> Organisation {
    let places = [
        a_place("hq", PlaceKind::Site, None),
        a_place("lobby", PlaceKind::Zone, Some("hq")),
        a_place("a-door", PlaceKind::Door, Some("lobby")),
    ];
    // `ana` comes before her manager in every order by id.
    let people = [a_person("ana", Some("zoe")), a_person("zoe", None)];
    let mut camera = Asset {
        id: asset("cam-1"),
        kind: "camera".into(),
        name: None,
        place: Some(place("lobby")),
        owner: Some(person("ana")),
        team: None,
        make: Some("Axis".into()),
        model: None,
        firmware: Some("1.2".into()),
        serial: None,
        criticality: Some(5),
    };
    let mut assets = BTreeMap::from([(camera.id.clone(), camera.clone())]);
    camera.id = asset("reader-1");
    assets.insert(camera.id.clone(), camera);
    let door = Door {
        door: place("a-door"),
        from_zone: place("hq"),
        to_zone: place("lobby"),
        controller: None,
        reader_in: Some(asset("reader-1")),
        reader_out: None,
        held_after: Some(Duration::from_secs(30)),
        passage: model::spine::Passage::Assumed,
    };
    Organisation {
        tenant: TenantId::parse("main").unwrap(),
        name: "Harbour".into(),
        time_zone: "Europe/Berlin".into(),
        people: people.map(|p| (p.id.clone(), p)).into(),
        assets,
        places: places.map(|p| (p.id.clone(), p)).into(),
        identifiers: vec![
            an_identifier("badge", "Ü 4712", Entity::Person(person("zoe"))),
            an_identifier("ip", "10.0.0.1", Entity::Asset(asset("cam-1"))),
            an_identifier("door", "7", Entity::Place(place("a-door"))),
        ],
        doors: BTreeMap::from([(door.door.clone(), door)]),
        sources: BTreeMap::from([(source("pacs"), a_source("pacs"))]),
        extras: Default::default(),
    }
}

fn a_finding(id: &str, secs: i64, level: Level) -> Finding {
    Finding {
        id: FindingId::parse(id).unwrap(),
        rule: RuleId::parse("two-places").unwrap(),
        title: "One person in two places".into(),
        level,
        time: at(secs),
        window: Window { from: at(secs - 5), to: at(secs) },
        group: BTreeMap::from([("person".into(), "ana".into())]),
        entities: vec![Entity::Person(person("ana")), Entity::Place(place("lobby"))],
        evidence: vec![EvidenceRef {
            source: source("pacs"),
            record: 17,
            time: at(secs),
            class_uid: 3002,
        }],
        state: FindingState::Provisional,
        supersedes: vec![FindingId::parse("f-0").unwrap()],
        because: "ana was seen at two places at once".into(),
        undecided: vec!["presence of zoe: `pacs` is stale".into()],
    }
}

fn an_incident(id: &str, secs: i64, finding: &str) -> Incident {
    let finding = FindingId::parse(finding).unwrap();
    Incident {
        id: IncidentId::parse(id).unwrap(),
        tenant: TenantId::parse("main").unwrap(),
        site: Some(place("hq")),
        title: "One person in two places".into(),
        level: Level::High,
        state: IncidentState::New,
        owner: Owner::Team(TeamId::parse("guards").unwrap()),
        opened_at: at(secs),
        changed_at: at(secs),
        first_seen: at(secs - 9),
        last_seen: at(secs),
        rules: BTreeSet::from([RuleId::parse("two-places").unwrap()]),
        findings: vec![finding.clone()],
        entities: BTreeSet::from([Entity::Person(person("ana")), Entity::Asset(asset("cam-1"))]),
        evidence: Vec::new(),
        because: "ana was seen at two places at once".into(),
        sop: vec![SopStep {
            text: "Call her".into(),
            done: Some((at(3), "op-1".into())),
            asked_by: Vec::new(),
        }],
        disposition: None,
        handling: Handling::default(),
        reason_owed: false,
        timeline: vec![TimelineEntry {
            at: at(secs),
            by: "castellan".into(),
            act: TimelineAct::Opened { finding: Some(finding), text: None },
        }],
        version: 1,
    }
}

fn a_dead_letter(record: u64) -> StoredDeadLetter {
    let raw = Raw {
        source: source("fw"),
        received_at: at(4),
        wire: Wire::Syslog,
        listener: Arc::from("syslog_udp"),
        peer: Some(Arc::from("10.0.0.9")),
        topic: None,
        trust: Trust::Address,
        bytes_cut: 3,
        rerun_of: None,
        body: vec![0, 159, 146, 150, 10],
    };
    let letter = DeadLetter {
        record,
        source: source("fw"),
        received_at: at(4),
        mapping: Some(MappingName::parse("fortigate").unwrap()),
        reason: DeadReason::Decode { wire: "kv".into(), detail: "no `=`".into() },
        position: Some(Position { line: 1, column: 4 }),
    };
    StoredDeadLetter::open(letter, raw)
}

fn counter(reason: &str, value: u64) -> Counter {
    Counter {
        boundary: "normalise".into(),
        source: "fw".into(),
        outcome: "dead".into(),
        reason: reason.into(),
        value,
    }
}

fn tally(value: &str, count: u64, secs: i64) -> UnresolvedTally {
    UnresolvedTally {
        kind: "badge".into(),
        value: value.into(),
        source: source("pacs"),
        count,
        first: at(secs),
        last: at(secs),
    }
}

fn a_step(cursor: u64) -> DetectStep {
    DetectStep {
        consumer: "detect".into(),
        cursor,
        findings: vec![a_finding("f-1", 100, Level::High)],
        incidents: vec![(an_incident("i-1", 100, "f-1"), 0)],
        dead_letters: vec![a_dead_letter(9)],
        resolved_dead_letters: Vec::new(),
        unresolved: vec![tally("4711", 2, 50)],
        late: vec![LateHour::of(source("pacs"), at(3_700))],
        counters: vec![counter("decode", 1)],
        outbox: vec![OutboxItem::new("i-1.1".into(), "mail".into(), "{}".into(), at(100))],
        audit: vec![act("incident.open")],
        snapshot: Some(Snapshot { name: "detect".into(), seq: cursor, bytes: vec![1, 2, 3] }),
    }
}

/// Everything a step can change, as one comparable value.
async fn everything(state: &State) -> String {
    let cursors = state.cursors().await.unwrap();
    let findings = FindingFilter { limit: 100, ..Default::default() };
    let findings = state.findings(&findings).await.unwrap();
    let incidents = IncidentFilter { limit: 100, ..Default::default() };
    let incidents = state.incidents(&incidents).await.unwrap();
    let letters = DeadLetterFilter { limit: 100, ..Default::default() };
    let parts = (findings, incidents, state.dead_letters(&letters).await.unwrap());
    let counted = (state.counters().await.unwrap(), state.unresolved(None, 100).await.unwrap());
    let outbox = state.outbox_due(at(i64::from(u32::MAX)), 100).await.unwrap();
    let acts = state.acts(None, 100).await.unwrap();
    let snapshot = state.snapshot("detect").await.unwrap();
    let late = state.late_hours(None).await.unwrap();
    format!("{cursors:?} {parts:?} {counted:?} {outbox:?} {acts:?} {snapshot:?} {late:?}")
}

async fn organisation_round_trips(state: &State) {
    assert_eq!(state.load_organisation().await.unwrap(), None);
    let first = an_organisation();
    state.replace_organisation(&first, &act("organisation.replace")).await.unwrap();
    assert_eq!(state.load_organisation().await.unwrap().as_ref(), Some(&first));

    let mut second = first.clone();
    second.people.remove(&person("ana"));
    second.assets.values_mut().for_each(|thing| thing.owner = None);
    second.name = "Harbour II".into();
    state.replace_organisation(&second, &act("organisation.replace")).await.unwrap();
    assert_eq!(state.load_organisation().await.unwrap().as_ref(), Some(&second));

    let mut dangling = second.clone();
    let stray = an_identifier("badge", "1", Entity::Person(person("nobody")));
    dangling.identifiers.push(stray);
    assert!(state.replace_organisation(&dangling, &act("organisation.replace")).await.is_err());
    assert_eq!(state.load_organisation().await.unwrap().as_ref(), Some(&second));
    let spine = state.spine(&second.tenant).await.unwrap();
    let listed = (spine.people, spine.places, spine.assets);
    assert_eq!(listed, (second.people, second.places, second.assets));
}

async fn a_step_is_written_whole_and_once(state: &State) {
    let outcome = state.commit_step(&a_step(10)).await.unwrap();
    let late = state.late_hours(Some(&source("pacs"))).await.unwrap();
    assert_eq!(
        (late[0].hour, late[0].events, late[0].settled),
        (Timestamp::from_secs(3_600), 1, 0)
    );
    let new_findings = vec![FindingId::parse("f-1").unwrap()];
    assert_eq!(outcome, StepOutcome { new_findings, ..StepOutcome::default() });
    assert_eq!(state.cursor("detect").await.unwrap(), 10);
    let before = everything(state).await;
    for cursor in [10, 9] {
        let again = state.commit_step(&a_step(cursor)).await;
        assert!(matches!(again, Err(StoreError::CursorBack { found: 10, .. })), "{again:?}");
        assert_eq!(everything(state).await, before);
    }
    // A conflict anywhere undoes all of it, cursor and audit too.
    let mut late = a_step(11);
    late.findings.push(a_finding("f-2", 101, Level::Low));
    let conflict = state.commit_step(&late).await;
    assert!(matches!(conflict, Err(StoreError::Conflict { found: Some(1), .. })), "{conflict:?}");
    assert_eq!(everything(state).await, before);

    late.incidents[0].1 = 1;
    late.incidents[0].0.version = 2;
    late.findings[0].state = FindingState::Confirmed;
    let outcome = state.commit_step(&late).await.unwrap();
    assert_eq!(outcome.new_findings, [FindingId::parse("f-2").unwrap()]);
    let known = [FindingId::parse("f-1").unwrap(), FindingId::parse("f-9").unwrap()];
    let known = state.findings_by_id(&known).await.unwrap();
    assert_eq!(known, [late.findings[0].clone()], "the newer form stands, once");
    let counted = state.counters().await.unwrap();
    assert_eq!(counted, [counter("decode", 2)]);
    assert_eq!(state.unresolved(Some("badge"), 9).await.unwrap(), [tally("4711", 4, 50)]);
    assert_eq!(state.unresolved_counts().await.unwrap(), [("badge".into(), 1, 4)]);
    let snapshot = state.snapshot("detect").await.unwrap().unwrap();
    assert_eq!((snapshot.seq, snapshot.bytes), (11, vec![1, 2, 3]));
}

async fn incidents_keep_one_writer(state: &State) {
    let id = IncidentId::parse("i-1").unwrap();
    let seen = state.incident(&id).await.unwrap().unwrap();
    assert_eq!(seen.version, 2);
    let mut mine = seen.clone();
    mine.version = 3;
    mine.state = IncidentState::Acknowledged;
    mine.owner = Owner::Person(person("zoe"));
    mine.entities.remove(&Entity::Asset(asset("cam-1")));
    state.save_incident(&mine, 2, &[act("incident.acknowledge")]).await.unwrap();
    assert_eq!(state.incident(&id).await.unwrap().as_ref(), Some(&mine));
    let acts = state.acts(None, 100).await.unwrap().len();
    for (expected, version) in [(2, 3), (2, 9), (0, 1), (3, 3)] {
        let theirs = Incident { version, ..seen.clone() };
        let lost = state.save_incident(&theirs, expected, &[act("incident.assign")]).await;
        assert!(matches!(lost, Err(StoreError::Conflict { found: Some(3), .. })), "{lost:?}");
    }
    let unknown = an_incident("i-unknown", 1, "f-1");
    let lost = state.save_incident(&Incident { version: 5, ..unknown }, 4, &[]).await;
    assert!(matches!(lost, Err(StoreError::Conflict { found: None, .. })), "{lost:?}");
    assert_eq!(state.incident(&id).await.unwrap().as_ref(), Some(&mine));
    assert_eq!(state.acts(None, 100).await.unwrap().len(), acts, "what failed is not audited");

    for (n, secs) in [(2, 200), (3, 300), (4, 300)] {
        let mut more = an_incident(&format!("i-{n}"), secs, "f-2");
        more.level = Level::Low;
        state.save_incident(&more, 0, &[act("incident.open")]).await.unwrap();
    }
    let list = async |filter: IncidentFilter| {
        let page = state.incidents(&filter).await.unwrap();
        let ids: Vec<_> = page.items.iter().map(|i| i.id.to_string()).collect();
        (ids.join(" "), page.next)
    };
    let all = IncidentFilter { limit: 3, ..Default::default() };
    let (ids, next) = list(all.clone()).await;
    assert_eq!(ids, "i-4 i-3 i-2");
    let next = store::state::PageKey::parse(&next.unwrap().to_string());
    assert_eq!(list(IncidentFilter { after: next, ..all.clone() }).await, ("i-1".into(), None));
    let filters = [
        (IncidentFilter { states: vec![IncidentState::Acknowledged], ..all.clone() }, "i-1"),
        (IncidentFilter { owner: Some(Owner::Person(person("zoe"))), ..all.clone() }, "i-1"),
        (IncidentFilter { level_min: Some(Level::Medium), ..all.clone() }, "i-1"),
        (
            IncidentFilter { entity: Some(Entity::Asset(asset("cam-1"))), ..all.clone() },
            "i-4 i-3 i-2",
        ),
        (IncidentFilter { entity: Some(Entity::Person(person("zoe"))), ..all.clone() }, ""),
        (IncidentFilter { sites: Some(vec![place("lobby")]), ..all.clone() }, ""),
    ];
    for (filter, expected) in filters {
        assert_eq!(list(filter.clone()).await.0, expected, "{filter:?}");
    }
    // What everybody is told of is in the report of any site, for whoever may see it.
    let mut shared = an_incident("i-4", 300, "f-2");
    (shared.handling.everywhere, shared.version) = (true, 2);
    state.save_incident(&shared, 1, &[act("incident.escalate")]).await.unwrap();
    let of_lobby = async |everywhere_too| {
        let sites = [place("lobby")];
        let span = (at(0), at(400));
        let found = state.incidents_between(span, (Some(&sites), everywhere_too), 9).await;
        found.unwrap().iter().map(|incident| incident.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!((of_lobby(true).await, of_lobby(false).await), (vec!["i-4".into()], vec![]));
    let holders = state.incidents_of_finding(&FindingId::parse("f-2").unwrap()).await.unwrap();
    assert_eq!(holders.len(), 3);
    let counts = state.incident_counts().await.unwrap();
    assert_eq!(counts, [(IncidentState::Acknowledged, 1), (IncidentState::New, 3)]);
}

async fn findings_are_listed_newest_first(state: &State) {
    let all = FindingFilter { limit: 1, ..Default::default() };
    let first = state.findings(&all).await.unwrap();
    assert_eq!(first.items[0].id.as_str(), "f-2");
    let second = state.findings(&FindingFilter { after: first.next, ..all.clone() }).await.unwrap();
    assert_eq!((second.items[0].id.as_str(), second.next), ("f-1", None));
    let of = async |filter: FindingFilter| state.findings(&filter).await.unwrap().items.len();
    let many = FindingFilter { limit: 9, ..Default::default() };
    let rule = |name: &str| Some(RuleId::parse(name).unwrap());
    assert_eq!(of(FindingFilter { rule: rule("two-places"), ..many.clone() }).await, 2);
    assert_eq!(of(FindingFilter { rule: rule("other"), ..many.clone() }).await, 0);
    let confirmed = Some(FindingState::Confirmed);
    assert_eq!(of(FindingFilter { state: confirmed, ..many.clone() }).await, 1);
    assert_eq!(of(FindingFilter { level_min: Some(Level::High), ..many.clone() }).await, 1);
    let between = FindingFilter { from: Some(at(100)), to: Some(at(101)), ..many };
    assert_eq!(of(between).await, 1, "half-open");
}

async fn dead_letters_are_rerun(state: &State) {
    let filter = DeadLetterFilter { limit: 10, ..Default::default() };
    assert_eq!(state.dead_letters(&filter).await.unwrap(), [a_dead_letter(9)]);
    let more = DetectStep {
        consumer: "detect".into(),
        cursor: 20,
        dead_letters: vec![a_dead_letter(12), a_dead_letter(13), a_dead_letter(13)],
        ..DetectStep::default()
    };
    state.commit_step(&more).await.unwrap();
    let taken = state.take_dead_letters(&of("fw"), 2, &act("rerun")).await.unwrap();
    let records: Vec<_> = taken.iter().map(|raw| raw.rerun_of).collect();
    assert_eq!(records, [Some(9), Some(12)], "oldest first");
    assert_eq!(taken[0].body, a_dead_letter(9).raw.body);
    let none = state.take_dead_letters(&of("pacs"), 9, &act("rerun")).await.unwrap();
    assert!(none.is_empty());

    // 9 succeeds; 12 dies again as 21.
    let again = StoredDeadLetter {
        raw: Raw { rerun_of: Some(12), ..a_dead_letter(21).raw },
        ..a_dead_letter(21)
    };
    let outcome = DetectStep {
        consumer: "detect".into(),
        cursor: 21,
        dead_letters: vec![again],
        resolved_dead_letters: vec![9],
        ..DetectStep::default()
    };
    state.commit_step(&outcome).await.unwrap();
    let counts = state.dead_letter_counts().await.unwrap();
    assert_eq!(counts, [(DeadLetterStatus::Open, 2), (DeadLetterStatus::Resolved, 2)]);
    let open = DeadLetterFilter { status: Some(DeadLetterStatus::Open), ..filter.clone() };
    let open: Vec<_> = state.dead_letters(&open).await.unwrap();
    assert_eq!(open.iter().map(|l| l.letter.record).collect::<Vec<_>>(), [21, 13]);
    let paged = DeadLetterFilter { before_record: Some(13), limit: 1, ..filter.clone() };
    assert_eq!(state.dead_letters(&paged).await.unwrap()[0].letter.record, 12);
    let coded = DeadLetterFilter { reason_code: Some("no_mapping".into()), ..filter };
    assert!(state.dead_letters(&coded).await.unwrap().is_empty());
    state.take_dead_letters(&DeadLetterChoice::default(), 9, &act("rerun")).await.unwrap();
    state.put_back_dead_letters(&[13, 21]).await.unwrap();
    assert_eq!(state.forget_dead_letters(at(5)).await.unwrap(), 2, "open ones are not forgotten");
    assert_eq!(state.dead_letter_counts().await.unwrap(), [(DeadLetterStatus::Open, 2)]);
}

async fn counters_never_fall(state: &State) {
    let intake = |value| Counter { boundary: "intake".into(), ..counter("received", value) };
    state.raise_counters(&[intake(50)]).await.unwrap();
    state.raise_counters(&[intake(40)]).await.unwrap();
    state.add_to_counters(&[intake(2)]).await.unwrap();
    let all = state.counters().await.unwrap();
    assert_eq!(all.iter().find(|c| c.boundary == "intake"), Some(&intake(52)));
}

async fn tokens_end(state: &State) {
    let token = Token {
        id: "t-1".into(),
        hash: [7; 32],
        label: "firewall".into(),
        scopes: vec!["ingest".into()],
        sources: vec![source("fw")],
        created_at: at(1),
        expires_at: Some(at(100)),
        revoked_at: None,
    };
    state.add_token(&token, &act("token.create")).await.unwrap();
    let taken = state.add_token(&token, &act("token.create")).await;
    assert!(matches!(taken, Err(StoreError::Conflict { .. })));
    let found = state.token_by_hash(&[7; 32]).await.unwrap().unwrap();
    assert_eq!(found, token);
    assert!(found.is_valid_at(at(99)) && !found.is_valid_at(at(100)));
    assert_eq!(state.token_by_hash(&[8; 32]).await.unwrap(), None);
    assert!(state.revoke_token("t-1", at(50), &act("token.revoke")).await.unwrap());
    assert!(!state.revoke_token("t-1", at(60), &act("token.revoke")).await.unwrap());
    let all = state.tokens().await.unwrap();
    assert_eq!(all.len(), 1);
    assert!(all[0].revoked_at == Some(at(50)) && !all[0].is_valid_at(at(51)));
}

async fn the_outbox_tries_again(state: &State) {
    let due = state.outbox_due(at(100), 9).await.unwrap();
    assert_eq!(due.len(), 1, "the same id is the same message");
    assert!(state.outbox_due(at(99), 9).await.unwrap().is_empty());
    let retry = OutboxOutcome::Retry { next_at: at(200), outcome: "503".into() };
    state.settle_outbox("i-1.1", &retry).await.unwrap();
    assert!(state.outbox_due(at(199), 9).await.unwrap().is_empty());
    let due = state.outbox_due(at(200), 9).await.unwrap();
    assert_eq!((due[0].attempts, due[0].outcome.as_deref()), (1, Some("503")));
    let sent = OutboxOutcome::Sent { outcome: "200".into() };
    state.settle_outbox("i-1.1", &sent).await.unwrap();
    assert!(state.outbox_due(at(1_000), 9).await.unwrap().is_empty());
    assert_eq!(state.outbox_counts().await.unwrap(), [(OutboxState::Sent, 1)]);
}

async fn the_lake_catalogue_moves_with_its_cursor(state: &State) {
    let file = |path: &str, from: i64| LakeFile {
        path: path.into(),
        class_uid: 3002,
        day: "2026-11-22".into(),
        site: Some(place("hq")),
        seq_min: 1,
        seq_max: 10,
        time_min: at(from),
        time_max: at(from + 10),
        rows: 10,
        bytes: 1_000,
        state: LakeFileState::Live,
        entry: format!("{{\"path\":\"{path}\"}}"),
    };
    let flush = LakeCommit {
        added: vec![file("a", 0), file("b", 100)],
        removed: Vec::new(),
        cursor: Some(("lake".into(), 10)),
    };
    state.commit_lake(&flush).await.unwrap();
    let again = state.commit_lake(&flush).await;
    assert!(matches!(again, Err(StoreError::CursorBack { .. })), "{again:?}");
    let compact = LakeCommit {
        added: vec![file("c", 0)],
        removed: vec!["a".into(), "b".into()],
        cursor: None,
    };
    state.commit_lake(&compact).await.unwrap();
    let twice = LakeCommit { added: vec![file("d", 0)], ..compact.clone() };
    assert!(matches!(state.commit_lake(&twice).await, Err(StoreError::Conflict { .. })));
    let live = state.lake_files(LakeFileState::Live, None, None).await.unwrap();
    assert_eq!(live, [file("c", 0)]);
    let missed = state.lake_files(LakeFileState::Live, Some(at(11)), None).await.unwrap();
    assert!(missed.is_empty());
    assert_eq!(
        state.lake_files(LakeFileState::Live, Some(at(10)), Some(at(10))).await.unwrap().len(),
        1
    );
    state.forget_lake_files(&["a".into(), "c".into()]).await.unwrap();
    let doomed = state.lake_files(LakeFileState::Doomed, None, None).await.unwrap();
    assert_eq!(doomed.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(state.lake_files(LakeFileState::Live, None, None).await.unwrap().len(), 1);
    assert_eq!(state.cursor("lake").await.unwrap(), 10);
}

/// The conformance suite: an empty state in, every promise tried.
async fn suite(state: &State) {
    organisation_round_trips(state).await;
    a_step_is_written_whole_and_once(state).await;
    incidents_keep_one_writer(state).await;
    findings_are_listed_newest_first(state).await;
    dead_letters_are_rerun(state).await;
    counters_never_fall(state).await;
    tokens_end(state).await;
    the_outbox_tries_again(state).await;
    the_lake_catalogue_moves_with_its_cursor(state).await;
}

#[tokio::test]
async fn sqlite_keeps_every_promise() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    suite(&state).await;
    let before = everything(&state).await;
    state.close().await;
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    assert_eq!(everything(&state).await, before, "all of it is there after reopening");
    let acts = state.acts(None, 1_000).await.unwrap().len();
    state.close().await;
    let report = verify_audit(state.path()).unwrap();
    assert_eq!((report.entries, report.broken_at), (acts as u64, None));
}

#[tokio::test]
async fn steps_of_two_writers_never_share_a_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let state = State::open(&dir.path().join("state.sqlite")).await.unwrap();
    let writers = (0..8).map(|_| {
        let state = state.clone();
        tokio::spawn(async move { state.commit_step(&a_step(1)).await.is_ok() })
    });
    let mut written = 0;
    for writer in writers.collect::<Vec<_>>() {
        written += u32::from(writer.await.unwrap());
    }
    assert_eq!(written, 1);
    assert_eq!(state.counters().await.unwrap(), [counter("decode", 1)]);
}

#[tokio::test]
async fn a_newer_releases_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    State::open(&path).await.unwrap().close().await;
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', 1, x'00', 0)",
    )
    .unwrap();
    assert!(State::open(&path).await.is_err());
}
