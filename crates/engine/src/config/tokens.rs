//! `[[token]]`: tokens that the configuration gives.

use estate::tomlpos::{Spanned, Table};
use model::SourceId;

use super::SecretText;
use crate::auth::{Scope, is_word};

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

pub(super) fn read_token(mut table: Table<'_>) -> Option<TokenConfig> {
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
        if !is_word(scope) {
            let bound = ["enforces:*", "enforces:door:ID", "evaluate:search", "evaluate:reasons"];
            let known: Vec<&str> = Scope::ALL.iter().map(|s| s.as_str()).chain(bound).collect();
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
