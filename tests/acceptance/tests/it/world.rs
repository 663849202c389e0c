//! A scratch world: organisation, configuration and data folder, and the real binary over them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything; a condition that does not hold by then fails the test.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// Pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);
/// Doors of the organisation: `d-0000` and on.
pub const DOORS: usize = 1_500;

/// The binary beside this test's executable.
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let profile = own.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("castellan");
    assert!(binary.exists(), "{} is missing: build the workspace first", binary.display());
    binary
}

/// Runs a verb to its end.
pub fn castellan(args: &[&str]) -> Output {
    Command::new(binary()).args(args).env("RUST_LOG", "warn").output().unwrap()
}

/// What a verb printed, of both kinds.
pub fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Waits until `is_true` gives something, or fails with `what`.
pub async fn until<T>(what: &str, mut is_true: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = is_true().await {
            return found;
        }
        assert!(began.elapsed() < DEADLINE, "never came true: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

/// What a test needs beside the usual.
#[derive(Default)]
pub struct Plan {
    /// More of `castellan.toml`; top-level keys first.
    pub config: String,
    /// More keys of `[listen]`.
    pub listen: String,
    /// More of `sources.toml`.
    pub sources: String,
    /// The data folder, if not inside the scratch folder.
    pub data: Option<PathBuf>,
}

/// One scratch folder with everything in it.
pub struct World {
    dir: TempDir,
    data: PathBuf,
    starts: std::cell::Cell<u32>,
}

impl World {
    /// The usual organisation and configuration.
    pub fn new() -> Self {
        Self::with(Plan::default())
    }

    /// The usual, and what the plan adds.
    pub fn with(plan: Plan) -> Self {
        crypto();
        let dir = TempDir::with_prefix("castellan-it-").unwrap();
        let data = plan.data.unwrap_or_else(|| dir.path().join("data"));
        let world = Self { dir, data, starts: std::cell::Cell::new(0) };
        write_organisation(&world.org(), &plan.sources);
        world.write_content(PROBE_PROGRAM);
        world.configure(&plan.config, &plan.listen);
        world
    }

    /// Writes `castellan.toml` afresh.
    pub fn configure(&self, more: &str, listen: &str) {
        let content = self.path("content").display().to_string();
        let (data, org) = (self.data.display().to_string(), self.org().display().to_string());
        let text = format!(
            "format = 1\n{more}\n[data]\nfolder = {data:?}\n[organisation]\nfolder = {org:?}\n\
             [content]\nfolder = {content:?}\n[listen]\nhttp = \"127.0.0.1:0\"\nsyslog_udp = \"127.0.0.1:0\"\n\
             syslog_tcp = \"127.0.0.1:0\"\n{listen}\n"
        );
        fs::write(self.config(), text).unwrap();
    }

    /// Writes the mapping `probe` with a program.
    pub fn write_content(&self, program: &str) {
        let probe = self.path("content/mappings/probe");
        fs::create_dir_all(&probe).unwrap();
        fs::write(probe.join("mapping.toml"), PROBE_MANIFEST).unwrap();
        fs::write(probe.join("map.vrl"), program).unwrap();
    }

    /// A path inside the scratch folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    /// The organisation folder.
    pub fn org(&self) -> PathBuf {
        self.path("org")
    }
    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }
    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("castellan.toml")
    }

    /// Makes a token and gives its text.
    pub fn token(&self, label: &str, scopes: &[&str], more: &[&str]) -> String {
        let data = self.data.display().to_string();
        let mut args = vec!["token", "create", label, "--data", &data];
        for scope in scopes {
            args.extend(["--scope", scope]);
        }
        args.extend(more);
        let made = castellan(&args);
        assert!(made.status.success(), "{}", said(&made));
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// A token that may do everything.
    pub fn root(&self) -> String {
        self.token("ana", &["ingest", "read", "names", "operate", "admin"], &[])
    }

    fn spawn(&self) -> Server {
        let number = self.starts.replace(self.starts.get() + 1);
        let log = self.path(&format!("server-{number}.log"));
        let child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Server { child, log, http: None }
    }

    /// Starts the server and kills it after a while, wherever it then is.
    pub async fn start_and_kill(&self, after: Duration) {
        let server = self.spawn();
        tokio::time::sleep(after).await;
        server.kill();
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&self) -> Server {
        let mut server = self.spawn();
        until("the server says where it listens", async || {
            server.http = server.said_address("castellan serves on http://");
            server.fail_if_ended();
            server.http
        })
        .await;
        let client = client();
        let url = server.url("/readyz");
        until("the server is ready", async || {
            let answer = client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        server
    }

    /// Starts the server, which must refuse; gives what it said.
    pub fn refused(&self) -> String {
        let config = self.config().display().to_string();
        let ended = castellan(&["serve", "--config", &config]);
        assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
        said(&ended)
    }

    /// Asks the lake by the command line.
    pub fn query(&self, sql: &str) -> Vec<Value> {
        let data = self.data.display().to_string();
        let asked = castellan(&["query", sql, "--data", &data, "--format", "json"]);
        assert!(asked.status.success(), "{sql}: {}", said(&asked));
        let text = String::from_utf8(asked.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs `castellan admin` over the data folder; whether it found everything whole, and what.
    pub fn admin(&self, verb: &str) -> (bool, String) {
        let data = self.data.display().to_string();
        let ended = castellan(&["admin", verb, "--data", &data]);
        (ended.status.success(), said(&ended))
    }
}

/// A running server. Killed when dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
    http: Option<SocketAddr>,
}

impl Server {
    /// An address of the HTTP interface.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http.unwrap())
    }

    /// Where a listener is.
    pub fn listener(&self, name: &str) -> SocketAddr {
        self.said_address(&format!("  {name} on ")).unwrap()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its log.
    pub fn log(&self) -> String {
        let mut text = String::new();
        File::open(&self.log).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn said_address(&self, before: &str) -> Option<SocketAddr> {
        let log = self.log();
        let (line, _) = log.split_once(before)?.1.split_once('\n')?;
        line.trim().parse().ok()
    }

    fn fail_if_ended(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended with {status}:\n{}", self.log());
        }
    }

    /// Most memory it ever held, in bytes.
    pub fn memory_peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
        kib * 1024
    }

    /// Ends it without warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits until it has, in order.
    pub async fn stop(mut self) {
        let asked = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(asked.unwrap().success());
        let status = until("the server stops", async || self.child.try_wait().unwrap()).await;
        assert!(status.success(), "{status}:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(4_000);
            eprintln!("--- the server's last words\n{}", log.get(from..).unwrap_or(&log));
        }
    }
}

/// A client that keeps no cookies, follows nothing and uses no proxy.
pub fn client() -> reqwest::Client {
    crypto();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_built_in_root_certs(false)
        .timeout(DEADLINE)
        .build()
        .unwrap()
}

/// One cryptography for the whole process.
pub fn crypto() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Speaks to the HTTP interface with one token.
pub struct Api {
    /// The client.
    pub client: reqwest::Client,
    base: String,
    token: String,
}

/// A status, its headers and the body as JSON.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// Body; null where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// A header's text; empty where it is missing.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap()).to_owned()
    }

    /// Fails unless this is an RFC 9457 problem of the given status and code.
    pub fn is_problem(&self, status: u16, code: &str) -> &str {
        let body = &self.body;
        let kind = format!("urn:castellan:problem:{code}");
        assert_eq!((self.status, body["type"].as_str()), (status, Some(kind.as_str())), "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["status"], status);
        assert!(body["title"].is_string(), "{body}");
        body["detail"].as_str().unwrap()
    }
}

impl Api {
    /// To a server, with a token.
    pub fn to(server: &Server, token: &str) -> Self {
        Self { client: client(), base: server.url(""), token: token.to_owned() }
    }

    /// One request.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// One request that may be cut off.
    pub async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { status, headers, body })
    }

    /// A request to ingest; the body and headers are the caller's.
    pub fn ingest(&self, source: &str, kind: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/v1/ingest/{source}", self.base);
        self.client.post(url).header("content-type", kind)
    }

    /// Ingests, and must be answered 200.
    pub async fn take(&self, source: &str, kind: &str, body: impl Into<reqwest::Body>) -> Value {
        let answer = self.send(self.ingest(source, kind).body(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// GET, which must be answered 200.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(self.client.get(format!("{}{path}", self.base))).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// SQL, as rows of texts.
    pub async fn sql(&self, sql: &str) -> Vec<Vec<Value>> {
        let answer = self.post("/v1/query", &serde_json::json!({"sql": sql, "raw": true})).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.body);
        serde_json::from_value(answer.body["rows"].clone()).unwrap()
    }

    /// The one number that SQL gives.
    pub async fn count(&self, sql: &str) -> u64 {
        let rows = self.sql(sql).await;
        rows[0][0].as_u64().unwrap()
    }

    /// Waits until a count has a value.
    pub async fn until_count(&self, sql: &str, wanted: u64) {
        until(&format!("{sql} = {wanted}"), async || {
            (self.count(sql).await == wanted).then_some(())
        })
        .await;
    }

    /// Waits until every journalled record has been judged.
    pub async fn settled(&self) {
        until("the flow has caught up", async || {
            let status = self.get("/v1/status").await;
            (status["judged"] == status["journalled"]).then_some(())
        })
        .await;
    }

    /// Every incident, newest first.
    pub async fn incidents(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = "/v1/incidents?limit=500".to_owned();
        loop {
            let page = self.get(&path).await;
            all.extend(page["incidents"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return all };
            path = format!("/v1/incidents?limit=500&after={next}");
        }
    }

    /// Waits until there are incidents of a rule; gives them.
    pub async fn incidents_of(&self, rule: &str, wanted: usize) -> Vec<Value> {
        until(&format!("{wanted} incidents of {rule}"), async || {
            let all = self.incidents().await;
            let of = |i: &Value| i["rules"].as_array().unwrap().contains(&Value::from(rule));
            let found: Vec<Value> = all.into_iter().filter(of).collect();
            (found.len() >= wanted).then_some(found)
        })
        .await
    }

    /// The sum of the accounts' lines that fit; `""` fits any.
    pub async fn account(&self, boundary: &str, source: &str, outcome: &str, why: &str) -> u64 {
        let lines = self.get("/v1/accounts").await;
        let fits = |line: &&Value, key: &str, word: &str| word.is_empty() || line[key] == word;
        let lines = lines.as_array().unwrap().iter();
        lines
            .filter(|line| fits(line, "boundary", boundary) && fits(line, "source", source))
            .filter(|line| fits(line, "outcome", outcome) && fits(line, "reason", why))
            .map(|line| line["records"].as_u64().unwrap())
            .sum()
    }

    /// Waits until received = kept + rejected + dropped for every name at a boundary.
    pub async fn adds_up(&self, boundary: &str) {
        let mut last = String::new();
        let began = Instant::now();
        loop {
            let lines = self.get("/v1/accounts").await;
            let lines: Vec<&Value> =
                lines.as_array().unwrap().iter().filter(|l| l["boundary"] == boundary).collect();
            let mut sums = std::collections::BTreeMap::<&str, (u64, u64)>::new();
            for line in &lines {
                let sum = sums.entry(line["source"].as_str().unwrap()).or_default();
                let records = line["records"].as_u64().unwrap();
                match line["outcome"].as_str().unwrap() {
                    "received" => sum.0 += records,
                    _ => sum.1 += records,
                }
            }
            let said = format!("{boundary}: (received, accounted for) by name: {sums:?}");
            if !sums.is_empty() && sums.values().all(|(came, went)| came == went) && said == last {
                return;
            }
            last = said;
            assert!(began.elapsed() < DEADLINE, "{last}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until an account has a value.
    pub async fn until_account(&self, key: [&str; 4], wanted: u64) {
        let [boundary, source, outcome, reason] = key;
        let mut last = 0;
        let began = Instant::now();
        while last != wanted {
            last = self.account(boundary, source, outcome, reason).await;
            assert!(began.elapsed() < DEADLINE, "{key:?} is {last}, not {wanted}");
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// The moment so many seconds ago, in RFC 3339.
pub fn ago(seconds: u64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = now.as_secs() - seconds;
    // SOURCE: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    let shifted = at / 86_400 + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (at / 3_600 % 24, at / 60 % 60, at % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// One door event as CSV, a minute old.
pub fn door_event(door: &str, result: &str) -> String {
    format!("time,badge,door,result\n{},,{door},{result}\n", ago(60))
}

/// A socket to send datagrams from.
pub fn datagrams() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

const PROBE_MANIFEST: &str = r#"
format = 1
name = "probe"
version = "1"
vendor = "Test"
product = "Probe"
wire = "json"
ocsf_class = "authentication"
evidence = "constructed"
[recognise]
json_has = ["marker"]
"#;

/// Turns `{"marker": …, "user": …, "at": …}` into a log-on.
pub const PROBE_PROGRAM: &str = r#"
. = {
  "activity_id": 1,
  "status_id": 1,
  "time": .at,
  "user": {"name": .user || "nobody"},
  "service": {"name": "probe"},
  "message": .text,
  "src_endpoint": {"ip": .ip},
  "unmapped": {"marker": .marker}
}
"#;

fn write_organisation(org: &Path, sources: &str) {
    fs::create_dir_all(org).unwrap();
    let file = |name: &str, text: &str| fs::write(org.join(name), text).unwrap();
    file("organisation.toml", "format = 1\nname = \"Example Works\"\ntime_zone = \"UTC\"\n");
    let mut places = String::from(
        "[[place]]\nid = \"hq\"\nkind = \"site\"\n\
         [[place]]\nid = \"outside\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"external\"\n\
         [[place]]\nid = \"lab\"\nkind = \"zone\"\nparent = \"hq\"\nzone_class = \"restricted\"\n",
    );
    let mut doors = String::from("door,from_zone,to_zone\n");
    for number in 0..DOORS {
        let _ =
            write!(places, "[[place]]\nid = \"d-{number:04}\"\nkind = \"door\"\nparent = \"hq\"\n");
        let _ = writeln!(doors, "d-{number:04},outside,lab");
    }
    file("places.toml", &places);
    file("doors.csv", &doors);
    file(
        "people.csv",
        "person,name,kind,status,site\nana,Ana Example,employee,active,hq\n\
         ben,Ben Example,employee,active,hq\n",
    );
    file("assets.csv", "asset,kind,name,place,owner\npc-ana,workstation,PC of Ana,lab,ana\n");
    file(
        "identifiers.csv",
        "kind,value,entity,realm\nbadge,B-1,person:ana,\nbadge,B-2,person:ben,\n\
         account,ana,person:ana,\naccount,ben,person:ben,\nip,10.0.0.7,asset:pc-ana,\n",
    );
    let usual = r#"
[[source]]
id = "doors"
mapping = "pacs-csv"
site = "hq"
trust = "token"
witness_of = ["presence", "door"]

[[source]]
id = "app"
mapping = "probe"
site = "hq"
trust = "token"

[[source]]
id = "hosts"
mapping = "auto"
site = "hq"
trust = "address"
match = { hostname = "host-a" }
"#;
    file("sources.toml", &format!("{usual}\n{sources}"));
}
