//! Tokens that nobody made by an act: this machine's own, and those that the configuration names.

use store::state::Token;

use super::Scope;
use crate::clock::Clock;
use crate::config::Config;
use crate::listeners;
use crate::start::StartError;

/// This machine's own, for this run: it may do everything.
pub(crate) fn local_token(clock: &Clock) -> Result<(Token, String), StartError> {
    let secret = super::new_secret()?;
    let token = Token {
        id: "local".into(),
        hash: super::hash(&secret),
        label: "this machine".into(),
        scopes: Scope::ALL
            .iter()
            .map(|s| s.as_str())
            .chain(["enforces:*", "evaluate:search", "evaluate:reasons"])
            .map(str::to_owned)
            .collect(),
        sources: Vec::new(),
        created_at: clock.now(),
        expires_at: None,
        revoked_at: None,
    };
    Ok((token, secret))
}

/// Those that the configuration names, and this machine's own.
pub(crate) fn config_tokens(
    config: &Config,
    local: Token,
    now: model::Timestamp,
) -> Result<Vec<Token>, StartError> {
    let mut tokens = vec![local];
    for wanted in &config.tokens {
        let what = format!("token `{}`", wanted.id);
        let secret = listeners::secret(&wanted.secret, &what)?;
        let text = secret.expose_text().map(str::trim).unwrap_or_default();
        tokens.push(Token {
            id: wanted.id.clone(),
            hash: super::hash(text),
            label: wanted.id.clone(),
            scopes: wanted.scopes.clone(),
            sources: wanted.sources.iter().map(|s| s.value.clone()).collect(),
            created_at: now,
            expires_at: wanted.expires,
            revoked_at: None,
        });
    }
    Ok(tokens)
}
