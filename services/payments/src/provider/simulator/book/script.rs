//! Scripts: the outcomes of the next operations.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryOrder, QuerySelect, Set};
use souk_data::{Find, Tx, given, rows};
use souk_types::PaymentId;

use crate::attempt::Method;
use crate::error::Error;
use crate::provider::simulator::{Operation, Outcome, Target};

/// What one operation on a payment, or with a payment method, is to come to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scripts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub script_number: i64,
    pub method: Option<Method>,
    pub payment_id: Option<PaymentId>,
    /// None for any operation.
    pub operation: Option<Operation>,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Adds what the next operations on a target are to come to, after all that is there. The write is
/// SERIALIZABLE.
pub async fn append(
    tx: &Tx,
    target: &Target,
    operation: Option<Operation>,
    outcomes: &[Outcome],
) -> Result<(), Error> {
    let last = Entity::find().order_by_desc(Column::ScriptNumber).limit(1).one(tx).await?;
    let last = last.map_or(0, |last| last.script_number);
    let (method, payment) = match target {
        Target::Method(method) => (Some(method), None),
        Target::Payment(payment) => (None, Some(*payment)),
    };
    let rows = (last + 1..).zip(outcomes).map(|(number, outcome)| ActiveModel {
        script_number: Set(number),
        method: Set(method.cloned()),
        payment_id: Set(payment),
        operation: Set(operation),
        outcome: Set(*outcome),
    });
    Ok(rows::insert_all(tx, &rows.collect::<Vec<_>>()).await?)
}

static NEXT: Find<Entity> = Find::new(|| {
    let is_for =
        Condition::any().add(Column::PaymentId.eq(given(0))).add(Column::Method.eq(given(1)));
    let is_about =
        Condition::any().add(Column::Operation.is_null()).add(Column::Operation.eq(given(2)));
    Entity::find().filter(is_for).filter(is_about).order_by_asc(Column::ScriptNumber).limit(1)
});

/// Takes the next outcome that a script has for this operation.
pub async fn take(
    tx: &Tx,
    payment: PaymentId,
    method: Option<&Method>,
    operation: Operation,
) -> Result<Option<Outcome>, Error> {
    // The usual case costs one query of an empty table.
    let next = NEXT.one(tx, [payment.into(), method.cloned().into(), operation.into()]).await?;
    let Some(next) = next else { return Ok(None) };
    Entity::delete_by_id(next.script_number).exec(tx).await?;
    Ok(Some(next.outcome))
}
