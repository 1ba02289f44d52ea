//! The lines of orders, at their frozen prices.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{QueryOrder, QuerySelect, Set, UpdateMany, raw_sql};
use souk_data::{Find, Prepared, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, FulfillmentId, Money, OrderId, PriceId, ProductId, VariantId};

use crate::error::Error;
use crate::order::{Line, Refund};
use crate::part::CanceledUnits;

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: OrderId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub line_number: i64,
    pub sku: String,
    pub price_id: PriceId,
    pub title: String,
    pub quantity: i64,
    pub unit_minor: i64,
    pub refunded_quantity: i64,
    pub returned_quantity: i64,
    pub product_id: Option<ProductId>,
    pub variant_id: Option<VariantId>,
    pub fulfilled_quantity: i64,
    pub canceled_quantity: i64,
    /// How much less is owed for the canceled units; 0 where the whole rest was canceled.
    pub canceled_minor: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns the line of an order in this currency.
    pub fn in_currency(self, currency: Currency) -> Line {
        Line {
            number: self.line_number,
            sku: self.sku,
            price: self.price_id,
            product: self.product_id,
            variant: self.variant_id,
            title: self.title,
            quantity: self.quantity,
            unit_price: Money::new(currency, self.unit_minor),
            refunded: self.refunded_quantity,
            returned: self.returned_quantity,
            fulfilled: self.fulfilled_quantity,
            canceled: self.canceled_quantity,
            canceled_minor: self.canceled_minor,
        }
    }
}

/// Adds the lines of an order.
pub async fn insert(tx: &Tx, order: OrderId, lines: &[Line]) -> Result<(), Error> {
    let rows = lines.iter().map(|line| ActiveModel {
        order_id: Set(order),
        line_number: Set(line.number),
        sku: Set(line.sku.clone()),
        price_id: Set(line.price),
        title: Set(line.title.clone()),
        quantity: Set(line.quantity),
        unit_minor: Set(line.unit_price.minor),
        refunded_quantity: Set(line.refunded),
        returned_quantity: Set(line.returned),
        product_id: Set(line.product),
        variant_id: Set(line.variant),
        fulfilled_quantity: Set(line.fulfilled),
        canceled_quantity: Set(line.canceled),
        canceled_minor: Set(line.canceled_minor),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

/// Adds the units of a refund that succeeded to the lines of its order: those that were paid back,
/// and those that came back.
pub async fn add_refund(tx: &Tx, order: OrderId, refund: &Refund) -> Result<(), Error> {
    if refund.lines.is_empty() {
        return Ok(());
    }
    let id = refund.id;
    // SQL, since each row changes by the number of another table's row: a set-based update.
    let update = raw_sql!(
        Postgres,
        "UPDATE order_lines SET refunded_quantity = refunded_quantity + back.quantity * back.is_refunded,
             returned_quantity = returned_quantity + back.quantity * back.restock
         FROM refund_lines AS back
         WHERE back.refund_id = {id} AND order_lines.order_id = {order} AND order_lines.line_number = back.line_number"
    );
    tx.execute_raw(update).await?;
    Ok(())
}

/// Takes the units of a refund that failed after it had succeeded off what was paid back of the
/// lines of its order. What came back stays.
pub async fn take_back_refund(tx: &Tx, order: OrderId, refund: &Refund) -> Result<(), Error> {
    if refund.lines.is_empty() {
        return Ok(());
    }
    let id = refund.id;
    // SQL, as above.
    let update = raw_sql!(
        Postgres,
        "UPDATE order_lines SET refunded_quantity = refunded_quantity - back.quantity * back.is_refunded
         FROM refund_lines AS back
         WHERE back.refund_id = {id} AND order_lines.order_id = {order} AND order_lines.line_number = back.line_number"
    );
    tx.execute_raw(update).await?;
    Ok(())
}

/// Adds the units of a fulfillment that have left to the lines of its order.
pub async fn add_fulfillment(tx: &Tx, order: OrderId, id: FulfillmentId) -> Result<(), Error> {
    // SQL, as above.
    let update = raw_sql!(
        Postgres,
        "UPDATE order_lines SET fulfilled_quantity = fulfilled_quantity + gone.quantity
         FROM fulfillment_lines AS gone
         WHERE gone.fulfillment_id = {id} AND order_lines.order_id = {order} AND order_lines.line_number = gone.line_number"
    );
    tx.execute_raw(update).await?;
    Ok(())
}

static ADD_CANCELED: Prepared<UpdateMany<Entity>, ()> = Prepared::new(|| {
    let plus = |column: Column, number| column.into_expr().add(Expr::val(given(number)));
    Entity::update_many()
        .col_expr(Column::CanceledQuantity, plus(Column::CanceledQuantity, 0))
        .col_expr(Column::CanceledMinor, plus(Column::CanceledMinor, 1))
        .filter(Column::OrderId.eq(given(2)))
        .filter(Column::LineNumber.eq(given(3)))
});

/// Adds units that were canceled to the lines of their order.
pub async fn add_canceled(tx: &Tx, order: OrderId, lines: &[CanceledUnits]) -> Result<(), Error> {
    for line in lines {
        let values = [line.quantity.into(), line.amount.into(), order.into(), line.number.into()];
        ADD_CANCELED.execute(tx, values).await?;
    }
    Ok(())
}

/// Marks all units of an order as canceled that have not left.
pub async fn cancel_the_rest(tx: &Tx, order: OrderId) -> Result<(), Error> {
    let left = Column::Quantity.into_expr().sub(Column::FulfilledQuantity.into_expr());
    Entity::update_many()
        .col_expr(Column::CanceledQuantity, left)
        .filter(Column::OrderId.eq(order))
        .exec(tx)
        .await?;
    Ok(())
}

static OF_ORDER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::LineNumber.lte(given(1)))
        .order_by_asc(Column::LineNumber)
});

/// Returns the lines of orders by their numbers, with a limit for each.
pub async fn of(reader: &Reader, orders: &[OrderId], most: i64) -> Result<Vec<Model>, Error> {
    if let [order] = orders {
        return Ok(OF_ORDER.all(reader, [(*order).into(), most.into()]).await?);
    }
    let lines = Entity::find()
        .filter(Column::OrderId.is_in(orders.iter().copied()))
        .filter(Column::LineNumber.lte(most))
        .order_by_asc(Column::OrderId)
        .order_by_asc(Column::LineNumber);
    Ok(lines.all(reader).await?)
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::OrderId.eq(given(0)))
        .filter(Column::LineNumber.gt(given(1)))
        .order_by_asc(Column::LineNumber)
        .limit(given_limit(2))
});

/// Returns the lines of an order after this number.
pub async fn list(
    reader: &Reader,
    order: OrderId,
    after: i64,
    limit: i64,
) -> Result<Vec<Model>, Error> {
    Ok(AFTER.all(reader, [order.into(), after.into(), limit.into()]).await?)
}
