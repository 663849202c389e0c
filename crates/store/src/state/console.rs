//! What people keep in the console: floor plans, and their own views.

use model::{AuditAct, Entity, PlaceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::State;
use super::db::{DbRow, args, json_of};
use crate::audit;
use crate::error::StoreError;

/// Most plans; one more is refused.
pub const PLANS_MAX: usize = 500;
/// Most views of one owner; one more is refused.
pub const VIEWS_MAX: usize = 200;

/// Where something stands on a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// A door, another place, or a thing.
    pub entity: Entity,
    /// From the left edge, 0 to 1.
    pub x: f64,
    /// From the upper edge, 0 to 1.
    pub y: f64,
}

/// A floor plan without its image.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Of which place.
    pub place: PlaceId,
    /// `image/svg+xml` or `image/png`.
    pub media_type: String,
    /// In the image's own units.
    pub width: u32,
    /// In the image's own units.
    pub height: u32,
    /// What stands where.
    pub marks: Vec<Mark>,
    /// Its last change.
    pub changed_at: Timestamp,
}

/// Something that was looked for and is worth looking for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Who keeps it.
    pub owner: String,
    /// Its name; each owner's are their own.
    pub name: String,
    /// `incidents` or `events`.
    pub kind: String,
    /// The console's own words for it.
    pub query: String,
    /// Whether others see it.
    pub is_shared: bool,
    /// Its last change.
    pub changed_at: Timestamp,
}

fn plan(row: &DbRow) -> Result<Plan, StoreError> {
    let place = row.text(0)?;
    Ok(Plan {
        place: PlaceId::parse(&place).map_err(|e| StoreError::corrupt("plans", e.to_string()))?,
        media_type: row.text(1)?,
        width: size(row, 2)?,
        height: size(row, 3)?,
        marks: row.json(4)?,
        changed_at: row.time(5)?,
    })
}

fn size(row: &DbRow, at: usize) -> Result<u32, StoreError> {
    let found = row.uint(at)?;
    u32::try_from(found).map_err(|_| StoreError::corrupt("plans", format!("a size of {found}")))
}

fn view(row: &DbRow) -> Result<View, StoreError> {
    Ok(View {
        owner: row.text(0)?,
        name: row.text(1)?,
        kind: row.text(2)?,
        query: row.text(3)?,
        is_shared: row.uint(4)? != 0,
        changed_at: row.time(5)?,
    })
}

impl State {
    /// Every plan, by place.
    pub async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        let sql = "SELECT place, media_type, width, height, marks, changed_at FROM plans \
                   ORDER BY place";
        self.reading.rows(sql, args![]).await?.iter().map(plan).collect()
    }

    /// One plan.
    pub async fn plan(&self, place: &PlaceId) -> Result<Option<Plan>, StoreError> {
        let sql = "SELECT place, media_type, width, height, marks, changed_at FROM plans \
                   WHERE place = $1";
        let rows = self.reading.rows(sql, args![place.as_str()]).await?;
        rows.first().map(plan).transpose()
    }

    /// A plan's image, with its media type.
    pub async fn plan_image(
        &self,
        place: &PlaceId,
    ) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let sql = "SELECT media_type, image FROM plans WHERE place = $1";
        let rows = self.reading.rows(sql, args![place.as_str()]).await?;
        rows.first().map(|row| Ok((row.text(0)?, row.blob(1)?))).transpose()
    }

    /// Puts a plan in the place of an earlier one of the same place. `marks` of the earlier one
    /// stay when `None`.
    pub async fn save_plan(
        &self,
        plan: &Plan,
        image: &[u8],
        act: &AuditAct,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let rows =
            tx.rows("SELECT count(*) FROM plans WHERE place <> $1", args![plan.place.as_str()]);
        let others = rows.await?.first().map(|row| row.uint(0)).transpose()?.unwrap_or(0);
        if others as usize >= PLANS_MAX {
            let expected = format!("at most {PLANS_MAX}");
            return Err(StoreError::Limit { name: "plans_max", found: others + 1, expected });
        }
        let sql = "INSERT INTO plans (place, media_type, image, width, height, marks, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (place) DO UPDATE SET \
                   media_type = excluded.media_type, image = excluded.image, \
                   width = excluded.width, height = excluded.height, marks = excluded.marks, \
                   changed_at = excluded.changed_at";
        tx.run(
            sql,
            args![
                plan.place.as_str(),
                &*plan.media_type,
                image,
                u64::from(plan.width),
                u64::from(plan.height),
                json_of(&plan.marks)?,
                plan.changed_at,
            ],
        )
        .await?;
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// Puts marks on a plan in the place of the earlier ones; whether there is such a plan.
    pub async fn save_marks(
        &self,
        place: &PlaceId,
        marks: &[Mark],
        act: &AuditAct,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE plans SET marks = $2, changed_at = $3 WHERE place = $1";
        if tx.run(sql, args![place.as_str(), json_of(&marks)?, act.at]).await? == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a plan; whether there was one.
    pub async fn remove_plan(&self, place: &PlaceId, act: &AuditAct) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        if tx.run("DELETE FROM plans WHERE place = $1", args![place.as_str()]).await? == 0 {
            return Ok(false);
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// An owner's views and those that others share.
    pub async fn views(&self, owner: &str) -> Result<Vec<View>, StoreError> {
        let sql = "SELECT owner, name, kind, query, is_shared, changed_at FROM views \
                   WHERE owner = $1 OR is_shared = 1 ORDER BY name, owner";
        self.reading.rows(sql, args![owner]).await?.iter().map(view).collect()
    }

    /// Keeps a view in the place of the owner's earlier one of that name.
    pub async fn save_view(&self, view: &View) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let rows = tx.rows(
            "SELECT count(*) FROM views WHERE owner = $1 AND name <> $2",
            args![&*view.owner, &*view.name],
        );
        let others = rows.await?.first().map(|row| row.uint(0)).transpose()?.unwrap_or(0);
        if others as usize >= VIEWS_MAX {
            let expected = format!("at most {VIEWS_MAX}");
            return Err(StoreError::Limit { name: "views_max", found: others + 1, expected });
        }
        let sql = "INSERT INTO views (owner, name, kind, query, is_shared, changed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner, name) DO UPDATE SET \
                   kind = excluded.kind, query = excluded.query, is_shared = excluded.is_shared, \
                   changed_at = excluded.changed_at";
        tx.run(
            sql,
            args![
                &*view.owner,
                &*view.name,
                &*view.kind,
                &*view.query,
                u64::from(view.is_shared),
                view.changed_at,
            ],
        )
        .await?;
        tx.commit().await
    }

    /// Forgets a view; whether there was one.
    pub async fn remove_view(&self, owner: &str, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = "DELETE FROM views WHERE owner = $1 AND name = $2";
        let was_there = tx.run(sql, args![owner, name]).await? > 0;
        tx.commit().await?;
        Ok(was_there)
    }
}
