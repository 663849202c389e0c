//! Who was refused at a door, with the name, to those who stand guard: each showing is recorded.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::{AuditAct, PersonId, PlaceId, Timestamp};
use store::StoreError;

use crate::engine::Engine;
use crate::limits::Limits;
use crate::watch::refused::{DENIED, PHYSICAL_ACCESS, Refusal};

/// How far back refusals are looked for after a start.
const BACK_MAX: Duration = Duration::from_secs(24 * 3_600);

impl Engine {
    /// Shows the names of those who were refused to a session; each that it has not seen yet is
    /// kept in the audit chain, with the door as the reason, before anybody sees it.
    pub async fn show_refused(
        &self,
        session: [u8; 32],
        refusals: &[Refusal],
        by: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut shown: BTreeSet<&PersonId> = BTreeSet::new();
        let mut acts = Vec::new();
        for refusal in refusals {
            let Some(person) = &refusal.person else { continue };
            if self.is_revealed(&session, person) || !shown.insert(person) {
                continue;
            }
            acts.push(AuditAct {
                at: now,
                by: by.to_owned(),
                verb: "person.reveal".to_owned(),
                object: format!("person:{person}"),
                detail: serde_json::json!({
                    "reason": format!("refused at {}", refusal.door),
                    "record": refusal.record,
                }),
            });
        }
        if acts.is_empty() {
            return Ok(());
        }
        self.state.record_acts(&acts).await?;
        let max = Limits::count(self.config.limits.reveals_max);
        for person in shown {
            self.reveals.add(session, person.clone(), max);
        }
        Ok(())
    }
}

/// Learns the refusals of the last day from history, once after a start.
pub async fn remember(engine: Arc<Engine>) {
    let max = Limits::count(engine.config.limits.refusals_kept_max);
    let since = engine.now().minus(BACK_MAX).nanos();
    let sql = format!(
        "SELECT CAST(time AS BIGINT) AS at_ns, seq, part, place, site, person, \
         json_text(ocsf, 'castellan.credential.state') AS credential, \
         json_text(ocsf, 'status_detail') AS why FROM events \
         WHERE class_uid = {PHYSICAL_ACCESS} AND activity_id = {DENIED} AND place IS NOT NULL \
         AND time >= to_timestamp_nanos({since}) ORDER BY time DESC LIMIT {max}"
    );
    let rows = match engine.query(&sql, (false, true)).await.map(|found| found.rows()) {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) | Err(error) => {
            tracing::warn!(reason = %error, "refusals before the start are not listed");
            return;
        }
    };
    for row in &rows {
        if let Some(refusal) = of_row(row) {
            engine.refusals.add(refusal, max);
        }
    }
}

fn of_row(row: &serde_json::Map<String, serde_json::Value>) -> Option<Refusal> {
    let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str);
    let number = |name: &str| row.get(name).and_then(serde_json::Value::as_u64);
    let credential = text("credential").map(serde_json::Value::from);
    Some(Refusal {
        at: Timestamp::from_nanos(row.get("at_ns")?.as_i64()?),
        door: PlaceId::parse(text("place")?).ok()?,
        site: text("site").and_then(|site| PlaceId::parse(site).ok()),
        record: number("seq")?,
        part: u16::try_from(number("part")?).ok()?,
        person: text("person").and_then(|person| PersonId::parse(person).ok()),
        credential: credential.and_then(|word| serde_json::from_value(word).ok()),
        why: text("why").map(str::to_owned),
    })
}
