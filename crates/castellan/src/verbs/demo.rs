//! `castellan demo`: a small organisation, alive, with stories that end as incidents.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use engine::access::{Grant, Role};
use engine::auth::{NewToken, Scope};
use engine::clock::{Clock, Stopwatch};
use engine::config::{Config, EdgesConfig, MqttConfig};
use engine::live::LiveMessage;
use engine::offline::OrgFolder;
use engine::photos::PhotoFile;
use engine::rights::Templates;
use engine::signin::NewOperator;
use engine::store::state::LinkPurpose;
use model::{Incident, Organisation, Timestamp};
use tokio_util::sync::CancellationToken;

use super::serve::{Served, StopAsked, runtime, told};
use crate::feeder::{Feeder, Ways};
use crate::gates::Gates;
use crate::output::{self, Ended, Format, Outcome};

/// Serve on embedded defaults with the demo organisation running and its stories scripted.
///
/// People badge in, log on and leave, and stories unfold that end as incidents within two
/// minutes. Everything is sent in the vendors' own formats to the real listeners.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  castellan demo\n  castellan demo --story leaver \
    --speed 10 --stop-after 1m")]
pub struct Args {
    /// Only this story; all of them, one after another, if absent.
    #[arg(long)]
    story: Option<String>,
    /// Print the stories and what each must raise, and end.
    #[arg(long)]
    list: bool,
    /// No story at all: a quiet day, on which nothing must be found.
    #[arg(long, conflicts_with = "story")]
    quiet: bool,
    /// How many times as fast as life.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: u32,
    /// The same seed gives the same day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where HTTP listens; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:8420")]
    http: SocketAddr,
    /// Data folder; a new temporary one if absent, removed at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// An MQTT broker on this machine; used if it answers.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1883")]
    mqtt: SocketAddr,
    /// Stop by itself after so long, such as 3m.
    #[arg(long, value_name = "DURATION")]
    stop_after: Option<String>,
}

/// Runs the verb.
pub fn run(args: Args, format: Format) -> Outcome {
    if args.list {
        return list(format);
    }
    let stop_after = match args.stop_after.as_deref().map(model::time::parse_duration) {
        Some(None) => return output::misused("--stop-after takes a duration such as 90s or 3m"),
        Some(found) => found,
        None => None,
    };
    let script = if args.quiet {
        sim::Script::parse(sim::demo::TIMETABLE, &[])
    } else {
        sim::demo::script(args.story.as_deref())
    };
    let script = match script {
        Ok(script) => script,
        Err(error) => return output::misused(&error.to_string()),
    };
    super::serve::start_logging_at("warn");
    let folder = match &args.data {
        Some(path) => Folder { path: path.clone(), is_temporary: false },
        None => Folder::temporary()?,
    };
    runtime()?.block_on(demo(args, script, (&folder, stop_after), format))
}

/// The stories, what they are about and what they must raise.
fn list(format: Format) -> Outcome {
    for story in sim::demo::script(None)?.stories() {
        let expect = &story.expect;
        let rules: Vec<&str> = expect.rules.iter().map(String::as_str).collect();
        if format == Format::Json {
            output::json_line(&serde_json::json!({
                "story": story.id,
                "title": story.title,
                "about": story.about.trim(),
                "within_s": expect.within.as_secs(),
                "incidents": expect.incidents,
                "rules": rules,
            }))?;
            continue;
        }
        let raises = match expect.incidents {
            0 => "raises nothing".to_owned(),
            1 => format!("raises one incident: {}", rules.join(", ")),
            many => format!("raises {many} incidents: {}", rules.join(", ")),
        };
        let (id, title, about) = (&story.id, &story.title, story.about.trim());
        output::line(format_args!("{id}: {title}\n  {about}\n  {raises}"))?;
    }
    Ok(Ended::Done)
}

/// A data folder that goes when the demo ends, unless it was asked for by name.
struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    fn temporary() -> anyhow::Result<Self> {
        let name = engine::auth::new_id("castellan-demo")?;
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, is_temporary: true })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

async fn demo(
    args: Args,
    script: sim::Script,
    (folder, stop_after): (&Folder, Option<Duration>),
    format: Format,
) -> Outcome {
    let read = organisation()?;
    let org = read.organisation.clone().context("the demo organisation has errors")?;
    let broker = tokio::net::TcpStream::connect(args.mqtt).await.is_ok().then_some(args.mqtt);
    let config = config(&args, folder, broker)?;
    let clock = if args.speed > 1 { Clock::scaled(args.speed) } else { Clock::system() };
    engine::offline::import(&folder.path, &org, clock.now(), false).await?;
    engine::offline::import_rights(&folder.path, &read, clock.now(), false).await?;
    let served = Served::start(config, clock.clone()).await;
    let Some(served) = told(served, format)? else { return Ok(Ended::ProblemsFound) };
    // Life begins when somebody listens: at high speed the start alone takes minutes of it.
    let start = clock.now();
    let (reader, feeder_token) = tokens(&served, (start, args.speed)).await?;
    plans(&served).await?;
    portraits(&served, &org).await?;
    served.tell();
    tell_how(&reader, broker);
    tell_operators(&served).await?;
    let sim = sim::Sim::new(args.seed, &org, script, start)?;
    let is_alone = sim.stories().len() == 1;
    for story in sim.stories().iter().filter(|story| is_alone || story.expect.incidents > 0) {
        let begins = if is_alone { 0 } else { story.begins().as_secs() };
        output::note(format_args!("  story after {begins} s: {}", story.title));
    }
    let ways = Ways {
        http: served.http,
        token: feeder_token,
        syslog_udp: address(&served, "syslog_udp")?,
        syslog_tcp: address(&served, "syslog_tcp")?,
        broker,
    };
    let stop = CancellationToken::new();
    // At high speed all that was made ready until now took minutes of the demo's time.
    served.running.engine.silencer.begin(clock.now());
    let gates = gates(&served, (&args, folder), stop.clone()).await;
    let feeding = tokio::spawn(Feeder::new(sim, clock, ways).run(start, stop.clone()));
    let ended = watch(&served, stop_after, format).await;
    stop.cancel();
    if let Some(gates) = gates {
        gates.await.context("the doors' people ended in a panic")?;
    }
    let sent = feeding.await.context("the feeder ended in a panic")?;
    output::note(format_args!("{sent}"));
    served.stop().await?;
    ended?;
    Ok(Ended::Done)
}

/// Doors of our own with a box that decides at them; why not, where there are none.
async fn gates(
    served: &Served,
    (args, folder): (&Args, &Folder),
    stop: CancellationToken,
) -> Option<tokio::task::JoinHandle<()>> {
    if args.speed > 1 {
        output::note(
            "  no doors of our own: their box goes by the clock on the wall, not by --speed",
        );
        return None;
    }
    match Gates::start(served, &folder.path).await {
        Ok(gates) => Some(tokio::spawn(gates.live(stop))),
        Err(error) => {
            output::note(format_args!("  no doors of our own: {error:#}"));
            None
        }
    }
}

/// Puts the floors' drawings, with what stands on them, where the console finds them.
async fn plans(served: &Served) -> anyhow::Result<()> {
    let drawings = sim::demo::DRAWINGS.iter();
    let mut files: BTreeMap<String, Vec<u8>> =
        drawings.map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    files.insert("plans.toml".to_owned(), sim::demo::PLANS.as_bytes().to_vec());
    Ok(served.running.engine.save_plans_of(&files).await?)
}

/// Draws everybody a portrait: nobody's likeness, the same at every start.
async fn portraits(served: &Served, org: &Organisation) -> anyhow::Result<()> {
    let draw = |id: &model::PersonId| {
        let drawn = sim::portrait::svg(id.as_str());
        PhotoFile::of(&format!("{id}.svg"), drawn.into_bytes())
    };
    let files: Vec<PhotoFile> = org.people.keys().map(draw).collect();
    let problems = served.running.engine.keep_photos(&files, "demo").await?;
    output::problems(&problems, Format::Text)?;
    Ok(())
}

fn organisation() -> anyhow::Result<OrgFolder> {
    let files: BTreeMap<String, Vec<u8>> = sim::demo::ORGANISATION
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
        .collect();
    let templates = Templates::of(&engine::content::shipped());
    let read = engine::offline::folder_of_files(&files, &templates);
    output::problems(&read.problems, Format::Text)?;
    anyhow::ensure!(read.rights.is_some(), "the demo organisation's rights have errors");
    Ok(read)
}

fn config(args: &Args, folder: &Folder, broker: Option<SocketAddr>) -> anyhow::Result<Config> {
    let mut config = Config::embedded(folder.path.clone(), args.http)
        .context("the embedded configuration has errors")?;
    // A house of its own, so that mappings can be changed in the demo too.
    let house = folder.path.join("content");
    std::fs::create_dir_all(&house).with_context(|| format!("cannot make {}", house.display()))?;
    config.content = Some(house);
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    config.listen.syslog_udp = Some(any);
    config.listen.syslog_tcp = Some(any);
    config.listen.edges = Some(EdgesConfig { address: any, public: None });
    if let Some(broker) = broker {
        config.mqtt.push(MqttConfig {
            host: broker.ip().to_string(),
            port: broker.port(),
            topics: vec!["frigate/#".into()],
            client_id: engine::auth::new_id("castellan-demo")?,
            user: None,
            password: None,
            tls_ca: None,
            tls: false,
        });
    }
    Ok(config)
}

/// How long they are good for, by the clock on the wall: the demo's runs `speed` times as fast.
const TOKENS_LAST: Duration = Duration::from_secs(7 * 86_400);

/// A token for the person at the terminal, and one for the feeder.
async fn tokens(
    served: &Served,
    (now, speed): (Timestamp, u32),
) -> anyhow::Result<(String, String)> {
    let engine = &served.running.engine;
    let wanted = |label: &str, scopes: &[Scope]| NewToken {
        label: label.to_owned(),
        scopes: scopes.to_vec(),
        bindings: Vec::new(),
        sources: Vec::new(),
        expires_at: Some(now.plus(TOKENS_LAST * speed)),
    };
    let person = engine.create_token(wanted("demo operator", &Scope::ALL), "demo").await?;
    let feeder = engine.create_token(wanted("demo feeder", &[Scope::Ingest]), "demo").await?;
    Ok((person.1, feeder.1))
}

/// Makes those who work with Castellan, and prints a link for each: it signs them in at once.
async fn tell_operators(served: &Served) -> anyhow::Result<()> {
    let signin = &served.running.engine.signin;
    output::note("  sign in as one of these; each link works once:");
    for wanted in sim::demo::operators()? {
        let known = signin.operators().into_iter().find(|known| known.login == wanted.login);
        let roles: Vec<&str> = wanted.roles.iter().map(|role| role.role.as_str()).collect();
        let (roles, name) = (roles.join(", "), wanted.name.clone());
        let id = match known {
            Some(known) => known.id,
            None => signin.add(new_operator(wanted)?, "demo").await?,
        };
        let code = signin.link(&id, LinkPurpose::Direct, "demo").await?;
        let link = engine::signin::link_address(&served.base(), &code);
        output::note(format_args!("    {roles:14} {name:20} {link}"));
    }
    Ok(())
}

fn new_operator(wanted: sim::demo::Operator) -> anyhow::Result<NewOperator> {
    let grant = |role: &sim::demo::OperatorRole| {
        let sites = role.sites.as_ref().map(|sites| sites.iter().cloned().collect());
        let role = Role::parse(&role.role).with_context(|| format!("no role {}", role.role))?;
        anyhow::Ok(Grant { role, sites })
    };
    Ok(NewOperator {
        login: wanted.login,
        name: wanted.name,
        person: Some(wanted.person),
        teams: wanted.teams,
        grants: wanted.roles.iter().map(grant).collect::<anyhow::Result<_>>()?,
    })
}

fn tell_how(token: &str, broker: Option<SocketAddr>) {
    output::note(format_args!("  for scripts, a token: {token}"));
    match broker {
        Some(broker) => output::note(format_args!("  mqtt through the broker at {broker}")),
        None => output::note("  no mqtt broker answers; its cameras stay silent"),
    }
}

fn address(served: &Served, name: &str) -> anyhow::Result<SocketAddr> {
    let found = served.running.listening.iter().find(|(listener, _)| listener == name);
    found.map(|(_, address)| *address).with_context(|| format!("{name} does not listen"))
}

/// Prints incidents as they are found, until asked to stop.
async fn watch(
    served: &Served,
    stop_after: Option<Duration>,
    format: Format,
) -> anyhow::Result<()> {
    let begun = Stopwatch::start();
    let mut live = served.running.engine.live.incidents();
    // What was told of each: an incident that has grown graver is told again.
    let mut known = BTreeMap::new();
    let mut asked = StopAsked::listen()?;
    let end = stop_after.unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
    let mut over = std::pin::pin!(tokio::time::sleep(end));
    loop {
        let message = tokio::select! {
            () = asked.wait() => return Ok(()),
            () = &mut over => return Ok(()),
            message = live.recv() => message,
        };
        match message {
            Ok(LiveMessage::Incident(incident)) => {
                let before = known.insert(incident.id.clone(), incident.level);
                if before.is_none_or(|level| level < incident.level) {
                    tell(&incident, (begun.elapsed(), before.is_some()), format)?;
                }
            }
            Ok(
                LiveMessage::Finding(_)
                | LiveMessage::Event(..)
                | LiveMessage::Door(_)
                | LiveMessage::Thing(_)
                | LiveMessage::Occurrence(..)
                | LiveMessage::Refused(_)
                | LiveMessage::Revocation(_)
                | LiveMessage::Command(_)
                | LiveMessage::Edge(_),
            ) => {}
            Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                bail!("the live stream has ended")
            }
        }
        if !served.running.is_flowing() {
            bail!("the flow has ended; see the log above");
        }
    }
}

fn tell(
    incident: &Incident,
    (after, is_known): (Duration, bool),
    format: Format,
) -> anyhow::Result<()> {
    if format == Format::Json {
        return output::json_line(incident);
    }
    let owner = match &incident.owner {
        model::incident::Owner::Team(team) => format!("team {team}"),
        model::incident::Owner::Person(person) => format!("person {person}"),
    };
    let what = if is_known { "graver" } else { "incident" };
    output::line(format_args!(
        "\n{what} after {:.0} s: [{}] {}\n  {}\n  owner: {owner}; {}",
        after.as_secs_f64(),
        incident.level,
        incident.title,
        incident.because,
        incident.id
    ))
}
