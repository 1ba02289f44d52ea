//! Ledgers. Rows never change.

use std::collections::{BTreeSet, HashMap};

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect, Set};
use souk_data::{Find, Reader, Tx, given, given_limit, rows};
use souk_types::{Currency, Timestamp};

use super::account::unsigned;
use crate::error::Error;
use crate::ledger::Ledger;

/// A ledger and its currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// Empty when it has none.
    pub currency_code: String,
    pub create_time: Timestamp,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Ledger {
    type Error = souk_data::Error;

    fn try_from(row: Model) -> Result<Self, souk_data::Error> {
        let not_a_currency =
            |_| souk_data::Error::Corrupt(format!("{:?} is no currency", row.currency_code).into());
        let currency: Option<Currency> = (!row.currency_code.is_empty())
            .then(|| row.currency_code.parse().map_err(not_a_currency))
            .transpose()?;
        Ok(Ledger { number: unsigned(row.number)?, currency, create_time: row.create_time })
    }
}

/// Adds a ledger. A number that is taken is a unique violation.
pub async fn insert(tx: &Tx, ledger: &Ledger) -> Result<(), Error> {
    let row = ActiveModel {
        number: Set(ledger.number.into()),
        currency_code: Set(ledger.currency_code().to_owned()),
        create_time: Set(ledger.create_time),
    };
    Ok(rows::insert_all(tx, &[row]).await?)
}

static BY_NUMBER: Find<Entity> = Find::new(|| Entity::find().filter(Column::Number.eq(given(0))));

/// Returns a ledger, if there is one with this number.
pub async fn find(reader: &Reader, number: u32) -> Result<Option<Ledger>, Error> {
    let row = BY_NUMBER.one(reader, [i64::from(number).into()]).await?;
    Ok(row.map(Ledger::try_from).transpose()?)
}

static AFTER: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Number.gt(given(0)))
        .order_by_asc(Column::Number)
        .limit(given_limit(1))
});

/// Returns ledgers with numbers above `after`, by number.
pub async fn list(reader: &Reader, after: i64, limit: i64) -> Result<Vec<Ledger>, Error> {
    let rows = AFTER.all(reader, [after.into(), limit.into()]).await?;
    Ok(rows.into_iter().map(Ledger::try_from).collect::<Result<_, _>>()?)
}

/// Returns those of these ledgers that exist.
pub async fn find_all(
    reader: &Reader,
    numbers: impl IntoIterator<Item = u32>,
) -> Result<Vec<Ledger>, Error> {
    let numbers: BTreeSet<i64> = numbers.into_iter().map(i64::from).collect();
    let numbers: Vec<i64> = numbers.into_iter().collect();
    let mut ledgers = Vec::with_capacity(numbers.len());
    for numbers in rows::chunks(&numbers) {
        let query = Entity::find().filter(Column::Number.is_in(numbers.iter().copied()));
        for row in query.all(reader).await? {
            ledgers.push(row.try_into()?);
        }
    }
    Ok(ledgers)
}

/// The codes of the currencies of some ledgers.
#[derive(Debug, Default)]
pub struct Currencies(HashMap<u32, Ledger>);

impl Currencies {
    /// Reads those of these ledgers.
    pub async fn of(
        reader: &Reader,
        ledgers: impl IntoIterator<Item = u32>,
    ) -> Result<Self, Error> {
        let found = find_all(reader, ledgers).await?;
        Ok(Currencies(found.into_iter().map(|ledger| (ledger.number, ledger)).collect()))
    }

    /// Returns the code of a ledger's currency; empty when it has none.
    pub fn code(&self, ledger: u32) -> String {
        self.0.get(&ledger).map_or("", Ledger::currency_code).to_owned()
    }
}
