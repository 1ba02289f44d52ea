//! Many rows in few statements, whatever their number.

use std::ops::Range;

use sea_orm::{ConnectionTrait, EntityTrait, NotSet, QueryOrder, Set};
use souk_data::{Db, Error, Isolation, Tx, rows};

use crate::counter::{self, ActiveModel, counters};
use crate::support::{add_counter, count, counter, on_each_engine};

/// A table so wide that 256 of its rows are more values than one statement binds.
mod wide {
    use sea_orm::entity::prelude::*;

    macro_rules! wide {
        ($($column:ident)*) => {
            #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
            #[sea_orm(table_name = "wide")]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub id: i64,
                $(pub $column: i64,)*
            }

            impl Model {
                /// Returns a row with as many different values as it has columns.
                pub fn new(id: i64) -> Model {
                    let mut values = id * 1000..;
                    Model { id, $($column: values.next().unwrap(),)* }
                }
            }

            pub const CREATE: &str = concat!(
                "CREATE TABLE wide (id BIGINT PRIMARY KEY", $(", ", stringify!($column), " BIGINT NOT NULL",)* ")"
            );
        };
    }

    wide! {
        c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27 c28 c29 c30 c31
    c32 c33 c34 c35 c36 c37 c38 c39 c40 c41 c42 c43 c44 c45 c46 c47 c48 c49 c50 c51 c52 c53 c54 c55 c56 c57 c58 c59
    c60 c61 c62 c63 c64 c65 c66 c67 c68 c69 c70 c71 c72 c73 c74 c75 c76 c77 c78 c79 c80 c81 c82 c83 c84 c85 c86 c87
    c88 c89 c90 c91 c92 c93 c94 c95 c96 c97 c98 c99 c100 c101 c102 c103 c104 c105 c106 c107 c108 c109 c110 c111 c112
    c113 c114 c115 c116 c117 c118 c119 c120 c121 c122 c123 c124 c125 c126 c127 c128 c129
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn insert_all(db: &Db, rows: Vec<ActiveModel>) -> Result<(), Error> {
    let insert = async |tx: &Tx, rows: &Vec<ActiveModel>| rows::insert_all(tx, rows).await;
    db.write(Isolation::Serializable, rows, insert).await
}

async fn insert_missing(db: &Db, rows: Vec<ActiveModel>) -> Result<u64, Error> {
    let insert = async |tx: &Tx, rows: &Vec<ActiveModel>| rows::insert_missing(tx, rows).await;
    db.write(Isolation::Serializable, rows, insert).await
}

async fn insert_wide(tx: &Tx, ids: &Range<i64>) -> Result<u64, Error> {
    tx.execute_unprepared(wide::CREATE).await?;
    let rows: Vec<wide::ActiveModel> = ids.clone().map(|id| wide::Model::new(id).into()).collect();
    rows::insert_all(tx, &rows).await?;
    rows::insert_missing(tx, &rows).await
}

/// Sets the value of the counters that have a key and another value.
async fn update(tx: &Tx, (value, id, before): &(i64, i64, i64)) -> Result<u64, Error> {
    let row = ActiveModel { value: Set(*value), ..Default::default() };
    let key = [(counter::Column::Id, (*id).into()), (counter::Column::Value, (*before).into())];
    rows::update(tx, row, &key).await
}

on_each_engine! {
    async fn an_update_changes_the_rows_that_have_all_keys(test: TestDb) {
        let db = test.open().await;
        insert_all(&db, counters(0..3, 7)).await.unwrap();
        for (change, changed) in [((8, 1, 7), 1), ((9, 1, 7), 0), ((9, 1, 8), 1), ((9, 5, 7), 0)] {
            assert_eq!(db.write(Isolation::Serializable, change, update).await, Ok(changed), "{change:?}");
        }
        let found = counter::Entity::find().order_by_asc(counter::Column::Id).all(&db.read()).await.unwrap();
        assert_eq!(found.iter().map(|row| row.value).collect::<Vec<_>>(), [7, 9, 7]);
    }

    async fn rows_with_different_columns_are_not_inserted_together(test: TestDb) {
        let db = test.open().await;
        let mut rows = counters(0..2, 7);
        rows[1].value = NotSet;
        assert!(matches!(insert_all(&db, rows).await, Err(Error::Bug(_))));
        assert_eq!(count(&db, "counters").await, 0);
    }

    async fn any_number_of_rows_is_inserted(test: TestDb) {
        let db = test.open().await;
        for (first, rows) in [(0, 0), (0, 1), (1, 300)] {
            insert_all(&db, counters(first..first + rows, rows)).await.unwrap();
            assert_eq!(count(&db, "counters").await, first + rows);
        }
        let found = counter::Entity::find().order_by_asc(counter::Column::Id).all(&db.read()).await.unwrap();
        let expected = (0..301).map(|id| counter::Model { id, value: if id == 0 { 1 } else { 300 } });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    async fn a_row_that_is_there_already_fails_all_of_them(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 299, 7).await.unwrap();
        let failed = insert_all(&db, counters(0..300, 1)).await;
        assert!(failed.as_ref().is_err_and(Error::is_unique_violation), "{failed:?}");
        assert_eq!((count(&db, "counters").await, counter(&db.read(), 299).await), (1, Some(7)));
    }

    async fn rows_that_are_missing_are_inserted_and_counted(test: TestDb) {
        let db = test.open().await;
        assert_eq!(insert_missing(&db, counters([], 1)).await, Ok(0));
        assert_eq!(insert_missing(&db, counters([5], 1)).await, Ok(1));
        assert_eq!(insert_missing(&db, counters([5], 2)).await, Ok(0));
        assert_eq!(insert_missing(&db, counters(0..300, 3)).await, Ok(299));
        assert_eq!(insert_missing(&db, counters(200..500, 4)).await, Ok(200));
        for (id, value) in [(5, 1), (6, 3), (299, 3), (300, 4)] {
            assert_eq!(counter(&db.read(), id).await, Some(value), "counter {id}");
        }
        assert_eq!(count(&db, "counters").await, 500);
    }

    async fn of_two_new_rows_with_one_key_the_first_is_inserted(test: TestDb) {
        let db = test.open().await;
        let twice = [counters([1, 2], 10), counters([2, 3], 20)].concat();
        assert_eq!(insert_missing(&db, twice).await, Ok(3));
        assert_eq!(counter(&db.read(), 2).await, Some(10));
    }

    async fn a_row_that_the_schema_refuses_is_not_taken_for_one_that_is_there(test: TestDb) {
        let db = test.open().await;
        let refused = insert_missing(&db, [counters([1], 1), counters([2], -1)].concat()).await;
        assert!(matches!(refused, Err(Error::ConstraintViolation(_))), "{refused:?}");
        assert_eq!(count(&db, "counters").await, 0);
    }

    async fn rows_of_many_columns_bind_no_more_than_a_statement_takes(test: TestDb) {
        let db = test.open().await;
        assert_eq!(db.write(Isolation::Serializable, 0..300, insert_wide).await, Ok(0));
        let found = wide::Entity::find().order_by_asc(wide::Column::Id).all(&db.read()).await.unwrap();
        assert_eq!(found, (0..300).map(wide::Model::new).collect::<Vec<_>>());
    }
}
