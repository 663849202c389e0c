//! Programs that nobody has tried yet run beside the server and never in it: whatever they do, it
//! stays as it is, and nothing is left of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::{Browser, signed_in};
use crate::world::{Answer, Api, PROBE_PROGRAM, Plan, Server, World, until};

const PATH: &str = "/v1/mappings/probe/try";
const MEMORY_BYTES_MAX: u64 = 112 << 20;
const TIME_MS_MAX: u64 = 6_000;
/// What the server may grow by while others try what they like.
const GROWTH_BYTES_MAX: u64 = 64 << 20;

fn limits() -> String {
    format!(
        "[limits]\nmapping_try_ms_max = {TIME_MS_MAX}\n\
         mapping_try_memory_bytes_max = {MEMORY_BYTES_MAX}\n"
    )
}

/// Each takes more than any machine has, most of it in one step or while it is compiled.
fn bombs() -> [(&'static str, String); 4] {
    [
        ("objects", format!("o = {{}}\n{}", "o = {\"a\": o, \"b\": o}\n".repeat(30))),
        ("lists", format!("a = [.text]\n{}", "a = append(a, a)\n".repeat(34))),
        (
            "texts",
            format!(
                "s = string(.text) ?? \"x\"\n{}",
                "s = replace(s, \"x\", \"xxxxxxxxxxxxxxxx\")\n".repeat(12)
            ),
        ),
        ("product", "s = \"x\" * 9000000000\n".to_owned()),
    ]
}

/// As good a program as any.
fn harmless() -> Value {
    json!({"texts": ["{\"marker\": \"a\", \"user\": \"ana\"}"]})
}

fn with(before: &str) -> Value {
    let text = json!({"marker": "a", "user": "ana", "text": "x".repeat(1_000)}).to_string();
    json!({"files": {"map.vrl": format!("{before}\n{PROBE_PROGRAM}")}, "texts": [text]})
}

/// Runs for minutes if it is let: many records, each with as many steps as it may have.
fn slow() -> Value {
    let list: Vec<u32> = (0..400).collect();
    let text = json!({"marker": "a", "list": list}).to_string();
    let nested = "n = 0\nlist = array(.list) ?? []\n\
                  for_each(list) -> |_a, _b| { for_each(list) -> |_c, _d| {\n\
                  for_each(list) -> |_e, _f| { n = n + 1 } } }\n";
    let program = format!("{nested}{PROBE_PROGRAM}");
    json!({"files": {"map.vrl": program}, "texts": vec![text; 60]})
}

/// The processes that a server has started and that are still there, dead ones among them.
fn children(server: u32) -> Vec<u32> {
    let parent_of = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything.
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse().ok()
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(|pid| parent_of(*pid) == Some(server)).collect()
}

async fn one_child(server: &Server) -> u32 {
    until("a process tries the mapping", async || children(server.pid()).first().copied()).await
}

/// A good mapping is tried at once, and what it gives is as ever.
async fn tries_as_ever(tom: &Browser, server: &Server) {
    let began = Instant::now();
    let tried = tom.post(PATH, harmless()).await;
    assert_eq!(tried.status, 200, "{}", tried.body);
    assert_eq!(tried.body["results"][0]["events"][0]["class_uid"], 3_002, "{}", tried.body);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(children(server.pid()), [] as [u32; 0], "nothing is left");
}

fn is_refused(answer: &Answer, name: &str) {
    let code = answer.body["type"].as_str().unwrap_or_default();
    let code = code.rsplit(':').next().unwrap_or_default();
    assert_eq!(answer.status, 422, "{name}: {}", answer.body);
    assert!(matches!(code, "too_much_memory" | "too_slow"), "{name}: {}", answer.body);
    let said = answer.body["detail"].as_str().unwrap();
    assert!(said.contains(&MEMORY_BYTES_MAX.to_string()) || said.contains("6000 ms"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_takes_all_memory_takes_none_of_the_servers() {
    let world = World::with(Plan { config: limits(), ..Plan::default() });
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    tries_as_ever(&tom, &server).await;
    let before = server.memory_peak();
    for (name, program) in bombs() {
        let began = Instant::now();
        let refused = tom.post(PATH, with(&program)).await;
        is_refused(&refused, name);
        // One step, too short for anybody to look at a clock: the bound on memory holds by itself.
        if name == "product" {
            refused.is_problem(422, "too_much_memory");
        }
        let most = Duration::from_millis(TIME_MS_MAX) + Duration::from_secs(3);
        assert!(began.elapsed() < most, "{name}: {:?}", began.elapsed());
        assert_eq!(children(server.pid()), [] as [u32; 0], "{name}: nothing is left");
        tries_as_ever(&tom, &server).await;
    }
    let after = server.memory_peak();
    let grown = after.saturating_sub(before);
    assert!(grown < GROWTH_BYTES_MAX, "the server has grown by {grown} from {before}");

    // What would exhaust a thread's stack ends nobody but itself.
    let (open, close) = ("[".repeat(50), "]".repeat(50));
    let deep = format!(
        "o = .x\nlist = split(string(.text) ?? \"\", \"\")\n\
         for_each(list) -> |_a, _b| {{ o = {open}o{close} }}\n"
    );
    let crashed = tom.post(PATH, with(&deep)).await;
    assert!(crashed.is_problem(422, "mapping_crashed").contains("stack"), "{}", crashed.body);

    // All places taken by such programs: the next is told so, and is let in when they have ended.
    let asked = || tom.request("POST", PATH).json(&slow()).header("x-csrf-token", tom.csrf());
    let (one, two) = (tokio::spawn(asked().send()), tokio::spawn(asked().send()));
    until("both places are taken", async || (children(server.pid()).len() == 2).then_some(()))
        .await;
    tom.post(PATH, harmless()).await.is_problem(429, "too_many_tries");
    for slow in [one, two] {
        assert_eq!(slow.await.unwrap().unwrap().status(), 422);
    }
    tries_as_ever(&tom, &server).await;

    // What is refused is not saved either, and what was in force still is.
    let bomb = with(&bombs()[0].1);
    let base = tom.get("/v1/mappings/probe").await.body["version"].clone();
    let mut body = json!({"files": bomb["files"], "base_version": base, "reason": "a bad day"});
    body["files"]["samples/a.json"] = json!("{\"marker\": \"a\", \"text\": \"x\"}");
    let refused = tom.change("PUT", "/v1/mappings/probe", &body).await;
    is_refused(&refused, "saving");
    assert_eq!(tom.get("/v1/mappings/probe").await.body["version"], base);
    api.take("app", "application/x-ndjson", "{\"marker\": \"a\", \"user\": \"ana\"}\n").await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 1).await;
    assert!(!server.log().contains("panicked"), "{}", server.log());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tries_a_mapping_knows_nothing_and_ends_with_who_asked() {
    let world = World::new();
    let server = world.start().await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;

    // A browser that goes away takes its question along.
    {
        let asked = tom.request("POST", PATH).json(&slow()).header("x-csrf-token", tom.csrf());
        let asked = asked.timeout(Duration::from_millis(800));
        assert!(asked.send().await.is_err(), "nobody waited for the answer");
    }
    until("nothing is left", async || children(server.pid()).is_empty().then_some(())).await;
    tries_as_ever(&tom, &server).await;

    let asked = tom.request("POST", PATH).json(&slow()).header("x-csrf-token", tom.csrf());
    let asked = tokio::spawn(asked.send());
    let child = one_child(&server).await;
    let of = |what: &str| PathBuf::from(format!("/proc/{child}/{what}"));
    // Until it has begun it is still its parent's image.
    let words = until("it is what was started", async || {
        let words = fs::read_to_string(of("cmdline")).ok()?;
        words.contains("trial").then_some(words)
    })
    .await;
    assert!(words.starts_with("castellan\0trial\0"), "{words}");
    let environment = fs::read_to_string(of("environ")).unwrap();
    let environment: Vec<&str> = environment.split_terminator('\0').collect();
    assert_eq!(environment, ["MIMALLOC_ARENA_EAGER_COMMIT=0"]);
    assert_eq!(fs::read_link(of("cwd")).unwrap(), PathBuf::from("/"));
    until("it has bounded itself", async || {
        let limits = fs::read_to_string(of("limits")).ok()?;
        let line = limits.lines().find(|line| line.starts_with("Max data size"))?;
        line.contains("268435456").then_some(())
    })
    .await;
    // What this test was started with and never closed may be there too, and nothing of the server.
    let open = |pid: &str| -> BTreeMap<u32, String> {
        let all = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        let target = |path: PathBuf| Some(fs::read_link(path).ok()?.display().to_string());
        let one = |entry: fs::DirEntry| {
            Some((entry.file_name().to_str()?.parse().ok()?, target(entry.path())?))
        };
        all.filter_map(one).collect()
    };
    let (theirs, ours) = (open(&child.to_string()), open("self"));
    for (number, target) in &theirs {
        let is_pipe_to_server = *number < 3 && target.starts_with("pipe:");
        assert!(is_pipe_to_server || ours.get(number) == Some(target), "{theirs:?}");
    }

    server.kill();
    until("it has ended with the server", async || (!of("status").exists()).then_some(())).await;
    assert!(asked.await.unwrap().is_err(), "the server is gone");
}

#[tokio::test]
async fn a_program_beside_native_code_is_told_that_nobody_hears_it() {
    let world = World::new();
    let server = world.start().await;
    let tom = signed_in(&world, &server, "tom", "engineer").await;
    let shown = tom.get("/v1/mappings/okta").await.body;
    let told = async |files: Value| {
        let tried = tom.post("/v1/mappings/okta/try", json!({"files": files})).await;
        assert_eq!(tried.status, 200, "{}", tried.body);
        let problems = tried.body["problems"].as_array().unwrap().clone();
        problems.into_iter().find(|problem| problem["code"] == "native_engine")
    };
    assert_eq!(told(json!({})).await, None, "it is as it ships");
    let changed = format!("{}\n# ours\n", shown["files"]["map.vrl"].as_str().unwrap());
    let found = told(json!({"map.vrl": changed})).await.unwrap();
    assert_eq!((&found["file"], &found["gravity"]), (&json!("map.vrl"), &json!("warning")));
    assert!(found["message"].as_str().unwrap().contains("engine = \"vrl\""), "{found}");
    let manifest = shown["files"]["mapping.toml"].as_str().unwrap();
    let by_program = manifest.replace("engine = \"native\"", "engine = \"vrl\"");
    assert_eq!(told(json!({"map.vrl": changed, "mapping.toml": by_program})).await, None);

    let body = json!({"files": {"map.vrl": changed}, "base_version": shown["version"],
        "reason": "to be told"});
    let saved = tom.change("PUT", "/v1/mappings/okta", &body).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert_eq!(saved.body["warnings"][0]["code"], "native_engine", "{}", saved.body);
    let config = world.config().display().to_string();
    let checked = crate::world::castellan(&["check", "--config", &config]);
    assert!(crate::world::said(&checked).contains("[native_engine]"), "{checked:?}");
    server.stop().await;
}
