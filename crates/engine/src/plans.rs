//! Floor plans: looked at before they are kept.

use std::collections::BTreeMap;

use codec::picture::{self, PictureError};
use model::{AuditAct, Entity, Organisation, PlaceId};
use serde::Deserialize;
use store::StoreError;
use store::state::{Mark, Plan};

use crate::engine::Engine;
use crate::limits::Limits;

/// Why a plan or its marks are not kept.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The image.
    #[error("this image is not taken: {0}")]
    Picture(#[from] PictureError),
    /// It is too large.
    #[error("the image has {found} bytes, at most {max} are taken")]
    TooLarge {
        /// Its size.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// Too many marks.
    #[error("{found} marks, at most {max} fit one plan")]
    TooMany {
        /// How many.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// A mark outside the plan, or of something unknown.
    #[error("{0}")]
    Mark(String),
    /// There is none.
    #[error("there is no plan of `{0}`")]
    NoPlan(PlaceId),
    /// State.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Keeps a plan's image, and marks in the place of earlier ones if they are given.
    pub async fn save_plan(
        &self,
        place: &PlaceId,
        (image, marks): (&[u8], Option<&[Mark]>),
        by: &str,
    ) -> Result<(), PlanError> {
        let max = Limits::count(self.config.limits.plan_bytes_max);
        if image.len() > max {
            return Err(PlanError::TooLarge { found: image.len(), max });
        }
        let picture = picture::read(image)?;
        let marks = match marks {
            Some(marks) => {
                self.check_marks(marks)?;
                marks.to_vec()
            }
            None => self.state.plan(place).await?.map(|plan| plan.marks).unwrap_or_default(),
        };
        let plan = Plan {
            place: place.clone(),
            media_type: picture.kind.media_type().to_owned(),
            width: picture.width,
            height: picture.height,
            marks,
            changed_at: self.now(),
        };
        let act = self.plan_act("plan.upload", place, by);
        Ok(self.state.save_plan(&plan, image, &act).await?)
    }

    /// Puts marks on a plan in the place of the earlier ones.
    pub async fn save_marks(
        &self,
        place: &PlaceId,
        marks: &[Mark],
        by: &str,
    ) -> Result<(), PlanError> {
        self.check_marks(marks)?;
        let act = self.plan_act("plan.mark", place, by);
        match self.state.save_marks(place, marks, &act).await? {
            true => Ok(()),
            false => Err(PlanError::NoPlan(place.clone())),
        }
    }

    /// Whether the organisation has this place or thing.
    pub fn is_thing(&self, entity: &Entity) -> bool {
        is_known(&self.current.get().org, entity)
    }

    /// The site of a place or thing.
    pub fn site_of_thing(&self, entity: &Entity) -> Option<PlaceId> {
        let org = &self.current.get().org;
        let place = match entity {
            Entity::Place(place) => Some(place),
            Entity::Asset(asset) => org.assets.get(asset).and_then(|asset| asset.place.as_ref()),
            Entity::Person(_) => None,
        };
        place.and_then(|place| org.site_of(place)).cloned()
    }

    /// Removes a plan.
    pub async fn remove_plan(&self, place: &PlaceId, by: &str) -> Result<(), PlanError> {
        let act = self.plan_act("plan.remove", place, by);
        match self.state.remove_plan(place, &act).await? {
            true => Ok(()),
            false => Err(PlanError::NoPlan(place.clone())),
        }
    }

    fn plan_act(&self, verb: &str, place: &PlaceId, by: &str) -> AuditAct {
        AuditAct {
            at: self.now(),
            by: by.to_owned(),
            verb: verb.to_owned(),
            object: format!("place:{place}"),
            detail: serde_json::json!({}),
        }
    }

    fn check_marks(&self, marks: &[Mark]) -> Result<(), PlanError> {
        let max = Limits::count(self.config.limits.plan_marks_max);
        if marks.len() > max {
            return Err(PlanError::TooMany { found: marks.len(), max });
        }
        let org = &self.current.get().org;
        for mark in marks {
            let inside = |part: f64| (0.0..=1.0).contains(&part);
            if !inside(mark.x) || !inside(mark.y) {
                let at = format!("{} stands at {}, {}", mark.entity, mark.x, mark.y);
                return Err(PlanError::Mark(format!("{at}; expected 0 to 1")));
            }
            if !is_known(org, &mark.entity) {
                let message = format!("the organisation has no {}", mark.entity);
                return Err(PlanError::Mark(message));
            }
        }
        Ok(())
    }

    /// Keeps the plans that files describe: `plans.toml` and the images that it names.
    pub async fn save_plans_of(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<(), PlanError> {
        let text = files.get("plans.toml").map(|bytes| String::from_utf8_lossy(bytes));
        let Some(text) = text else { return Ok(()) };
        let sheet: Sheet = toml::from_str(&text).map_err(|e| PlanError::Mark(e.to_string()))?;
        for plan in sheet.plan {
            let Some(image) = files.get(&plan.image) else {
                return Err(PlanError::Mark(format!("plans.toml: there is no {}", plan.image)));
            };
            self.save_plan(&plan.place, (image, Some(&plan.mark)), "castellan").await?;
        }
        Ok(())
    }
}

fn is_known(org: &Organisation, entity: &Entity) -> bool {
    match entity {
        Entity::Place(id) => org.places.contains_key(id),
        Entity::Asset(id) => org.assets.contains_key(id),
        // People walk about.
        Entity::Person(_) => false,
    }
}

/// `plans.toml`.
#[derive(Debug, Deserialize)]
struct Sheet {
    plan: Vec<SheetPlan>,
}

#[derive(Debug, Deserialize)]
struct SheetPlan {
    place: PlaceId,
    image: String,
    #[serde(default)]
    mark: Vec<Mark>,
}
