//! Mappings changed from the console: read, tried, saved, in force without a restart, given back.

use std::fs;

use serde_json::{Value, json};

use crate::browser::{Browser, signed_in};
use crate::world::{Api, PROBE_PROGRAM, Plan, World, until};

const SOURCE: &str = "[[source]]\nid = \"zutritt\"\nmapping = \"zutritt\"\nsite = \"hq\"\n\
                      trust = \"token\"\n";

fn zutritt(time_column: &str) -> String {
    format!(
        "format = 1\nname = \"zutritt\"\nextends = \"pacs-csv\"\n[csv]\n\
         columns = {{ time = {time_column:?}, badge = \"Karte\", door = \"Tuer\" }}\n\
         optional = []\n"
    )
}

fn write_zutritt(world: &World) {
    let folder = world.path("content/mappings/zutritt");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mapping.toml"), zutritt("Zeit")).unwrap();
}

async fn version(browser: &Browser, name: &str) -> String {
    let found = browser.get(&format!("/v1/mappings/{name}")).await;
    assert_eq!(found.status, 200, "{}", found.body);
    found.body["version"].as_str().unwrap().to_owned()
}

async fn save(browser: &Browser, name: &str, body: Value) -> crate::world::Answer {
    browser.change("PUT", &format!("/v1/mappings/{name}"), &body).await
}

#[tokio::test]
async fn a_mapping_is_mended_from_the_console_and_its_dead_letters_become_events() {
    let world = World::with(Plan { sources: SOURCE.into(), ..Plan::default() });
    write_zutritt(&world);
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let csv = "Karte,Zeitpunkt,Tuer\nB-1,2026-11-22T08:00:00Z,d-0001\n\
               B-2,2026-11-22T08:01:00Z,d-0002\n";
    api.take("zutritt", "text/csv", csv).await;
    let open = async || {
        let open = api.get("/v1/dead-letters?source=zutritt&status=open").await;
        let record = |letter: &Value| letter["record"].as_u64().unwrap();
        let mut records: Vec<u64> = open.as_array().unwrap().iter().map(record).collect();
        records.sort_unstable();
        records
    };
    let letters = until("both rows are dead letters", async || {
        let letters = open().await;
        (letters.len() == 2).then_some(letters)
    })
    .await;

    let shown = tom.get("/v1/mappings/zutritt").await.body;
    assert_eq!(shown["files"], json!({"mapping.toml": zutritt("Zeit")}));
    assert_eq!(
        (&shown["origin"], &shown["may_edit"]),
        (&json!("house"), &json!({"allowed": true}))
    );
    let base = shown["version"].clone();
    let fixed = json!({"mapping.toml": zutritt("Zeitpunkt")});

    // Tried on the letters and on a pasted row; nothing is kept.
    let tried = tom
        .post(
            "/v1/mappings/zutritt/try",
            json!({"files": fixed, "dead_letters": letters, "texts": [csv, "no header"]}),
        )
        .await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert_eq!(tried.body["problems"], json!([]), "{}", tried.body);
    let results = tried.body["results"].as_array().unwrap();
    assert_eq!(results.len(), 5, "{results:?}");
    assert_eq!(results[4]["problem"]["reason"], "decode", "{}", results[4]);
    for result in &results[..4] {
        assert_eq!(result["events"].as_array().unwrap().len(), 2, "{result}");
        assert_eq!(result["events"][0]["class_uid"], 4_230_001);
        assert_eq!(result["mapping"], "zutritt");
    }
    assert_eq!((&results[0]["record"], &results[2]["text"]), (&json!(letters[0]), &json!(0)));
    let as_it_is = json!({"dead_letters": [letters[0]]});
    let tried = tom.post("/v1/mappings/zutritt/try", as_it_is).await;
    assert_eq!(tried.body["results"][0]["problem"]["reason"], "csv_header", "{}", tried.body);
    assert_eq!(tried.body["results"][0]["problem"]["position"]["line"], 1);
    assert_eq!(open().await, letters);
    assert_eq!(api.count("SELECT count(*) FROM events WHERE source = 'zutritt'").await, 0);

    // What does not hold is not saved, and says where.
    let broken = json!({"mapping.toml": "format = 1\nname = \"zutritt\"\nextnds = \"pacs-csv\"\n"});
    let body = json!({"files": broken, "base_version": base, "reason": "try"});
    let refused = save(&tom, "zutritt", body).await;
    refused.is_problem(422, "mapping_refused");
    let first = &refused.body["problems"][0];
    assert_eq!((&first["file"], &first["gravity"]), (&json!("mapping.toml"), &json!("error")));
    assert!(first["message"].as_str().unwrap().contains("extnds"), "{first}");
    assert!(first["line"].is_u64(), "{first}");
    let nameless = json!({"files": fixed, "base_version": base, "reason": " "});
    save(&tom, "zutritt", nameless).await.is_problem(400, "bad_request");
    let late = json!({"files": fixed, "base_version": "0123456789abcdef", "reason": "r"});
    save(&tom, "zutritt", late).await.is_problem(409, "version_conflict");
    assert_eq!(json!(version(&tom, "zutritt").await), base);

    let body = json!({"files": fixed, "base_version": base, "reason": "the export was renamed"});
    let saved = save(&tom, "zutritt", body).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert_eq!(saved.body["version"], version(&tom, "zutritt").await);
    let file = world.path("content/mappings/zutritt/mapping.toml");
    assert_eq!(fs::read_to_string(file).unwrap(), zutritt("Zeitpunkt"));

    // By record, then by reason.
    let rerun =
        async |body: Value| tom.post("/v1/dead-letters/rerun", body).await.body["sent"].clone();
    assert_eq!(rerun(json!({"records": [letters[1], 999_999]})).await, 1);
    assert_eq!(rerun(json!({"reason": "no_mapping"})).await, 0);
    let events = "SELECT count(DISTINCT seq) FROM events WHERE source = 'zutritt'";
    api.until_count(events, 1).await;
    assert_eq!(open().await, [letters[0]]);
    assert_eq!(rerun(json!({"source": "zutritt", "reason": "csv_header"})).await, 1);
    api.until_count(events, 2).await;

    let log = api.get("/v1/audit?limit=100").await;
    let mut acts = log["acts"].as_array().unwrap().iter();
    let edit = acts.find(|act| act["verb"] == "mapping.edit").unwrap();
    assert_eq!(
        (&edit["object"], &edit["detail"]["reason"]),
        (&json!("mapping:zutritt"), &json!("the export was renamed"))
    );
    assert_eq!((&edit["detail"]["from"], &edit["detail"]["to"]), (&base, &saved.body["version"]));
    server.stop().await;
    // A restart reads the same.
    let server = world.start().await;
    api_takes_a_row(&Api::to(&server, &token)).await;
    server.stop().await;
}

#[tokio::test]
async fn a_change_is_tried_on_what_its_source_said_last_and_shows_what_becomes_of_it() {
    let world = World::with(Plan { sources: SOURCE.into(), ..Plan::default() });
    write_zutritt(&world);
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let csv = "Karte,Zeit,Tuer\nB-1,2026-11-22T08:00:00Z,d-0001\n\
               B-2,2026-11-22T08:01:00Z,d-0002\nB-3,2026-11-22T08:02:00Z,d-0003\n";
    api.take("zutritt", "text/csv", csv).await;
    until("all rows are events", async || {
        let all = api.count("SELECT count(*) FROM events WHERE source = 'zutritt'").await;
        (all == 6).then_some(())
    })
    .await;
    let tried = async |files: Value, latest: u64| {
        let body = json!({"files": files, "source": "zutritt", "latest": latest});
        let answer = tom.post("/v1/mappings/zutritt/try", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };

    // As it is: nothing changes, and the newest comes first.
    let same = tried(json!({}), 25).await;
    let samples = same["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 3, "{same}");
    assert!(samples[0]["head"].as_str().unwrap().contains("d-0003"), "{same}");
    for (sample, result) in samples.iter().zip(same["results"].as_array().unwrap()) {
        assert_eq!(sample["record"], result["record"]);
        assert_eq!((&sample["is_changed"], &sample["before"]), (&json!(false), &result["events"]));
        assert_eq!(sample["before"].as_array().unwrap().len(), 2, "{sample}");
    }
    assert_eq!(tried(json!({}), 2).await["samples"].as_array().unwrap().len(), 2);

    // A column that is not there: what was understood would be no more.
    let lost = tried(json!({"mapping.toml": zutritt("Zeitpunkt")}), 25).await;
    for (sample, result) in
        lost["samples"].as_array().unwrap().iter().zip(lost["results"].as_array().unwrap())
    {
        assert_eq!(sample["is_changed"], true, "{lost}");
        assert_eq!(result["problem"]["reason"], "csv_header", "{lost}");
        assert_eq!(sample["before"][0]["class_uid"], 4_230_001, "{lost}");
    }
    // A file that is none: it is said where, and nothing is tried on anything.
    let broken = tried(json!({"mapping.toml": "format = "}), 25).await;
    assert_eq!(broken["problems"][0]["file"], "mapping.toml", "{broken}");
    assert_eq!(broken["results"], json!([]), "{broken}");

    let of_whom = json!({"latest": 5});
    tom.post("/v1/mappings/zutritt/try", of_whom).await.is_problem(400, "bad_request");
    let many = json!({"source": "zutritt", "latest": 4_000_000_000_u32});
    tom.post("/v1/mappings/zutritt/try", many).await.is_problem(413, "too_large");
    server.stop().await;
}

async fn api_takes_a_row(api: &Api) {
    let csv = "Karte,Zeitpunkt,Tuer\nB-1,2026-11-22T09:00:00Z,d-0003\n";
    api.take("zutritt", "text/csv", csv).await;
    api.until_count("SELECT count(DISTINCT seq) FROM events WHERE source = 'zutritt'", 3).await;
}

#[tokio::test]
async fn a_shipped_mapping_becomes_the_houses_copy_and_can_be_given_back() {
    let world = World::new();
    let server = world.start().await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let shipped = tom.get("/v1/mappings/sudo-pam").await.body;
    assert_eq!((&shipped["origin"], &shipped["shipped"]), (&json!("shipped"), &Value::Null));
    let program = shipped["files"]["map.vrl"].as_str().unwrap();
    assert!(
        shipped["samples"].as_object().unwrap().keys().any(|path| path.starts_with("expected/"))
    );

    // A change that changes what samples give is told, until that is what is wanted.
    let changed = format!("{program}\n.status_code = \"ours\"\n");
    let files = json!({"map.vrl": changed});
    let body = json!({"files": files, "base_version": shipped["version"], "reason": "mark ours"});
    let refused = save(&tom, "sudo-pam", body.clone()).await;
    refused.is_problem(422, "mapping_refused");
    let problems = refused.body["problems"].as_array().unwrap();
    assert!(problems.iter().all(|problem| problem["code"] == "unexpected"), "{problems:?}");
    assert!(problems[0]["file"].as_str().unwrap().starts_with("expected/"), "{problems:?}");
    let mut accepted = body;
    accepted["accept_samples"] = json!(true);
    let saved = save(&tom, "sudo-pam", accepted).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert!(!saved.body["accepted"].as_array().unwrap().is_empty());
    let house = tom.get("/v1/mappings/sudo-pam").await.body;
    assert_eq!(house["origin"], "house");
    assert_eq!(house["files"]["map.vrl"], changed);
    assert_eq!(house["shipped"]["map.vrl"], program, "what ships stays visible");
    let listed = tom.get("/v1/mappings").await.body;
    let mut listed = listed.as_array().unwrap().iter();
    assert_eq!(listed.find(|one| one["name"] == "sudo-pam").unwrap()["origin"], "house");
    // What the house keeps holds by itself.
    let config = world.config().display().to_string();
    let checked = crate::world::castellan(&["check", "--config", &config]);
    assert!(checked.status.success(), "{}", crate::world::said(&checked));

    let give_back = |name: &str, query: &str| format!("/v1/mappings/{name}?{query}");
    let back = async |path: String| tom.change("DELETE", &path, &Value::Null).await;
    back(give_back("sudo-pam", "")).await.is_problem(400, "bad_request");
    back(give_back("probe", "reason=x")).await.is_problem(409, "not_shipped");
    back(give_back("nowhere", "reason=x")).await.is_problem(404, "not_found");
    let late = give_back("sudo-pam", "reason=x&base_version=0");
    back(late).await.is_problem(409, "version_conflict");
    let done = back(give_back("sudo-pam", "reason=no%20longer")).await;
    assert_eq!((done.status, &done.body["version"]), (200, &shipped["version"]), "{}", done.body);
    let again = tom.get("/v1/mappings/sudo-pam").await.body;
    assert_eq!((&again["origin"], &again["files"]), (&json!("shipped"), &shipped["files"]));
    assert!(!world.path("content/mappings/sudo-pam").exists());
    server.stop().await;
}

/// The probe's program with something before it.
fn with(before: &str) -> Value {
    json!({"map.vrl": format!("{before}\n{PROBE_PROGRAM}")})
}

#[tokio::test]
async fn what_runs_too_long_or_is_not_allowed_hurts_nobody() {
    let limits = "[limits]\nmapping_try_ms_max = 1500\nmapping_try_memory_bytes_max = 117440512\n";
    let world = World::with(Plan { config: limits.into(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let path = "/v1/mappings/probe/try";
    let list: Vec<u32> = (0..400).collect();
    let text = json!({"marker": "a", "user": "ana", "text": "x".repeat(1_000), "list": list});
    let text = text.to_string();

    let nested = "n = 0\nlist = array(.list) ?? []\n\
                  for_each(list) -> |_a, _b| { for_each(list) -> |_c, _d| {\n\
                  for_each(list) -> |_e, _f| { for_each(list) -> |_g, _h| { n = n + 1 } } } }\n";
    // One record costs so many steps at most, and all together so much time.
    let cut = tom.post(path, json!({"files": with(nested), "texts": [text]})).await;
    let why = &cut.body["results"][0]["problem"];
    let is_cut = why["detail"].as_str().is_some_and(|why| why.contains("20000000 steps"));
    assert!(is_cut || cut.body["code"] == "too_slow", "{}", cut.body);
    let body = json!({"files": with(nested), "texts": vec![text.clone(); 60]});
    let stopped = tom.post(path, body).await;
    let said = stopped.is_problem(422, "too_slow");
    assert!(said.contains("1500 ms"), "{said}");
    let doubling = format!("s = string(.text) ?? \"x\"\n{}", "s = s + s\n".repeat(34));
    let stopped = tom.post(path, json!({"files": with(&doubling), "texts": [text]})).await;
    assert!(stopped.is_problem(422, "too_much_memory").contains("117440512 bytes"));

    // The flow has gone on meanwhile, with the mapping as it was.
    api.take("app", "application/x-ndjson", "{\"marker\": \"a\", \"user\": \"ana\"}\n").await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 1).await;

    let broken =
        tom.post(path, json!({"files": {"map.vrl": ". = {{ no program"}, "texts": [text]})).await;
    assert_eq!(broken.status, 200, "{}", broken.body);
    let problem = &broken.body["problems"][0];
    assert_eq!((&problem["file"], &problem["line"]), (&json!("map.vrl"), &json!(1)), "{problem}");
    assert_eq!(broken.body["results"], json!([]));
    let clock = tom.post(path, json!({"files": with("now()"), "texts": []})).await;
    assert_eq!(clock.body["problems"][0]["file"], "map.vrl", "no clock: {}", clock.body);
    for hostile in ["../escape", "samples/../../escape", "mapping.toml.bak", ".hidden"] {
        let body = json!({"files": {hostile: "x"}, "base_version": "", "reason": "r"});
        save(&tom, "probe", body).await.is_problem(400, "bad_request");
    }
    let huge = json!({"files": {"map.vrl": "#".repeat(700_000)}});
    tom.post(path, huge).await.is_problem(413, "too_large");
    let many = json!({"texts": vec!["{}"; 201]});
    tom.post(path, many).await.is_problem(413, "too_large");

    // Rights: an analyst looks, an administrator tries on texts alone, one site is not enough.
    let amira = signed_in(&world, &server, "amira", "analyst").await;
    let may = amira.get("/v1/mappings/probe").await.body["may_edit"].clone();
    assert_eq!(may["allowed"], false);
    assert!(may["reason"].as_str().unwrap().contains("engineer or administrator"), "{may}");
    amira.post(path, json!({})).await.is_problem(403, "forbidden");
    let boss = signed_in(&world, &server, "boss", "administrator").await;
    assert_eq!(boss.post(path, json!({"texts": [text]})).await.status, 200);
    boss.post(path, json!({"dead_letters": [1]})).await.is_problem(403, "forbidden");
    let near = signed_in(&world, &server, "near", "engineer@hq").await;
    near.post(path, json!({})).await.is_problem(403, "forbidden");
    server.stop().await;
}

#[tokio::test]
async fn without_a_house_folder_mappings_are_shown_and_not_changed() {
    let world = World::new();
    let config = fs::read_to_string(world.config()).unwrap();
    let content = world.path("content").display().to_string();
    let config = config.replace(&format!("[content]\nfolder = {content:?}\n"), "");
    let sources = world.org().join("sources.toml");
    let text = fs::read_to_string(&sources).unwrap();
    fs::write(sources, text.replace("\"probe\"", "\"auto\"")).unwrap();
    fs::write(world.config(), config).unwrap();
    let server = world.start().await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let shown = tom.get("/v1/mappings/openssh").await.body;
    assert_eq!(shown["may_edit"]["allowed"], false);
    assert!(shown["may_edit"]["reason"].as_str().unwrap().contains("[content]"), "{shown}");
    let body = json!({"files": {}, "base_version": shown["version"], "reason": "r"});
    save(&tom, "openssh", body).await.is_problem(409, "not_editable");
    let text = "Jan 14 08:00:00 host sshd[1]: Accepted password for ana from 10.0.0.7 port 22 ssh2";
    let tried = tom.post("/v1/mappings/openssh/try", json!({"texts": [text]})).await;
    assert_eq!(tried.body["results"][0]["events"][0]["class_uid"], 3_002, "{}", tried.body);
    server.stop().await;
}
