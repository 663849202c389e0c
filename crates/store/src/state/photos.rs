//! Photos of people, as the organisation folder has them.

use std::collections::{BTreeMap, BTreeSet};

use model::{AuditAct, PersonId};

use super::State;
use super::db::{DbRow, args};
use crate::audit;
use crate::error::StoreError;

/// Most photos; more are refused.
pub const PHOTOS_MAX: usize = 200_000;

/// A photo to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// Of whom.
    pub person: PersonId,
    /// `image/svg+xml`, `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The image.
    pub image: Vec<u8>,
    /// Another one when the file it came from has changed.
    pub stamp: String,
}

fn person(row: &DbRow) -> Result<PersonId, StoreError> {
    PersonId::parse(&row.text(0)?).map_err(|e| StoreError::corrupt("photos", e.to_string()))
}

impl State {
    /// Whose photos there are, with the stamps of the files they came from.
    pub async fn photo_stamps(&self) -> Result<BTreeMap<PersonId, String>, StoreError> {
        let rows = self.reading.rows("SELECT person, stamp FROM photos", args![]).await?;
        rows.iter().map(|row| Ok((person(row)?, row.text(1)?))).collect()
    }

    /// Who of these has a photo.
    pub async fn with_photo(
        &self,
        people: &BTreeSet<PersonId>,
    ) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut found = BTreeSet::new();
        for id in people {
            let sql = "SELECT person FROM photos WHERE person = $1";
            let rows = self.reading.rows(sql, args![id.as_str()]).await?;
            found.extend(rows.first().map(person).transpose()?);
        }
        Ok(found)
    }

    /// A person's photo, with its media type.
    pub async fn photo(&self, person: &PersonId) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let sql = "SELECT media_type, image FROM photos WHERE person = $1";
        let rows = self.reading.rows(sql, args![person.as_str()]).await?;
        rows.first().map(|row| Ok((row.text(0)?, row.blob(1)?))).transpose()
    }

    /// Keeps photos in the place of earlier ones, and forgets those of `gone`.
    pub async fn change_photos(
        &self,
        photos: &[Photo],
        gone: &[PersonId],
        act: &AuditAct,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        for id in gone {
            tx.run("DELETE FROM photos WHERE person = $1", args![id.as_str()]).await?;
        }
        for photo in photos {
            let sql = "INSERT INTO photos (person, media_type, image, stamp) \
                       VALUES ($1, $2, $3, $4) ON CONFLICT (person) DO UPDATE SET \
                       media_type = excluded.media_type, image = excluded.image, \
                       stamp = excluded.stamp";
            let values =
                args![photo.person.as_str(), &*photo.media_type, &*photo.image, &*photo.stamp,];
            tx.run(sql, values).await?;
        }
        let count = tx.row("SELECT count(*) FROM photos", args![]).await?;
        let count = count.map_or(Ok(0), |row| row.uint(0))?;
        if count > PHOTOS_MAX as u64 {
            let expected = format!("at most {PHOTOS_MAX}");
            return Err(StoreError::Limit { name: "photos_max", found: count, expected });
        }
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }
}
