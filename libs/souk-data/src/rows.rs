//! Writing rows: many in one statement, and how many at a time.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::RwLock;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, Insert,
    Iterable, QueryFilter, QueryTrait, Value,
};

use crate::value::arg_of;
use crate::{Engine, Error, Tx};

/// How many rows one statement takes. Few sizes make few statements, each prepared once; small ones
/// go at once. With 4,096 an order of 5,000 lines missed its deadline on SQLite.
const SIZES: [usize; 11] = [256, 64, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/// The most values that one statement binds: both engines take as many.
const BIND_LIMIT: usize = 32_766;

/// Cuts rows into chunks of the sizes that statements have, in order. For `IN` and for the rows of
/// `VALUES`.
pub fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    chunks_up_to(rows, SIZES[0])
}

/// Returns a list for an `IN` that one statement must hold whole: the last value is repeated until
/// their number is a power of two, so that few statements are prepared.
pub fn padded<T: Clone>(mut values: Vec<T>) -> Vec<T> {
    if let Some(last) = values.last().cloned() {
        values.resize(values.len().next_power_of_two(), last);
    }
    values
}

fn chunks_up_to<T>(mut rest: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len() && *size <= most)?;
        let (chunk, after) = rest.split_at(size);
        rest = after;
        Some(chunk)
    })
}

/// Inserts rows, in order. One whose key is there already is an error.
pub async fn insert_all<A: ActiveModelTrait>(tx: &Tx, rows: &[A]) -> Result<(), Error> {
    insert(tx, rows, false).await.map(|_| ())
}

/// Inserts those rows whose key is not there yet; returns how many these were.
pub async fn insert_missing<A: ActiveModelTrait>(tx: &Tx, rows: &[A]) -> Result<u64, Error> {
    insert(tx, rows, true).await
}

/// Writes the columns that are set in `row` to the row in which each of `keys` has its value.
/// Returns how many rows that were.
pub async fn update<A: ActiveModelTrait>(
    tx: &Tx,
    row: A,
    keys: &[(ColumnOf<A>, Value)],
) -> Result<u64, Error> {
    let mut values = Vec::new();
    let set = push_values(&row, &mut values, ActiveValue::is_set);
    let mut filter = Columns::default();
    for (column, value) in keys {
        let place = ColumnOf::<A>::iter().position(|other| other.as_str() == column.as_str());
        filter.add(place.expect("a column is one of its table's"));
        values.push(value.clone());
    }
    let shape = Shape::Update { set, filter };
    let sql = text::<A>(tx.engine(), shape, || {
        let mut update = A::Entity::update_many().set(row);
        for (column, value) in keys {
            update = update.filter(column.eq(value.clone()));
        }
        update.build(tx.get_database_backend()).sql
    });
    execute(tx, &sql, &values).await
}

async fn insert<A: ActiveModelTrait>(
    tx: &Tx,
    rows: &[A],
    skips_existing: bool,
) -> Result<u64, Error> {
    let columns = ColumnOf::<A>::iter().count();
    let mut inserted = 0;
    for rows in chunks_up_to(rows, BIND_LIMIT / columns) {
        let mut values = Vec::with_capacity(rows.len() * columns);
        let sets = rows.iter().map(|row| push_values(row, &mut values, |v| !v.is_not_set()));
        let sets = sets.collect::<Vec<_>>();
        if sets.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(Error::bug("rows that are inserted together set different columns"));
        }
        let set = sets[0];
        let shape = Shape::Insert { set, rows: rows.len(), skips_existing };
        let sql = text::<A>(tx.engine(), shape, || {
            let mut insert = Insert::many(rows.iter().cloned());
            if skips_existing {
                insert = insert.on_conflict(OnConflict::new().do_nothing().to_owned());
            }
            insert.build(tx.get_database_backend()).sql
        });
        inserted += execute(tx, &sql, &values).await?;
    }
    Ok(inserted)
}

async fn execute(tx: &Tx, sql: &str, values: &[Value]) -> Result<u64, Error> {
    let args = values.iter().map(arg_of).collect::<Result<Vec<_>, _>>()?;
    tx.execute(sql, &args).await
}

/// The columns of the table that a row belongs to.
type ColumnOf<A> = <<A as ActiveModelTrait>::Entity as EntityTrait>::Column;

/// Adds the values of the columns that count, in the order of the table, and returns which these
/// are.
fn push_values<A: ActiveModelTrait>(
    row: &A,
    values: &mut Vec<Value>,
    counts: impl Fn(&ActiveValue<Value>) -> bool,
) -> Columns {
    let mut set = Columns::default();
    for (place, column) in ColumnOf::<A>::iter().enumerate() {
        let value = row.get(column);
        if counts(&value) {
            values.extend(value.into_value());
            set.add(place);
        }
    }
    set
}

/// Some columns of a table, a bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Columns([u64; 4]);

impl Columns {
    fn add(&mut self, place: usize) {
        let word = self.0.get_mut(place / 64).expect("a table has at most 256 columns");
        *word |= 1 << (place % 64);
    }
}

/// What the text of a statement depends on besides table and engine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Shape {
    Insert { set: Columns, rows: usize, skips_existing: bool },
    Update { set: Columns, filter: Columns },
}

type Texts = HashMap<(TypeId, Engine, Shape), Arc<str>>;

/// Returns the text of a statement, which is built on its first use: building one takes several
/// times as long as SQLite takes to run it. There are as many as the program has tables, sets of
/// columns and sizes of chunks.
fn text<A: ActiveModelTrait>(
    engine: Engine,
    shape: Shape,
    build: impl FnOnce() -> String,
) -> Arc<str> {
    static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);
    let key = (TypeId::of::<A::Entity>(), engine, shape);
    if let Some(text) = TEXTS.read().get(&key) {
        return text.clone();
    }
    let text = Arc::<str>::from(build());
    TEXTS.write().insert(key, text.clone());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_have_few_sizes_and_leave_nothing_out() {
        let all: Vec<usize> = (0..603).collect();
        let sizes: Vec<usize> = chunks(&all).map(<[usize]>::len).collect();
        assert_eq!(sizes, [256, 256, 64, 16, 8, 3]);
        assert_eq!(chunks(&all).flatten().copied().collect::<Vec<_>>(), all);
        assert_eq!(chunks::<usize>(&[]).count(), 0);
        assert_eq!(chunks_up_to(&all, 100).map(<[usize]>::len).max(), Some(64));
    }

    #[test]
    fn padded_lists_have_few_lengths_and_name_nothing_new() {
        for length in 1..=1000 {
            let values = padded((0..length).collect());
            assert!(values.len().is_power_of_two());
            assert_eq!(values.last(), Some(&(length - 1)));
        }
        assert!(padded::<usize>(vec![]).is_empty());
    }
}
