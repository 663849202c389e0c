//! Mail by SMTP, with STARTTLS, TLS or (to a relay on this machine) neither.

use std::fs;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, Tls, TlsParameters, TlsParametersBuilder,
};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use model::Timestamp;

use super::DeliveryError;
use crate::error::AdapterError;
use crate::limits;
use crate::secret::Secret;
use crate::tls::ClientTls;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailSecurity {
    /// Plain until STARTTLS, which must succeed.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all; no password is ever sent this way.
    Plain,
}

/// Through which server to send, and as whom.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// Server's host name or address.
    pub host: String,
    /// Server's port.
    pub port: u16,
    /// Protection.
    pub security: MailSecurity,
    /// Whom to trust; own certificates are not supported here.
    pub tls: ClientTls,
    /// User and password.
    pub credentials: Option<(String, Secret)>,
    /// Sender, such as `Castellan <castellan@example.org>`.
    pub from: String,
    /// Longest try.
    pub timeout: Duration,
}

/// One mail in plain text.
#[derive(Debug, Clone, Copy)]
pub struct MailMessage<'a> {
    /// Its lasting id, which becomes the `Message-ID`: trying again repeats it.
    pub id: &'a str,
    /// When it is sent.
    pub at: Timestamp,
    /// Receivers.
    pub to: &'a [String],
    /// Subject, one line.
    pub subject: &'a str,
    /// Text.
    pub text: &'a str,
}

/// A checked way to send.
pub struct Mail {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mail {
    /// Checks addresses, password and certificates; fails early. Does not connect.
    pub fn prepare(config: &MailConfig) -> Result<Self, AdapterError> {
        let unusable = |setting, detail: String| AdapterError::Setting { setting, detail };
        let from = config
            .from
            .parse::<Mailbox>()
            .map_err(|error| unusable("from", format!("`{}`: {error}", config.from)))?;
        let tls = match config.security {
            MailSecurity::StartTls => Tls::Required(parameters(config)?),
            MailSecurity::Tls => Tls::Wrapper(parameters(config)?),
            MailSecurity::Plain => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if let Some((user, password)) = &config.credentials {
            if config.security == MailSecurity::Plain {
                let detail = "a password is not sent over an unprotected connection".to_owned();
                return Err(unusable("security", detail));
            }
            let Some(password) = password.expose_text() else {
                return Err(unusable("password", "expected UTF-8".to_owned()));
            };
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        Ok(Self { from, transport: builder.build() })
    }

    /// Tries once. `Ok` means that the server took the mail for every receiver.
    pub async fn deliver(&self, message: &MailMessage<'_>) -> Result<(), DeliveryError> {
        let mail = self.compose(message)?;
        let sent = tokio::time::timeout(limits::DELIVERY_TIMEOUT * 2, self.transport.send(mail));
        let Ok(sent) = sent.await else {
            let detail = "the mail server did not answer in time".to_owned();
            return Err(DeliveryError::Retry { detail, after: None });
        };
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(DeliveryError::Permanent { detail: describe(&error) })
            }
            Err(error) => Err(DeliveryError::Retry { detail: describe(&error), after: None }),
        }
    }

    fn compose(&self, message: &MailMessage<'_>) -> Result<Message, DeliveryError> {
        let domain = self.from.email.domain();
        let subject: String =
            message.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut builder = Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            .date(message.at.to_chrono().into())
            .header(ContentType::TEXT_PLAIN);
        for receiver in message.to {
            builder =
                builder.to(receiver.parse().map_err(|error| bad_address(receiver, &error))?);
        }
        builder.body(message.text.to_owned()).map_err(|error| DeliveryError::Permanent {
            detail: format!("the mail cannot be composed: {error}"),
        })
    }
}

/// Says whether `text` is a mail address, alone or as `Name <address>`.
pub fn is_address(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok() || text.parse::<Address>().is_ok()
}

fn bad_address(text: &str, error: &AddressError) -> DeliveryError {
    DeliveryError::Permanent { detail: format!("`{text}` is no mail address: {error}") }
}

fn parameters(config: &MailConfig) -> Result<TlsParameters, AdapterError> {
    let refused =
        |error: lettre::transport::smtp::Error| AdapterError::Tls { detail: describe(&error) };
    let mut builder: TlsParametersBuilder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.tls.authorities {
        let what = "the authorities";
        let pem = fs::read(path).map_err(|source| AdapterError::File {
            what,
            path: path.clone(),
            source,
        })?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem).map_err(refused)?);
    }
    builder.build_rustls().map_err(refused)
}

fn describe(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
