//! The whole road on loopback, with the load generator as a second process beside it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use engine::accounting::{Boundary, Outcome};
use engine::auth::{NewToken, Scope};
use engine::clock::{Clock, Stopwatch};
use engine::config::Config;
use serde_json::{Value, json};

use super::{Scratch, cpu_time, load_average, peak_memory};
use crate::verbs::serve::{Served, runtime, start_logging_at};

/// Longest wait, after the last record was sent, for all of them to be judged.
const DRAIN_MAX: Duration = Duration::from_secs(120);

/// An organisation with one source per way in.
pub(super) const ORGANISATION: [(&str, &str); 2] = [
    ("organisation.toml", "format = 1\nname = \"Bench\"\ntime_zone = \"UTC\"\n"),
    (
        "sources.toml",
        "[[source]]\nid = \"bench-syslog\"\nmapping = \"auto\"\n\
         match = { listener = \"syslog_tcp\" }\n\n\
         [[source]]\nid = \"bench-okta\"\nmapping = \"okta\"\ntrust = \"token\"\n",
    ),
];

/// A server for a measurement, with its token.
pub struct Measured {
    /// The server.
    pub served: Served,
    /// A token that may do everything.
    pub token: String,
    _scratch: Scratch,
}

impl Measured {
    /// Starts a server on free ports in a scratch folder. `extra`: more organisation files.
    pub async fn start(rules: Option<PathBuf>, extra: &[(&str, String)]) -> anyhow::Result<Self> {
        Self::start_with(rules, extra, |_| ()).await
    }

    /// The same, configured further.
    pub async fn start_with(
        rules: Option<PathBuf>,
        extra: &[(&str, String)],
        configure: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let scratch = Scratch::new()?;
        let mut config = Config::embedded(scratch.path().join("data"), any())
            .context("the embedded configuration has errors")?;
        config.listen.syslog_tcp = Some(any());
        config.content = rules;
        configure(&mut config);
        let mut files: std::collections::BTreeMap<String, Vec<u8>> = ORGANISATION
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect();
        for (name, text) in extra {
            files.entry((*name).to_owned()).or_default().extend_from_slice(text.as_bytes());
        }
        let (org, problems) = engine::offline::organisation_of_files(&files);
        let org = org.with_context(|| format!("{problems:?}"))?;
        let clock = Clock::system();
        engine::offline::import(&config.data, &org, clock.now(), false).await?;
        let served = match Served::start(config, clock.clone()).await {
            Ok(served) => served,
            Err(engine::StartError::Problems(problems)) => {
                let text: Vec<String> = problems.iter().take(5).map(ToString::to_string).collect();
                anyhow::bail!("{}", text.join("\n"));
            }
            Err(error) => return Err(error.into()),
        };
        let wanted = NewToken {
            label: "bench".into(),
            scopes: Scope::ALL.to_vec(),
            bindings: Vec::new(),
            sources: Vec::new(),
            expires_at: None,
        };
        let (_, token) = served.running.engine.create_token(wanted, "bench").await?;
        Ok(Self { served, token, _scratch: scratch })
    }

    /// Starts the load generator as a process of its own.
    pub fn load(&self, rate: u64, seconds: u64) -> anyhow::Result<Load> {
        let syslog = self.served.running.listening.iter().find(|(name, _)| name == "syslog_tcp");
        let syslog = syslog.map(|(_, at)| *at).context("syslog_tcp does not listen")?;
        let child = std::process::Command::new(std::env::current_exe()?)
            .args(["bench", "load", "--syslog", &syslog.to_string()])
            .args(["--http", &self.served.http.to_string()])
            .args(["--rate", &rate.to_string(), "--seconds", &seconds.to_string(), "--json"])
            .env("CASTELLAN_BENCH_TOKEN", &self.token)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the load generator")?;
        Ok(Load(child))
    }
}

/// The load generator's process.
pub struct Load(std::process::Child);

impl Load {
    /// Waits for it to end; gives what it says it sent.
    pub async fn finish(self) -> anyhow::Result<Value> {
        let output = tokio::task::spawn_blocking(move || self.0.wait_with_output()).await??;
        anyhow::ensure!(output.status.success(), "the load generator failed");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

fn any() -> std::net::SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// Runs the road.
pub fn run(seconds: u64, rate: u64, rules: Option<PathBuf>) -> anyhow::Result<Value> {
    start_logging_at("warn");
    runtime()?.block_on(async {
        let measured = Measured::start(rules, &[]).await?;
        let engine = measured.served.running.engine.clone();
        let rules = engine.current.get().rules.len();
        let (cpu, watch) = (cpu_time()?, Stopwatch::start());
        let sent = measured.load(rate, seconds)?.finish().await?;
        let sending = watch.elapsed();
        let is_whole = engine.caught_up(DRAIN_MAX).await;
        let elapsed = watch.elapsed().as_secs_f64();
        let cpu = (cpu_time()? - cpu).as_secs_f64();
        let kept = engine.accounts.total(Boundary::Intake, Outcome::Kept);
        let events = engine.accounts.total(Boundary::Lake, Outcome::Kept);
        let figures = json!({
            "load_average": load_average(),
            "rules": rules,
            "sent": sent.get("sent"),
            "journalled": kept,
            "events_in_lake": events,
            "is_whole": is_whole,
            "events_per_s": (events as f64 / elapsed).round(),
            "events_per_cpu_s": (events as f64 / cpu).round(),
            "drain_s": elapsed - sending.as_secs_f64(),
            "cpu_s": cpu,
            "peak_memory_mib": peak_memory()? >> 20,
        });
        measured.served.stop().await?;
        Ok(figures)
    })
}

/// From nothing to readiness on a data folder.
pub fn start(data: PathBuf) -> anyhow::Result<Value> {
    start_logging_at("warn");
    runtime()?.block_on(async {
        let config = Config::embedded(data, any()).context("the configuration has errors")?;
        let watch = Stopwatch::start();
        let served = Served::start(config, Clock::system()).await?;
        let listening = watch.elapsed().as_secs_f64();
        let is_whole = served.running.engine.caught_up(DRAIN_MAX).await;
        let ready = watch.elapsed().as_secs_f64();
        let lake = served.running.engine.lake.stats();
        let figures = json!({
            "listening_after_s": listening,
            "ready_after_s": ready,
            "is_whole": is_whole,
            "lake_bytes": lake.bytes,
            "lake_rows": lake.event_rows,
        });
        served.stop().await?;
        Ok(figures)
    })
}
