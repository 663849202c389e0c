//! `[[mail]]` and `[[webhook]]`: who hears of incidents outside.

use std::net::IpAddr;
use std::path::PathBuf;

use adapters::out::mail::is_address;
use estate::tomlpos::Table;

use super::SecretText;

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
    /// What the rules of incidents know of it.
    pub fn notice(&self) -> respond::Channel {
        let kind = match self {
            Self::Mail { .. } => respond::ChannelKind::Email,
            Self::Webhook { .. } => respond::ChannelKind::Webhook,
        };
        respond::Channel {
            id: self.name().to_owned(),
            kind,
            level_min: self.level(),
            teams: Default::default(),
            on: respond::Channel::usual_moments(),
        }
    }

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

const LEVELS: &[(&str, model::Level)] = &[
    ("informational", model::Level::Informational),
    ("low", model::Level::Low),
    ("medium", model::Level::Medium),
    ("high", model::Level::High),
    ("critical", model::Level::Critical),
];

pub(super) fn read_mail(mut table: Table<'_>) -> Option<Channel> {
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

pub(super) fn read_webhook(mut table: Table<'_>) -> Option<Channel> {
    let name = table.need_str("name");
    let url = table.need_str("url");
    let secret = table.need_str("secret");
    let level = table.take_word("level", LEVELS).map_or(model::Level::Medium, |l| l.value);
    table.finish();
    Some(Channel::Webhook { name: name?.value, url: url?.value, secret: secret?, level })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::problems;

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
}
