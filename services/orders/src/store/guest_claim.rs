//! Guests whom a customer has claimed. A claim is open until the last order that was being placed
//! when it was made is known to be the customer's.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, IntoActiveModel, QueryOrder, QuerySelect};
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::Timestamp;

use crate::error::Error;

/// A guest, and who has claimed it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "guest_claims")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub guest_customer_id: String,
    pub customer_id: String,
    /// Who claimed it.
    pub actor: String,
    /// How many orders the guest had then.
    pub order_count: i64,
    pub create_time: Timestamp,
    pub done_time: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a claim unless the guest is claimed. Returns whether it was added.
pub async fn insert(tx: &Tx, claim: &Model) -> Result<bool, Error> {
    let row = claim.clone().into_active_model().reset_all();
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

static OF_GUEST: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::GuestCustomerId.eq(given(0))));

/// Returns the claim of a guest, if there is one.
pub async fn of_guest(reader: &Reader, guest: &str) -> Result<Option<Model>, Error> {
    Ok(OF_GUEST.one(reader, [guest.into()]).await?)
}

/// What claims say of a customer.
#[derive(Debug, Default)]
pub struct Claims {
    /// The customer who has claimed it, when it was a guest.
    pub owner: Option<String>,
    /// The guests that it has claimed.
    pub guests: Vec<String>,
}

static OF_CUSTOMER: Find<Entity> = Find::new(|| {
    let is_guest = Column::GuestCustomerId.eq(given(0));
    let has_claimed = Column::CustomerId.eq(given(0));
    Entity::find().filter(Condition::any().add(is_guest).add(has_claimed))
});

/// Returns what claims say of a customer.
pub async fn of_customer(reader: &Reader, customer: &str) -> Result<Claims, Error> {
    let mut claims = Claims::default();
    for row in OF_CUSTOMER.all(reader, [customer.into()]).await? {
        if row.guest_customer_id == customer {
            claims.owner = Some(row.customer_id);
        } else {
            claims.guests.push(row.guest_customer_id);
        }
    }
    Ok(claims)
}

/// The most claims that are worked on at once.
const OPEN_AT_ONCE: u64 = 100;

static OPEN: Find<Entity> = Find::new(|| {
    Entity::find()
        // Written out, so that the index of open claims is used.
        .filter(Expr::cust("done_time IS NULL"))
        .order_by_asc(Column::CreateTime)
        .limit(OPEN_AT_ONCE)
});

/// Returns open claims, oldest first.
pub async fn open(reader: &Reader) -> Result<Vec<Model>, Error> {
    Ok(OPEN.all(reader, []).await?)
}

/// Closes a claim.
pub async fn end(tx: &Tx, (guest, now): &(String, Timestamp)) -> Result<(), Error> {
    Entity::update_many()
        .col_expr(Column::DoneTime, Expr::val(*now))
        .filter(Column::GuestCustomerId.eq(guest))
        .exec(tx)
        .await?;
    Ok(())
}
