//! Every version of every order, for ListOrderHistory, WatchOrder and the audit: rows are only
//! added; a trigger rejects everything else.

use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::{FulfillmentId, OrderId, Timestamp};

use crate::change::{Cause, Change};
use crate::error::Error;
use crate::order::Order;
use crate::state::{Axes, FulfillmentStatus, PaymentStatus, State};

/// One change of an order: how it was before and is after it, why, and who did it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_history")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub state: State,
    /// What changed: the name of a [`Change`].
    pub kind: String,
    pub refunded_minor: i64,
    pub change_time: Timestamp,
    pub payment_status: PaymentStatus,
    pub fulfillment_status: FulfillmentStatus,
    /// The axes before; none of the first version.
    pub previous_state: Option<State>,
    pub previous_payment_status: Option<PaymentStatus>,
    pub previous_fulfillment_status: Option<FulfillmentStatus>,
    /// A number of the contract's `OrderChangeCause`; 0 in what earlier versions stored.
    pub cause: i64,
    pub actor: String,
    /// A number of the contract's `CancelReason`.
    pub cancel_reason: i64,
    pub note: String,
    pub canceled_minor: i64,
    /// What was captured, less what cancellations paid back.
    pub captured_minor: i64,
    pub fulfillment_id: Option<FulfillmentId>,
    /// The names of the fields that UpdateOrder changed, with spaces between them.
    pub updated_fields: Option<String>,
}

/// A row of the history.
pub type Row = Model;

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the row of a change that brought an order where it is; `before` it was there, unless
    /// the change created it.
    pub fn of(order: &Order, before: Option<Axes>, change: &Change, cause: &Cause) -> Self {
        Model {
            order_id: order.id,
            version: order.version,
            state: order.axes.state,
            kind: change.name(),
            refunded_minor: order.refunded.minor,
            change_time: order.update_time,
            payment_status: order.axes.payment,
            fulfillment_status: order.axes.fulfillment,
            previous_state: before.map(|axes| axes.state),
            previous_payment_status: before.map(|axes| axes.payment),
            previous_fulfillment_status: before.map(|axes| axes.fulfillment),
            cause: cause.cause as i64,
            actor: cause.actor.0.clone(),
            cancel_reason: cause.cancel_reason,
            note: cause.note.clone(),
            canceled_minor: order.canceled,
            captured_minor: order.captured_net(),
            fulfillment_id: change.fulfillment(),
            updated_fields: Some(change.updated_fields().join(" "))
                .filter(|names| !names.is_empty()),
        }
    }

    /// Returns the axes after the change.
    pub fn axes(&self) -> Axes {
        Axes {
            state: self.state,
            payment: self.payment_status,
            fulfillment: self.fulfillment_status,
        }
    }
}

/// Adds the version that an order has come to by a change.
pub async fn insert(tx: &Tx, row: &Row) -> Result<(), Error> {
    Ok(rows::insert_all(tx, &[row.clone().into_active_model().reset_all()]).await?)
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::Version.gt(given(1)))
        .order_by_asc(Column::Version)
        .limit(given_limit(2))
});

/// Returns the changes of an order after a version, oldest first.
pub async fn after(
    reader: &Reader,
    order: OrderId,
    version: i64,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    Ok(AFTER.all(reader, [order.into(), version.into(), limit.into()]).await?)
}
