//! Commands to their end: asked, sent, confirmed or not, once, over restarts.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use access::door::{Fire, Order, Work};
use access::link::{Done, DoneHow, What};
use model::rights::DoorRules;
use model::{DoorId, PointId, RightsData, Timestamp};

use super::{COMMAND_LIFE, CommandError, Commander, Outcome, Stands, Wanted};
use crate::edges::{Hub, Keys};
use crate::rights::{Rights, Templates};
use crate::warden::Warden;

struct House {
    folder: tempfile::TempDir,
    state: store::State,
    hub: Arc<Hub>,
    commander: Commander,
    door: DoorId,
    other: DoorId,
    now: Timestamp,
}

fn point() -> PointId {
    PointId::parse("gate-1").unwrap()
}

impl House {
    async fn open() -> Self {
        Self::at(tempfile::tempdir().unwrap(), Timestamp::from_secs(1_800_000_000)).await
    }

    async fn at(folder: tempfile::TempDir, now: Timestamp) -> Self {
        let state = store::State::open(&folder.path().join("state.db")).await.unwrap();
        let warden = Warden::open(state.clone(), folder.path(), now).await.unwrap();
        let keys = Keys::open(folder.path(), now).unwrap();
        let hub = Arc::new(Hub::open(state.clone(), Arc::new(warden), keys).await.unwrap());
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo");
        let org = crate::offline::organisation(&demo).unwrap().0.unwrap();
        let templates = Templates {
            always: include_str!("../../../../content/policies/doors/always.cedar").to_owned(),
            hours: include_str!("../../../../content/policies/doors/hours.cedar").to_owned(),
        };
        let mut data = RightsData::default();
        let all = Rights::with_key(
            [7; 32],
            (Arc::new(org.clone()), data.clone(), templates.clone()),
            now,
        );
        let all = all.unwrap().snapshot();
        let mut doors = all.estate().doors().map(|door| door.id.clone());
        let (door, other) = (doors.next().unwrap(), doors.next().unwrap());
        data.points.insert(point(), vec![door.clone()]);
        let fire_group = Some("panel".to_owned());
        data.doors.insert(door.clone(), DoorRules { fire_group, ..DoorRules::default() });
        let rights = Rights::with_key([7; 32], (Arc::new(org), data, templates), now).unwrap();
        let parts = (Arc::clone(&hub), Arc::new(rights));
        let commander = Commander::open(state.clone(), parts.0, parts.1).await.unwrap();
        Self { folder, state, hub, commander, door, other, now }
    }

    async fn restart(self) -> Self {
        let Self { folder, state, hub, commander, now, .. } = self;
        drop((hub, commander));
        state.close().await;
        Self::at(folder, now).await
    }

    fn wanted(&self, key: Option<&str>) -> Wanted {
        Wanted {
            door: self.door.clone(),
            what: What::Order { order: Order::Release, hold: Some(Duration::from_secs(5)) },
            reason: Some("a parcel".to_owned()),
            by: "op-1".to_owned(),
            key: key.map(str::to_owned),
        }
    }

    fn outcome(&self, id: &str, outcome: DoneHow) -> Outcome {
        let done = Done { id: id.to_owned(), at: self.now, outcome };
        Outcome { point: point(), done, proof: (vec![1], vec![2]) }
    }
}

#[tokio::test]
async fn a_command_to_a_point_that_is_away_waits_over_a_restart_and_then_it_is_too_late() {
    let house = House::open().await;
    let given = house.commander.give(house.wanted(None), house.now).await.unwrap();
    assert_eq!(given.stands, Stands::Asked);
    let house = house.restart().await;
    assert_eq!(house.commander.get(&given.id).await.unwrap().unwrap().stands, Stands::Asked);
    assert_eq!(house.commander.open_at(&house.door), 1);
    // The point is there: it is sent.
    let mut taken = house.hub.attach(point());
    let changed = house.commander.tick(house.now.plus(Duration::from_secs(1))).await.unwrap();
    assert_eq!(changed.first().map(|one| one.stands), Some(Stands::Sent));
    assert_eq!(taken.recv().await.unwrap().id, given.id);
    // Another one, and nobody ever comes.
    drop(taken);
    let late = house.commander.give(house.wanted(None), house.now).await.unwrap();
    let ended = house.commander.tick(house.now.plus(COMMAND_LIFE)).await.unwrap();
    let stands = |id: &str| ended.iter().find(|one| one.id == id).unwrap().stands;
    assert_eq!(stands(&late.id), Stands::Expired, "never sent");
    assert_eq!(stands(&given.id), Stands::Unconfirmed, "sent, and nobody knows");
    assert_eq!(house.commander.open_at(&house.door), 0);
}

#[tokio::test]
async fn what_the_point_says_counts_once_and_also_when_it_comes_late() {
    let house = House::open().await;
    let mut taken = house.hub.attach(point());
    let given = house.commander.give(house.wanted(None), house.now).await.unwrap();
    assert_eq!(given.stands, Stands::Sent);
    let sent = taken.recv().await.unwrap();
    assert_eq!(sent.expires_at, house.now.plus(COMMAND_LIFE));
    house.commander.tick(sent.expires_at).await.unwrap();
    let confirmed = house.outcome(&given.id, DoneHow::Confirmed);
    let stranger = Outcome { point: PointId::parse("gate-2").unwrap(), ..confirmed.clone() };
    assert_eq!(house.commander.ended(&stranger, house.now).await.unwrap(), None);
    let ended = house.commander.ended(&confirmed, house.now).await.unwrap().unwrap();
    assert_eq!(ended.stands, Stands::Confirmed);
    let failed = house.outcome(&given.id, DoneHow::Failed { why: "no".to_owned() });
    assert_eq!(house.commander.ended(&failed, house.now).await.unwrap(), None, "it has ended");
    let unknown = house.outcome("cmd-0", DoneHow::Confirmed);
    assert_eq!(house.commander.ended(&unknown, house.now).await.unwrap(), None);
    let kept = house.state.command(&given.id).await.unwrap().unwrap();
    assert_eq!(kept.proof, (vec![1], vec![2]), "what the point signed is kept");
    let house = house.restart().await;
    let known = house.commander.get(&given.id).await.unwrap().unwrap();
    assert_eq!(known.stands, Stands::Confirmed);
}

#[tokio::test]
async fn one_key_is_one_command() {
    let house = House::open().await;
    let mut taken = house.hub.attach(point());
    let first = house.commander.give(house.wanted(Some("k")), house.now).await.unwrap();
    let again = house.commander.give(house.wanted(Some("k")), house.now).await.unwrap();
    assert_eq!(first.id, again.id);
    taken.recv().await.unwrap();
    assert!(taken.try_recv().is_err(), "it was sent once");
    let other = Wanted { what: What::FireReset, ..house.wanted(Some("k")) };
    let refused = house.commander.give(other, house.now).await.unwrap_err();
    assert!(matches!(refused, CommandError::OtherKey(_)), "{refused}");
    let by_other = Wanted { by: "op-2".to_owned(), ..house.wanted(Some("k")) };
    let theirs = house.commander.give(by_other, house.now).await.unwrap();
    assert_ne!(theirs.id, first.id, "the key is the caller's own");
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_anything_is_sent() {
    let house = House::open().await;
    let mut taken = house.hub.attach(point());
    let hold =
        |seconds| What::Order { order: Order::Release, hold: Some(Duration::from_secs(seconds)) };
    let work = |hours: u64| {
        let until = house.now.plus(Duration::from_secs(hours * 3_600));
        What::Work(Some((Work::Maintenance, until)))
    };
    let nowhere = DoorId::parse("nowhere").unwrap();
    let base = || house.wanted(None);
    for (wanted, why) in [
        (Wanted { reason: None, ..base() }, "reason"),
        (Wanted { reason: Some(" ".to_owned()), ..base() }, "reason"),
        (Wanted { what: hold(0), ..base() }, "released for"),
        (Wanted { what: hold(601), ..base() }, "released for"),
        (Wanted { what: work(0), ..base() }, "work on a door"),
        (Wanted { what: work(25), ..base() }, "work on a door"),
        (Wanted { door: nowhere, ..base() }, "no door"),
        (Wanted { door: house.other.clone(), ..base() }, "nobody controls"),
    ] {
        let refused = house.commander.give(wanted, house.now).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert!(taken.try_recv().is_err());
    assert!(house.commander.list(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_locked_while_something_burns_and_everything_may_be_opened() {
    let house = House::open().await;
    let mut taken = house.hub.attach(point());
    let order = |order| Wanted { what: What::Order { order, hold: None }, ..house.wanted(None) };
    let says = |fire| house.commander.rights.live(|live| live.set_fire("panel".into(), fire));
    for burns in [Fire::Active, Fire::Faulty, Fire::Quiet] {
        // Quiet again is not enough: it waits for the panel's reset.
        says(burns);
        for locks in [Order::Lock, Order::Relock, Order::LockDown] {
            let refused = house.commander.give(order(locks), house.now).await.unwrap();
            assert_eq!(refused.stands, Stands::Refused, "{locks:?} with {burns:?}");
            assert!(refused.why.unwrap().contains("nothing is locked"));
        }
        for opens in [Order::Release, Order::Unlock, Order::EndLockdown] {
            let given = house.commander.give(order(opens), house.now).await.unwrap();
            assert_eq!(given.stands, Stands::Sent, "{opens:?} with {burns:?}");
            assert_eq!(taken.recv().await.unwrap().id, given.id);
        }
    }
    house.commander.rights.live(|live| live.fire_reset("panel"));
    let given = house.commander.give(order(Order::Lock), house.now).await.unwrap();
    assert_eq!(given.stands, Stands::Sent);
}

/// Wherever on its way the link is cut: what nobody has done is never shown as confirmed, what was
/// done is confirmed when it is heard of, and nothing goes out twice.
#[tokio::test]
async fn a_link_that_is_cut_at_any_step_of_a_command_neither_doubles_nor_invents_it() {
    for step in ["before it is given", "before it arrives", "before its answer", "after it"] {
        let house = House::open().await;
        let mut taken = (step != "before it is given").then(|| house.hub.attach(point()));
        let given = house.commander.give(house.wanted(None), house.now).await.unwrap();
        let mut arrived = 0;
        if let Some(taken) = taken.as_mut().filter(|_| step != "before it arrives") {
            assert_eq!(taken.recv().await.unwrap().id, given.id);
            arrived += 1;
        }
        let confirmed = house.outcome(&given.id, DoneHow::Confirmed);
        if step == "after it" {
            let ended = house.commander.ended(&confirmed, house.now).await.unwrap();
            assert_eq!(ended.unwrap().stands, Stands::Confirmed, "{step}");
        }
        // The link is cut, and comes back after a second; the server too begins anew meanwhile.
        drop(taken.take());
        let house = house.restart().await;
        let mut taken = house.hub.attach(point());
        house.commander.tick(house.now.plus(Duration::from_secs(1))).await.unwrap();
        while let Ok(again) = taken.try_recv() {
            assert_eq!(again.id, given.id, "{step}");
            arrived += 1;
        }
        assert!(arrived <= 1, "{step}: it went out {arrived} times");
        let late = house.now.plus(COMMAND_LIFE);
        house.commander.tick(late).await.unwrap();
        let stands = house.commander.get(&given.id).await.unwrap().unwrap().stands;
        let wanted = if step == "after it" { Stands::Confirmed } else { Stands::Unconfirmed };
        assert_eq!(stands, wanted, "{step}");
        // What the point has done it says when it is back, and says it until it is heard.
        let told = house.commander.ended(&confirmed, late).await.unwrap();
        assert_eq!(told.is_some(), step != "after it", "{step}");
        assert_eq!(house.commander.ended(&confirmed, late).await.unwrap(), None, "{step}");
    }
}
