//! The organisation as relational tables: replaced whole, loaded whole.

use std::collections::BTreeMap;
use std::time::Duration;

use model::spine::{Asset, Door, Extras, Identifier, Passage, Person, Place, Source, Validity};
use model::{AssetId, AuditAct, Entity, Organisation, PersonId, PlaceId, SourceId, TenantId};

use super::State;
use super::db::{Arg, DbRow, Tx, args, json_of, word_of};
use crate::audit;
use crate::error::StoreError;

/// People, places and things, for listings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spine {
    /// People by id.
    pub people: BTreeMap<PersonId, Person>,
    /// Places by id.
    pub places: BTreeMap<PlaceId, Place>,
    /// Things by id.
    pub assets: BTreeMap<AssetId, Asset>,
}

fn duration_arg(duration: Option<Duration>) -> Option<i64> {
    duration.map(|d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

fn duration_at(row: &DbRow, at: usize) -> Result<Option<Duration>, StoreError> {
    Ok(row.int_opt(at)?.map(|nanos| Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))))
}

fn small<T: TryFrom<i64>>(row: &DbRow, at: usize) -> Result<Option<T>, StoreError> {
    let narrow = |value: i64| {
        T::try_from(value).map_err(|_| {
            StoreError::corrupt("state", format!("column {at}: {value} is out of range"))
        })
    };
    row.int_opt(at)?.map(narrow).transpose()
}

async fn insert_place(tx: &mut Tx, tenant: &str, place: &Place) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO places (tenant, id, kind, parent, name, time_zone, zone_class, capacity, \
         dwell_max) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            tenant,
            place.id.as_str(),
            word_of(&place.kind)?,
            place.parent.as_ref().map(PlaceId::as_str),
            place.name.as_deref(),
            place.time_zone.as_deref(),
            place.zone_class.as_ref().map(word_of).transpose()?,
            place.capacity.map(i64::from),
            duration_arg(place.dwell_max),
        ],
    )
    .await
    .map(|_| ())
}

fn read_place(row: &DbRow) -> Result<Place, StoreError> {
    Ok(Place {
        id: row.word(0)?,
        kind: row.word(1)?,
        parent: row.word_opt(2)?,
        name: row.text_opt(3)?,
        time_zone: row.text_opt(4)?,
        zone_class: row.word_opt(5)?,
        capacity: small(row, 6)?,
        dwell_max: duration_at(row, 7)?,
    })
}

async fn insert_person(tx: &mut Tx, tenant: &str, person: &Person) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO people (tenant, id, name, kind, status, team, manager, site, valid_from, \
         valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        args![
            tenant,
            person.id.as_str(),
            &*person.name,
            word_of(&person.kind)?,
            word_of(&person.status)?,
            person.team.as_deref(),
            person.manager.as_ref().map(PersonId::as_str),
            person.site.as_ref().map(PlaceId::as_str),
            person.validity.from,
            person.validity.to,
        ],
    )
    .await
    .map(|_| ())
}

fn read_person(row: &DbRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.word(0)?,
        name: row.text(1)?,
        kind: row.word(2)?,
        status: row.word(3)?,
        team: row.text_opt(4)?,
        manager: row.word_opt(5)?,
        site: row.word_opt(6)?,
        validity: Validity { from: row.time_opt(7)?, to: row.time_opt(8)? },
    })
}

async fn insert_asset(tx: &mut Tx, tenant: &str, asset: &Asset) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO assets (tenant, id, kind, name, place, owner, team, make, model, firmware, \
         serial, criticality) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        args![
            tenant,
            asset.id.as_str(),
            &*asset.kind,
            asset.name.as_deref(),
            asset.place.as_ref().map(PlaceId::as_str),
            asset.owner.as_ref().map(PersonId::as_str),
            asset.team.as_deref(),
            asset.make.as_deref(),
            asset.model.as_deref(),
            asset.firmware.as_deref(),
            asset.serial.as_deref(),
            asset.criticality.map(i64::from),
        ],
    )
    .await
    .map(|_| ())
}

fn read_asset(row: &DbRow) -> Result<Asset, StoreError> {
    Ok(Asset {
        id: row.word(0)?,
        kind: row.text(1)?,
        name: row.text_opt(2)?,
        place: row.word_opt(3)?,
        owner: row.word_opt(4)?,
        team: row.text_opt(5)?,
        make: row.text_opt(6)?,
        model: row.text_opt(7)?,
        firmware: row.text_opt(8)?,
        serial: row.text_opt(9)?,
        criticality: small(row, 10)?,
    })
}

async fn insert_identifier(
    tx: &mut Tx,
    tenant: &str,
    position: u64,
    identifier: &Identifier,
) -> Result<(), StoreError> {
    let (person, asset, place) = match &identifier.entity {
        Entity::Person(id) => (Some(id.as_str()), None, None),
        Entity::Asset(id) => (None, Some(id.as_str()), None),
        Entity::Place(id) => (None, None, Some(id.as_str())),
    };
    tx.run(
        "INSERT INTO identifiers (tenant, position, kind, value, person, asset, place, realm, \
         valid_from, valid_to, replaces) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            tenant,
            position,
            &*identifier.kind,
            &*identifier.value,
            person,
            asset,
            place,
            identifier.realm.as_deref(),
            identifier.validity.from,
            identifier.validity.to,
            identifier.replaces.as_deref(),
        ],
    )
    .await
    .map(|_| ())
}

fn read_identifier(row: &DbRow) -> Result<Identifier, StoreError> {
    let entity = match (row.word_opt(2)?, row.word_opt(3)?, row.word_opt(4)?) {
        (Some(person), None, None) => Entity::Person(person),
        (None, Some(asset), None) => Entity::Asset(asset),
        (None, None, Some(place)) => Entity::Place(place),
        _ => {
            return Err(StoreError::corrupt("identifiers", "a row names not exactly one entity"));
        }
    };
    Ok(Identifier {
        kind: row.text(0)?,
        value: row.text(1)?,
        entity,
        realm: row.text_opt(5)?,
        validity: Validity { from: row.time_opt(6)?, to: row.time_opt(7)? },
        replaces: row.text_opt(8)?,
    })
}

async fn insert_door(tx: &mut Tx, tenant: &str, door: &Door) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO doors (tenant, door, from_zone, to_zone, controller, reader_in, \
         reader_out, held_after, passage) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        args![
            tenant,
            door.door.as_str(),
            door.from_zone.as_str(),
            door.to_zone.as_str(),
            door.controller.as_ref().map(AssetId::as_str),
            door.reader_in.as_ref().map(AssetId::as_str),
            door.reader_out.as_ref().map(AssetId::as_str),
            duration_arg(door.held_after),
            match door.passage {
                Passage::Reported => "reported",
                Passage::Assumed => "assumed",
            },
        ],
    )
    .await
    .map(|_| ())
}

fn read_door(row: &DbRow) -> Result<Door, StoreError> {
    Ok(Door {
        door: row.word(0)?,
        from_zone: row.word(1)?,
        to_zone: row.word(2)?,
        controller: row.word_opt(3)?,
        reader_in: row.word_opt(4)?,
        reader_out: row.word_opt(5)?,
        held_after: duration_at(row, 6)?,
        passage: match row.text(7)?.as_str() {
            "reported" => Passage::Reported,
            "assumed" => Passage::Assumed,
            _ => return Err(StoreError::corrupt("doors", "`passage` is no known word")),
        },
    })
}

async fn insert_source(tx: &mut Tx, tenant: &str, source: &Source) -> Result<(), StoreError> {
    tx.run(
        "INSERT INTO sources (tenant, id, site, payload) VALUES ($1, $2, $3, $4)",
        args![
            tenant,
            source.id.as_str(),
            source.site.as_ref().map(PlaceId::as_str),
            json_of(source)?,
        ],
    )
    .await
    .map(|_| ())
}

/// Children before parents, so that nothing is left pointing at nothing.
const CLEAR: [&str; 7] = [
    "DELETE FROM organisation_extras WHERE tenant = $1",
    "DELETE FROM doors WHERE tenant = $1",
    "DELETE FROM identifiers WHERE tenant = $1",
    "DELETE FROM sources WHERE tenant = $1",
    "DELETE FROM assets WHERE tenant = $1",
    "DELETE FROM people WHERE tenant = $1",
    "DELETE FROM places WHERE tenant = $1",
];

async fn replace(tx: &mut Tx, organisation: &Organisation) -> Result<(), StoreError> {
    let tenant = organisation.tenant.as_str();
    for sql in CLEAR {
        tx.run(sql, args![tenant]).await?;
    }
    tx.run(
        "INSERT INTO organisation (tenant, name, time_zone) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant) DO UPDATE SET name = excluded.name, \
         time_zone = excluded.time_zone",
        args![tenant, &*organisation.name, &*organisation.time_zone],
    )
    .await?;
    for place in organisation.places.values() {
        insert_place(tx, tenant, place).await?;
    }
    for person in organisation.people.values() {
        insert_person(tx, tenant, person).await?;
    }
    for asset in organisation.assets.values() {
        insert_asset(tx, tenant, asset).await?;
    }
    for (position, identifier) in (0_u64..).zip(&organisation.identifiers) {
        insert_identifier(tx, tenant, position, identifier).await?;
    }
    for door in organisation.doors.values() {
        insert_door(tx, tenant, door).await?;
    }
    for source in organisation.sources.values() {
        insert_source(tx, tenant, source).await?;
    }
    for ((file, row), values) in &organisation.extras {
        for (key, value) in values {
            let sql = "INSERT INTO organisation_extras (tenant, file, row, key, value) \
                       VALUES ($1, $2, $3, $4, $5)";
            tx.run(sql, args![tenant, &**file, &**row, &**key, &**value]).await?;
        }
    }
    Ok(())
}

async fn people(tx: &mut Tx, tenant: Arg) -> Result<BTreeMap<PersonId, Person>, StoreError> {
    let sql = "SELECT id, name, kind, status, team, manager, site, valid_from, valid_to \
               FROM people WHERE tenant = $1";
    let rows = tx.rows(sql, vec![tenant]).await?;
    rows.iter().map(|row| read_person(row).map(|p| (p.id.clone(), p))).collect()
}

async fn places(tx: &mut Tx, tenant: Arg) -> Result<BTreeMap<PlaceId, Place>, StoreError> {
    let sql = "SELECT id, kind, parent, name, time_zone, zone_class, capacity, dwell_max \
               FROM places WHERE tenant = $1";
    let rows = tx.rows(sql, vec![tenant]).await?;
    rows.iter().map(|row| read_place(row).map(|p| (p.id.clone(), p))).collect()
}

async fn assets(tx: &mut Tx, tenant: Arg) -> Result<BTreeMap<AssetId, Asset>, StoreError> {
    let sql = "SELECT id, kind, name, place, owner, team, make, model, firmware, serial, \
               criticality FROM assets WHERE tenant = $1";
    let rows = tx.rows(sql, vec![tenant]).await?;
    rows.iter().map(|row| read_asset(row).map(|a| (a.id.clone(), a))).collect()
}

async fn identifiers(tx: &mut Tx, tenant: Arg) -> Result<Vec<Identifier>, StoreError> {
    let sql = "SELECT kind, value, person, asset, place, realm, valid_from, valid_to, replaces \
               FROM identifiers WHERE tenant = $1 ORDER BY position";
    tx.rows(sql, vec![tenant]).await?.iter().map(read_identifier).collect()
}

async fn doors(tx: &mut Tx, tenant: Arg) -> Result<BTreeMap<PlaceId, Door>, StoreError> {
    let sql = "SELECT door, from_zone, to_zone, controller, reader_in, reader_out, held_after, passage \
               FROM doors WHERE tenant = $1";
    let rows = tx.rows(sql, vec![tenant]).await?;
    rows.iter().map(|row| read_door(row).map(|d| (d.door.clone(), d))).collect()
}

async fn sources(tx: &mut Tx, tenant: Arg) -> Result<BTreeMap<SourceId, Source>, StoreError> {
    let rows = tx.rows("SELECT payload FROM sources WHERE tenant = $1", vec![tenant]).await?;
    let read = |row: &DbRow| row.json(0).map(|source: Source| (source.id.clone(), source));
    rows.iter().map(read).collect()
}

async fn extras(tx: &mut Tx, tenant: Arg) -> Result<Extras, StoreError> {
    let sql = "SELECT file, row, key, value FROM organisation_extras WHERE tenant = $1";
    let mut extras = Extras::new();
    for row in tx.rows(sql, vec![tenant]).await? {
        let of = extras.entry((row.text(0)?, row.text(1)?)).or_default();
        of.insert(row.text(2)?, row.text(3)?);
    }
    Ok(extras)
}

impl State {
    /// Puts an organisation in the place of the stored one of its tenant, all or nothing.
    ///
    /// Fails when something in it points at something that is not in it.
    pub async fn replace_organisation(
        &self,
        organisation: &Organisation,
        act: &AuditAct,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        replace(&mut tx, organisation).await?;
        audit::append(&mut tx, std::slice::from_ref(act)).await?;
        tx.commit().await
    }

    /// The stored organisation (the first tenant's); `None` when none was ever stored.
    pub async fn load_organisation(&self) -> Result<Option<Organisation>, StoreError> {
        let sql = "SELECT tenant, name, time_zone FROM organisation ORDER BY tenant LIMIT 1";
        let mut tx = self.reading.snapshot().await?;
        let Some(row) = tx.row(sql, args![]).await? else {
            return Ok(None);
        };
        let tenant: TenantId = row.word(0)?;
        let arg = || Arg::from(tenant.as_str());
        Ok(Some(Organisation {
            name: row.text(1)?,
            time_zone: row.text(2)?,
            people: people(&mut tx, arg()).await?,
            assets: assets(&mut tx, arg()).await?,
            places: places(&mut tx, arg()).await?,
            identifiers: identifiers(&mut tx, arg()).await?,
            doors: doors(&mut tx, arg()).await?,
            sources: sources(&mut tx, arg()).await?,
            extras: extras(&mut tx, arg()).await?,
            tenant,
        }))
    }

    /// A tenant's people, places and things, for listings.
    pub async fn spine(&self, tenant: &TenantId) -> Result<Spine, StoreError> {
        let mut tx = self.reading.snapshot().await?;
        let arg = || Arg::from(tenant.as_str());
        Ok(Spine {
            people: people(&mut tx, arg()).await?,
            places: places(&mut tx, arg()).await?,
            assets: assets(&mut tx, arg()).await?,
        })
    }
}
