//! `castellan.toml`: read whole, every problem at once, each with its place.

mod camera;
mod channels;
mod doors;
mod identity;
mod intake;
mod listen;
mod tokens;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use estate::tomlpos::{Doc, Spanned, Table};
use model::problem::Gravity;
use model::{Problem, TeamId};

use crate::limits::{LIMITS, Limits};

pub use channels::{Channel, MailSecurity};
pub use doors::Doors;
pub use identity::{GroupGrant, IdentityProvider};
pub use intake::{ControllerConfig, MqttConfig, TailConfig};
pub use listen::{EdgesConfig, HttpsConfig, Listen, TlsConfig};
pub use tokens::TokenConfig;

/// A secret is named here and lies elsewhere: `file:PATH` or `env:NAME`.
pub type SecretText = Spanned<String>;

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file it was read from; empty when there is none.
    pub file: String,
    /// Where everything lies.
    pub data: PathBuf,
    /// Reference to the key that seals what operators sign in with; a file beside the state if
    /// absent.
    pub seal_key: Option<SecretText>,
    /// Where to listen.
    pub listen: Listen,
    /// The address people use; required off loopback.
    pub public_url: Option<String>,
    /// Other names by which browsers and proxies speak to us; requests to any other are refused.
    pub host_names: Vec<String>,
    /// Lake folder; inside the data folder if absent.
    pub lake: Option<PathBuf>,
    /// How long the lake keeps events; for ever if absent.
    pub retention: Option<Duration>,
    /// How long it keeps single classes.
    pub retention_by_class: BTreeMap<u32, Duration>,
    /// Organisation folder, loaded at start and when it changes.
    pub organisation: Option<PathBuf>,
    /// Extra content.
    pub content: Option<PathBuf>,
    /// The team that owns what no rule assigns.
    pub default_team: TeamId,
    /// What to do when somebody calls for help in silence, step by step.
    pub panic_procedure: Vec<String>,
    /// Tokens given here.
    pub tokens: Vec<TokenConfig>,
    /// Brokers.
    pub mqtt: Vec<MqttConfig>,
    /// Files to follow.
    pub tail: Vec<TailConfig>,
    /// Door controllers to listen to.
    pub uhppote: Vec<ControllerConfig>,
    /// Who is told.
    pub channels: Vec<Channel>,
    /// Who vouches for operators.
    pub identity_providers: Vec<IdentityProvider>,
    /// Where a camera's pictures are shown: `{camera}`, `{door}`, `{at}`, `{at_ms}` stand in it.
    pub camera_link: Option<String>,
    /// The program that tries edited mappings; no file names it, who runs an engine does. Nothing
    /// is tried if absent.
    pub trial_program: Option<PathBuf>,
    /// Doors that are wired to this machine.
    pub doors: Doors,
    /// Bounds.
    pub limits: Limits,
}

/// Everything on loopback and in one folder.
impl Config {
    /// The embedded default: HTTP and syslog on loopback, data in `data`.
    pub fn embedded(data: PathBuf, http: SocketAddr) -> Option<Self> {
        Some(Self {
            file: String::new(),
            data,
            seal_key: None,
            listen: Listen {
                http,
                syslog_udp: None,
                syslog_tcp: None,
                syslog_tls: None,
                uhppote: None,
                uhppote_announce: None,
                tls: None,
                https: None,
                edges: None,
            },
            public_url: None,
            host_names: Vec::new(),
            lake: None,
            retention: None,
            retention_by_class: BTreeMap::new(),
            organisation: None,
            content: None,
            default_team: TeamId::parse("soc").ok()?,
            panic_procedure: respond::PROCEDURE.map(str::to_owned).to_vec(),
            tokens: Vec::new(),
            mqtt: Vec::new(),
            tail: Vec::new(),
            uhppote: Vec::new(),
            channels: Vec::new(),
            identity_providers: Vec::new(),
            camera_link: None,
            trial_program: None,
            doors: Doors::default(),
            limits: Limits::default(),
        })
    }
}

/// Reads a configuration. `Some` only when nothing in it is an error.
pub fn read(file: &str, text: &str) -> (Option<Config>, Vec<Problem>) {
    let doc = Doc::parse(file, text);
    let mut root = doc.root();
    root.need_format(1);
    let mut config = read_root(&mut root);
    if let Some(config) = &mut config {
        config.file = file.to_owned();
    }
    root.finish();
    let problems = doc.into_problems();
    let is_good = problems.iter().all(|p| p.gravity != Gravity::Error);
    (config.filter(|_| is_good), problems)
}

fn read_root(root: &mut Table<'_>) -> Option<Config> {
    let http: SocketAddr = ([127, 0, 0, 1], 8420).into();
    let mut config = Config::embedded(PathBuf::from("castellan-data"), http)?;
    let journal_at = root.position_of("journal").or_else(|| root.position_of("limits"));
    if let Some(mut data) = root.take_table("data") {
        if let Some(folder) = data.take_str("folder") {
            config.data = PathBuf::from(folder.value);
        }
        config.seal_key = data.take_str("seal_key");
        data.finish();
    }
    if let Some(mut listen) = root.take_table("listen") {
        listen::read(&mut listen, &mut config.listen);
        listen.finish();
    }
    config.public_url = root.take_str("public_url").map(|url| url.value);
    let names = root.take_strs("host_names").unwrap_or_default();
    config.host_names = names.into_iter().map(|name| name.value).collect();
    read_journal(root, &mut config);
    read_lake(root, &mut config);
    if let Some(mut organisation) = root.take_table("organisation") {
        config.organisation = organisation.take_str("folder").map(|f| PathBuf::from(f.value));
        organisation.finish();
    }
    if let Some(mut content) = root.take_table("content") {
        config.content = content.take_str("folder").map(|f| PathBuf::from(f.value));
        content.finish();
    }
    if let Some(mut respond) = root.take_table("respond") {
        if let Some(team) = respond.take_id("default_team", TeamId::parse) {
            config.default_team = team.value;
        }
        read_procedure(&mut respond, &mut config);
        respond.finish();
    }
    if let Some(mut console) = root.take_table("console") {
        config.camera_link = camera::read_link(&mut console);
        console.finish();
    }
    config.tokens = root.take_tables("token").into_iter().filter_map(tokens::read_token).collect();
    config.mqtt = root.take_tables("mqtt").into_iter().filter_map(intake::read_mqtt).collect();
    config.tail = root.take_tables("tail").into_iter().filter_map(intake::read_tail).collect();
    let boards = root.take_tables("uhppote").into_iter().filter_map(intake::read_uhppote);
    config.uhppote = boards.collect();
    let mail = root.take_tables("mail").into_iter().filter_map(channels::read_mail);
    config.channels.extend(mail);
    let hooks = root.take_tables("webhook").into_iter().filter_map(channels::read_webhook);
    config.channels.extend(hooks);
    config.identity_providers = identity::read_all(root);
    config.doors = doors::read(root);
    if let Some(mut limits) = root.take_table("limits") {
        for info in LIMITS {
            let Some(value) = limits.take_bytes(info.name) else { continue };
            if value.value == 0 {
                let message = format!("`limits.{}`: found 0, expected at least 1", info.name);
                limits.error(value.at, "out_of_range", message);
            }
            config.limits.set(info.name, value.value);
        }
        limits.finish();
    }
    if let Err(error) = config.limits.journal().check() {
        let message = crate::limits::journal_problem(&error);
        root.error(journal_at.unwrap_or(root.at()), "out_of_range", message);
    }
    listen::check(root, &config);
    listen::check_controllers(root, &config);
    intake::check_controllers(root, &config);
    Some(config)
}

/// `panic_procedure`: as many steps, and as long, as an incident may have.
fn read_procedure(respond: &mut Table<'_>, config: &mut Config) {
    let Some(steps) = respond.take_strs("panic_procedure") else { return };
    let (most, longest) = (respond::limits::SOP_STEPS_MAX, respond::limits::STEP_CHARS_MAX);
    if steps.len() > most {
        let message = format!("`respond.panic_procedure`: {} steps, at most {most}", steps.len());
        respond.error(respond.at(), "out_of_range", message);
    }
    for step in &steps {
        let chars = step.value.chars().count();
        if step.value.trim().is_empty() || chars > longest {
            let message = format!(
                "`respond.panic_procedure`: found a step of {chars} characters, expected 1 to \
                 {longest}"
            );
            respond.error(step.at, "out_of_range", message);
        }
    }
    config.panic_procedure = steps.into_iter().map(|step| step.value).collect();
}

fn read_journal(root: &mut Table<'_>, config: &mut Config) {
    let Some(mut journal) = root.take_table("journal") else { return };
    if let Some(bytes) = journal.take_bytes("bytes_max") {
        config.limits.journal_bytes_max = bytes.value;
    }
    if let Some(age) = journal.take_duration("age_max") {
        config.limits.journal_age_ms_max = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    }
    journal.finish();
}

fn read_lake(root: &mut Table<'_>, config: &mut Config) {
    let Some(mut lake) = root.take_table("lake") else { return };
    if let Some(url) = lake.take_str("url") {
        match url.strip_prefix("file://").or((!url.contains("://")).then_some(url.as_str())) {
            Some(path) => config.lake = Some(PathBuf::from(path)),
            None => lake.error(
                url.at,
                "bad_value",
                format!("`lake.url`: found `{}`, expected a folder or file:// URL", url.value),
            ),
        }
    }
    config.retention = lake.take_duration("retention").map(|d| d.value);
    lake.finish();
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    pub(super) fn problems(text: &str) -> Vec<String> {
        read("castellan.toml", text).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let found = problems("format = 1\n[listen]\nsyslog_upd = \"127.0.0.1:514\"\n");
        assert_eq!(found.len(), 1, "{found:?}");
        let first = found.first().unwrap();
        assert!(first.contains("castellan.toml:3:1"), "{first}");
        assert!(first.contains("did you mean `syslog_udp`"), "{first}");
    }

    #[test]
    fn all_problems_come_at_once() {
        let text = "format = 1\n[limits]\nbody_bytes_mx = 3\n[listen]\nhttp = \"nowhere\"\n\
                    [[webhook]]\nname = \"a\"\n";
        let found = problems(text);
        assert!(found.len() >= 4, "{found:?}");
    }

    #[test]
    fn a_procedure_of_the_house_stands_in_place_of_ours() {
        let text = "format = 1\n[respond]\npanic_procedure = [\"Ring the gate.\"]\n";
        let (config, found) = read("castellan.toml", text);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(config.unwrap().panic_procedure, ["Ring the gate."]);
        let found = problems("format = 1\n[respond]\npanic_procedure = [\"ok\", \" \"]\n");
        assert!(found.first().unwrap().contains("castellan.toml:3"), "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_small_file_is_enough() {
        let (config, found) = read("castellan.toml", "format = 1\n");
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(config.unwrap().listen.http.port(), 8420);
    }
}
