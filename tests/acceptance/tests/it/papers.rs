//! What leaves the house on paper or in a file: evidence bundles, reports, exports.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{Browser, signed_in};
use crate::world::{Api, DEADLINE, Plan, Server, World, ago, client, door_event, until};

/// A SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Waits for an event of a name on a live stream; gives its data.
pub async fn heard(mut stream: reqwest::Response, name: &str) -> Value {
    let wanted = format!("event: {name}\ndata: ");
    let mut text = String::new();
    let listen = async {
        loop {
            let piece = stream.chunk().await.unwrap().unwrap();
            text.push_str(std::str::from_utf8(&piece).unwrap());
            if let Some((_, after)) = text.split_once(&wanted)
                && let Some((data, _)) = after.split_once('\n')
            {
                return serde_json::from_str(data).unwrap();
            }
        }
    };
    tokio::time::timeout(DEADLINE, listen).await.unwrap()
}

/// A file that was fetched.
struct Fetched {
    bytes: Vec<u8>,
    kind: String,
    sum: String,
    name: String,
}

async fn fetched(request: reqwest::RequestBuilder) -> Fetched {
    let answer = request.send().await.unwrap();
    let head = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let (status, kind) = (answer.status().as_u16(), head("content-type").unwrap_or_default());
    let (sum, name) = (head("x-sha256"), head("content-disposition"));
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    Fetched { bytes, kind, sum: sum.unwrap_or_default(), name: name.unwrap_or_default() }
}

/// Unpacks an archive as anybody would; gives its files.
fn unpacked(
    world: &World,
    name: &str,
    bytes: &[u8],
) -> Option<(PathBuf, BTreeMap<String, Vec<u8>>)> {
    const PROGRAM: &str = "import sys, zipfile\n\
        z = zipfile.ZipFile(sys.argv[1])\n\
        assert z.testzip() is None\n\
        z.extractall(sys.argv[2])\n\
        print('\\n'.join(z.namelist()))";
    let (archive, folder) = (world.path(&format!("{name}.zip")), world.path(name));
    fs::write(&archive, bytes).unwrap();
    let ran = Command::new("python3").args(["-c", PROGRAM]).arg(&archive).arg(&folder).output();
    let Ok(ran) = ran else {
        println!("skipped: no python3");
        return None;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let names = String::from_utf8(ran.stdout).unwrap();
    let read = |name: &str| (name.to_owned(), fs::read(folder.join(name)).unwrap());
    Some((folder.clone(), names.lines().map(read).collect()))
}

/// What `sha256sum -c` says in a folder.
fn sums_hold(folder: &Path) -> bool {
    let args = ["--check", "--strict", "--quiet", "SHA256SUMS"];
    Command::new("sha256sum").args(args).current_dir(folder).output().unwrap().status.success()
}

fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files.get(name).unwrap_or_else(|| panic!("no {name}")).clone()).unwrap()
}

fn lines(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Value> {
    text(files, name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn json_of(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    serde_json::from_slice(&files[name]).unwrap()
}

async fn forced(api: &Api) -> String {
    api.take("doors", "text/csv", door_event("d-0001", "forced")).await;
    let id = api.incidents_of("door-forced", 1).await.remove(0)["id"].as_str().unwrap().to_owned();
    let said =
        json!({"action": "comment", "text": "=HYPERLINK(\"x\"), went there with Ben Example"});
    assert_eq!(api.post(&format!("/v1/incidents/{id}/acts"), &said).await.status, 200);
    let entry = json!({"kind": "note", "text": "A crowbar.", "incident": id});
    assert_eq!(api.post("/v1/occurrences", &entry).await.status, 201);
    api.settled().await;
    id
}

fn bundle_of(browser: &Browser, id: &str) -> reqwest::RequestBuilder {
    browser.request("GET", &format!("/v1/incidents/{id}/bundle?reason=court%20case%2012"))
}

#[tokio::test]
async fn a_bundle_can_be_checked_by_anybody_and_its_hash_is_in_the_chain() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let id = forced(&api).await;
    let analyst = signed_in(&world, &server, "amira", "analyst").await;
    let bundle = fetched(bundle_of(&analyst, &id)).await;
    assert_eq!(bundle.kind, "application/zip");
    assert_eq!(bundle.name, format!("attachment; filename=\"incident-{id}.zip\""));
    assert_eq!(bundle.sum, sha256(&bundle.bytes));
    let log = api.get("/v1/audit?limit=1").await;
    let act = &log["acts"][0];
    assert_eq!(act["verb"], "incident.bundle");
    assert_eq!(act["object"], format!("incident:{id}"));
    assert_eq!(act["detail"]["sha256"], bundle.sum.as_str());
    assert_eq!(act["detail"]["reason"], "court case 12");

    let Some((folder, files)) = unpacked(&world, "one", &bundle.bytes) else { return };
    assert!(sums_hold(&folder));
    let manifest = json_of(&files, "manifest.json");
    assert_eq!((&manifest["reason"], &manifest["incident"]), (&json!("court case 12"), &json!(id)));
    let operator = analyst.get("/v1/session").await.body["operator"]["id"].clone();
    assert_eq!(manifest["by"], operator);
    // All is there but a name, for which the analyst has given no reason.
    let left_out = manifest["left_out"].as_array().unwrap();
    assert_eq!((left_out.len(), &left_out[0]["what"]), (1, &json!("names")), "{left_out:?}");
    for (name, content) in &files {
        assert!(!String::from_utf8_lossy(content).contains("Ben Example"), "{name}");
    }
    for file in manifest["files"].as_array().unwrap() {
        let content = &files[file["name"].as_str().unwrap()];
        assert_eq!(file["sha256"], sha256(content), "{file}");
        assert_eq!(file["bytes"], content.len(), "{file}");
    }
    // Every file but the two that name the others is named.
    assert_eq!(manifest["files"].as_array().unwrap().len(), files.len() - 2, "{:?}", files.keys());

    let incident = json_of(&files, "incident.json");
    assert_eq!(
        (&incident["id"], &incident["findings"][0]),
        (&json!(id), &lines(&files, "findings.ndjson")[0]["finding"])
    );
    let record = incident["evidence"][0]["record"].as_u64().unwrap();
    let events = lines(&files, "events.ndjson");
    assert!(events.iter().all(|event| event["castellan"]["record"] == record), "{events:?}");
    assert!(events.iter().any(|event| event["class_uid"] == 4_230_001), "{events:?}");
    let raw = text(&files, &format!("raw/{record:020}.raw"));
    assert!(raw.contains("d-0001,forced"), "{raw}");
    let index = lines(&files, "raw/index.ndjson");
    assert_eq!((&index[0]["record"], &index[0]["source"]), (&json!(record), &json!("doors")));
    let timeline = text(&files, "timeline.csv");
    assert!(timeline.starts_with("at,by,act,detail\r\n"), "{timeline}");
    assert!(timeline.contains("went there") && timeline.contains(",comment,"), "{timeline}");
    let acts = lines(&files, "audit.ndjson");
    let verbs: Vec<&str> = acts.iter().map(|act| act["act"]["verb"].as_str().unwrap()).collect();
    assert_eq!(verbs, ["incident.open", "incident.comment"], "{acts:?}");
    assert_eq!(lines(&files, "occurrences.ndjson")[0]["text"], "A crowbar.");
    assert!(text(&files, "READ-ME.txt").contains("sha256sum -c SHA256SUMS"));

    // One byte changed, and the sums say so.
    fs::write(folder.join("timeline.csv"), timeline.replace("went", "Went")).unwrap();
    assert!(!sums_hold(&folder));
    server.stop().await;
    assert!(world.admin("audit").0);
}

#[tokio::test]
async fn two_bundles_of_one_state_differ_in_their_time_alone() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let id = forced(&api).await;
    let analyst = signed_in(&world, &server, "amira", "analyst").await;
    let one = fetched(bundle_of(&analyst, &id)).await;
    let two = fetched(bundle_of(&analyst, &id)).await;
    assert_ne!(one.sum, two.sum);
    let Some((_, one)) = unpacked(&world, "one", &one.bytes) else { return };
    let (_, two) = unpacked(&world, "two", &two.bytes).unwrap();
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, content) in &one {
        if name != "manifest.json" && name != "SHA256SUMS" {
            assert!(two[name] == *content, "{name}");
        }
    }
    let (mut one, mut two) = (json_of(&one, "manifest.json"), json_of(&two, "manifest.json"));
    assert_ne!(one["made_at"], two["made_at"]);
    for manifest in [&mut one, &mut two] {
        manifest["made_at"].take();
    }
    assert_eq!(one, two);
}

#[tokio::test]
async fn a_bundle_holds_no_more_than_its_maker_may_see_and_says_so() {
    let plan = Plan { config: "[limits]\nbundle_bytes_max = 24000\n".into(), ..Plan::default() };
    let world = World::with(plan);
    let places = world.org().join("places.toml");
    let more = "[[place]]\nid = \"dc\"\nkind = \"site\"\n";
    fs::write(&places, fs::read_to_string(&places).unwrap() + more).unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let id = forced(&api).await;
    let path = format!("/v1/incidents/{id}/bundle");
    let guard = signed_in(&world, &server, "ria", "guard").await;
    let auditor = signed_in(&world, &server, "hanneke", "auditor").await;
    let far = signed_in(&world, &server, "far", "analyst@dc").await;
    let asked = format!("{path}?reason=x");
    assert!(guard.get(&asked).await.is_problem(403, "forbidden").contains("take data out"));
    assert!(far.get(&asked).await.is_problem(403, "forbidden").contains("`hq`"));
    assert!(auditor.get(&path).await.is_problem(400, "bad_request").contains("`reason`"));
    auditor.get(&format!("{path}?reason=%20")).await.is_problem(400, "bad_request");
    auditor.get("/v1/incidents/i-none/bundle?reason=x").await.is_problem(404, "not_found");

    let bundle = fetched(bundle_of(&auditor, &id)).await;
    let Some((folder, files)) = unpacked(&world, "auditor", &bundle.bytes) else { return };
    assert!(sums_hold(&folder));
    assert!(!files.keys().any(|name| name.starts_with("raw/")), "{:?}", files.keys());
    let left_out = json_of(&files, "manifest.json")["left_out"].clone();
    assert_eq!((&left_out[0]["what"], &left_out[0]["count"]), (&json!("raw records"), &json!(1)));
    assert!(left_out[0]["why"].as_str().unwrap().contains("read what sources said"), "{left_out}");

    // Evidence larger than a bundle may be: left out, counted, said.
    let large = format!("{{\"marker\":1,\"user\":\"ana\",\"text\":\"{}\"}}\n", "x".repeat(30_000));
    api.take("app", "application/x-ndjson", large).await;
    api.settled().await;
    let found = api.get("/v1/events?source=app").await["events"][0].clone();
    let evidence = json!([{"source": "app", "record": found["record"], "time": found["time"],
        "class_uid": found["event"]["class_uid"]}]);
    let made = json!({"title": "By hand", "text": "t", "level": "low", "team": "guard",
        "site": "hq", "evidence": evidence});
    let opened = api.post("/v1/incidents", &made).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    let id = opened.body["incident"]["id"].as_str().unwrap();
    let bundle = api.client.get(server.url(&format!("/v1/incidents/{id}/bundle?reason=x")));
    let bundle = fetched(bundle.bearer_auth(&token)).await;
    let (folder, files) = unpacked(&world, "large", &bundle.bytes).unwrap();
    assert!(sums_hold(&folder));
    let left_out = json_of(&files, "manifest.json")["left_out"].clone();
    let of = |what: &str| {
        let all = left_out.as_array().unwrap();
        all.iter().find(|line| line["what"] == what).cloned().unwrap_or(Value::Null)
    };
    for what in ["events", "raw records"] {
        assert_eq!(of(what)["count"], 1, "{left_out}");
        assert!(of(what)["why"].as_str().unwrap().contains("bundle_bytes_max"), "{left_out}");
    }
    server.stop().await;
}

/// What a viewer would read in a PDF: the texts of its pages, in the order in which they are drawn.
fn words(pdf: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = pdf;
    while let Some(at) = find(rest, b"stream\n") {
        rest = &rest[at + 7..];
        let end = find(rest, b"endstream").unwrap();
        let mut plain = Vec::new();
        let packed = &rest[..end];
        let read = flate2::read::ZlibDecoder::new(packed).read_to_end(&mut plain);
        rest = &rest[end + 9..];
        if read.is_ok() {
            shown(&plain, &mut out);
        }
    }
    out
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// The strings of a content stream. Hexadecimal ones are read twice, as Latin letters and as
/// UTF-16: which of them they are is the font's.
fn shown(content: &[u8], out: &mut String) {
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'<' && bytes.peek() != Some(&b'<') {
            let hex: String = bytes.by_ref().take_while(|b| *b != b'>').map(char::from).collect();
            let number = |digits: &[u8]| {
                u16::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap_or(0)
            };
            let letters = hex.as_bytes().chunks(2).map(|two| number(two) as u8);
            out.extend(letters.map(char::from));
            out.push('\n');
            let units: Vec<u16> = hex.as_bytes().chunks_exact(4).map(number).collect();
            out.push_str(&String::from_utf16_lossy(&units));
        } else if byte == b'(' {
            while let Some(inner) = bytes.next().filter(|inner| *inner != b')') {
                match inner {
                    b'\\' => out.extend(bytes.next().map(char::from)),
                    other => out.push(char::from(other)),
                }
            }
        } else {
            continue;
        }
        out.push('\n');
    }
}

async fn report(server: &Server, token: &str, query: &str) -> Fetched {
    let url = server.url(&format!("/v1/reports/shift?{query}"));
    fetched(client().get(url).bearer_auth(token)).await
}

#[tokio::test]
async fn a_shift_leaves_a_report_to_the_next() {
    let world = World::new();
    let token = world.root();
    world.token("ben", &["read", "operate"], &[]);
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let id = forced(&api).await;
    let act = format!("/v1/incidents/{id}/acts");
    assert_eq!(api.post(&act, &json!({"action": "acknowledge"})).await.status, 200);
    let to = json!({"kind": "person", "id": "ben"});
    let offer = json!({"action": "offer", "to": to, "note": "the lock is broken"});
    assert_eq!(api.post(&act, &offer).await.status, 200);
    let log =
        json!({"kind": "keys", "site": "hq", "text": "鑰匙已交還, Wałbrzych مر, Ben Example"});
    assert_eq!(api.post("/v1/occurrences", &log).await.status, 201);
    let period = format!("from={}&to={}&site=hq", ago(3_600), ago(0).replace('Z', ".999Z"));
    let paper = report(&server, &token, &period).await;
    assert_eq!(paper.kind, "application/pdf");
    assert!(paper.name.starts_with("inline; filename=\"shift-hq-"), "{}", paper.name);
    assert!(paper.name.ends_with("-UTC.pdf\""), "{}", paper.name);
    assert_eq!(paper.sum, sha256(&paper.bytes));
    assert!(paper.bytes.starts_with(b"%PDF-1.7"));
    let said = words(&paper.bytes);
    for wanted in [
        "Shift report",
        "Example Works",
        "(UTC)",
        "Page 1 of ",
        "Hand-overs pending",
        "the lock is broken",
        id.as_str(),
        "Who held what",
        "Guards",
        "ben",
        "A crowbar.",
        "鑰匙已交還",
        "[U+0645 U+0631]",
        "forced",
        "data SHA-256",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in:\n{said}");
    }
    assert!(!said.contains("Ben Example") && !said.contains("Ana Example"), "no names: {said}");
    let log = api.get("/v1/audit?limit=1").await;
    let act = &log["acts"][0];
    assert_eq!((&act["verb"], &act["object"]), (&json!("report.shift"), &json!("place:hq")));
    assert_eq!(act["detail"]["sha256"], paper.sum.as_str());
    assert!(said.contains(act["detail"]["data_sha256"].as_str().unwrap()), "{said}");

    let chinese = format!("{period}&lang=zh-Hant&zone=Asia/Hong_Kong");
    let chinese = words(&report(&server, &token, &chinese).await.bytes);
    assert!(chinese.contains("值班報告") && chinese.contains("UTC+08:00"), "{chinese}");
    let day = "from=2026-11-21T23:00:00Z&to=2026-11-22T07:00:00Z&site=hq&zone=Asia/Hong_Kong";
    let name = report(&server, &token, day).await.name;
    let told = "shift-hq-2026-11-22-0700-to-2026-11-22-1500-HKT.pdf";
    assert_eq!(name, format!("inline; filename=\"{told}\""), "in the site's own time");
    let dutch = words(&report(&server, &token, &format!("{period}&lang=nl")).await.bytes);
    assert!(dutch.contains("Dienstrapport"), "{dutch}");
    let refused = async |query: &str, status, said: &str| {
        let answer = api.client.get(server.url(&format!("/v1/reports/shift?{query}")));
        let answer = api.send(answer).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(said), "{}", answer.body);
    };
    refused(&format!("{period}&lang=fr"), 400, "en, nl, zh-Hant").await;
    refused(&format!("{period}&zone=Mars/Olympus"), 400, "Mars/Olympus").await;
    refused(&period.replace("hq", "lab"), 404, "no site `lab`").await;
    refused(&format!("from={}&to={}", ago(0), ago(60)), 400, "after `from`").await;
    refused(&format!("from=2020-01-01T00:00:00Z&to={}", ago(0)), 400, "31 days").await;
    let guard = signed_in(&world, &server, "ria", "guard@hq").await;
    let paper = fetched(guard.request("GET", &format!("/v1/reports/shift?{period}"))).await;
    assert!(words(&paper.bytes).contains(&id), "a guard needs no right to export");
    server.stop().await;
}

#[tokio::test]
async fn a_search_leaves_as_parquet() {
    let world = World::new();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let rows: String =
        (0..2_500).map(|n| format!("{{\"marker\":{n},\"user\":\"ana\"}}\n")).collect();
    api.take("app", "application/x-ndjson", rows).await;
    api.until_count("SELECT count(*) FROM events WHERE source = 'app'", 2_500).await;
    let url = server.url("/v1/events/export?format=parquet&source=app");
    let file = fetched(client().get(url).bearer_auth(&token)).await;
    assert_eq!(file.kind, "application/vnd.apache.parquet");
    assert!(file.name.contains("events-app-") && file.name.contains("Z.parquet"), "{}", file.name);
    assert!(file.bytes.starts_with(b"PAR1") && file.bytes.ends_with(b"PAR1"));
    let said = String::from_utf8_lossy(&file.bytes);
    for column in
        ["time", "what", "record", "source", "class_uid", "person_name", "src_ip", "message"]
    {
        assert!(said.contains(column), "{column}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_muster_list_on_paper_names_who_is_in_who_may_be_and_where() {
    let world = World::new();
    let places = world.org().join("places.toml");
    let named = fs::read_to_string(&places).unwrap().replace(
        "id = \"lab\"\nkind = \"zone\"",
        "id = \"lab\"\nname = \"Wet laboratory\"\nkind = \"zone\"",
    );
    fs::write(&places, named).unwrap();
    let token = world.root();
    let server = world.start().await;
    let api = Api::to(&server, &token);
    let came = format!("time,badge,door,result\n{},B-1,d-0000,taken\n", ago(60));
    api.take("doors", "text/csv", came).await;
    until("ana is known to be in", async || {
        let list = api.get("/v1/muster?area=lab").await;
        (list["inside"][0]["person"] == "ana").then_some(())
    })
    .await;
    let url = server.url("/v1/muster.pdf?area=lab");
    let paper = fetched(client().get(&url).bearer_auth(&token)).await;
    assert_eq!(paper.kind, "application/pdf");
    assert!(paper.name.starts_with("inline; filename=\"muster-lab-"), "{}", paper.name);
    assert_eq!(paper.sum, sha256(&paper.bytes));
    let said = words(&paper.bytes);
    let place = |text: &str| said.find(text).unwrap_or_else(|| panic!("no `{text}` in {said}"));
    place("Who is inside: Wet laboratory");
    place("1 known to be in, 1 who may be, as of ");
    // Who is in, with their zone; then whoever is not known to be out.
    let (known, perhaps) = (place("Known to be in"), place("Perhaps in"));
    let row = said[known..perhaps].to_owned();
    assert!(row.contains("Ana Example") && !row.contains("Ben Example"), "{row}");
    assert!(row.matches("Wet laboratory").count() >= 1, "{row}");
    let row = &said[perhaps..];
    assert!(row.contains("Ben Example") && row.contains("not known"), "{row}");
    // Whoever has come out stands on it no more.
    let left = format!("time,badge,door,result,direction\n{},B-1,d-0000,taken,out\n", ago(1));
    api.take("doors", "text/csv", left).await;
    until("ana is known to be out", async || {
        let list = api.get("/v1/muster?area=lab").await;
        (list["inside"] == json!([])).then_some(())
    })
    .await;
    let empty = words(&fetched(client().get(&url).bearer_auth(&token)).await.bytes);
    assert!(empty.contains("Nobody.") && !empty.contains("Ana Example"), "{empty}");
    let nowhere = server.url("/v1/muster.pdf?area=nowhere");
    let nowhere = client().get(nowhere).bearer_auth(&token).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    let acts = api.get("/v1/audit?limit=50").await;
    assert!(acts.to_string().contains("muster.paper"), "that it was asked is kept");
    server.stop().await;
}
