//! What was revoked and where it has arrived, the edges that enforce it, commands to doors, and
//! how alert the house is.

use model::{AuditAct, DoorId, PointId, RevocationId, Timestamp};

use super::State;
use super::db::{DbRow, Tx, args};
use crate::audit;
use crate::error::StoreError;

/// Most commands of one listing.
pub const COMMAND_PAGE_MAX: u32 = 1_000;
/// Commands that are kept; the oldest that have ended go first.
pub const COMMANDS_KEPT_MAX: u64 = 100_000;

/// A tombstone, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredStone {
    /// The credential's keyed hash.
    pub key: Vec<u8>,
    /// This generation and all before it.
    pub generation: u64,
    /// Since when.
    pub since: Timestamp,
}

/// Where a deed stands at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSigning {
    /// Which deed.
    pub deed: RevocationId,
    /// Which point.
    pub point: PointId,
    /// JSON.
    pub body: String,
    /// Until when the point may go by older rights; none: nobody knows.
    pub stale_until: Option<Timestamp>,
    /// What the point signed, and its signature; empty where it did not.
    pub proof: (Vec<u8>, Vec<u8>),
}

/// What has changed, to be written at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WardenStep {
    /// The version of the next rights.
    pub version: u64,
    /// Whose tombstones a restore waits for.
    pub waiting: Vec<PointId>,
    /// Everything stands in this step: what was kept before is gone.
    pub is_whole: bool,
    /// Points with their JSON; none: out of service.
    pub points: Vec<(PointId, Option<String>)>,
    /// Deeds with their JSON, and what the house notes of them.
    pub deeds: Vec<(RevocationId, String, String)>,
    /// Where they stand.
    pub signings: Vec<StoredSigning>,
    /// Tombstones.
    pub stones: Vec<StoredStone>,
    /// Subjects (JSON) with the version of the last word on them, and whether it suspended.
    pub suspensions: Vec<(String, u64, bool)>,
    /// Deeds that are forgotten.
    pub gone_deeds: Vec<RevocationId>,
    /// Credentials whose tombstones are forgotten.
    pub gone_stones: Vec<Vec<u8>>,
    /// Acts, in order.
    pub audit: Vec<AuditAct>,
}

/// All that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WardenKept {
    /// The version of the next rights; none: nothing was ever kept.
    pub version: Option<u64>,
    /// Whose tombstones a restore waits for.
    pub waiting: Vec<PointId>,
    /// Points with their JSON.
    pub points: Vec<(PointId, String)>,
    /// Deeds with their JSON, and what the house notes of them.
    pub deeds: Vec<(RevocationId, String, String)>,
    /// Where they stand.
    pub signings: Vec<StoredSigning>,
    /// Tombstones.
    pub stones: Vec<StoredStone>,
    /// Subjects (JSON), versions, whether suspended.
    pub suspensions: Vec<(String, u64, bool)>,
}

/// An edge, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEdge {
    /// Who.
    pub point: PointId,
    /// JSON.
    pub body: String,
    /// Its records up to this number are durable.
    pub records_to: u64,
    /// Records that it had to forget.
    pub records_lost: u64,
}

/// A command, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCommand {
    /// Its id.
    pub id: String,
    /// To which door.
    pub door: DoorId,
    /// When it was asked for.
    pub at: Timestamp,
    /// Whether its end is not known yet.
    pub is_open: bool,
    /// JSON.
    pub body: String,
    /// What the point signed of its end, and its signature; empty where it did not.
    pub proof: (Vec<u8>, Vec<u8>),
}

impl State {
    /// Writes what has changed in the book of revocations, in one transaction with its audited
    /// acts.
    pub async fn save_warden(&self, step: &WardenStep) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        if step.is_whole {
            const ALL: [&str; 5] = [
                "DELETE FROM warden_points",
                "DELETE FROM warden_deeds",
                "DELETE FROM warden_signings",
                "DELETE FROM warden_stones",
                "DELETE FROM warden_suspensions",
            ];
            for sql in ALL {
                tx.run(sql, args![]).await?;
            }
        }
        let waiting = super::db::json_of(&step.waiting)?;
        tx.run(
            "INSERT INTO warden (id, version, waiting) VALUES (1, $1, $2) \
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, \
             waiting = excluded.waiting",
            args![step.version, waiting],
        )
        .await?;
        save_points(&mut tx, step).await?;
        let deeds = step
            .deeds
            .iter()
            .map(|(id, body, note)| args![id.as_str(), body.as_str(), note.as_str()]);
        tx.insert_many(
            "INSERT INTO warden_deeds (deed, body, note)",
            "ON CONFLICT (deed) DO UPDATE SET body = excluded.body, note = excluded.note",
            deeds,
        )
        .await?;
        save_signings(&mut tx, &step.signings).await?;
        let stones = step
            .stones
            .iter()
            .map(|stone| args![stone.key.as_slice(), stone.generation, stone.since]);
        tx.insert_many(
            "INSERT INTO warden_stones (key, generation, since)",
            "ON CONFLICT (key) DO UPDATE SET generation = excluded.generation, \
             since = excluded.since",
            stones,
        )
        .await?;
        let suspensions = step
            .suspensions
            .iter()
            .map(|(subject, version, is)| args![subject.as_str(), *version, u64::from(*is)]);
        tx.insert_many(
            "INSERT INTO warden_suspensions (subject, version, is_suspended)",
            "ON CONFLICT (subject) DO UPDATE SET version = excluded.version, \
             is_suspended = excluded.is_suspended",
            suspensions,
        )
        .await?;
        for deed in &step.gone_deeds {
            let sql = "DELETE FROM warden_signings WHERE deed = $1";
            tx.run(sql, args![deed.as_str()]).await?;
            tx.run("DELETE FROM warden_deeds WHERE deed = $1", args![deed.as_str()]).await?;
        }
        for key in &step.gone_stones {
            let sql = "DELETE FROM warden_stones WHERE key = $1";
            tx.run(sql, args![key.as_slice()]).await?;
        }
        audit::append(&mut tx, &step.audit).await?;
        tx.commit().await
    }

    /// All that is kept of revocations, as of one instant.
    pub async fn warden(&self) -> Result<WardenKept, StoreError> {
        let mut tx = self.reading.snapshot().await?;
        let mut kept = WardenKept::default();
        if let Some(row) = tx.row("SELECT version, waiting FROM warden", args![]).await? {
            kept.version = Some(row.uint(0)?);
            kept.waiting = row.json(1)?;
        }
        for row in tx.rows("SELECT point, body FROM warden_points", args![]).await? {
            kept.points.push((row.word(0)?, row.text(1)?));
        }
        for row in tx.rows("SELECT deed, body, note FROM warden_deeds", args![]).await? {
            kept.deeds.push((row.word(0)?, row.text(1)?, row.text(2)?));
        }
        let sql = "SELECT deed, point, body, stale_until, said, signature FROM warden_signings";
        for row in tx.rows(sql, args![]).await? {
            kept.signings.push(read_signing(&row)?);
        }
        let sql = "SELECT key, generation, since FROM warden_stones";
        for row in tx.rows(sql, args![]).await? {
            let (key, generation, since) = (row.blob(0)?, row.uint(1)?, row.time(2)?);
            kept.stones.push(StoredStone { key, generation, since });
        }
        let sql = "SELECT subject, version, is_suspended FROM warden_suspensions";
        for row in tx.rows(sql, args![]).await? {
            kept.suspensions.push((row.text(0)?, row.uint(1)?, row.int(2)? != 0));
        }
        Ok(kept)
    }

    /// What a point signed of a deed.
    pub async fn signings(&self, deed: &RevocationId) -> Result<Vec<StoredSigning>, StoreError> {
        let sql = "SELECT deed, point, body, stale_until, said, signature FROM warden_signings \
                   WHERE deed = $1 ORDER BY point";
        self.reading.rows(sql, args![deed.as_str()]).await?.iter().map(read_signing).collect()
    }

    /// Keeps an edge, in the transaction of the acts; its counts of records stay.
    pub async fn save_edge(
        &self,
        (point, body): (&PointId, &str),
        acts: &[AuditAct],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.run(
            "INSERT INTO edges (point, body) VALUES ($1, $2) \
             ON CONFLICT (point) DO UPDATE SET body = excluded.body",
            args![point.as_str(), body],
        )
        .await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// Says up to where an edge's records are durable (never back), and adds to those it lost.
    pub async fn save_edge_records(
        &self,
        point: &PointId,
        (to, lost): (u64, u64),
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.run(
            "UPDATE edges SET records_to = max(records_to, $2), \
             records_lost = records_lost + $3 WHERE point = $1",
            args![point.as_str(), to, lost],
        )
        .await?;
        tx.commit().await
    }

    /// All edges, in order of their ids.
    pub async fn edges(&self) -> Result<Vec<StoredEdge>, StoreError> {
        let sql = "SELECT point, body, records_to, records_lost FROM edges ORDER BY point";
        let read = |row: &DbRow| {
            Ok(StoredEdge {
                point: row.word(0)?,
                body: row.text(1)?,
                records_to: row.uint(2)?,
                records_lost: row.uint(3)?,
            })
        };
        self.reading.rows(sql, args![]).await?.iter().map(read).collect()
    }

    /// Keeps commands as they now stand, in the transaction of the acts.
    pub async fn save_commands(
        &self,
        commands: &[StoredCommand],
        acts: &[AuditAct],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let rows = commands.iter().map(|command| {
            args![
                command.id.as_str(),
                command.door.as_str(),
                command.at,
                u64::from(command.is_open),
                command.body.as_str(),
                command.proof.0.as_slice(),
                command.proof.1.as_slice(),
            ]
        });
        tx.insert_many(
            "INSERT INTO commands (id, door, at, is_open, body, said, signature)",
            "ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body, \
             said = excluded.said, signature = excluded.signature",
            rows,
        )
        .await?;
        tx.run(
            "DELETE FROM commands WHERE is_open = 0 AND at < (SELECT at FROM commands \
             ORDER BY at DESC LIMIT 1 OFFSET $1)",
            args![COMMANDS_KEPT_MAX],
        )
        .await?;
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }

    /// Commands whose end is not known yet, oldest first.
    pub async fn open_commands(&self) -> Result<Vec<StoredCommand>, StoreError> {
        let sql = "SELECT id, door, at, is_open, body, said, signature FROM commands \
                   WHERE is_open = 1 ORDER BY at, id";
        self.reading.rows(sql, args![]).await?.iter().map(read_command).collect()
    }

    /// One command.
    pub async fn command(&self, id: &str) -> Result<Option<StoredCommand>, StoreError> {
        let sql = "SELECT id, door, at, is_open, body, said, signature FROM commands \
                   WHERE id = $1";
        let rows = self.reading.rows(sql, args![id]).await?;
        rows.first().map(read_command).transpose()
    }

    /// The newest commands, of one door or of all, newest first.
    pub async fn commands(
        &self,
        door: Option<&DoorId>,
        limit: u32,
    ) -> Result<Vec<StoredCommand>, StoreError> {
        let limit = u64::from(limit.min(COMMAND_PAGE_MAX));
        let rows = match door {
            Some(door) => {
                let sql = "SELECT id, door, at, is_open, body, said, signature FROM commands \
                           WHERE door = $1 ORDER BY at DESC, id LIMIT $2";
                self.reading.rows(sql, args![door.as_str(), limit]).await?
            }
            None => {
                let sql = "SELECT id, door, at, is_open, body, said, signature FROM commands \
                           ORDER BY at DESC, id LIMIT $1";
                self.reading.rows(sql, args![limit]).await?
            }
        };
        rows.iter().map(read_command).collect()
    }

    /// Lockdowns and the threat level as they stand, by what they are about.
    pub async fn alertness(&self) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT what, body FROM alertness ORDER BY what";
        let rows = self.reading.rows(sql, args![]).await?;
        rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
    }

    /// Changes one of them (none: it is over), in the transaction of the acts.
    pub async fn save_alertness(
        &self,
        (what, body): (&str, Option<&str>),
        acts: &[AuditAct],
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        match body {
            Some(body) => {
                let sql = "INSERT INTO alertness (what, body) VALUES ($1, $2) \
                           ON CONFLICT (what) DO UPDATE SET body = excluded.body";
                tx.run(sql, args![what, body]).await?;
            }
            None => {
                tx.run("DELETE FROM alertness WHERE what = $1", args![what]).await?;
            }
        }
        audit::append(&mut tx, acts).await?;
        tx.commit().await
    }
}

async fn save_points(tx: &mut Tx, step: &WardenStep) -> Result<(), StoreError> {
    let gone = step.points.iter().filter(|(_, body)| body.is_none());
    for (point, _) in gone {
        let sql = "DELETE FROM warden_points WHERE point = $1";
        tx.run(sql, args![point.as_str()]).await?;
    }
    let rows = step
        .points
        .iter()
        .filter_map(|(point, body)| Some(args![point.as_str(), body.as_deref()?]));
    let tail = "ON CONFLICT (point) DO UPDATE SET body = excluded.body";
    tx.insert_many("INSERT INTO warden_points (point, body)", tail, rows).await
}

async fn save_signings(tx: &mut Tx, signings: &[StoredSigning]) -> Result<(), StoreError> {
    let rows = signings.iter().map(|signing| {
        args![
            signing.deed.as_str(),
            signing.point.as_str(),
            signing.body.as_str(),
            signing.stale_until,
            signing.proof.0.as_slice(),
            signing.proof.1.as_slice(),
        ]
    });
    tx.insert_many(
        "INSERT INTO warden_signings (deed, point, body, stale_until, said, signature)",
        "ON CONFLICT (deed, point) DO UPDATE SET body = excluded.body, \
         stale_until = excluded.stale_until, said = excluded.said, \
         signature = excluded.signature",
        rows,
    )
    .await
}

fn read_signing(row: &DbRow) -> Result<StoredSigning, StoreError> {
    Ok(StoredSigning {
        deed: row.word(0)?,
        point: row.word(1)?,
        body: row.text(2)?,
        stale_until: row.time_opt(3)?,
        proof: (row.blob(4)?, row.blob(5)?),
    })
}

fn read_command(row: &DbRow) -> Result<StoredCommand, StoreError> {
    Ok(StoredCommand {
        id: row.text(0)?,
        door: row.word(1)?,
        at: row.time(2)?,
        is_open: row.int(3)? != 0,
        body: row.text(4)?,
        proof: (row.blob(5)?, row.blob(6)?),
    })
}
