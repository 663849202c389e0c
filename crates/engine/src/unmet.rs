//! What a configuration needs from outside itself, looked at before anything starts.

use model::spine::PlaceKind;
use model::{MappingName, Organisation, Problem, SourceId};
use normalise::Mappings;

use crate::config::{Channel, Config, SecretText, TokenConfig};
use crate::listeners;
use crate::signin::prepare_provider;

impl Config {
    /// What this configuration needs and does not find: secrets, and sources that the organisation
    /// does not have.
    pub fn unmet(&self, org: Option<&Organisation>) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (what, secret) in self.secrets() {
            if let Err(error) = listeners::secret(secret, &what) {
                let at = Some(secret.at);
                problems.push(Problem::error(&self.file, at, "no_secret", error.to_string()));
            }
        }
        let tails = self.tail.iter().filter_map(|tail| tail.source.as_ref());
        let tokens = self.tokens.iter().flat_map(|token| &token.sources);
        for source in tails.chain(tokens) {
            let Some(org) = org.filter(|org| !org.sources.contains_key(&source.value)) else {
                continue;
            };
            let known = org.sources.keys().map(SourceId::as_str);
            let hint = match estate::nearest(source.value.as_str(), known) {
                Some(near) => format!("; did you mean `{near}`?"),
                None => String::new(),
            };
            let message = format!("the organisation has no source `{}`{hint}", source.value);
            let at = Some(source.at);
            problems.push(Problem::error(&self.file, at, "unknown_source", message));
        }
        self.unmet_of_providers(org, &mut problems);
        problems
    }

    /// Certificates that cannot be read, and sites that nobody knows: such a grant reaches nothing.
    fn unmet_of_providers(&self, org: Option<&Organisation>, problems: &mut Vec<Problem>) {
        for wanted in &self.identity_providers {
            if let Err(error) = prepare_provider(wanted, None, &self.limits) {
                let at = Some(wanted.ca.as_ref().map_or(wanted.issuer.at, |ca| ca.at));
                let message = format!("identity provider `{}`: {error}", *wanted.id);
                problems.push(Problem::error(&self.file, at, "bad_value", message));
            }
            let Some(org) = org else { continue };
            let sites = || org.places.values().filter(|place| place.kind == PlaceKind::Site);
            for site in wanted.grants.iter().filter_map(|grant| grant.sites.as_ref()).flatten() {
                if sites().any(|known| known.id == site.value) {
                    continue;
                }
                let known = sites().map(|known| known.id.as_str());
                let hint = match estate::nearest(site.value.as_str(), known) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None => String::new(),
                };
                let message = format!("the organisation has no site `{}`{hint}", site.value);
                let at = Some(site.at);
                problems.push(Problem::error(&self.file, at, "unknown_site", message));
            }
        }
    }

    /// Every secret that is named, with whose it is.
    fn secrets(&self) -> Vec<(String, &SecretText)> {
        let token = |t: &'_ TokenConfig| format!("token `{}`", t.id);
        let mut all: Vec<_> = self.tokens.iter().map(|t| (token(t), &t.secret)).collect();
        for provider in &self.identity_providers {
            let what = format!("identity provider `{}`", *provider.id);
            all.extend(provider.client_secret.as_ref().map(|secret| (what, secret)));
        }
        all.extend(self.seal_key.as_ref().map(|key| ("the sealing key".to_owned(), key)));
        for broker in &self.mqtt {
            let what = format!("mqtt broker `{}`", broker.host);
            all.extend(broker.password.as_ref().map(|password| (what, password)));
        }
        for channel in &self.channels {
            let what = format!("channel `{}`", channel.name());
            match channel {
                Channel::Mail { password, .. } => {
                    all.extend(password.as_ref().map(|password| (what, password)));
                }
                Channel::Webhook { secret, .. } => all.push((what, secret)),
            }
        }
        all
    }
}

/// Sources whose mapping does not exist: their records would all become dead letters.
pub fn unknown_mappings(org: &Organisation, mappings: &Mappings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for source in org.sources.values() {
        let Some(name) = source.mapping.as_ref().filter(|name| mappings.get(name).is_none()) else {
            continue;
        };
        let hint = match estate::nearest(name.as_str(), mappings.names().map(MappingName::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name the folder of your own mappings with --content".to_owned(),
        };
        let message = format!("source `{}`: there is no mapping `{name}`; {hint}", source.id);
        problems.push(Problem::error("sources.toml", None, "unknown_mapping", message));
    }
    problems
}
