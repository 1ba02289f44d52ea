//! Statements that are built once: what is given, and what stands in them for good.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    DeleteMany, FromQueryResult, IntoActiveModel, QueryOrder, QuerySelect, Select, UpdateMany,
    Value,
};
use souk_data::{Change, Db, Error, Find, Isolation, Prepared, Tx, given, given_limit, rows};
use souk_types::{EventId, OrderId, Timestamp};

use crate::counter::{self, Column, Entity, Model};
use crate::order::{self, Mood};
use crate::support::{count, counter, on_each_engine};

static BY_ID: Find<Entity> = Find::new(|| Entity::find().filter(Column::Id.eq(given(0))));

/// Its values stand in another order than they are given in, and one of them twice.
static PAGE: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Id.gt(given(3)))
        .filter(Column::Value.gte(given(1)))
        .filter(Column::Id.ne(given(1)))
        .order_by_asc(Column::Id)
        .limit(given_limit(2))
        .offset(given_limit(0))
});

/// Three values stand in it for good: 17, 40 and the limit.
static FIXED: Find<Entity> = Find::new(|| {
    Entity::find()
        .filter(Column::Id.ne(17))
        .filter(Column::Id.gt(given(0)))
        .filter(Column::Value.lt(40))
        .order_by_desc(Column::Id)
        .limit(3)
});

static HOW_MANY: Prepared<Select<Entity>, HowMany> = Prepared::new(|| {
    Entity::find().select_only().column_as(Column::Id.count(), "n").filter(Column::Id.lt(given(0)))
});

static RAISE: Change<UpdateMany<Entity>> = Change::new(|| {
    Entity::update_many()
        .col_expr(Column::Value, Expr::col(Column::Value).add(given(1)))
        .filter(Column::Id.is_in([given(2), given(0)]))
});

// `children` refers to the counters and has no index for that.
static REMOVE: Change<DeleteMany<Entity>> =
    Change::that_reads_all(|| Entity::delete_many().filter(Column::Id.gte(given(0))));

static BY_VALUE: Find<Entity> = Find::new(|| Entity::find().filter(Column::Value.eq(given(0))));

static ORDER: Find<order::Entity> = Find::new(|| {
    order::Entity::find()
        .filter(order::Column::Mood.eq(given(4)))
        .filter(order::Column::Id.eq(given(0)))
        .filter(order::Column::EventId.eq(given(1)))
        .filter(order::Column::PlacedTime.lte(given(2)))
        .filter(order::Column::PaidTime.is_null())
        .filter(order::Column::MoodBefore.is_in([given(4), given(3)]))
});

#[derive(Debug, PartialEq, FromQueryResult)]
struct HowMany {
    n: i64,
}

/// Writes counters 0 to 49, each with its id as its value.
async fn fill(db: &Db) {
    let models: Vec<_> = (0..50).map(|id| Model { id, value: id }.into_active_model()).collect();
    let insert =
        async |tx: &Tx, models: &Vec<counter::ActiveModel>| rows::insert_all(tx, models).await;
    db.write(Isolation::Serializable, models, insert).await.unwrap();
}

fn ids(found: Vec<Model>) -> Vec<i64> {
    found.iter().map(|model| model.id).collect()
}

async fn raise_and_remove(tx: &Tx, (): &()) -> Result<(u64, u64), Error> {
    let raised = RAISE.execute(tx, [1.into(), 1000.into(), 2.into()]).await?;
    Ok((raised, REMOVE.execute(tx, [40.into()]).await?))
}

async fn insert_order(tx: &Tx, order: &order::Model) -> Result<order::Model, Error> {
    Ok(order.clone().into_active_model().insert(tx).await?)
}

on_each_engine! {
    async fn a_statement_without_an_index_is_refused_by_tests(test: TestDb) {
        let reader = test.open().await.read();
        let read = tokio::spawn(async move { BY_VALUE.all(&reader, [1_i64.into()]).await });
        assert!(read.await.unwrap_err().is_panic());
    }

    async fn each_use_brings_its_own_values(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        for id in [3, 49, 0] {
            assert_eq!(BY_ID.one(&db.read(), [id.into()]).await, Ok(Some(Model { id, value: id })));
        }
        assert_eq!(BY_ID.one(&db.read(), [50.into()]).await, Ok(None));
    }

    async fn values_and_limits_are_given_in_any_order(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        let page = PAGE.all(&db.read(), [2.into(), 20.into(), 3.into(), 10.into()]).await.unwrap();
        assert_eq!(ids(page), [23, 24, 25]);
        // A number of rows may be a u64, as sea-orm takes it.
        let page = PAGE.all(&db.read(), [0u64.into(), 0.into(), 2u64.into(), 47.into()]).await.unwrap();
        assert_eq!(ids(page), [48, 49]);
    }

    async fn what_stands_in_the_statement_is_kept(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        for (above, expected) in [(20, [39, 38, 37].as_slice()), (37, &[39, 38]), (39, &[])] {
            assert_eq!(ids(FIXED.all(&db.read(), [above.into()]).await.unwrap()), expected);
        }
    }

    async fn rows_may_have_another_shape_than_the_entity(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        assert_eq!(HOW_MANY.one(&db.read(), [7.into()]).await, Ok(Some(HowMany { n: 7 })));
    }

    async fn a_change_tells_how_many_rows_it_changed(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        assert_eq!(db.write(Isolation::Serializable, (), raise_and_remove).await, Ok((2, 10)));
        assert_eq!((counter(&db.read(), 1).await, counter(&db.read(), 3).await), (Some(1001), Some(3)));
        assert_eq!(count(&db, "counters").await, 40);
    }

    async fn ids_times_and_enums_are_given_as_they_are(test: TestDb) {
        let db = test.open().await;
        let now = test.clock.now();
        let order = order::Model {
            id: OrderId::new(now),
            event_id: Some(EventId::new(now)),
            placed_time: now,
            paid_time: None,
            mood: Mood::Hungry,
            mood_before: Some(Mood::Angry),
        };
        db.write(Isolation::Serializable, order.clone(), insert_order).await.unwrap();
        let given = |event: Option<EventId>, at: Timestamp| {
            [order.id.into(), event.into(), at.into(), order.mood_before.into(), order.mood.into()]
        };
        assert_eq!(ORDER.one(&db.read(), given(order.event_id, now)).await, Ok(Some(order.clone())));
        let earlier = Timestamp::from_micros(now.as_micros() - 1);
        assert_eq!(ORDER.one(&db.read(), given(order.event_id, earlier)).await, Ok(None));
        // Nothing equals NULL.
        assert_eq!(ORDER.one(&db.read(), given(None, now)).await, Ok(None));
    }

    async fn one_row_of_several_is_an_error(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        let several = PAGE.one(&db.read(), [0.into(), 0.into(), 2.into(), 10.into()]).await;
        assert!(matches!(several, Err(Error::Bug(_))), "{several:?}");
        let only = PAGE.one(&db.read(), [0.into(), 0.into(), 1.into(), 10.into()]).await;
        assert_eq!(only, Ok(Some(Model { id: 11, value: 11 })));
    }

    async fn a_value_that_is_not_given_is_an_error(test: TestDb) {
        let db = test.open().await;
        fill(&db).await;
        let none: [Value; 0] = [];
        let problem = BY_ID.all(&db.read(), none.clone()).await.unwrap_err().to_string();
        assert!(problem.contains("lacks its value 0"), "{problem}");
        let problem = PAGE.one(&db.read(), [0.into(), 0.into(), 1.into()]).await.unwrap_err().to_string();
        assert!(problem.contains("lacks its value 3"), "{problem}");
        let remove = async |tx: &Tx, none: &[Value; 0]| REMOVE.execute(tx, none.clone()).await;
        let removed = db.write(Isolation::Serializable, none, remove).await;
        assert!(matches!(removed, Err(Error::Bug(_))), "{removed:?}");
        assert_eq!(count(&db, "counters").await, 50);
    }

    async fn a_value_of_a_type_that_is_not_stored_is_an_error(test: TestDb) {
        let db = test.open().await;
        for wrong in [Value::Double(Some(1.0)), Value::Char(Some('a')), given(0).into(), given_limit(0).into()] {
            let found = BY_ID.all(&db.read(), [wrong]).await;
            assert!(matches!(found, Err(Error::Bug(_))), "{found:?}");
        }
    }

    async fn what_stands_for_a_value_is_never_sent_to_the_database(test: TestDb) {
        let db = test.open().await;
        for query in [Entity::find().filter(Column::Id.eq(given(0))), Entity::find().limit(given_limit(0))] {
            let found = query.all(&db.read()).await.map_err(Error::from);
            assert!(matches!(found, Err(Error::Bug(_))), "{found:?}");
        }
    }
}
