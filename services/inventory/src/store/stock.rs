//! Stock rows: locked in one order, and changed together with the movements that say why.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType};
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set, Unchanged, raw_sql};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::Timestamp;

use super::movement;
use crate::allocation::Offer;
use crate::error::Error;
use crate::movement::Movement;
use crate::policy::{LOW_QUANTITY, Policy};
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
    pub backorder_limit: i64,
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
            backorder_limit: row.backorder_limit,
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
             SELECT stock.sku, stock.location_id, on_hand, reserved, update_time, backorder_limit FROM wanted
             JOIN stock ON stock.sku = wanted.sku AND stock.location_id = wanted.location_id
             ORDER BY stock.sku, stock.location_id FOR UPDATE"
        ));
        let stocks = wanted.all(tx).await?.into_iter().map(Stock::from);
        found.extend(stocks.map(|stock| (stock.key.clone(), stock)));
    }
    Ok(found)
}

/// A stock with what decides about its use.
#[derive(FromQueryResult)]
struct OfferRow {
    sku: String,
    location_id: String,
    on_hand: i64,
    reserved: i64,
    update_time: Timestamp,
    backorder_limit: i64,
    /// That of an active location.
    priority: Option<i64>,
    policy: Option<Policy>,
    low_quantity: Option<i64>,
}

/// What is there of some skus, and which of them need no stock.
#[derive(Default)]
pub struct Offers {
    pub offers: Vec<Offer>,
    pub untracked: BTreeSet<String>,
}

/// Locks the stock of these skus at all locations until the end of the write. The skus are in
/// order. A policy is read for a sku that has stock somewhere; for others see
/// [`stock_policy::of`](super::stock_policy::of).
pub async fn lock_offers(tx: &Tx, skus: &[&str]) -> Result<Offers, Error> {
    let mut offers = Offers::default();
    for skus in rows::chunks(skus) {
        // SQL, since a lock takes no rows of an outer join.
        let wanted = OfferRow::find_by_statement(raw_sql!(
            Postgres,
            "SELECT sku, location_id, on_hand, reserved, update_time, backorder_limit,
                 (SELECT priority FROM location
                  WHERE location.location_id = stock.location_id AND is_active = 1) AS priority,
                 (SELECT policy FROM stock_policy WHERE stock_policy.sku = stock.sku) AS policy,
                 (SELECT low_quantity FROM stock_policy
                  WHERE stock_policy.sku = stock.sku) AS low_quantity
             FROM stock WHERE sku IN ({..skus}) ORDER BY sku, location_id FOR UPDATE"
        ));
        for row in wanted.all(tx).await? {
            if row.policy == Some(Policy::Untracked) {
                offers.untracked.insert(row.sku);
                continue;
            }
            let stock = Stock {
                key: StockKey { sku: row.sku, location: row.location_id },
                on_hand: row.on_hand,
                reserved: row.reserved,
                backorder_limit: row.backorder_limit,
                update_time: row.update_time,
            };
            let low = row.low_quantity.unwrap_or(LOW_QUANTITY);
            offers.offers.push(Offer { stock, priority: row.priority, low });
        }
    }
    Ok(offers)
}

static OF_SKU: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Sku.eq(given(0)))
        .order_by_asc(Column::LocationId)
        .lock(LockType::Update)
});

/// Locks the stock of a sku at all locations until the end of the write.
pub async fn lock_sku(tx: &Tx, sku: &str) -> Result<Vec<Stock>, Error> {
    Ok(OF_SKU.all(tx, [sku.into()]).await?.into_iter().map(Stock::from).collect())
}

/// Writes the limit of a stock that was locked before.
pub async fn set_backorder_limit(tx: &Tx, stock: &Stock) -> Result<(), Error> {
    let row = ActiveModel {
        sku: Unchanged(stock.key.sku.clone()),
        location_id: Unchanged(stock.key.location.clone()),
        backorder_limit: Set(stock.backorder_limit),
        update_time: Set(stock.update_time),
        ..Default::default()
    };
    Entity::update(row).validate()?.exec(tx).await?;
    Ok(())
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
        backorder_limit: Set(0),
    });
    rows::insert_missing(tx, &empty.collect::<Vec<_>>()).await?;
    Ok(())
}

/// Records movements, and changes the stock that they move by their sums. The rows are locked and
/// the rules were asked; that each row keeps its invariant is a condition of the update all the
/// same.
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
               AND on_hand + moved.on_hand_change >= 0
               AND reserved + moved.reserved_change BETWEEN 0 AND on_hand + moved.on_hand_change + backorder_limit"
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

/// What a list of stock is narrowed to: all that is set.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub sku: Option<String>,
    pub location: Option<String>,
    /// Only stock that is low.
    pub is_low: bool,
}

/// Returns the stocks after this key. An index over the quantities would have to be written by
/// every sale, so low stock is looked for along the key.
pub async fn list(
    reader: &Reader,
    filter: Filter,
    after: &StockKey,
    limit: u64,
) -> Result<Vec<Stock>, Error> {
    let is_after = Expr::tuple([Column::Sku.into_expr(), Column::LocationId.into_expr()])
        .gt(Expr::tuple([Expr::val(&*after.sku), Expr::val(&*after.location)]));
    let mut query = Entity::find()
        .filter(is_after)
        .order_by_asc(Column::Sku)
        .order_by_asc(Column::LocationId)
        .limit(limit);
    if let Some(sku) = filter.sku {
        query = query.filter(Column::Sku.eq(sku));
    }
    if let Some(location) = filter.location {
        query = query.filter(Column::LocationId.eq(location));
    }
    if filter.is_low {
        // SQL, for a comparison with a row that may be missing. 2 is UNTRACKED.
        query = query.filter(Expr::cust(format!(
            "on_hand - reserved <= COALESCE((SELECT CASE WHEN policy = 2 THEN -1000000000000 ELSE low_quantity END \
             FROM stock_policy WHERE stock_policy.sku = stock.sku), {LOW_QUANTITY})"
        )));
    }
    Ok(query.all(reader).await?.into_iter().map(Stock::from).collect())
}

/// What is there of a sku at several locations together.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Total {
    pub sku: String,
    /// Units on hand that are not reserved.
    pub available: i64,
    /// Units that can be reserved beyond those.
    pub backorderable: i64,
}

/// Returns what is there of some skus, at all active locations or at those named. What was never
/// received is left out.
pub async fn totals(
    reader: &Reader,
    skus: &[&str],
    locations: &[String],
) -> Result<Vec<Total>, Error> {
    let mut totals = Vec::new();
    // No location has this name; SQL has no empty lists.
    let any = i64::from(locations.is_empty());
    let locations = if locations.is_empty() { vec![String::new()] } else { locations.to_vec() };
    for skus in rows::chunks(skus) {
        // SQL, for sums of conditions. A PostgreSQL sum of bigint is numeric.
        let found = Total::find_by_statement(raw_sql!(
            Postgres,
            "SELECT sku,
                 CAST(SUM(CASE WHEN on_hand > reserved THEN on_hand - reserved ELSE 0 END) AS BIGINT) AS available,
                 CAST(SUM(CASE WHEN on_hand > reserved THEN backorder_limit
                     ELSE on_hand + backorder_limit - reserved END) AS BIGINT) AS backorderable
             FROM stock JOIN location ON location.location_id = stock.location_id
             WHERE is_active = 1 AND sku IN ({..skus})
               AND ({any} = 1 OR stock.location_id IN ({..locations}))
             GROUP BY sku"
        ));
        totals.extend(found.all(reader).await?);
    }
    Ok(totals)
}
