//! `castellan.toml`: read whole, every problem at once, each with its place.

mod identity;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use adapters::out::mail::is_address;
use estate::tomlpos::{Doc, Spanned, Table};
use model::problem::Gravity;
use model::{Problem, SourceId, TeamId};

use crate::auth::Scope;
use crate::limits::{LIMITS, Limits};

pub use identity::{GroupGrant, IdentityProvider};

/// A secret is named here and lies elsewhere: `file:PATH` or `env:NAME`.
pub type SecretText = Spanned<String>;

/// Certificates for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// PEM chain.
    pub certificate: PathBuf,
    /// PEM key.
    pub key: PathBuf,
    /// PEM roots that client certificates must chain to.
    pub client_ca: Option<PathBuf>,
    /// Refuse clients without one.
    pub require_client: bool,
}

/// Where the server listens. `None`: not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// HTTP: ingest, API, status page.
    pub http: SocketAddr,
    /// Syslog over UDP.
    pub syslog_udp: Option<SocketAddr>,
    /// Syslog over TCP.
    pub syslog_tcp: Option<SocketAddr>,
    /// Syslog over TLS.
    pub syslog_tls: Option<SocketAddr>,
    /// Certificates of the TLS listener.
    pub tls: Option<TlsConfig>,
    /// HTTP over TLS, beside the one on loopback.
    pub https: Option<HttpsConfig>,
}

/// HTTP over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsConfig {
    /// Where.
    pub address: SocketAddr,
    /// PEM chain; taken anew when it is written anew.
    pub certificate: PathBuf,
    /// PEM key.
    pub key: PathBuf,
}

/// One broker to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttConfig {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Topic filters.
    pub topics: Vec<String>,
    /// Stable client id, so that the broker keeps what came while we were away.
    pub client_id: String,
    /// User name.
    pub user: Option<String>,
    /// Reference to the password.
    pub password: Option<SecretText>,
    /// Speak TLS; roots from this PEM file, or the system's when it is empty.
    pub tls_ca: Option<PathBuf>,
    /// Speak TLS.
    pub tls: bool,
}

/// One file to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TailConfig {
    /// The file.
    pub path: PathBuf,
    /// Whose records they are; by match if absent.
    pub source: Option<Spanned<SourceId>>,
}

/// Who hears of incidents outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// E-mail.
    Mail {
        /// Its name.
        name: String,
        /// SMTP host.
        host: String,
        /// SMTP port.
        port: u16,
        /// `starttls`, `tls` or `none`.
        security: MailSecurity,
        /// PEM file of the authorities trusted for it; those of the system if absent.
        ca: Option<PathBuf>,
        /// User name.
        user: Option<String>,
        /// Reference to the password.
        password: Option<SecretText>,
        /// Sender.
        from: String,
        /// Recipients.
        to: Vec<String>,
        /// Only at this level or above.
        level: model::Level,
    },
    /// Signed HTTP POST.
    Webhook {
        /// Its name.
        name: String,
        /// Where to.
        url: String,
        /// Reference to the signing secret.
        secret: SecretText,
        /// Only at this level or above.
        level: model::Level,
    },
}

impl Channel {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Mail { name, .. } | Self::Webhook { name, .. } => name,
        }
    }
    /// From which level on it is told.
    pub fn level(&self) -> model::Level {
        match self {
            Self::Mail { level, .. } | Self::Webhook { level, .. } => *level,
        }
    }
}

/// How mail travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Upgrade, or do not send.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// In the clear; only to loopback.
    None,
}

/// A token given in the configuration by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// Its id.
    pub id: String,
    /// Reference to the token's text.
    pub secret: SecretText,
    /// What it may do.
    pub scopes: Vec<String>,
    /// For which sources; all if empty.
    pub sources: Vec<Spanned<SourceId>>,
    /// Until when.
    pub expires: Option<model::Timestamp>,
}

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
    /// Tokens given here.
    pub tokens: Vec<TokenConfig>,
    /// Brokers.
    pub mqtt: Vec<MqttConfig>,
    /// Files to follow.
    pub tail: Vec<TailConfig>,
    /// Who is told.
    pub channels: Vec<Channel>,
    /// Who vouches for operators.
    pub identity_providers: Vec<IdentityProvider>,
    /// Where a camera's pictures are shown: `{camera}`, `{door}`, `{at}`, `{at_ms}` stand in it.
    pub camera_link: Option<String>,
    /// The program that tries edited mappings; no file names it, who runs an engine does. Nothing
    /// is tried if absent.
    pub trial_program: Option<PathBuf>,
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
                tls: None,
                https: None,
            },
            public_url: None,
            lake: None,
            retention: None,
            retention_by_class: BTreeMap::new(),
            organisation: None,
            content: None,
            default_team: TeamId::parse("soc").ok()?,
            tokens: Vec::new(),
            mqtt: Vec::new(),
            tail: Vec::new(),
            channels: Vec::new(),
            identity_providers: Vec::new(),
            camera_link: None,
            trial_program: None,
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
        read_listen(&mut listen, &mut config.listen);
        listen.finish();
    }
    config.public_url = root.take_str("public_url").map(|url| url.value);
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
        respond.finish();
    }
    if let Some(mut console) = root.take_table("console") {
        config.camera_link = read_camera_link(&mut console);
        console.finish();
    }
    config.tokens = root.take_tables("token").into_iter().filter_map(read_token).collect();
    config.mqtt = root.take_tables("mqtt").into_iter().filter_map(read_mqtt).collect();
    config.tail = root.take_tables("tail").into_iter().filter_map(read_tail).collect();
    let mail = root.take_tables("mail").into_iter().filter_map(read_mail);
    config.channels.extend(mail);
    let hooks = root.take_tables("webhook").into_iter().filter_map(read_webhook);
    config.channels.extend(hooks);
    config.identity_providers = identity::read_all(root);
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
    check_binds(root, &config);
    Some(config)
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

/// What a camera's link may name.
const CAMERA_WORDS: [&str; 4] = ["camera", "door", "at", "at_ms"];
/// Longest camera link, in characters.
const CAMERA_LINK_CHARS_MAX: usize = 2_000;

/// A web address with known words in braces, one of which says which camera or door.
fn read_camera_link(console: &mut Table<'_>) -> Option<String> {
    let link = console.take_str("camera_link")?;
    match camera_link_problem(&link) {
        None => Some(link.value),
        Some(why) => {
            let message = format!("`console.camera_link`: {why}");
            console.error(link.at, "bad_value", message);
            None
        }
    }
}

fn camera_link_problem(link: &str) -> Option<String> {
    if link.chars().count() > CAMERA_LINK_CHARS_MAX {
        return Some(format!("longer than {CAMERA_LINK_CHARS_MAX} characters"));
    }
    let mut plain = String::new();
    let (mut rest, mut names_one) = (link, false);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((word, behind)) = after.split_once('}') else {
            return Some("a brace is not closed".to_owned());
        };
        if !CAMERA_WORDS.contains(&word) {
            let known = CAMERA_WORDS.map(|word| format!("{{{word}}}")).join(", ");
            return Some(format!("found `{{{word}}}`, expected one of {known}"));
        }
        names_one |= word == "camera" || word == "door";
        plain.push_str(before);
        plain.push('x');
        rest = behind;
    }
    plain.push_str(rest);
    let url = url::Url::parse(&plain).ok();
    let is_web = url.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    let has_fixed_host = link.split('{').next().is_some_and(|head| {
        head.split_once("://").is_some_and(|(_, rest)| rest.contains(['/', '?']))
    });
    match (is_web && has_fixed_host, names_one) {
        (false, _) => Some("expected an http or https address with a fixed host".to_owned()),
        (true, false) => Some("it names neither {camera} nor {door}".to_owned()),
        (true, true) => None,
    }
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

fn read_listen(listen: &mut Table<'_>, into: &mut Listen) {
    if let Some(http) = address(listen, "http") {
        into.http = http;
    }
    into.syslog_udp = address(listen, "syslog_udp");
    into.syslog_tcp = address(listen, "syslog_tcp");
    into.syslog_tls = address(listen, "syslog_tls");
    if let Some(mut tls) = listen.take_table("tls") {
        let certificate = tls.need_str("certificate");
        let key = tls.need_str("key");
        let client_ca = tls.take_str("client_ca").map(|f| PathBuf::from(f.value));
        let require_client = tls.take_bool("require_client").is_some_and(|b| b.value);
        if let (Some(certificate), Some(key)) = (certificate, key) {
            into.tls = Some(TlsConfig {
                certificate: PathBuf::from(certificate.value),
                key: PathBuf::from(key.value),
                client_ca,
                require_client,
            });
        }
        tls.finish();
    }
    if let Some(mut https) = listen.take_table("https") {
        let at = https.need_str("address").and_then(|text| parsed(&https, "https.address", &text));
        let certificate = https.need_str("certificate").map(|f| PathBuf::from(f.value));
        let key = https.need_str("key").map(|f| PathBuf::from(f.value));
        if let (Some(address), Some(certificate), Some(key)) = (at, certificate, key) {
            into.https = Some(HttpsConfig { address, certificate, key });
        }
        https.finish();
    }
    if into.syslog_tls.is_some() && into.tls.is_none() {
        listen.error(
            listen.at(),
            "missing_key",
            "`listen.syslog_tls` needs `[listen.tls]` with `certificate` and `key`".into(),
        );
    }
}

fn address(table: &mut Table<'_>, key: &'static str) -> Option<SocketAddr> {
    let text = table.take_str(key)?;
    parsed(table, key, &text)
}

fn parsed(table: &Table<'_>, key: &str, text: &Spanned<String>) -> Option<SocketAddr> {
    let address = text.parse().ok();
    if address.is_none() {
        let message = format!("`listen.{key}`: found `{}`, expected ADDRESS:PORT", text.value);
        table.error(text.at, "bad_value", message);
    }
    address
}

/// Off loopback tokens and cookies travel over TLS or not at all; and there people's browsers,
/// passkeys among them, need the name by which they know us.
fn check_binds(root: &Table<'_>, config: &Config) {
    if !config.listen.http.ip().is_loopback() {
        root.error(
            root.at(),
            "not_loopback",
            format!(
                "`listen.http` is {}: HTTP is served on loopback only; use `[listen.https]`, or a \
                 TLS proxy",
                config.listen.http
            ),
        );
    }
    let is_public = config.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if config.listen.https.is_some() && !is_public {
        let message = "`[listen.https]` needs `public_url`, the https:// address that people type";
        root.error(root.at(), "missing_key", message.into());
    }
}

fn read_token(mut table: Table<'_>) -> Option<TokenConfig> {
    let id = table.need_str("id");
    let secret = table.need_str("secret");
    let scopes = table.take_strs("scopes").unwrap_or_default();
    let sources = table.take_strs("sources").unwrap_or_default();
    let expires = table.take_str("expires");
    let expires_at = expires.as_ref().and_then(|e| model::Timestamp::from_rfc3339(e));
    if let (Some(text), None) = (&expires, expires_at) {
        let message = format!("`token.expires`: found `{}`, expected RFC 3339", text.value);
        table.error(text.at, "bad_value", message);
    }
    for scope in &scopes {
        if Scope::parse(scope).is_none() {
            let known: Vec<&str> = Scope::ALL.iter().map(|s| s.as_str()).collect();
            let hint = estate::nearest::hint(scope, &known);
            table.error(scope.at, "unknown_scope", format!("`{}` is no scope; {hint}", **scope));
        }
    }
    let token = TokenConfig {
        id: id?.value,
        secret: secret?,
        scopes: scopes.into_iter().map(|s| s.value).collect(),
        sources: sources.iter().filter_map(|s| source_id(&table, s)).collect(),
        expires: expires_at,
    };
    table.finish();
    Some(token)
}

fn source_id(table: &Table<'_>, text: &Spanned<String>) -> Option<Spanned<SourceId>> {
    match SourceId::parse(text) {
        Ok(value) => Some(Spanned { value, at: text.at }),
        Err(error) => {
            table.error(text.at, "bad_id", error.to_string());
            None
        }
    }
}

fn read_mqtt(mut table: Table<'_>) -> Option<MqttConfig> {
    let host = table.need_str("host");
    let tls_ca = table.take_str("tls_ca").map(|f| PathBuf::from(f.value));
    let tls = table.take_bool("tls").map_or(tls_ca.is_some(), |b| b.value);
    let port = table.take_int("port", 1..=65_535).map(|p| p.value);
    let topics = table.take_strs("topics").unwrap_or_default();
    let config = MqttConfig {
        host: host?.value,
        port: port.and_then(|p| u16::try_from(p).ok()).unwrap_or(if tls { 8883 } else { 1883 }),
        topics: topics.into_iter().map(|t| t.value).collect(),
        client_id: table.take_str("client_id").map_or_else(|| "castellan".into(), |c| c.value),
        user: table.take_str("user").map(|u| u.value),
        password: table.take_str("password"),
        tls_ca,
        tls,
    };
    table.finish();
    Some(config)
}

fn read_tail(mut table: Table<'_>) -> Option<TailConfig> {
    let path = table.need_str("path");
    let source = table.take_id("source", SourceId::parse);
    table.finish();
    Some(TailConfig { path: PathBuf::from(path?.value), source })
}

const LEVELS: &[(&str, model::Level)] = &[
    ("informational", model::Level::Informational),
    ("low", model::Level::Low),
    ("medium", model::Level::Medium),
    ("high", model::Level::High),
    ("critical", model::Level::Critical),
];

fn read_mail(mut table: Table<'_>) -> Option<Channel> {
    let name = table.need_str("name");
    let host = table.need_str("host");
    let from = table.need_str("from");
    let to = table.take_strs("to").unwrap_or_default();
    let words = [
        ("starttls", MailSecurity::StartTls),
        ("tls", MailSecurity::Tls),
        ("none", MailSecurity::None),
    ];
    let security = table.take_word("security", &words).map_or(MailSecurity::StartTls, |s| s.value);
    let port = table.take_int("port", 1..=65_535).and_then(|p| u16::try_from(p.value).ok());
    let ca = table.take_str("ca").map(|ca| PathBuf::from(ca.value));
    let user = table.take_str("user");
    let password = table.take_str("password");
    let level = table.take_word("level", LEVELS).map_or(model::Level::Medium, |l| l.value);
    for address in from.iter().chain(&to) {
        if !is_address(&address.value) {
            let message = format!("`{}` is no mail address", address.value);
            table.error(address.at, "bad_address", message);
        }
    }
    let is_here = |host: &str| {
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let afar = host.as_ref().filter(|host| !is_here(host));
    if let Some(host) = afar.filter(|_| security == MailSecurity::None) {
        let message = "`security = \"none\"` is for a relay on this machine alone".to_owned();
        table.error(host.at, "not_loopback", message);
    }
    if to.is_empty() {
        let message = "`to` names nobody: the mail would go nowhere".to_owned();
        table.error(table.at(), "missing_key", message);
    }
    if user.is_some() != password.is_some() {
        let message = "`user` and `password` belong together: found one of them".to_owned();
        table.error(table.at(), "missing_key", message);
    }
    table.finish();
    let user = user.map(|user| user.value);
    Some(Channel::Mail {
        name: name?.value,
        host: host?.value,
        port: port.unwrap_or(587),
        security,
        ca,
        user,
        password,
        from: from?.value,
        to: to.into_iter().map(|t| t.value).collect(),
        level,
    })
}

fn read_webhook(mut table: Table<'_>) -> Option<Channel> {
    let name = table.need_str("name");
    let url = table.need_str("url");
    let secret = table.need_str("secret");
    let level = table.take_word("level", LEVELS).map_or(model::Level::Medium, |l| l.value);
    table.finish();
    Some(Channel::Webhook { name: name?.value, url: url?.value, secret: secret?, level })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn problems(text: &str) -> Vec<String> {
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
    fn mail_that_could_not_be_sent_is_told_at_once() {
        let with = |more: &str| {
            problems(&format!(
                "format = 1\n[[mail]]\nname = \"a\"\nfrom = \"c@house.example\"\n{more}"
            ))
        };
        let to = "to = [\"guard@house.example\"]\n";
        for (more, words) in [
            ("host = \"mail.example\"\n".to_owned(), "names nobody"),
            (format!("host = \"mail.example\"\nuser = \"u\"\n{to}"), "belong together"),
            (format!("host = \"mail.example\"\nsecurity = \"none\"\n{to}"), "this machine alone"),
            (
                "host = \"mail.example\"\nto = [\"guard\"]\n".to_owned(),
                "`guard` is no mail address",
            ),
        ] {
            let found = with(&more);
            assert!(
                found.len() == 1 && found.iter().all(|p| p.contains(words)),
                "{more} {found:?}"
            );
        }
        assert_eq!(
            with(&format!("host = \"::1\"\nsecurity = \"none\"\n{to}")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn http_off_loopback_is_refused() {
        let found = problems("format = 1\n[listen]\nhttp = \"0.0.0.0:80\"\n");
        assert!(found.iter().any(|p| p.contains("loopback")), "{found:?}");
    }

    #[test]
    fn https_needs_the_name_that_people_type() {
        let https = "[listen.https]\naddress = \"0.0.0.0:443\"\ncertificate = \"c\"\nkey = \"k\"\n";
        let found = problems(&format!("format = 1\n{https}"));
        assert!(found.iter().any(|p| p.contains("public_url")), "{found:?}");
        let named = format!("format = 1\npublic_url = \"https://castellan.example\"\n{https}");
        assert_eq!(problems(&named), Vec::<String>::new());
    }

    #[test]
    fn a_camera_link_is_a_web_address_with_known_words() {
        let with =
            |link: &str| problems(&format!("format = 1\n[console]\ncamera_link = {link:?}\n"));
        for good in [
            "https://vms.example/play?camera={camera}&at={at}",
            "http://vms.example:8080/{door}/{at_ms}",
        ] {
            assert!(with(good).is_empty(), "{good}: {:?}", with(good));
        }
        for (bad, words) in [
            ("https://vms.example/{camra}", "found `{camra}`"),
            ("https://vms.example/{camera", "not closed"),
            ("javascript:alert({camera})", "http or https"),
            ("https://{camera}/play", "fixed host"),
            ("https://vms.example/play", "neither {camera} nor {door}"),
        ] {
            let found = with(bad);
            let first = found.first().unwrap();
            assert!(first.contains("camera_link") && first.contains(words), "{bad}: {found:?}");
        }
    }

    #[test]
    fn a_small_file_is_enough() {
        let (config, found) = read("castellan.toml", "format = 1\n");
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(config.unwrap().listen.http.port(), 8420);
    }
}
