//! UHPPOTE controllers that the server runs: their cards are what the rights say, a revocation is
//! done when it was read back from them, and what was not confirmed is not shown as done.

use serde_json::{Value, json};

use crate::board::{Board, SERIAL, card};
use crate::world::{Api, Plan, Server, World, until};

const ANA: u32 = 4_200_069;
const BEN: u32 = 4_200_070;
/// A card that nobody here knows.
const STRANGER: u32 = 7_700_001;

fn config(board: &Board, doors: &str) -> String {
    format!(
        "[[uhppote]]\nserial = {SERIAL}\naddress = \"127.0.0.1:{}\"\n{doors}\n\
         time_zone = \"Europe/Amsterdam\"\n",
        board.port
    )
}

const DOORS: &str = "doors = [\"d-0000\", \"\", \"d-0001\"]\nfree_exit = true";

fn world(board: &Board, doors: &str) -> World {
    let world = World::with(Plan {
        config: config(board, doors),
        listen: "uhppote = \"127.0.0.1:0\"\n".into(),
        ..Plan::default()
    });
    for (name, text) in [
        ("groups.csv", "group,name\nstaff,Staff\n"),
        ("members.csv", "group,person\nstaff,ana\nstaff,ben\n"),
        (
            "credentials.csv",
            "credential,kind,person,format,facility,number\n\
             c-ana,card,ana,H10301,42,69\nc-ben,card,ben,H10301,42,70\n\
             c-long,card,ben,H10302,,123456789\n",
        ),
        ("rights.csv", "right,group,zone\nr-staff,staff,lab\n"),
        (
            "access.toml",
            &format!(
                "format = 1\n[zone.lab]\nlease = \"1h\"\nat_expiry = \"refuse\"\n\
                 break_glass = \"the key in the box beside the door\"\n\
                 [point.uhppote-{SERIAL}]\ndoors = [\"d-0000\", \"d-0001\"]\n"
            ),
        ),
    ] {
        std::fs::write(world.org().join(name), text).unwrap();
    }
    world
}

async fn serve(world: &World, token: &str) -> (Server, Api) {
    let server = world.start().await;
    let api = Api::to(&server, token);
    (server, api)
}

async fn until_told(api: &Api, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until(what, async || {
        let all = api.get("/v1/controllers").await;
        let told = all.get(0).cloned()?;
        is_so(&told).then_some(told)
    })
    .await
}

async fn until_equal(api: &Api) -> Value {
    until_told(api, "the controller holds what it is to hold", |told| {
        told["cards_due"] == 0 && told["cards_held"].is_number() && told["state"] == "online"
    })
    .await
}

async fn until_state(api: &Api, id: &str, state: &str) -> Value {
    until(&format!("{id} is {state}"), async || {
        let shown = api.get(&format!("/v1/revocations/{id}")).await;
        (shown["state"] == state).then_some(shown)
    })
    .await
}

async fn act(api: &Api, id: &str, act: &str, person: &str) {
    let wanted = json!({
        "id": id, "act": act, "subject": {"kind": "person", "id": person},
        "reason": "left the house",
    });
    let done = api.post("/v1/revocations", &wanted).await;
    assert_eq!(done.status, 201, "{}", done.body);
    assert_eq!(done.body["points"], 1, "{}", done.body);
}

async fn command(api: &Api, door: &str, order: Value) -> Value {
    let given = api.post(&format!("/v1/doors/{door}/commands"), &order).await;
    assert_eq!(given.status, 202, "{}", given.body);
    ended(api, given.body["id"].as_str().unwrap()).await
}

async fn ended(api: &Api, id: &str) -> Value {
    until("the command has ended", async || {
        let shown = api.get(&format!("/v1/commands/{id}")).await;
        let is_open = shown["state"] == "asked" || shown["state"] == "sent";
        (!is_open).then_some(shown)
    })
    .await
}

#[tokio::test]
async fn a_revocation_is_done_when_the_card_was_read_to_be_gone() {
    let board = Board::start();
    board.with(|inside| {
        inside.places =
            vec![Some(card(STRANGER, [1, 0, 0, 0])), None, Some(card(ANA, [0, 1, 0, 0]))];
        inside.loses_one_in = 5;
    });
    let world = world(&board, DOORS);
    let token = world.root();
    let (server, api) = serve(&world, &token).await;
    let told = until_equal(&api).await;
    assert_eq!((board.doors(ANA), board.doors(BEN)), (Some([1, 0, 1, 0]), Some([1, 0, 1, 0])));
    assert_eq!(board.doors(STRANGER), Some([1, 0, 0, 0]), "it is told, and left alone");
    assert_eq!((&told["cards_wanted"], &told["cards_unknown"]), (&json!(2), &json!(1)), "{told}");
    assert_eq!(told["left_out"], json!({"other_form": 1}), "{told}");
    assert_eq!(told["left_out_cards"][0]["credential"], "c-long", "{told}");

    act(&api, "rev-1", "revoke", "ana").await;
    let shown = until_state(&api, "rev-1", "done").await;
    assert_eq!(board.doors(ANA), None);
    let signing = &shown["signings"][0];
    assert_eq!((&signing["kind"], &signing["known"]), (&json!("controller"), &json!("read_back")));
    assert_eq!(signing["state"], "confirmed", "{shown}");

    // The controller is away, then the server is: nothing is confirmed until it was read.
    board.with(|inside| inside.is_away = true);
    act(&api, "rev-2", "suspend", "ben").await;
    until_told(&api, "the controller is silent", |told| told["state"] == "silent").await;
    let point = json!([format!("uhppote-{SERIAL}")]);
    let shown = api.get("/v1/revocations/rev-2").await;
    assert_eq!((&shown["state"], &shown["silent"]), (&json!("unconfirmed"), &point), "{shown}");
    assert_eq!(shown["signings"][0]["stale_until"], Value::Null, "{shown}");
    server.kill();
    let (server, api) = serve(&world, &token).await;
    let shown = api.get("/v1/revocations/rev-2").await;
    assert_eq!((&shown["state"], &shown["silent"]), (&json!("unconfirmed"), &point), "{shown}");
    assert_eq!(board.doors(BEN), Some([1, 0, 1, 0]), "it goes on by its cards");
    board.with(|inside| inside.is_away = false);
    until_state(&api, "rev-2", "done").await;
    assert_eq!(board.doors(BEN), None);

    // The end of a suspension puts the card back; what was revoked stays away.
    act(&api, "rev-3", "lift", "ben").await;
    until_state(&api, "rev-3", "done").await;
    assert_eq!((board.doors(ANA), board.doors(BEN)), (None, Some([1, 0, 1, 0])));

    // Out of the configuration: out of service, and nothing waits for it any more.
    server.stop().await;
    world.configure("", "");
    let (_server, api) = serve(&world, &token).await;
    until("the controller is out of service", async || {
        let shown = api.get("/v1/revocations/rev-3").await;
        (shown["signings"][0]["state"] == "decommissioned").then_some(())
    })
    .await;
    let acts = api.get("/v1/audit?limit=50").await.to_string();
    assert!(acts.contains("does not name this controller's doors"), "{acts}");
}

#[tokio::test]
async fn who_leaves_while_the_server_is_down_loses_the_card_when_it_is_back() {
    let board = Board::start();
    let world = world(&board, DOORS);
    let token = world.root();
    let (server, api) = serve(&world, &token).await;
    until_equal(&api).await;
    assert_eq!(board.doors(BEN), Some([1, 0, 1, 0]));
    server.kill();
    // The folder does not know the card at all any more.
    let one = "credential,kind,person,format,facility,number\nc-ana,card,ana,H10301,42,69\n";
    std::fs::write(world.org().join("credentials.csv"), one).unwrap();
    let (_server, api) = serve(&world, &token).await;
    until("the card is gone", async || board.doors(BEN).is_none().then_some(())).await;
    until_equal(&api).await;
    assert_eq!(board.doors(ANA), Some([1, 0, 1, 0]));
}

#[tokio::test]
async fn a_command_is_confirmed_by_what_the_controller_says_afterwards() {
    let board = Board::start();
    let world = world(&board, DOORS);
    let token = world.root();
    let (_server, api) = serve(&world, &token).await;
    let told = until_told(&api, "its clock was set", |told| told["clock_sets"] == 1).await;
    assert!(told["clock_ahead_s"].as_i64().is_some_and(|ahead| ahead.abs() <= 5), "{told}");
    let clock = board.with(|inside| inside.clock);
    assert_eq!(clock[0], 0x20, "{clock:02x?}");
    assert_ne!(clock[1], 0x01, "{clock:02x?}");

    let order = |order: &str| json!({"order": order, "reason": "a parcel"});
    let open = json!({"order": "release", "hold_s": 2, "reason": "a parcel"});
    let done = command(&api, "d-0001", open).await;
    assert_eq!(done["state"], "confirmed", "{done}");
    assert_eq!(board.with(|inside| inside.opened.clone()), [(3, 2)]);
    until("the door's own time is set again", async || {
        board.with(|inside| inside.control[2] == [3, 5]).then_some(())
    })
    .await;

    for (word, control) in [("unlock", 1), ("relock", 3), ("lock", 2), ("relock", 3)] {
        let done = command(&api, "d-0000", order(word)).await;
        assert_eq!(done["state"], "confirmed", "{done}");
        assert_eq!(board.with(|inside| inside.control[0]), [control, 5], "{word}");
    }
    // Nothing is locked while something burns, and what is unlocked stays so.
    board.with(|inside| inside.burns = true);
    let done = command(&api, "d-0000", order("lock")).await;
    assert_eq!(done["state"], "refused", "{done}");
    until("the door is shown as released by the fire input", async || {
        let doors = api.get("/v1/doors/control").await;
        let door = doors.as_array()?.iter().find(|door| door["door"] == "d-0000")?;
        (door["stands"] == "fire" && door["heard"] == "live").then_some(())
    })
    .await;
    board.with(|inside| inside.burns = false);

    // A lockdown reaches both doors, also of a controller that was away; its end releases them.
    board.with(|inside| inside.is_away = true);
    assert_eq!(api.post("/v1/lockdowns", &json!({"zone": "lab"})).await.status, 201);
    board.with(|inside| inside.is_away = false);
    until("both doors are locked", async || {
        board.with(|inside| inside.control[0][0] == 2 && inside.control[2][0] == 2).then_some(())
    })
    .await;
    let why = json!({"reason": "it was nothing"});
    assert_eq!(api.post("/v1/lockdowns/lab/end", &why).await.status, 204);
    until("both doors ask for cards again", async || {
        board.with(|inside| inside.control[0][0] == 3 && inside.control[2][0] == 3).then_some(())
    })
    .await;
    assert_eq!(board.with(|inside| inside.control[1]), [3, 5], "a door that is not ours");

    // Asked once only: a controller that does not answer leaves it unconfirmed or undone.
    board.with(|inside| inside.is_away = true);
    let open = json!({"order": "release", "reason": "a parcel"});
    let done = command(&api, "d-0001", open).await;
    assert!(done["state"] == "unconfirmed" || done["state"] == "expired", "{done}");
    assert_eq!(board.with(|inside| inside.opened.len()), 1);
}

#[tokio::test]
async fn a_door_whose_way_out_hangs_on_the_controller_is_never_locked() {
    let board = Board::start();
    let world = world(&board, "doors = [\"d-0000\", \"\", \"d-0001\"]");
    let token = world.root();
    let (_server, api) = serve(&world, &token).await;
    until_equal(&api).await;
    let done = command(&api, "d-0000", json!({"order": "lock", "reason": "a test"})).await;
    assert_eq!(done["state"], "refused", "{done}");
    assert!(done["why"].as_str().unwrap().contains("free_exit"), "{done}");
    assert_eq!(api.post("/v1/lockdowns", &json!({"zone": "lab"})).await.status, 201);
    let commands = until("the lockdown's commands have ended", async || {
        let all = api.get("/v1/commands?limit=10").await;
        let down = all.as_array()?.iter().filter(|one| one["order"] == "lock_down");
        let states: Vec<String> = down.map(|one| one["state"].to_string()).collect();
        (states.len() == 2 && states.iter().all(|one| one == "\"refused\"")).then_some(states)
    })
    .await;
    assert_eq!(commands.len(), 2);
    assert_eq!(board.with(|inside| inside.control[0]), [3, 5]);
}
