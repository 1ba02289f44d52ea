//! Operations: every one that arrived, under its key, with the response that a repeat gets. Rows
//! are only added.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{AttemptId, PaymentId, Timestamp};

use crate::attempt::{Answer, Decline};
use crate::error::Error;
use crate::provider::Order;
use crate::provider::simulator::Operation;

/// One operation that arrived.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation_key: AttemptId,
    pub payment_id: PaymentId,
    pub operation: Operation,
    pub amount_minor: i64,
    pub answer: AnswerKind,
    pub fee_minor: i64,
    pub decline: Option<String>,
    pub is_retryable: i64,
    pub action_url: Option<String>,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What an operation was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum AnswerKind {
    Approved = 1,
    Declined = 2,
    ActionRequired = 3,
}

impl From<Model> for Answer {
    fn from(row: Model) -> Self {
        match row.answer {
            AnswerKind::Approved => Answer::Approved { fee: row.fee_minor },
            AnswerKind::Declined => Answer::Declined(Decline {
                reason: row.decline.unwrap_or_default(),
                is_retryable: row.is_retryable == 1,
            }),
            AnswerKind::ActionRequired => {
                Answer::ActionRequired { url: row.action_url.unwrap_or_default() }
            }
        }
    }
}

/// Adds an operation with its response.
pub async fn insert(
    tx: &Tx,
    order: &Order,
    operation: Operation,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), Error> {
    let empty = ActiveModel {
        operation_key: Set(order.key),
        payment_id: Set(order.charge),
        operation: Set(operation),
        amount_minor: Set(order.amount.minor),
        answer: Set(AnswerKind::Approved),
        fee_minor: Set(0),
        decline: Set(None),
        is_retryable: Set(0),
        action_url: Set(None),
        create_time: Set(now),
    };
    let row = match answer {
        Answer::Approved { fee } => ActiveModel { fee_minor: Set(*fee), ..empty },
        Answer::Declined(decline) => ActiveModel {
            answer: Set(AnswerKind::Declined),
            decline: Set(Some(decline.reason.clone())),
            is_retryable: Set(decline.is_retryable.into()),
            ..empty
        },
        Answer::ActionRequired { url } => ActiveModel {
            answer: Set(AnswerKind::ActionRequired),
            action_url: Set(Some(url.clone())),
            ..empty
        },
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

static BY_KEY: Find<Entity> =
    Find::new(|| Entity::find().filter(Column::OperationKey.eq(given(0))));

/// Returns what was answered under this key; none when no such operation has arrived.
pub async fn answer(reader: &Reader, key: AttemptId) -> Result<Option<Answer>, Error> {
    Ok(BY_KEY.one(reader, [key.into()]).await?.map(Answer::from))
}
