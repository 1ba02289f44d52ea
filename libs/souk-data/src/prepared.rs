//! Statements of sea-orm that are built once. Building one takes several times as long as SQLite
//! takes to run it, so what every request passes is kept as text, with places for its values.

use std::marker::PhantomData;
use std::sync::OnceLock;

use sea_orm::{EntityTrait, FromQueryResult, QueryTrait, Select, Value};

use crate::plan::Plan;
use crate::reader::only_row;
use crate::value::{Arg, arg_of};
use crate::{Engine, Error, Reader, Tx};

/// A statement that is built on its first use, and the rows `M` that it finds.
///
/// It reads like any other query, but that `given(0)`, `given(1)`, … stand for the values that each
/// use brings:
///
/// `static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::Id.eq(given(0))));`,
/// and then `BY_ID.one(tx, [id.into()]).await?`.
pub struct Prepared<Q, M> {
    build: fn() -> Q,
    sqlite: OnceLock<Built>,
    postgres: OnceLock<Built>,
    reads_all: bool,
    rows: PhantomData<fn() -> M>,
}

/// A [`Prepared`] query for rows of one entity.
pub type Find<E> = Prepared<Select<E>, <E as EntityTrait>::Model>;

/// A [`Prepared`] update or delete.
pub type Change<Q> = Prepared<Q, ()>;

struct Built {
    sql: String,
    values: Box<[Source]>,
    plan: Plan,
}

enum Source {
    /// Brought by each use.
    Given(usize),
    /// Part of the statement, such as the 1 of LIMIT 1.
    Fixed(Value),
}

/// Stands for the value with this number; the first is 0.
#[derive(Clone, Copy, Debug)]
pub struct Given(u8);

/// Stands, in a [`Prepared`] statement, for the value with this number.
pub const fn given(number: u8) -> Given {
    Given(number)
}

/// Stands for the value with this number where sea-orm takes a number of rows:
/// `.limit(given_limit(1))`.
pub const fn given_limit(number: u8) -> u64 {
    FIRST_LIMIT + number as u64
}

/// No column of ours holds a single character, and no number of rows is that large: so they can
/// stand for something else.
const FIRST_CHARACTER: u32 = 0xE000;
const FIRST_LIMIT: u64 = 1 << 63;

impl From<Given> for Value {
    fn from(Given(number): Given) -> Self {
        Value::Char(char::from_u32(FIRST_CHARACTER + u32::from(number)))
    }
}

impl<Q: QueryTrait, M> Prepared<Q, M> {
    /// Takes what builds the statement.
    pub const fn new(build: fn() -> Q) -> Self {
        Prepared {
            build,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
            reads_all: false,
            rows: PhantomData,
        }
    }

    /// Takes what builds a statement that may read a whole table; tests refuse others that do.
    pub const fn that_reads_all(build: fn() -> Q) -> Self {
        Prepared {
            build,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
            reads_all: true,
            rows: PhantomData,
        }
    }

    fn built(&self, reader: &Reader) -> &Built {
        let kept = match reader.engine() {
            Engine::Sqlite => &self.sqlite,
            Engine::Postgres => &self.postgres,
        };
        kept.get_or_init(|| {
            let statement = (self.build)().build(reader.backend());
            let values = statement.values.map(|values| values.0).unwrap_or_default();
            Built {
                sql: statement.sql,
                values: values.into_iter().map(source).collect(),
                plan: Plan::new(self.reads_all),
            }
        })
    }

    /// Runs an update or a delete, and returns how many rows it changed.
    pub async fn execute<const N: usize>(&self, tx: &Tx, values: [Value; N]) -> Result<u64, Error> {
        let built = self.built(tx);
        let args = built.bind(&values)?;
        built.plan.check(tx, &built.sql, &args).await?;
        tx.execute(&built.sql, &args).await
    }
}

impl<Q: QueryTrait, M: FromQueryResult> Prepared<Q, M> {
    /// Returns the rows.
    pub async fn all<const N: usize>(
        &self,
        reader: &Reader,
        values: [Value; N],
    ) -> Result<Vec<M>, Error> {
        let built = self.built(reader);
        let args = built.bind(&values)?;
        built.plan.check(reader, &built.sql, &args).await?;
        let rows = reader.query_for_orm(&built.sql, &args).await?;
        rows.iter().map(|row| M::from_query_result(row, "").map_err(Error::from)).collect()
    }

    /// Returns the only row, or none. More than one row is a bug.
    pub async fn one<const N: usize>(
        &self,
        reader: &Reader,
        values: [Value; N],
    ) -> Result<Option<M>, Error> {
        only_row(self.all(reader, values).await?)
    }
}

impl Built {
    fn bind<'a>(&'a self, given: &'a [Value]) -> Result<Vec<Arg<'a>>, Error> {
        let value = |source: &'a Source| match source {
            Source::Fixed(value) => Ok(value),
            Source::Given(number) => given.get(*number).ok_or_else(|| {
                Error::bug(format!("a prepared statement lacks its value {number}"))
            }),
        };
        self.values.iter().map(|source| value(source).and_then(arg_of)).collect()
    }
}

fn source(value: Value) -> Source {
    match value {
        Value::Char(Some(letter)) if u32::from(letter) >= FIRST_CHARACTER => {
            Source::Given((u32::from(letter) - FIRST_CHARACTER) as usize)
        }
        Value::BigUnsigned(Some(number)) if number >= FIRST_LIMIT => {
            Source::Given((number - FIRST_LIMIT) as usize)
        }
        fixed => Source::Fixed(fixed),
    }
}
