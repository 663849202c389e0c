//! `castellan serve`: run the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use engine::clock::Clock;
use engine::config::Config;
use engine::{Mode, StartError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::output::{self, Ended, Format, Outcome};

/// Run the server.
///
/// Without a configuration it serves on http://127.0.0.1:8420 and keeps everything in
/// ./castellan-data.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  castellan serve --config castellan.toml")]
pub struct Args {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What this process does: everything, or the doors of one point, enrolled before by
    /// `castellan edge enrol`.
    #[arg(long, value_name = "ROLE", default_value = "all", value_parser = ["all", "edge"])]
    role: String,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    let mut problems = Vec::new();
    let config = match &args.config {
        Some(path) => engine::offline::read_config(path, &mut problems)?,
        None => embedded(),
    };
    output::problems(&problems, format)?;
    let Some(config) = config else { return Ok(Ended::ProblemsFound) };
    start_logging();
    if args.role == "edge" {
        return super::edge::serve(&config);
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let served = Served::start(config, Clock::system()).await;
        let served = match told(served, format)? {
            Some(served) => served,
            None => return Ok(Ended::ProblemsFound),
        };
        served.tell();
        served.tell_first_administrator().await?;
        served.tell_first_token().await?;
        served.until_stopped().await
    })
}

/// The configuration of nobody: loopback, one folder.
fn embedded() -> Option<Config> {
    Config::embedded(PathBuf::from("castellan-data"), ([127, 0, 0, 1], 8420).into())
}

/// A run time for a server.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the run time")
}

/// Logs to standard error; `RUST_LOG` chooses how much.
pub fn start_logging() {
    start_logging_at("info,datafusion=warn,sqlx=warn");
}

/// Logs to standard error, `usual` unless `RUST_LOG` says otherwise.
pub fn start_logging_at(usual: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    // A second start in one process keeps the first one's.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .try_init();
}

/// Says why a start failed; `None` when problems of content or organisation were printed.
pub fn told<T>(started: Result<T, StartError>, format: Format) -> anyhow::Result<Option<T>> {
    match started {
        Ok(started) => Ok(Some(started)),
        Err(StartError::Problems(problems)) => {
            output::problems(&problems, format)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A running server: engine and HTTP.
pub struct Served {
    /// The engine.
    pub running: engine::Running,
    /// Where HTTP listens.
    pub http: SocketAddr,
    https: Option<SocketAddr>,
    server: api::Server,
    asked: StopAsked,
}

impl Served {
    /// Binds HTTP first, so that a port in use is said before anything else happens.
    pub async fn start(mut config: Config, clock: Clock) -> Result<Self, StartError> {
        config.trial_program = Some(PathBuf::from(engine::trial::OWN_PROGRAM));
        // Whoever asks to stop while we start is heard once we have started.
        let asked = StopAsked::listen()?;
        let listener = engine::listeners::http(config.listen.http)?;
        let http = listener.local_addr()?;
        let secure = engine::listeners::https(&config)?;
        let https = secure.as_ref().map(engine::listeners::Https::local_addr);
        let running = engine::start(config, clock, Mode::Serve).await?;
        let server = api::Server::start(listener, secure, std::sync::Arc::clone(&running.engine));
        engine::start::announce(&running, http)?;
        Ok(Self { running, http, https, server, asked })
    }

    /// Prints where it listens.
    pub fn tell(&self) {
        output::note(format_args!("castellan serves on http://{}", self.http));
        if let Some(address) = self.https {
            output::note(format_args!("  https on {address}"));
        }
        for (name, address) in &self.running.listening {
            output::note(format_args!("  {name} on {address}"));
        }
    }

    /// Where people find it: passkeys need a name, and `localhost` is this machine's.
    pub fn base(&self) -> String {
        let public = self.running.engine.config.public_url.clone();
        public.unwrap_or_else(|| format!("http://localhost:{}", self.http.port()))
    }

    /// Shows the first administrator's link where nobody is one yet: on a terminal, and in a file
    /// that its owner alone may read. What is no terminal may be a log, which must not hold it.
    async fn tell_first_administrator(&self) -> anyhow::Result<()> {
        let engine = &self.running.engine;
        let base = format!("http://localhost:{}", self.http.port());
        let data = engine.folder.path();
        let Some(link) = engine.signin.first_administrator(data, &base).await? else {
            return Ok(());
        };
        let file = data.join(engine::signin::FIRST_ADMINISTRATOR_FILE);
        let file = file.display();
        if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            output::note(format_args!("become the first administrator, within 15 minutes:"));
            output::note(format_args!("  {link}"));
            output::note(format_args!("  (also in {file})"));
        } else {
            output::note(format_args!("the first administrator's link, for 15 minutes: {file}"));
        }
        Ok(())
    }

    /// Says how to make the first token, where there is none yet.
    async fn tell_first_token(&self) -> anyhow::Result<()> {
        let engine = &self.running.engine;
        if engine.state.tokens().await?.is_empty() {
            output::note(format_args!(
                "no token exists yet; make one with: castellan token create NAME --scope read \
                 --scope operate --data {}",
                engine.config.data.display()
            ));
        }
        Ok(())
    }

    /// Serves until a signal asks to stop, or the flow fails.
    pub async fn until_stopped(mut self) -> Outcome {
        let mut look = tokio::time::interval(std::time::Duration::from_secs(1));
        let failed = loop {
            tokio::select! {
                () = self.asked.wait() => break false,
                _ = look.tick() => {
                    if !self.running.is_flowing() {
                        self.keep_doors().await;
                        break true;
                    }
                }
            }
        };
        self.stop().await?;
        anyhow::ensure!(!failed, "the flow has ended; see the log above");
        Ok(Ended::Done)
    }

    /// The flow has ended, on a full disk perhaps, where the next start would fail as well. Doors
    /// of this machine need neither: they go on until somebody asks to stop.
    async fn keep_doors(&mut self) {
        if self.running.home.is_some() {
            tracing::error!("the flow has ended; the doors go on until the server is stopped");
            self.asked.wait().await;
        }
    }

    /// Stops in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await;
        self.running.stop().await?;
        Ok(())
    }
}

/// SIGINT and SIGTERM, heard from the moment on at which this is made.
pub struct StopAsked {
    interrupt: Signal,
    terminate: Signal,
}

impl StopAsked {
    /// Begins to listen.
    pub fn listen() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits until one has come.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
