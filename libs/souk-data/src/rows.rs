//! Many rows in one statement, and how many at a time.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, Insert, Iterable, QueryTrait};

use crate::{Error, Tx};

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

fn chunks_up_to<T>(mut rest: &[T], most: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len() && *size <= most)?;
        let (chunk, after) = rest.split_at(size);
        rest = after;
        Some(chunk)
    })
}

/// Inserts rows, in order. One whose key is there already is an error.
pub async fn insert_all<A>(tx: &Tx, rows: &[A]) -> Result<(), Error>
where
    A: ActiveModelTrait,
{
    insert(tx, rows, None).await.map(|_| ())
}

/// Inserts those rows whose key is not there yet; returns how many these were.
pub async fn insert_missing<A>(tx: &Tx, rows: &[A]) -> Result<u64, Error>
where
    A: ActiveModelTrait,
{
    insert(tx, rows, Some(OnConflict::new().do_nothing().to_owned())).await
}

async fn insert<A>(tx: &Tx, rows: &[A], on_conflict: Option<OnConflict>) -> Result<u64, Error>
where
    A: ActiveModelTrait,
{
    let columns = <A::Entity as EntityTrait>::Column::iter().count();
    let backend = tx.get_database_backend();
    let mut inserted = 0;
    for rows in chunks_up_to(rows, BIND_LIMIT / columns) {
        let mut insert = Insert::many(rows.iter().cloned());
        if let Some(on_conflict) = &on_conflict {
            insert = insert.on_conflict(on_conflict.clone());
        }
        inserted += tx.execute_raw(insert.build(backend)).await?.rows_affected();
    }
    Ok(inserted)
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
}
