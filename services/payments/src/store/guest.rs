//! Guests that a customer has claimed. Their payments are the customer's.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::LockType;
use sea_orm::{FromQueryResult, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{CustomerId, Timestamp};

use crate::error::Error;

/// A guest that a customer has claimed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "claimed_guests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub guest_customer_id: CustomerId,
    /// Who claimed it.
    pub customer_id: CustomerId,
    /// When payments of the guest are looked for; none once there can be no more.
    pub due_time: Option<Timestamp>,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

static BY_ID: Find<Entity> = Find::new(by_id);
static LOCKED_BY_ID: Find<Entity> = Find::new(|| by_id().lock(LockType::Update));

fn by_id() -> Select<Entity> {
    Entity::find().filter(Column::GuestCustomerId.eq(given(0)))
}

/// Records who claimed a guest, unless it was claimed before. Its payments are due at once.
pub async fn insert(
    tx: &Tx,
    guest: CustomerId,
    customer: CustomerId,
    now: Timestamp,
) -> Result<(), Error> {
    let row = ActiveModel {
        guest_customer_id: Set(guest),
        customer_id: Set(customer),
        due_time: Set(Some(now)),
        create_time: Set(now),
    };
    rows::insert_missing(tx, &[row]).await?;
    Ok(())
}

/// Returns whose the payments of a customer are: another's if it was a guest that was claimed.
pub async fn owner(reader: &Reader, customer: CustomerId) -> Result<CustomerId, Error> {
    let claimed = BY_ID.one(reader, [customer.into()]).await?;
    Ok(claimed.map_or(customer, |row| row.customer_id))
}

/// Locks a guest until the end of the write, and returns it.
pub async fn lock(tx: &Tx, guest: CustomerId) -> Result<Option<Model>, Error> {
    Ok(LOCKED_BY_ID.one(tx, [guest.into()]).await?)
}

/// Sets when payments of a guest are looked for; none once there can be no more.
pub async fn set_due(tx: &Tx, guest: CustomerId, due_time: Option<Timestamp>) -> Result<(), Error> {
    let row = ActiveModel { due_time: Set(due_time), ..Default::default() };
    rows::update(tx, row, &[(Column::GuestCustomerId, guest.into())]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Id {
    guest_customer_id: CustomerId,
}

static DUE: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::GuestCustomerId)
        // Written out, so that the index of the guests that are due is used.
        .filter(Expr::cust("due_time IS NOT NULL"))
        .filter(Column::DueTime.lte(given(0)))
        .order_by_asc(Column::DueTime)
        .limit(given_limit(1))
});

/// Returns guests whose payments are to be looked for, the longest due first.
pub async fn due(reader: &Reader, now: Timestamp, limit: i64) -> Result<Vec<CustomerId>, Error> {
    let rows = DUE.all(reader, [now.into(), limit.into()]).await?;
    Ok(rows.into_iter().map(|row| row.guest_customer_id).collect())
}
