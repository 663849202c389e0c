//! The words of rights: five roles, and every action that the interface knows.

use serde::{Deserialize, Serialize};

/// What an operator is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works incidents at the gate.
    Guard,
    /// Investigates.
    Analyst,
    /// Keeps it running.
    Engineer,
    /// Looks, changes nothing.
    Auditor,
    /// Says who is who.
    Administrator,
}

impl Role {
    /// All, as the matrix lists them.
    pub const ALL: [Self; 5] =
        [Self::Guard, Self::Analyst, Self::Engineer, Self::Auditor, Self::Administrator];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Analyst => "analyst",
            Self::Engineer => "engineer",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// By its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

macro_rules! actions {
    ($($(#[doc = $doc:expr])+ $name:ident = $word:literal;)+) => {
        /// What somebody may do or not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Action {
            /// All, as the matrix lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its word, in policies and in the interface.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What it allows, in words.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

actions! {
    /// See incidents and findings.
    IncidentRead = "incident.read";
    /// Work incidents: acknowledge, assign, comment, resolve.
    IncidentOperate = "incident.operate";
    /// Open an incident by hand.
    IncidentManual = "incident.manual";
    /// Read the occurrence log.
    OccurrenceRead = "occurrence.read";
    /// Write in the occurrence log, and correct what stands there.
    OccurrenceWrite = "occurrence.write";
    /// Call for help in silence; the reason may follow.
    PanicRaise = "panic.raise";
    /// Search events and watch them live.
    EventSearch = "event.search";
    /// Read what sources said, word by word.
    EventRaw = "event.raw";
    /// Ask the lake in SQL.
    QuerySql = "query.sql";
    /// See people, as pseudonyms.
    PersonRead = "person.read";
    /// See a person's name, for a reason that is recorded.
    PersonReveal = "person.reveal";
    /// Ask who could have been where; each question and its reason are recorded.
    WhereaboutsAsk = "whereabouts.ask";
    /// See at once who was refused at a door; each showing is recorded.
    RefusalRead = "refusal.read";
    /// See places, doors, things and plans.
    PlaceRead = "place.read";
    /// Draw and change floor plans.
    PlanEdit = "plan.edit";
    /// See sources, their health and dead letters.
    SourceRead = "source.read";
    /// Send dead letters through again.
    DeadLetterRerun = "dead_letter.rerun";
    /// See mappings.
    MappingRead = "mapping.read";
    /// Change mappings, and try changes on records.
    MappingEdit = "mapping.edit";
    /// See rules.
    RuleRead = "rule.read";
    /// Try rules on the past, drafts among them.
    RuleTry = "rule.try";
    /// Write rules, turn them on and off, make exceptions.
    RuleEdit = "rule.edit";
    /// Make, list and end access tokens.
    TokenManage = "token.manage";
    /// Make, change and disable operators.
    OperatorManage = "operator.manage";
    /// Read the audit log.
    AuditRead = "audit.read";
    /// See status, accounts and limits.
    SystemRead = "system.read";
    /// See rights: groups, schedules, policies, credentials; explain decisions, try drafts.
    AccessRead = "access.read";
    /// Change rights: give and take them, write policies and schedules, import.
    AccessEdit = "access.edit";
    /// Ask for decisions as an enforcement point of somebody else.
    AccessEvaluate = "access.evaluate";
    /// Open, lock and unlock doors; every act has a reason and a receipt.
    DoorOperate = "door.operate";
    /// Lock areas down and end that, raise and lower the threat level.
    LockdownOperate = "lockdown.operate";
    /// See who is inside, by name, without being asked why.
    MusterRead = "muster.read";
    /// See suspensions and revocations with their receipts.
    RevocationRead = "revocation.read";
    /// Suspend and revoke people and credentials, and lift suspensions.
    RevocationAct = "revocation.act";
    /// Take edges into service and out of it, sign for a restore.
    EdgeManage = "edge.manage";
    /// Take data out: exports, bundles, reports.
    Export = "export";
}

impl Action {
    /// What it allows, as it stands after "you may": `work incidents`.
    pub fn deed(self) -> String {
        let meaning = self.meaning().trim_end_matches('.');
        let deed = meaning.split([':', ';']).next().unwrap_or(meaning);
        let mut chars = deed.chars();
        let first = chars.next().map(|first| first.to_ascii_lowercase());
        first.into_iter().chain(chars).collect()
    }

    /// By its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text)
    }
}
