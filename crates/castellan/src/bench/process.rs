//! Servers and edges as processes of their own, for measurements.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use engine::clock::Stopwatch;
use engine::folder::{Running, running};
use serde_json::{Value, json};

use crate::local;

/// Longest wait for a process to be there.
pub const READY_MAX: Duration = Duration::from_secs(60);
/// How often something is looked at again.
pub const LOOK: Duration = Duration::from_millis(50);

/// A process that is ended when it is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // What has ended by itself cannot be ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts one whose log lies beside its data folder.
    pub fn start(mut command: Command, data: &Path) -> anyhow::Result<Self> {
        let log = data.with_extension("log");
        let file = std::fs::File::create(&log)?;
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn();
        Ok(Self { child: spawned.context("cannot start castellan")?, log })
    }

    /// `castellan serve` with a configuration and a data folder.
    pub fn serve(config: &Path, data: &Path, role: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", "--role", role, "--config"]).arg(config);
        Self::start(command, data)
    }

    /// Waits until a server serves.
    pub fn ready(&mut self, data: &Path) -> anyhow::Result<Running> {
        // One that was killed leaves its word behind.
        let pid = self.child.id();
        self.until("the server starts", || Ok(running(data).filter(|found| found.pid == pid)))
    }

    /// Waits until an edge says that its doors work.
    pub fn decides(&mut self) -> anyhow::Result<()> {
        let log = self.log.clone();
        self.until("the edge decides", || {
            let said = std::fs::read_to_string(&log)?;
            Ok(said.contains(" doors as the edge ").then_some(()))
        })
    }

    /// Waits until something is so; fails when the process has ended, with what it said.
    pub fn until<T>(
        &mut self,
        what: &str,
        mut is_so: impl FnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let begun = Stopwatch::start();
        loop {
            if let Some(found) = is_so()? {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                let said = std::fs::read_to_string(&self.log).unwrap_or_default();
                bail!("castellan ended with {status}: {said}");
            }
            ensure!(begun.elapsed() < READY_MAX, "not within {} s: {what}", READY_MAX.as_secs());
            thread::sleep(LOOK);
        }
    }

    /// What it holds in memory now, in MiB: all, its own, of files, and the most of all so far.
    pub fn memory(&self) -> anyhow::Result<Value> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
            Some((kib / 102.4).round() / 10.0)
        };
        Ok(json!({
            "rss_mib": mib("VmRSS:"),
            "anon_mib": mib("RssAnon:"),
            "file_mib": mib("RssFile:"),
            "peak_mib": mib("VmHWM:"),
        }))
    }
}

/// A port that was free a moment ago: nobody else takes ports here.
pub fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs a verb to its end; gives what it printed.
pub fn castellan(args: &[&str], paths: &[&Path]) -> anyhow::Result<String> {
    let output = Command::new(std::env::current_exe()?).args(args).args(paths).output()?;
    if !output.status.success() {
        let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        bail!("{}: {}", args.join(" "), said.concat());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Takes an edge into service as somebody does: a code, a fingerprint, an approval.
pub fn enrol(server: &Running, point: &str, config: &Path) -> anyhow::Result<()> {
    let invited = local::post(server, "/v1/edges", &json!({"point": point}).to_string())?;
    let invited: Value = serde_json::from_str(&invited)?;
    let code = invited.get("code").and_then(Value::as_str).context("no code for an edge")?;
    let mut asking = Command::new(std::env::current_exe()?)
        .args(["edge", "enrol", "--code", "-", "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = asking.stdin.take().context("no way to say the code")?;
    writeln!(stdin, "{code}")?;
    drop(stdin);
    let said = BufReader::new(asking.stderr.take().context("the edge says nothing")?).lines();
    let shown = |line: String| Some(line.split_once("this edge's key: ")?.1.trim().to_owned());
    let fingerprint = said.map_while(Result::ok).find_map(shown).context("no fingerprint")?;
    let approval = json!({"fingerprint": fingerprint, "reason": "a measurement"});
    local::post(server, &format!("/v1/edges/{point}/approve"), &approval.to_string())?;
    ensure!(asking.wait()?.success(), "the edge was not taken into service");
    Ok(())
}

/// Waits until an edge goes by the newest rights.
pub fn in_force(server: &Running, point: &str, edge: &mut Process) -> anyhow::Result<()> {
    edge.until("the edge goes by the newest rights", || {
        let edges: Value = serde_json::from_str(&local::get(server, "/v1/edges")?)?;
        let mut own = edges.as_array().into_iter().flatten();
        let own = own.find(|edge| edge.get("point").and_then(Value::as_str) == Some(point));
        let told = |key: &str| own.and_then(|edge| edge.get(key));
        let had = told("snapshot").filter(|had| !had.is_null());
        Ok((had.is_some() && had == told("newest")).then_some(()))
    })
}
