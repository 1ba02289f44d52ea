//! Lists of orders: by what people look for, and those that wait for STAFF.

use sea_orm::entity::prelude::*;
use sea_orm::{ExprTrait, JoinType, QueryOrder, QuerySelect, QueryTrait};
use souk_data::Reader;
use souk_types::{OrderId, Timestamp};

use super::order::{Column, Entity, with_details};
use super::{order_line, saga};
use crate::error::Error;
use crate::order::{LINES_SHOWN, Order};
use crate::saga::Saga;

/// Which orders a list shows; what is empty does not limit it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub customer: String,
    /// Numbers of the contract, as those of the statuses.
    pub states: Vec<i64>,
    pub payment_statuses: Vec<i64>,
    pub fulfillment_statuses: Vec<i64>,
    pub created_from: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    pub reference: String,
    pub number: Option<i64>,
    pub channel: String,
    pub sku: String,
    pub oldest_first: bool,
}

/// The channel of an order that does not say.
pub const DEFAULT_CHANNEL: &str = "default";

/// Returns the orders that follow this id in the order of the list.
pub async fn list(
    reader: &Reader,
    filter: &Filter,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, Error> {
    let mut query = Entity::find().limit(limit as u64);
    query = if filter.oldest_first {
        query.order_by_asc(Column::OrderId)
    } else {
        query.order_by_desc(Column::OrderId)
    };
    if let Some(after) = after {
        query = query.filter(if filter.oldest_first {
            Column::OrderId.gt(after)
        } else {
            Column::OrderId.lt(after)
        });
    }
    if !filter.customer.is_empty() {
        query = query.filter(Column::CustomerId.eq(&filter.customer));
    }
    let axes = [
        (Column::State, &filter.states),
        (Column::PaymentStatus, &filter.payment_statuses),
        (Column::FulfillmentStatus, &filter.fulfillment_statuses),
    ];
    for (column, values) in axes {
        match values.as_slice() {
            [] => {}
            [value] => query = query.filter(Expr::col(column).eq(*value)),
            values => query = query.filter(Expr::col(column).is_in(values.iter().copied())),
        }
    }
    // An id begins with the millisecond of its creation, so that the primary key finds times.
    if let Some(from) = filter.created_from {
        query = query.filter(Column::OrderId.gte(first_id_of(from, 0)));
        query = query.filter(Column::CreateTime.gte(from));
    }
    if let Some(before) = filter.created_before {
        query = query.filter(Column::OrderId.lt(first_id_of(before, 1)));
        query = query.filter(Column::CreateTime.lt(before));
    }
    if !filter.reference.is_empty() {
        // Written out, so that the index of references is used.
        query = query.filter(Expr::cust("reference <> ''"));
        query = query.filter(Column::Reference.eq(&filter.reference));
    }
    if let Some(number) = filter.number {
        query = query.filter(Column::OrderNumber.eq(number));
    }
    if !filter.channel.is_empty() {
        if filter.channel != DEFAULT_CHANNEL {
            // Written out, so that the index of channels is used.
            query = query.filter(Expr::cust("channel <> 'default'"));
        }
        query = query.filter(Column::Channel.eq(&filter.channel));
    }
    if !filter.sku.is_empty() {
        let with_sku = order_line::Entity::find()
            .select_only()
            .column(order_line::Column::OrderId)
            .filter(order_line::Column::Sku.eq(&filter.sku));
        query = query.filter(Column::OrderId.in_subquery(with_sku.into_query()));
    }
    let rows = query.all(reader).await?;
    with_details(reader, rows, LINES_SHOWN as i64).await
}

/// Returns the bytes of the least id of a millisecond, this many after that of a time.
fn first_id_of(time: Timestamp, later: i64) -> Vec<u8> {
    let millisecond = (time.as_micros().div_euclid(1000) + later).clamp(0, (1 << 48) - 1);
    let mut id = vec![0; 16];
    id[..6].copy_from_slice(&millisecond.to_be_bytes()[2..]);
    id
}

/// An order that waits for STAFF, and its saga with what last failed.
pub struct QuarantinedOrder {
    pub order: Order,
    pub saga: Saga,
    pub failure: String,
}

/// Returns the quarantined orders after this id.
pub async fn list_quarantined(
    reader: &Reader,
    after: Option<OrderId>,
    limit: i64,
) -> Result<Vec<QuarantinedOrder>, Error> {
    let sagas: RelationDef =
        Entity::belongs_to(saga::Entity).from(Column::OrderId).to(saga::Column::OrderId).into();
    let mut query = Entity::find()
        .join(JoinType::InnerJoin, sagas)
        // Written out, so that the index of quarantined orders is used.
        .filter(Expr::cust("is_quarantined = 1"))
        .order_by_asc(Column::OrderId)
        .limit(limit as u64);
    if let Some(after) = after {
        query = query.filter(Column::OrderId.gt(after));
    }
    let found = query.select_also(saga::Entity).all(reader).await?;
    let (rows, sagas): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let orders = with_details(reader, rows, LINES_SHOWN as i64).await?;
    let quarantined = orders.into_iter().zip(sagas).filter_map(|(order, saga)| {
        let mut saga = saga?;
        let failure = saga.failure.take().unwrap_or_default();
        Some(QuarantinedOrder { order, saga: saga.into(), failure })
    });
    Ok(quarantined.collect())
}
