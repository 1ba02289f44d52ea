//! Operations: every one that arrived, under its key, with the response that a repeat gets. Rows
//! are only added.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use souk_data::{Find, Reader, Tx, given, rows};
use souk_types::{AttemptId, PaymentId, Timestamp};

use crate::attempt::Answer;
use crate::error::Error;
use crate::provider::Order;
use crate::provider::simulator::{Operation, charge};

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
    pub expire_time: Option<Timestamp>,
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

/// An operation's answer as it is in the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub charge: PaymentId,
    pub answer: Answer,
    /// When what it set aside is let go of.
    pub expire_time: Option<Timestamp>,
}

impl From<Model> for Recorded {
    fn from(row: Model) -> Self {
        let answer = match row.answer {
            AnswerKind::Approved => Answer::Approved { fee: row.fee_minor },
            AnswerKind::Declined => {
                let word = row.decline.unwrap_or_default();
                Answer::Declined(charge::decline(&word, row.is_retryable == 1))
            }
            AnswerKind::ActionRequired => Answer::ActionRequired {
                url: row.action_url.unwrap_or_default(),
                expire_time: row.expire_time.unwrap_or(row.create_time),
            },
        };
        Recorded { charge: row.payment_id, answer, expire_time: row.expire_time }
    }
}

/// Adds an operation with its response.
pub async fn insert(
    tx: &Tx,
    order: &Order,
    operation: Operation,
    recorded: &Recorded,
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
        expire_time: Set(recorded.expire_time),
    };
    let row = match &recorded.answer {
        Answer::Approved { fee } => ActiveModel { fee_minor: Set(*fee), ..empty },
        Answer::Declined(decline) => ActiveModel {
            answer: Set(AnswerKind::Declined),
            decline: Set(Some(decline.detail.clone())),
            is_retryable: Set(decline.is_retryable.into()),
            ..empty
        },
        Answer::ActionRequired { url, .. } => ActiveModel {
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
pub async fn find(reader: &Reader, key: AttemptId) -> Result<Option<Recorded>, Error> {
    Ok(BY_KEY.one(reader, [key.into()]).await?.map(Recorded::from))
}

/// Returns the operation of this key, as it is in the table.
pub async fn row(reader: &Reader, key: AttemptId) -> Result<Option<Model>, Error> {
    Ok(BY_KEY.one(reader, [key.into()]).await?)
}
