//! Lists of other products: taken in once, whole ones end what they had brought, all of it undone.

use std::collections::BTreeSet;

use model::AuditAct;
use proptest::prelude::*;
use store::State;
use store::state::RightsAct;

use super::*;

const LIST: &str = "SSNO,BADGE_ID,STATUS,ACTIVATE,DEACTIVATE,ACCESSLEVEL\n\
    mf2002,104127,Disabled,,,Data Hall;Loading Bay\nmf2003,900001,Active,2026-01-01,2026-12-31,\n\
    nobody,900002,Active,,,\nmf2004,9000x3,Active,,,Data Hall\nmf2005,900004,Odd,,,\n";

/// A list of another product: what is known is found by its number's key, what is wrong is left out
/// with its place, taking it in again changes nothing, and undoing it leaves nothing of it.
#[test]
fn a_list_is_taken_in_once_and_can_be_undone() {
    let now = at("2026-11-23T09:00:00Z");
    let rights = rights(now);
    let text = maps(None)["lenel"].clone();
    let (map, problems) = estate::foreign::Map::read("lenel", &text);
    assert_eq!((map.is_some(), problems.len()), (true, 0));
    let map = map.unwrap();
    let files = vec![("list.csv".to_owned(), LIST.to_owned())];
    let before = rights.data();
    let tried = |rights: &Rights| {
        let data = rights.data();
        let base = (&*rights.organisation(), &*data, rights.key());
        plan(base, (&map, &files), (&ImportHow::default(), &BTreeSet::new()))
    };
    let first = tried(&rights);
    assert_eq!((first.rows, first.left_out, first.unchanged), (5, 3, 0));
    let told: Vec<(u64, &str)> =
        first.problems.iter().map(|p| (p.position.unwrap().line, &*p.code)).collect();
    assert_eq!(told, [(4, "dangling_reference"), (5, "bad_value"), (6, "unknown_value")]);
    let kinds: Vec<&str> = first.changes.iter().map(|one| &*one.kind).collect();
    assert_eq!(kinds, ["credential", "credential", "group", "group", "member", "member"]);
    let debug = format!("{:?}", first.changes);
    assert!(!debug.contains("900001"), "a number stays in the clear");
    let known = first.changes.iter().find(|one| one.key == "card-2").unwrap();
    let Some(Item::Credential(_, one)) = &known.after else { panic!("{known:?}") };
    assert_eq!(one.standing, Standing::Suspended);

    rights.install(rights.prepare_changes(&first.changes, now).unwrap());
    let who = person("mf2002");
    assert_eq!(decided(&rights.snapshot(), &who, &door("hq-d-main"), now), "credential_standing");
    let again = tried(&rights);
    assert_eq!((again.changes.len(), again.unchanged), (0, 2));
    let card = Subject::Card { format: "H10302".into(), facility: 0, number: 900_001, issue: 0 };
    let scoped = Scoped { places: vec!["*".into()], search: false, reasons: false };
    let question = evaluate::Question {
        subject: card,
        direction: access::door::Direction::Entry,
        door: door("hq-d-main"),
        body: access::door::BodyVerdict::NotGiven,
        companion: None,
    };
    let asked = (&rights, &*rights.snapshot());
    assert!(evaluate::evaluate(asked, &scoped, &question, now).is_true());

    let back: Vec<ItemChange> = first.changes.iter().map(ItemChange::undone).collect();
    rights.install(rights.prepare_changes(&back, now).unwrap());
    assert_eq!(rights.data(), before);
    assert_eq!(decided(&rights.snapshot(), &who, &door("hq-d-main"), now), "opens");
}

#[test]
fn every_shipped_map_reads() {
    let all = maps(None);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["brivo", "ccure", "lenel"]);
    for (name, text) in all {
        let (map, problems) = estate::foreign::Map::read(&name, &text);
        assert!(map.is_some() && problems.is_empty(), "{name}: {problems:?}");
    }
}

/// A house with its rights on disk, and lists that come to it.
struct House {
    _folder: tempfile::TempDir,
    state: State,
    org: Arc<Organisation>,
    key: access::door::HashKey,
    map: ImportMap,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).await.unwrap();
        let now = at("2026-11-23T09:00:00Z");
        let (org, data) = demo();
        let what = (Arc::clone(&org), data.clone(), Templates::of(&shipped()));
        let rights = Rights::with_key([7; 32], what, now).unwrap();
        let (map, _) = ImportMap::read("lenel", &maps(None)["lenel"]);
        let key = rights.key().clone();
        let house = Self { _folder: folder, state, org, key, map: map.unwrap() };
        house.write(RightsData::default().changes_to(&data), ("folder", None, None)).await;
        house
    }

    async fn write(
        &self,
        mut changes: Vec<ItemChange>,
        (what, undoes, source): (&'static str, Option<u64>, Option<&str>),
    ) -> u64 {
        changes.retain(|change| change.before != change.after);
        let at = at("2026-11-23T09:00:00Z");
        let (by, why) = ("ana".to_owned(), "a test".to_owned());
        let source = source.map(str::to_owned);
        let act = RightsAct { at, by, why, approved_by: None, what, undoes, folder: None, source };
        let audit = AuditAct {
            at,
            by: "ana".into(),
            verb: "access".into(),
            object: "rights".into(),
            detail: serde_json::Value::Null,
        };
        self.state.change_rights(&act, &changes, &audit).await.unwrap()
    }

    async fn plan(&self, files: &[(String, String)], how: &ImportHow) -> ImportPlan {
        let brought = self.state.rights_from(&how.source).await.unwrap();
        let data = self.state.rights().await.unwrap();
        plan((&self.org, &data, &self.key), (&self.map, files), (how, &brought))
    }

    /// Takes lists in, whatever ends.
    async fn take(&self, files: &[(String, String)], how: &ImportHow) -> (ImportPlan, u64) {
        let found = self.plan(files, how).await;
        let what = ("import", None, Some(how.source.as_str()));
        let version = self.write(found.changes.clone(), what).await;
        (found, version)
    }

    async fn all(&self) -> (RightsData, Vec<BTreeSet<Thing>>) {
        let mut brought = Vec::new();
        for source in SOURCES {
            brought.push(self.state.rights_from(source).await.unwrap());
        }
        (self.state.rights().await.unwrap(), brought)
    }
}

const SOURCES: [&str; 2] = ["hq", "dc"];

fn whole(source: &str) -> ImportHow {
    ImportHow { source: source.to_owned(), complete: true, allow_removals: None }
}

fn lists(holders: &str, levels: &str) -> Vec<(String, String)> {
    let head = "SSNO,BADGE_ID,STATUS,ACCESSLEVEL\n";
    let mut files = vec![("holders.csv".to_owned(), format!("{head}{holders}"))];
    if !levels.is_empty() {
        let text = format!("ACCESSLEVEL,READER,TIMEZONE\n{levels}");
        files.push(("levels.csv".to_owned(), text));
    }
    files
}

fn told(found: &ImportPlan) -> Vec<String> {
    let was = |one: &ItemChange| match (&one.before, &one.after) {
        (None, _) => "new",
        (_, Some(Item::Credential(_, one))) if one.standing == Standing::Ended => "ended",
        (_, Some(_)) => "other",
        (_, None) => "gone",
    };
    let line = |one: &ItemChange| found.origin(one).map_or(0, |origin| origin.line);
    let all = found.changes.iter().filter(|one| one.kind != "credential");
    let all = all.map(|one| format!("{} {} {} {}", was(one), one.kind, one.key, line(one)));
    let cards = found.changes.iter().filter(|one| one.kind == "credential");
    let mut cards: Vec<String> =
        cards.map(|one| format!("{} credential {}", was(one), line(one))).collect();
    cards.sort();
    cards.into_iter().chain(all).collect()
}

#[tokio::test]
async fn a_list_makes_rights_and_a_whole_one_ends_what_it_no_longer_says() {
    let house = House::new().await;
    let before = house.all().await;
    let files = lists(
        "mf2002,900001,Active,Vault\nmf2003,900002,Active,Vault;Yard\nmf2004,900003,Active,\n",
        "Vault,HQ Contract Archive,Office hours in Europe\nYard,hq-main-reader-in,Always\n",
    );
    let (first, made) = house.take(&files, &whole("hq")).await;
    assert_eq!(first.problems, []);
    assert_eq!(
        told(&first),
        [
            "new credential 2",
            "new credential 3",
            "new credential 4",
            "new group vault 2",
            "new group yard 3",
            "new member vault/mf2002/ 2",
            "new member vault/mf2003/ 3",
            "new member yard/mf2003/ 3",
            "new right vault.hq-d-archive.hq-hours 2",
            "new right yard.hq-d-main 3",
        ]
    );
    assert_eq!((first.held_back, first.ends.len()), (None, 0));
    // The same again is nothing; another house's whole list ends nothing of it.
    assert_eq!(house.plan(&files, &whole("hq")).await.changes, []);
    let other = lists("mf2005,900009,Active,Yard\n", "Yard,hq-d-main,Always\n");
    let (other, _) = house.take(&other, &whole("dc")).await;
    assert_eq!(told(&other), ["new credential 2", "new member yard/mf2005/ 2"]);

    // Somebody sees to a card by hand: it is theirs from then on.
    let data = house.state.rights().await.unwrap();
    let card = |person: &str| {
        let is_of = |one: &Credential| one.person.as_ref().is_some_and(|id| id.as_str() == person);
        let mut of = data.credentials.iter().filter(|(_, one)| one.key.is_some() && is_of(one));
        let (id, one) = of.next().unwrap();
        (id.clone(), one.clone())
    };
    let (id, mut by_hand) = card("mf2004");
    by_hand.issue = 1;
    house.write(vec![put(&data, Item::Credential(id, by_hand))], ("edit", None, None)).await;

    // mf2003 and mf2004 have left, and so has the yard: what the list brought goes, but for what
    // was seen to by hand, and the group that another list's people are in.
    let less = lists("mf2002,900001,Active,Vault\n", "Vault,hq-d-archive,hq-hours\n");
    let tried = house.plan(&less, &whole("hq")).await;
    assert_eq!(
        told(&tried),
        [
            "ended credential 0",
            "gone member vault/mf2003/ 0",
            "gone member yard/mf2003/ 0",
            "gone right yard.hq-d-main 0",
        ]
    );
    assert_eq!(tried.held_back, Some(4));
    let why = tried.why_held_back("hq").unwrap();
    assert!(why.contains("1 of 2 credentials, 2 of 3 members, 1 of 2 rights"), "{why}");
    for (allowed, held) in [(3, Some(4)), (4, None)] {
        let how = ImportHow { allow_removals: Some(allowed), ..whole("hq") };
        assert_eq!(house.plan(&less, &how).await.held_back, held);
    }
    // Said not to be whole, it ends nothing.
    let part = ImportHow { complete: false, ..whole("hq") };
    assert_eq!(house.plan(&less, &part).await.changes, []);
    // A list of cardholders alone says nothing of rights.
    let holders = lists("mf2002,900001,Active,Vault\n", "");
    let kinds: Vec<_> =
        house.plan(&holders, &whole("hq")).await.ends.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, ["credential", "member"]);
    // One whose rows cannot all be read ends nothing, and says so.
    let torn = lists("mf2002,900001,Active,Vault\nmf2003,90000x,Active,Vault\n", "");
    let tried = house.plan(&torn, &whole("hq")).await;
    assert_eq!((tried.left_out, told(&tried).len()), (1, 0));
    let codes: Vec<&str> = tried.problems.iter().map(|one| &*one.code).collect();
    assert_eq!(codes, ["bad_value", "not_whole"]);

    // Taken in and undone, all is as it was, and whose it was.
    let had = house.all().await;
    let (_, version) = house.take(&less, &whole("hq")).await;
    undo(&house, version).await;
    assert_eq!(house.all().await, had);
    assert!(undoing(&house.state, made).await.is_err(), "a card of it was changed by hand since");
    assert_ne!(had, before);
}

async fn undo(house: &House, version: u64) {
    let undone = undoing(&house.state, version).await.unwrap();
    house.write(undone, ("undo", Some(version), None)).await;
}

#[tokio::test]
async fn a_card_that_no_reader_could_read_and_one_that_was_stopped_are_told() {
    let house = House::new().await;
    let stop = lists("mf2002,900001,Lost,\n", "");
    house.take(&stop, &whole("hq")).await;
    let huge = u64::MAX;
    let files = lists(&format!("mf2002,900001,Active,\nmf2003,{huge},Active,\n"), "");
    let tried = house.plan(&files, &whole("dc")).await;
    let all: Vec<String> = tried.problems.iter().map(ToString::to_string).collect();
    assert!(all[0].starts_with("holders.csv:3:1: error: the number is too large"), "{all:?}");
    assert!(all[1].starts_with("holders.csv:2:1: warning: credential `card-"), "{all:?}");
    assert!(all[1].ends_with("it would be in force again [in_force_again]"), "{all:?}");
    assert!(!format!("{all:?}").contains(&huge.to_string()), "a number is told");
}

/// Rows of one list: person, card, standing, level.
type Rows = Vec<(u8, u8, bool, u8)>;

#[derive(Debug, Clone)]
enum Act {
    /// Of which source, whole or not; who and what, and levels with their doors.
    Take(bool, bool, Rows, Vec<(u8, u8)>),
    /// Something of what there is, by hand.
    Edit(usize),
}

fn acts() -> impl Strategy<Value = Act> {
    let row = (0..4_u8, 0..6_u8, any::<bool>(), 0..4_u8);
    let rows = proptest::collection::vec(row, 0..6);
    let levels = proptest::collection::vec((0..3_u8, 0..3_u8), 0..4);
    prop_oneof![
        4 => (any::<bool>(), any::<bool>(), rows, levels).prop_map(|(of, whole, rows, levels)| {
            Act::Take(of, whole, rows, levels)
        }),
        1 => any::<usize>().prop_map(Act::Edit),
    ]
}

fn written(rows: &Rows, levels: &[(u8, u8)]) -> Vec<(String, String)> {
    let mut holders = String::new();
    for (person, card, is_active, level) in rows {
        let standing = if *is_active { "Active" } else { "Lost" };
        let level = ["", "Vault", "Yard", "Vault;Yard"][usize::from(*level)];
        writeln!(holders, "mf200{},{},{standing},{level}", person + 2, 900_000 + u64::from(*card))
            .unwrap();
    }
    let mut of_levels = String::new();
    for (level, door) in levels {
        let level = ["Vault", "Yard", "Roof"][usize::from(*level)];
        let doors = ["hq-d-archive,Always", "hq-d-archive,hq-hours", "hq-d-main,Always"];
        writeln!(of_levels, "{level},{}", doors[usize::from(*door)]).unwrap();
    }
    lists(&holders, &of_levels)
}

async fn play(house: &House, act: &Act) -> Result<(), TestCaseError> {
    let before = house.all().await;
    match act {
        Act::Edit(at) => {
            let ours: BTreeSet<Thing> = before.1.iter().flatten().cloned().collect();
            let Some((kind, key)) = ours.iter().nth(at % ours.len().max(1)) else { return Ok(()) };
            let mut change = gone(&before.0, kind, key);
            if let Some(Item::Credential(id, mut one)) = change.before.clone() {
                one.standing = Standing::Suspended;
                change.after = Some(Item::Credential(id, one));
            }
            house.write(vec![change], ("edit", None, None)).await;
        }
        Act::Take(of, is_whole, rows, levels) => {
            let source = SOURCES[usize::from(*of)];
            let how = ImportHow { complete: *is_whole, ..whole(source) };
            let (found, version) = house.take(&written(rows, levels), &how).await;
            let brought = &before.1[usize::from(*of)];
            for change in &found.changes {
                let is_over = match (&change.after, found.origin(change)) {
                    (None, _) => true,
                    (Some(_), origin) => change.before.is_some() && origin.is_none(),
                };
                let is_ours = brought.contains(&(change.kind.clone(), change.key.clone()));
                prop_assert!(!is_over || is_ours && *is_whole, "{change:?}");
            }
            // Undone, it is as it was, and whose it was; then done again.
            undo(house, version).await;
            prop_assert_eq!(&house.all().await, &before);
            house.take(&written(rows, levels), &how).await;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever came before: an import that is undone leaves nothing, and no list ends what it has
    /// not brought.
    #[test]
    fn an_import_undone_was_never_there(all in proptest::collection::vec(acts(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::new().await;
            for act in &all {
                play(&house, act).await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
