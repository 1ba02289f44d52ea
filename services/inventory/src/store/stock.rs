//! Stock rows: locked in one order, and changed together with the movements that say why.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set, raw_sql};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::Timestamp;

use super::movement;
use crate::error::Error;
use crate::movement::Movement;
use crate::stock::{Found, Stock};
use crate::stock_key::StockKey;

/// The stock of one sku at one location. Rows are never deleted.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sku: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: String,
    pub on_hand: i64,
    pub reserved: i64,
    pub update_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Stock {
    fn from(row: Model) -> Self {
        Stock {
            key: StockKey { sku: row.sku, location: row.location_id },
            on_hand: row.on_hand,
            reserved: row.reserved,
            update_time: row.update_time,
        }
    }
}

/// Locks the rows of these keys, which come in their order, until the end of the write. Keys
/// without a row are left out.
pub async fn lock(tx: &Tx, keys: impl Iterator<Item = &StockKey>) -> Result<Found, Error> {
    let keys: Vec<(&str, &str)> =
        keys.map(|key| (key.sku.as_str(), key.location.as_str())).collect();
    let mut found = Found::new();
    for keys in rows::chunks(&keys) {
        // SQL, since the rows to lock are those of a list of pairs: the builder has no join with
        // values.
        let wanted = Model::find_by_statement(raw_sql!(
            Postgres,
            "WITH wanted (sku, location_id) AS (VALUES {..(keys.0:1),})
             SELECT stock.sku, stock.location_id, on_hand, reserved, update_time FROM wanted
             JOIN stock ON stock.sku = wanted.sku AND stock.location_id = wanted.location_id
             ORDER BY stock.sku, stock.location_id FOR UPDATE"
        ));
        let stocks = wanted.all(tx).await?.into_iter().map(Stock::from);
        found.extend(stocks.map(|stock| (stock.key.clone(), stock)));
    }
    Ok(found)
}

/// Adds an empty row for each of these keys that has none.
pub async fn insert_missing(
    tx: &Tx,
    keys: impl Iterator<Item = &StockKey>,
    now: Timestamp,
) -> Result<(), Error> {
    let empty = keys.map(|key| ActiveModel {
        sku: Set(key.sku.clone()),
        location_id: Set(key.location.clone()),
        on_hand: Set(0),
        reserved: Set(0),
        update_time: Set(now),
    });
    rows::insert_missing(tx, &empty.collect::<Vec<_>>()).await?;
    Ok(())
}

/// Records movements, and changes the stock that they move by their sums. The rows are locked and
/// the rules were asked; that each row keeps `0 ≤ reserved ≤ on_hand` is a condition of the update
/// all the same.
pub async fn record(tx: &Tx, movements: &[Movement], now: Timestamp) -> Result<(), Error> {
    let mut sums: BTreeMap<&StockKey, (i64, i64)> = BTreeMap::new();
    for movement in movements {
        let (on_hand, reserved) = sums.entry(&movement.key).or_default();
        *on_hand += movement.on_hand_change;
        *reserved += movement.reserved_change;
    }
    let sums: Vec<(&str, &str, i64, i64)> = sums
        .into_iter()
        .map(|(key, (on_hand, reserved))| (&*key.sku, &*key.location, on_hand, reserved))
        .collect();
    for moved in rows::chunks(&sums) {
        // SQL, since each row changes by another number: a set-based update.
        let update = raw_sql!(
            Postgres,
            "WITH moved (sku, location_id, on_hand_change, reserved_change) AS (VALUES {..(moved.0:3),})
             UPDATE stock SET on_hand = on_hand + moved.on_hand_change, reserved = reserved + moved.reserved_change,
                 update_time = {now} FROM moved
             WHERE stock.sku = moved.sku AND stock.location_id = moved.location_id
               AND reserved + moved.reserved_change BETWEEN 0 AND on_hand + moved.on_hand_change"
        );
        let changed = tx.execute_raw(update).await?.rows_affected();
        if changed != moved.len() as u64 {
            return Err(Error::Inconsistent(format!(
                "a movement of {} stocks fits {changed} of them",
                moved.len()
            )));
        }
    }
    movement::insert(tx, movements).await
}

/// Writes a stock that was repaired, with the movement that makes the record agree with it. The row
/// is locked.
pub async fn overwrite(tx: &Tx, stock: &Stock, movement: &Movement) -> Result<(), Error> {
    let row = ActiveModel {
        sku: Set(stock.key.sku.clone()),
        location_id: Set(stock.key.location.clone()),
        reserved: Set(stock.reserved),
        update_time: Set(stock.update_time),
        ..Default::default()
    };
    Entity::update(row).validate()?.exec(tx).await?;
    movement::insert(tx, std::slice::from_ref(movement)).await
}

/// Returns the stock of some skus at one location; what was never received is left out.
pub async fn get(reader: &Reader, location: &str, skus: &[String]) -> Result<Vec<Stock>, Error> {
    let mut stock = Vec::with_capacity(skus.len());
    for skus in rows::chunks(skus) {
        let query =
            Entity::find().filter(Column::LocationId.eq(location)).filter(Column::Sku.is_in(skus));
        stock.extend(query.all(reader).await?.into_iter().map(Stock::from));
    }
    Ok(stock)
}

static AFTER: Find<Entity> = Find::new(|| {
    let after = Expr::tuple([Column::Sku.into_expr(), Column::LocationId.into_expr()]);
    Entity::find()
        .filter(after.gt(Expr::tuple([Expr::val(given(0)), Expr::val(given(1))])))
        .order_by_asc(Column::Sku)
        .order_by_asc(Column::LocationId)
        .limit(given_limit(2))
});

/// Returns the stocks after this key.
pub async fn list(reader: &Reader, after: &StockKey, limit: i64) -> Result<Vec<Stock>, Error> {
    let found =
        AFTER.all(reader, [(&*after.sku).into(), (&*after.location).into(), limit.into()]).await?;
    Ok(found.into_iter().map(Stock::from).collect())
}
