//! Parts of reservations that were consumed or released: the keys by which a repeat is known, for
//! as long as the reservation is kept.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sha2::{Digest, Sha256};
use souk_data::{Find, Tx, given, rows};

use crate::error::Error;
use crate::movement::MovementKind;
use crate::stock_key::Quantities;

/// One part. Rows are deleted with their reservation.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservation_step")]
pub struct Model {
    /// The number of the reservation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reservation: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: String,
    pub kind: MovementKind,
    pub lines_hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static BY_KEY: Find<Entity> = Find::new(|| {
    Entity::find().filter(Column::Reservation.eq(given(0))).filter(Column::RequestId.eq(given(1)))
});

/// Records a part of a reservation, which was locked before. Returns whether it is new; a key that
/// was used for something else is an error.
pub async fn insert(
    tx: &Tx,
    reservation: i64,
    request_id: &str,
    kind: MovementKind,
    wanted: &Quantities,
) -> Result<bool, Error> {
    let lines_hash = hash(wanted);
    if let Some(earlier) = BY_KEY.one(tx, [reservation.into(), request_id.into()]).await? {
        if earlier.kind == kind && earlier.lines_hash == lines_hash {
            return Ok(false);
        }
        return Err(souk_data::Error::RequestIdReused(request_id.into()).into());
    }
    let row = ActiveModel {
        reservation: Set(reservation),
        request_id: Set(request_id.to_owned()),
        kind: Set(kind),
        lines_hash: Set(lines_hash),
    };
    rows::insert_all(tx, &[row]).await?;
    Ok(true)
}

/// Deletes the parts of these reservations.
pub async fn delete(tx: &Tx, reservations: &[i64]) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Reservation.is_in(reservations.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Returns the SHA-256 of what was asked for.
fn hash(wanted: &Quantities) -> Vec<u8> {
    let mut hash = Sha256::new();
    for (key, quantity) in wanted {
        // No sku and no location has a control character.
        hash.update(format!("{}\n{}\n{quantity}\n", key.sku, key.location));
    }
    hash.finalize().to_vec()
}
