//! Verbs that work on a data folder: tokens, queries and integrity, around a run of the server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::scratch::{Scratch, repository};

const BADGES: &str = "\
time,badge,door,direction,result
2026-11-20T08:00:00Z,100231,lobby-1,in,granted
2026-11-20T08:00:05Z,100777,lobby-1,in,denied
2026-11-20T08:00:09Z,100778,lobby-1,in,denied
";

/// One request, one answer: status and body.
fn post(address: &str, (path, kind): (&str, &str), token: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A data folder with one organisation, and a configuration on free ports.
fn prepared() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("org/organisation.toml", "format = 1\nname = \"E\"\ntime_zone = \"UTC\"\n");
    scratch.write(
        "org/sources.toml",
        "[[source]]\nid = \"doors\"\nmapping = \"pacs-csv\"\n\
        trust = \"token\"\n",
    );
    scratch.write(
        "castellan.toml",
        "format = 1\n\n[data]\nfolder = \"data\"\n\n[listen]\n\
        http = \"127.0.0.1:0\"\n\n[organisation]\nfolder = \"org\"\n",
    );
    scratch.run(&["import", "--org", "org", "--data", "data"]).ends(0);
    scratch
}

fn token(scratch: &Scratch, label: &str, scopes: &[&str]) -> (String, String) {
    let mut args = vec!["--format", "json", "token", "create", label, "--data", "data"];
    for scope in scopes {
        args.extend(["--scope", scope]);
    }
    let made = scratch.run(&args).ends(0).lines().pop().unwrap();
    (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
}

fn counts(scratch: &Scratch) -> Vec<Value> {
    let sql = "SELECT class_uid, count(*) AS n FROM events GROUP BY class_uid ORDER BY class_uid";
    scratch.run(&["--format", "json", "query", sql, "--data", "data"]).ends(0).lines()
}

#[test]
fn what_was_taken_is_answered_with_and_without_a_server() {
    let scratch = prepared();
    let (_, secret) = token(&scratch, "doors", &["ingest"]);
    let mut server = scratch.start("serve", &["serve", "--config", "castellan.toml"]);
    let line = server.until_says("castellan serves on http://");
    let address = line.rsplit('/').next().unwrap().to_owned();
    let (status, body) = post(&address, ("/v1/ingest/doors", "text/csv"), &secret, BADGES);
    assert_eq!(status, 200, "{body}");
    let expected = [json!({"class_uid": 3002, "n": 3}), json!({"class_uid": 4_230_001, "n": 3})];
    let began = std::time::Instant::now();
    while counts(&scratch) != expected {
        assert!(began.elapsed().as_secs() < 30, "{:?}", counts(&scratch));
    }
    let ran = scratch.run(&["query", "SELECT nothing FROM events", "--data", "data"]).ends(1);
    ran.says("nothing");
    assert_eq!(server.stop(), 0);
    assert_eq!(counts(&scratch), expected);
    let text =
        scratch.run(&["query", "SELECT count(*) AS n FROM events", "--data", "data"]).ends(0);
    assert_eq!(text.stdout, "n\n6\n");
    let dropped = scratch.run(&["query", "DROP TABLE events", "--data", "data"]).ends(1);
    assert_eq!(dropped.stdout, "");
    assert_eq!(counts(&scratch), expected);
    let verified = scratch.run(&["--format", "json", "admin", "verify", "--data", "data"]).ends(0);
    let parts: Vec<Value> = verified.lines().iter().map(|line| line["part"].clone()).collect();
    assert_eq!(parts, ["audit", "journal", "lake"]);
    assert!(verified.lines().iter().all(|line| line["is_whole"] == true), "{}", verified.stdout);
}

#[test]
fn tokens_are_made_listed_and_ended() {
    let scratch = prepared();
    let (first, secret) = token(&scratch, "doors", &["ingest"]);
    let (second, _) = token(&scratch, "night shift", &["read", "operate"]);
    let list = scratch.run(&["token", "list", "--data", "data"]).ends(0);
    assert!(!list.stdout.contains(&secret), "a token's text is kept");
    let lines = list.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    let of = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap().clone();
    assert_eq!(of(&first)["scopes"], json!(["ingest"]));
    assert_eq!(of(&second)["label"], "night shift");
    assert!(of(&first)["expires_at"].is_string() && of(&first)["revoked_at"].is_null());
    scratch.run(&["token", "revoke", &first, "--data", "data"]).ends(0);
    let lines = scratch.run(&["token", "list", "--data", "data"]).ends(0).lines();
    let revoked = lines.iter().find(|line| line["id"] == first).unwrap();
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    scratch.run(&["token", "revoke", "nobody", "--data", "data"]).ends(1).says("no token `nobody`");
    scratch.run(&["token", "create", "x", "--data", "data"]).ends(2).says("--scope");
    scratch.run(&["token", "create", "x", "--scope", "all", "--data", "data"]).ends(2);
    let args = ["token", "create", "x", "--scope", "read", "--valid", "soon", "--data", "data"];
    scratch.run(&args).ends(2).says("--valid");
    for line in std::fs::read_dir(scratch.path("data")).unwrap().flatten() {
        if line.path().is_file() {
            let bytes = std::fs::read(line.path()).unwrap();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a token's text lies in {}", line.path().display());
        }
    }
}

#[test]
fn a_changed_act_breaks_the_audit_chain() {
    let scratch = prepared();
    token(&scratch, "doors", &["ingest"]);
    token(&scratch, "desk", &["read"]);
    let audit = ["admin", "audit", "--data", "data"];
    let whole = scratch.run(&audit).ends(0);
    assert!(whole.stdout.starts_with("ok   audit: "), "{}", whole.stdout);
    let state = rusqlite::Connection::open(scratch.path("data/state.db")).unwrap();
    let sql = "UPDATE audit SET act = replace(act, 'doors', 'gates') WHERE act LIKE '%doors%'";
    assert!(state.execute(sql, []).unwrap() >= 1, "no act names the token");
    drop(state);
    let broken = scratch.run(&audit).ends(1);
    assert!(broken.stdout.starts_with("FAIL audit: broken at act "), "{}", broken.stdout);
    scratch.run(&["admin", "verify", "--data", "data"]).ends(1);
}

#[test]
fn no_data_is_told_with_what_to_do() {
    let scratch = Scratch::new();
    for args in [
        &["query", "SELECT 1"][..],
        &["admin", "verify"],
        &["admin", "audit"],
        &["token", "list"],
        &["export", "--org", "out"],
    ] {
        let ran = scratch.run(args).ends(1);
        ran.says("there is no castellan data in `castellan-data`");
    }
    assert!(!scratch.path("castellan-data").exists(), "a look made a data folder");
}

/// The committed document is the one the program prints: `cargo xtask gen` writes it.
#[test]
fn the_committed_openapi_document_is_the_programs_own() {
    let printed = Scratch::new().run(&["openapi"]).ends(0).stdout;
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/v1/ingest/{source}"]["post"].is_object());
    let committed = std::fs::read_to_string(repository().join("schema/openapi.json")).unwrap();
    assert!(
        printed.trim() == committed.trim(),
        "run `cargo xtask gen` and commit schema/openapi.json"
    );
}

#[test]
fn a_verb_finds_the_servers_folder_by_its_configuration() {
    let scratch = prepared();
    let create = ["token", "create", "doors", "--scope", "ingest", "--config", "castellan.toml"];
    let made = scratch.run(&create).ends(0).says("token tok-");
    assert!(made.stdout.starts_with("cst_") && made.stdout.lines().count() == 1, "{}", made.stdout);
    let listed = scratch.run(&["token", "list", "--data", "data"]).ends(0);
    assert_eq!(listed.lines().len(), 1, "{}", listed.stdout);
    assert!(!scratch.path("castellan-data").exists());
    // Without a word about where, a folder is made here, and that is said.
    let elsewhere = scratch.run(&["token", "create", "doors", "--scope", "ingest"]).ends(0);
    elsewhere.says("made the data folder castellan-data");
}

#[test]
fn a_token_is_not_made_for_a_source_that_is_not_there() {
    let scratch = prepared();
    let args = ["token", "create", "x", "--scope", "ingest", "--data", "data", "--source"];
    let wrong = scratch.run(&[&args[..], &["dors"]].concat()).ends(2);
    wrong.says("there is no source `dors`; did you mean `doors`?");
    scratch.run(&[&args[..], &["doors"]].concat()).ends(0);
}
