//! Sends what the outbox holds: mail and signed webhooks, at least once, until it is settled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use adapters::out::DeliveryError;
use adapters::out::mail::{Mail, MailConfig, MailMessage, MailSecurity};
use adapters::out::webhook::{Webhook, WebhookConfig, WebhookMessage};
use model::Timestamp;
use serde::Deserialize;
use store::state::{OutboxItem, OutboxOutcome};
use tokio_util::sync::CancellationToken;

use crate::config::{Channel, Config};
use crate::engine::Engine;
use crate::listeners::secret;
use crate::start::StartError;

/// How often the outbox is looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// Messages taken at once.
const TAKEN_MAX: u32 = 32;
/// A message that was tried this often is given up, visibly.
const ATTEMPTS_MAX: u32 = 12;
/// First wait after a failure; doubled each time up to `WAIT_MAX`.
const WAIT_FIRST: Duration = Duration::from_secs(2);
/// Longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(900);
/// Longest delivery.
const DELIVERY_MAX: Duration = Duration::from_secs(20);

/// One way out, ready.
pub enum Sender {
    /// Mail and to whom.
    Mail(Box<Mail>, Vec<String>),
    /// A webhook.
    Webhook(Box<Webhook>),
}

/// Ways out by channel name.
pub type Senders = HashMap<String, Sender>;

/// Prepares every configured channel; a missing secret stops the start.
pub fn prepare(config: &Config) -> Result<Senders, StartError> {
    config.channels.iter().map(|c| Ok((c.name().to_owned(), sender(c)?))).collect()
}

fn sender(channel: &Channel) -> Result<Sender, StartError> {
    let what = format!("channel `{}`", channel.name());
    match channel {
        Channel::Mail { host, port, security, ca, user, password, from, to, .. } => {
            let credentials = match (user, password) {
                (Some(user), Some(password)) => Some((user.clone(), secret(password, &what)?)),
                (Some(_) | None, None) | (None, Some(_)) => None,
            };
            let mail = MailConfig {
                host: host.clone(),
                port: *port,
                security: mail_security(*security),
                tls: adapters::ClientTls { authorities: ca.clone(), certificate: None },
                credentials,
                from: from.clone(),
                timeout: DELIVERY_MAX,
            };
            Ok(Sender::Mail(Box::new(Mail::prepare(&mail)?), to.clone()))
        }
        Channel::Webhook { url, secret: reference, .. } => {
            let webhook = WebhookConfig::to(url, secret(reference, &what)?);
            Ok(Sender::Webhook(Box::new(Webhook::prepare(&webhook)?)))
        }
    }
}

fn mail_security(security: crate::config::MailSecurity) -> MailSecurity {
    match security {
        crate::config::MailSecurity::StartTls => MailSecurity::StartTls,
        crate::config::MailSecurity::Tls => MailSecurity::Tls,
        crate::config::MailSecurity::None => MailSecurity::Plain,
    }
}

#[derive(Deserialize)]
struct Payload {
    subject: String,
    body: String,
}

/// Sends until told to stop.
pub async fn run(engine: Arc<Engine>, senders: Senders, stop: CancellationToken) {
    while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
        let now = engine.now();
        let due = match engine.state.outbox_due(now, TAKEN_MAX).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(reason = %error, "outbox not readable");
                continue;
            }
        };
        for item in due {
            let outcome = send(&senders, &item, now).await;
            if let Err(error) = engine.state.settle_outbox(&item.id, &outcome).await {
                tracing::warn!(reason = %error, "outbox not settled; the message goes again");
            }
        }
    }
}

async fn send(senders: &Senders, item: &OutboxItem, now: Timestamp) -> OutboxOutcome {
    let Some(sender) = senders.get(&item.channel) else {
        return OutboxOutcome::Failed { outcome: "the channel is no longer configured".into() };
    };
    let Ok(payload) = serde_json::from_str::<Payload>(&item.payload) else {
        return OutboxOutcome::Failed { outcome: "the message is not readable".into() };
    };
    let delivered = match sender {
        Sender::Mail(mail, to) => {
            let (subject, text) = (payload.subject.as_str(), payload.body.as_str());
            mail.deliver(&MailMessage { id: &item.id, at: now, to, subject, text }).await
        }
        Sender::Webhook(webhook) => {
            let body = payload.body.as_bytes();
            webhook.deliver(&WebhookMessage { id: &item.id, at: now, body }).await
        }
    };
    match delivered {
        Ok(()) => OutboxOutcome::Sent { outcome: "accepted".into() },
        Err(error) => failed(item, &error, now),
    }
}

fn failed(item: &OutboxItem, error: &DeliveryError, now: Timestamp) -> OutboxOutcome {
    let outcome = error.to_string();
    let is_last = item.attempts + 1 >= ATTEMPTS_MAX;
    match error {
        DeliveryError::Permanent { .. } => OutboxOutcome::Failed { outcome },
        DeliveryError::Retry { .. } if is_last => OutboxOutcome::Failed { outcome },
        DeliveryError::Retry { after, .. } => {
            let doubled = WAIT_FIRST * 2_u32.saturating_pow(item.attempts.min(16));
            let wait = doubled.max(after.unwrap_or_default()).min(WAIT_MAX);
            OutboxOutcome::Retry { next_at: now.plus(wait), outcome }
        }
    }
}
