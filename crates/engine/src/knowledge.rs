//! What the engine knows of the organisation and its content, replaced whole when either changes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use access::Rights;
use chrono_tz::Tz;
use detect::{RuleFile, RuleSet, Spine};
use model::spine::Source;
use model::{Organisation, Problem, RuleId, SourceId, TeamId, TenantId, ids::UNASSIGNED};
use normalise::Mappings;
use respond::{FoldPolicy, RuleInfo};

use crate::flow::assign::Assigner;
use crate::veil::Veil;

/// One consistent view: organisation, content and what is derived from them.
pub struct Knowledge {
    /// Counts replacements.
    pub version: u64,
    /// The organisation.
    pub org: Arc<Organisation>,
    /// Its look-ups.
    pub spine: Arc<Spine>,
    /// Mappings.
    pub mappings: Arc<Mappings>,
    /// Rules.
    pub rules: Arc<RuleSet>,
    /// What operators may do.
    pub rights: Arc<Rights>,
    /// Which record is whose.
    pub assigner: Assigner,
    /// The organisation's zone.
    pub zone: Tz,
    /// What names whom.
    pub veil: Veil,
    /// How findings fold.
    pub policy: FoldPolicy,
    default_team: TeamId,
    unassigned: Source,
}

/// What cannot be started with.
#[derive(Debug, thiserror::Error)]
#[error("the built-in word `{0}` is not an id")]
pub struct BadWord(&'static str);

impl Knowledge {
    /// Derives everything from an organisation and content.
    pub fn new(
        version: u64,
        org: Organisation,
        (mappings, rules, rights): (Arc<Mappings>, Arc<RuleSet>, Arc<Rights>),
        default_team: TeamId,
    ) -> Result<Self, BadWord> {
        let unassigned_id = SourceId::parse(UNASSIGNED).map_err(|_| BadWord(UNASSIGNED))?;
        let org = Arc::new(org);
        let policy = FoldPolicy::for_organisation(&org);
        Ok(Self {
            version,
            spine: Arc::new(Spine::new(Arc::clone(&org))),
            veil: Veil::new(&org),
            assigner: Assigner::new(&org, unassigned_id.clone()),
            zone: org.time_zone.parse().unwrap_or(Tz::UTC),
            org,
            mappings,
            rules,
            rights,
            policy,
            default_team,
            unassigned: Source::with_defaults(unassigned_id),
        })
    }

    /// A source's settings; the defaults for what no source matched.
    pub fn source(&self, id: &SourceId) -> &Source {
        self.org.sources.get(id).unwrap_or(&self.unassigned)
    }

    /// Who owns a rule's findings, and what is to be done.
    pub fn rule_info(&self, id: &RuleId) -> RuleInfo {
        let meta = self.rules.get(id);
        RuleInfo {
            team: meta.and_then(|m| m.team.clone()).unwrap_or_else(|| self.default_team.clone()),
            sop: meta.map(|m| m.sop.clone()).unwrap_or_default(),
        }
    }
}

/// The knowledge in force, and why newer content is not.
pub struct Current {
    knowledge: RwLock<Arc<Knowledge>>,
    refused: RwLock<Arc<Vec<Problem>>>,
    rule_files: RwLock<Arc<Vec<RuleFile>>>,
}

impl Current {
    /// Begins with `knowledge`.
    pub fn new(knowledge: Knowledge) -> Self {
        let knowledge = RwLock::new(Arc::new(knowledge));
        Self { knowledge, refused: RwLock::default(), rule_files: RwLock::default() }
    }
    /// The rule files that are in force, each as it was last good.
    pub fn rule_files(&self) -> Arc<Vec<RuleFile>> {
        Arc::clone(&self.rule_files.read().unwrap_or_else(PoisonError::into_inner))
    }
    /// Remembers the rule files that are in force.
    pub fn keep_rule_files(&self, files: Vec<RuleFile>) {
        *self.rule_files.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(files);
    }
    /// What is in force now.
    pub fn get(&self) -> Arc<Knowledge> {
        Arc::clone(&self.knowledge.read().unwrap_or_else(PoisonError::into_inner))
    }
    /// Puts another in force.
    pub fn set(&self, knowledge: Knowledge) {
        *self.knowledge.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(knowledge);
    }
    /// What is wrong with the content as it lies in its folder now; empty when all is in force. A
    /// rule that is named here keeps nothing else out of force.
    pub fn refused_content(&self) -> Arc<Vec<Problem>> {
        Arc::clone(&self.refused.read().unwrap_or_else(PoisonError::into_inner))
    }
    /// Remembers why the content in its folder is not in force.
    pub fn refuse_content(&self, problems: Vec<Problem>) {
        *self.refused.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(problems);
    }
}

/// An organisation of nobody, for a server that has not been given one.
pub fn empty_organisation() -> Result<Organisation, BadWord> {
    Ok(Organisation {
        tenant: TenantId::parse("main").map_err(|_| BadWord("main"))?,
        name: "unnamed organisation".into(),
        time_zone: "UTC".into(),
        people: BTreeMap::new(),
        assets: BTreeMap::new(),
        places: BTreeMap::new(),
        identifiers: Vec::new(),
        doors: BTreeMap::new(),
        sources: BTreeMap::new(),
        extras: Default::default(),
    })
}
