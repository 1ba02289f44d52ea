//! Payments, each with its slot: who may carry out an operation of it, and until when.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, LockType};
use sea_orm::{FromQueryResult, NotSet, QueryOrder, QuerySelect, QueryTrait, Set, UpdateMany};
use souk_data::{Change, Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{CustomerId, Money, OrderId, PaymentId, Timestamp, TransferId};

use super::list::{Range, newest_or_oldest};
use crate::attempt::{Decline, DeclineCode, Method, MethodSummary, ReturnUrl};
use crate::error::Error;
use crate::payment::Payment;
use crate::state::{Cancellation, State};

/// An amount of money that a customer is to pay.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub payment_id: PaymentId,
    pub owner: String,
    /// Empty for one that is for no order: only a tombstone has none at all.
    pub order_id: Option<Vec<u8>>,
    pub reference: String,
    /// Empty for a sale without a customer.
    pub customer_id: String,
    pub currency_code: String,
    pub amount_minor: i64,
    pub authorized_minor: i64,
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub fees_minor: i64,
    pub state: State,
    pub cancellation: Option<Cancellation>,
    pub method: Option<Method>,
    pub return_url: Option<ReturnUrl>,
    /// What may be shown of the method; the brand is none before the provider was asked.
    pub brand: Option<String>,
    pub last4: Option<String>,
    pub wallet: Option<String>,
    pub decline_code: Option<DeclineCode>,
    pub decline: Option<String>,
    pub is_retryable: i64,
    pub action_url: Option<String>,
    pub expire_time: Option<Timestamp>,
    pub provider: Option<String>,
    pub provider_reference: Option<String>,
    pub hold_id: Option<TransferId>,
    pub attempts: i64,
    pub slot: SlotState,
    pub epoch: i64,
    pub due_time: Option<Timestamp>,
    pub create_time: Timestamp,
    pub update_time: Timestamp,
    pub effective_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Whether an operation of a payment is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum SlotState {
    Free = 0,
    /// A holder is at work until the due time.
    Claimed = 1,
    /// Left without an end, to be taken up at the due time or by the next call.
    Left = 2,
}

/// The slot of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub state: SlotState,
    /// Counts the claims: a claim that was taken over names an old epoch.
    pub epoch: i64,
    pub due_time: Option<Timestamp>,
}

impl Slot {
    /// Returns an unclaimed slot.
    pub fn free(epoch: i64) -> Self {
        Slot { state: SlotState::Free, epoch, due_time: None }
    }

    /// Returns a slot that is claimed until a time.
    pub fn claimed(epoch: i64, until: Timestamp) -> Self {
        Slot { state: SlotState::Claimed, epoch, due_time: Some(until) }
    }
}

impl TryFrom<Model> for Payment {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self, Error> {
        let currency = row.currency_code.parse().map_err(Error::inconsistent)?;
        let order = row.order_id.filter(|bytes| !bytes.is_empty());
        let order = order.map(|bytes| OrderId::from_bytes(&bytes)).transpose();
        let order = order.map_err(Error::inconsistent)?;
        let customer = (!row.customer_id.is_empty()).then(|| row.customer_id.parse()).transpose();
        let customer = customer.map_err(Error::inconsistent)?;
        let is_retryable = row.is_retryable == 1;
        let summary = row.brand.map(|brand| MethodSummary {
            brand,
            last4: row.last4.unwrap_or_default(),
            wallet: row.wallet.unwrap_or_default(),
        });
        Ok(Payment {
            id: row.payment_id,
            owner: row.owner,
            order,
            reference: row.reference,
            customer,
            amount: Money::new(currency, row.amount_minor),
            authorized: row.authorized_minor,
            captured: row.captured_minor,
            refunded: row.refunded_minor,
            fees: row.fees_minor,
            state: row.state,
            cancellation: row.cancellation,
            method: row.method,
            return_url: row.return_url,
            summary,
            decline: row.decline_code.map(|code| Decline {
                code,
                detail: row.decline.unwrap_or_default(),
                is_retryable,
            }),
            action_url: row.action_url,
            expire_time: row.expire_time,
            provider: row.provider,
            provider_reference: row.provider_reference,
            hold: row.hold_id,
            attempts: row.attempts,
            is_in_flight: row.slot != SlotState::Free,
            create_time: row.create_time,
            update_time: row.update_time,
            effective_time: row.effective_time,
        })
    }
}

/// Returns the columns that change while a payment lives, and none of the others.
fn changing(payment: &Payment, slot: Slot) -> ActiveModel {
    let decline = payment.decline.as_ref();
    let summary = payment.summary.as_ref();
    ActiveModel {
        authorized_minor: Set(payment.authorized),
        captured_minor: Set(payment.captured),
        refunded_minor: Set(payment.refunded),
        fees_minor: Set(payment.fees),
        state: Set(payment.state),
        cancellation: Set(payment.cancellation),
        method: Set(payment.method.clone()),
        return_url: Set(payment.return_url.clone()),
        brand: Set(summary.map(|summary| summary.brand.clone())),
        last4: Set(summary.map(|summary| summary.last4.clone())),
        wallet: Set(summary.map(|summary| summary.wallet.clone())),
        decline_code: Set(decline.map(|decline| decline.code)),
        decline: Set(decline.map(|decline| decline.detail.clone())),
        is_retryable: Set(decline.is_some_and(|decline| decline.is_retryable).into()),
        action_url: Set(payment.action_url.clone()),
        expire_time: Set(payment.expire_time),
        provider: Set(payment.provider.clone()),
        provider_reference: Set(payment.provider_reference.clone()),
        hold_id: Set(payment.hold),
        attempts: Set(payment.attempts),
        slot: Set(slot.state),
        epoch: Set(slot.epoch),
        due_time: Set(slot.due_time),
        update_time: Set(payment.update_time),
        payment_id: NotSet,
        owner: NotSet,
        order_id: NotSet,
        reference: NotSet,
        customer_id: NotSet,
        currency_code: NotSet,
        amount_minor: NotSet,
        create_time: NotSet,
        effective_time: NotSet,
    }
}

/// Adds a payment, unless its id is taken. Returns whether it was added.
pub async fn insert(tx: &Tx, payment: &Payment, slot: Slot) -> Result<bool, Error> {
    let of_none = || (!payment.is_tombstone()).then(Vec::new);
    let row = ActiveModel {
        payment_id: Set(payment.id),
        owner: Set(payment.owner.clone()),
        order_id: Set(payment.order.map(OrderId::to_bytes).or_else(of_none)),
        reference: Set(payment.reference.clone()),
        customer_id: Set(payment.customer.map_or_else(String::new, |id| id.to_string())),
        currency_code: Set(payment.amount.currency.to_string()),
        amount_minor: Set(payment.amount.minor),
        create_time: Set(payment.create_time),
        effective_time: Set(payment.effective_time),
        ..changing(payment, slot)
    };
    Ok(rows::insert_missing(tx, &[row]).await? == 1)
}

/// Writes a payment as it has become, with its slot. Fails with [`Error::LeaseLost`] if it was
/// claimed again since `epoch`.
pub async fn update(
    tx: &Tx,
    before: &Payment,
    payment: &Payment,
    epoch: i64,
    after: Slot,
) -> Result<(), Error> {
    let key = [(Column::PaymentId, payment.id.into()), (Column::Epoch, epoch.into())];
    let mut row = changing(payment, after);
    // What is set is written to the indexes again, even if it is the same.
    if payment.state == before.state {
        row.state = NotSet;
    }
    if payment.expire_time == before.expire_time {
        row.expire_time = NotSet;
    }
    if payment.provider_reference == before.provider_reference {
        row.provider_reference = NotSet;
    }
    let updated = rows::update(tx, row, &key).await?;
    if updated == 1 { Ok(()) } else { Err(Error::LeaseLost(payment.id)) }
}

/// Writes the slot alone. Fails with [`Error::LeaseLost`] if it was claimed again since `epoch`.
pub async fn set_slot(tx: &Tx, id: PaymentId, epoch: i64, after: Slot) -> Result<(), Error> {
    let slot = ActiveModel {
        slot: Set(after.state),
        epoch: Set(after.epoch),
        due_time: Set(after.due_time),
        ..Default::default()
    };
    let key = [(Column::PaymentId, id.into()), (Column::Epoch, epoch.into())];
    let updated = rows::update(tx, slot, &key).await?;
    if updated == 1 { Ok(()) } else { Err(Error::LeaseLost(id)) }
}

/// Leaves the operation of a claim without an end, to be taken up at `due_time` or by the next
/// call. Returns whether the claim was still good.
pub async fn leave(tx: &Tx, id: PaymentId, epoch: i64, due_time: Timestamp) -> Result<bool, Error> {
    let key = [
        (Column::PaymentId, id.into()),
        (Column::Epoch, epoch.into()),
        (Column::Slot, SlotState::Claimed.into()),
    ];
    Ok(rows::update(tx, left(due_time), &key).await? == 1)
}

/// Leaves the operations of all claims without an end.
pub async fn leave_all(tx: &Tx, due_time: Timestamp) -> Result<(), Error> {
    let update = Entity::update_many().set(left(due_time)).filter(is_in_flight());
    let update = update.filter(Column::Slot.eq(SlotState::Claimed));
    update.exec(tx).await?;
    Ok(())
}

fn left(due_time: Timestamp) -> ActiveModel {
    ActiveModel { slot: Set(SlotState::Left), due_time: Set(Some(due_time)), ..Default::default() }
}

/// Written out, so that the index of the few rows whose slot is not free is used.
fn is_in_flight() -> Expr {
    Expr::cust("slot > 0")
}

static BY_ID: Find<Entity> = Find::new(by_id);
static LOCKED_BY_ID: Find<Entity> = Find::new(|| by_id().lock(LockType::Update));

fn by_id() -> Select<Entity> {
    Entity::find().filter(Column::PaymentId.eq(given(0)))
}

/// Returns a payment; none when the id is not known.
pub async fn find(reader: &Reader, id: PaymentId) -> Result<Option<Payment>, Error> {
    BY_ID.one(reader, [id.into()]).await?.map(Payment::try_from).transpose()
}

/// Returns a payment that must be there.
pub async fn get(reader: &Reader, id: PaymentId) -> Result<Payment, Error> {
    find(reader, id).await?.ok_or(Error::NotFound(id))
}

/// Locks a payment until the end of the write, and returns it with its slot; none when the id is
/// not known.
pub async fn lock(tx: &Tx, id: PaymentId) -> Result<Option<(Payment, Slot)>, Error> {
    let Some(row) = LOCKED_BY_ID.one(tx, [id.into()]).await? else { return Ok(None) };
    let slot = Slot { state: row.slot, epoch: row.epoch, due_time: row.due_time };
    Ok(Some((row.try_into()?, slot)))
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::PaymentId.gt(given(0)))
        .order_by_asc(Column::PaymentId)
        .limit(given_limit(1))
});

/// Returns the payments after this id.
pub async fn list_by_id(
    reader: &Reader,
    after: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, Error> {
    // No bytes come before every id.
    let after = after.map_or_else(Vec::new, PaymentId::to_bytes);
    let rows = AFTER.all(reader, [after.into(), limit.into()]).await?;
    rows.into_iter().map(Payment::try_from).collect()
}

static GIVE_OVER: Change<UpdateMany<Entity>> = Change::new(|| {
    let some = Entity::find()
        .select_only()
        .column(Column::PaymentId)
        .filter(Column::CustomerId.eq(given(0)))
        .order_by_asc(Column::PaymentId)
        .limit(given_limit(3));
    Entity::update_many()
        .col_expr(Column::CustomerId, given(1).into())
        .col_expr(Column::UpdateTime, given(2).into())
        .filter(Column::PaymentId.in_subquery(some.into_query()))
});

/// Gives payments of one customer to another, at most `limit`. Returns how many.
pub async fn give_over(
    tx: &Tx,
    from: CustomerId,
    to: CustomerId,
    now: Timestamp,
    limit: i64,
) -> Result<u64, Error> {
    let values = [from.to_string().into(), to.to_string().into(), now.into(), limit.into()];
    Ok(GIVE_OVER.execute(tx, values).await?)
}

/// Which payments a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub order: Option<OrderId>,
    pub customer: Option<CustomerId>,
    pub reference: Option<String>,
    pub provider_reference: Option<String>,
    pub states: Vec<State>,
    pub range: Range,
}

/// Returns payments, sorted by their time, after one of this time and id.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<(Timestamp, PaymentId)>,
    limit: i64,
) -> Result<Vec<Payment>, Error> {
    let mut query = Entity::find();
    if let Some(order) = filter.order {
        query = query.filter(Column::OrderId.eq(order.to_bytes()));
    }
    if let Some(customer) = filter.customer {
        query = query.filter(Column::CustomerId.eq(customer.to_string()));
    }
    if let Some(reference) = &filter.reference {
        // The first condition lets the index of the payments that have a reference be used.
        query = query.filter(Expr::cust("reference <> ''")).filter(Column::Reference.eq(reference));
    }
    if let Some(reference) = &filter.provider_reference {
        query = query.filter(Column::ProviderReference.eq(reference));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().copied()));
        if filter.states.iter().all(|state| (*state as i64) < State::Succeeded as i64) {
            // Written out, so that the index of the payments that are not over is used.
            query = query.filter(Expr::cust("state < 6"));
        }
    }
    let after = after.map(|(time, id)| (time, id.into()));
    let query =
        newest_or_oldest(query, &filter.range, Column::CreateTime, Column::PaymentId, after);
    let rows = query.limit(limit as u64).all(reader).await?;
    rows.into_iter().map(Payment::try_from).collect()
}

#[derive(FromQueryResult)]
struct Id {
    payment_id: PaymentId,
}

static DUE: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::PaymentId)
        .filter(is_in_flight())
        .filter(Column::DueTime.lte(given(0)))
        .order_by_asc(Column::DueTime)
        .limit(given_limit(1))
});

/// Returns payments whose operation waits to be taken up, the longest waiting first.
pub async fn due(reader: &Reader, now: Timestamp, limit: usize) -> Result<Vec<PaymentId>, Error> {
    let rows = DUE.all(reader, [now.into(), (limit as i64).into()]).await?;
    Ok(rows.into_iter().map(|row| row.payment_id).collect())
}

static EXPIRED: Prepared<Select<Entity>, Id> = Prepared::new(|| {
    Entity::find()
        .select_only()
        .column(Column::PaymentId)
        // Written out, so that the index of the payments that expire is used.
        .filter(Expr::cust("expire_time IS NOT NULL"))
        .filter(Column::ExpireTime.lte(given(0)))
        .filter(Column::Slot.eq(SlotState::Free))
        .order_by_asc(Column::ExpireTime)
        .limit(given_limit(1))
});

/// Returns payments whose action or authorisation has expired, the first expired first.
pub async fn expired(
    reader: &Reader,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<PaymentId>, Error> {
    let rows = EXPIRED.all(reader, [now.into(), (limit as i64).into()]).await?;
    Ok(rows.into_iter().map(|row| row.payment_id).collect())
}

/// The sums over all payments of orders in one currency, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Totals {
    pub currency_code: String,
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
}

/// Returns the sums over all payments by currency, and none while any operation is in flight.
pub async fn totals(snapshot: &Reader) -> Result<Option<Vec<Totals>>, Error> {
    if Entity::find().filter(is_in_flight()).count(snapshot).await? > 0 {
        return Ok(None);
    }
    let totals = Entity::find()
        .select_only()
        .column(Column::CurrencyCode)
        .column_as(Column::AuthorizedMinor.sum().cast_as("BIGINT"), "authorized")
        .column_as(Column::CapturedMinor.sum().cast_as("BIGINT"), "captured")
        .column_as(Column::RefundedMinor.sum().cast_as("BIGINT"), "refunded")
        .column_as(Column::FeesMinor.sum().cast_as("BIGINT"), "fees")
        .filter(Column::OrderId.is_not_null())
        .group_by(Column::CurrencyCode)
        .order_by_asc(Column::CurrencyCode);
    Ok(Some(totals.into_model::<Totals>().all(snapshot).await?))
}
