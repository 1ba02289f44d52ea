//! The lines of orders, at their frozen prices.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Set, raw_sql};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, Money, OrderId, PriceId, ProductId, VariantId};

use crate::error::Error;
use crate::order::{Line, Refund};

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
