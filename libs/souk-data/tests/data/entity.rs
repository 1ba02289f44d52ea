//! An entity survives both engines, extremes included, through sea-orm and through plain SQL.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sea_orm::entity::prelude::*;
use sea_orm::{IntoActiveModel, Iterable, QueryOrder, QuerySelect, Set};
use souk_data::{Db, Engine, Error, Isolation, Tx, args};
use souk_types::{EventId, OrderId, Timestamp};

use crate::order::{self, Mood};
use crate::support::{TestDb, add_counter, on_each_engine};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub number: i64,
    pub name: String,
    pub data: Vec<u8>,
    pub maybe_number: Option<i64>,
    pub maybe_name: Option<String>,
    pub maybe_data: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

fn numbers() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0), Just(-1)]
}

/// PostgreSQL's text holds everything but NUL.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[^\0]{0,40}",
        1 => Just(String::new()),
        1 => Just("'; DROP TABLE items; -- $1 ? \\ \" é 漢 🛒 \u{202e}".to_owned()),
        1 => Just("ü".repeat(512 * 1024)),
    ]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![8 => vec(any::<u8>(), 0..40), 1 => Just(Vec::new()), 1 => Just(vec![0; 1 << 20])]
}

fn models() -> impl Strategy<Value = Model> {
    let required = (numbers(), texts(), bytes());
    let optional = (
        proptest::option::of(numbers()),
        proptest::option::of(texts()),
        proptest::option::of(bytes()),
    );
    (required, optional).prop_map(
        |((number, name, data), (maybe_number, maybe_name, maybe_data))| Model {
            id: 0,
            number,
            name,
            data,
            maybe_number,
            maybe_name,
            maybe_data,
        },
    )
}

/// Inserts it by sea-orm, and by SQL as item 1.
async fn insert_twice(tx: &Tx, model: &Model) -> Result<(), Error> {
    tx.execute("DELETE FROM items", &[]).await?;
    let returned = model.clone().into_active_model().insert(tx).await?;
    assert_eq!(returned, *model, "what RETURNING gives");
    let sql = "INSERT INTO items (id, number, name, data, maybe_number, maybe_name, maybe_data)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let number = model.maybe_number;
    let name = &model.maybe_name;
    let data = &model.maybe_data;
    tx.execute(sql, args![1, model.number, model.name, model.data, number, name, data]).await?;
    Ok(())
}

async fn round_trip(db: &Db, model: Model) {
    db.write(Isolation::Serializable, model.clone(), insert_twice).await.unwrap();
    let by_orm = Entity::find().order_by_asc(Column::Id).limit(2).all(&db.read()).await.unwrap();
    assert_eq!(by_orm, [model.clone(), Model { id: 1, ..model.clone() }]);
    for row in db.read().query("SELECT * FROM items ORDER BY id", &[]).await.unwrap() {
        let by_sql = Model {
            id: 0,
            number: row.get("number").unwrap(),
            name: row.get("name").unwrap(),
            data: row.get("data").unwrap(),
            maybe_number: row.get("maybe_number").unwrap(),
            maybe_name: row.get("maybe_name").unwrap(),
            maybe_data: row.get("maybe_data").unwrap(),
        };
        assert_eq!(by_sql, model);
    }
}

fn times() -> impl Strategy<Value = Timestamp> {
    numbers().prop_map(Timestamp::from_micros)
}

fn moods() -> impl Strategy<Value = Mood> {
    proptest::sample::select(Mood::iter().collect::<Vec<_>>())
}

fn orders() -> impl Strategy<Value = order::Model> {
    let optional = (
        proptest::option::of(any::<[u8; 16]>()),
        proptest::option::of(times()),
        proptest::option::of(moods()),
    );
    (any::<[u8; 16]>(), times(), moods(), optional).prop_map(
        |(id, placed_time, mood, (event, paid_time, mood_before))| order::Model {
            id: OrderId::from_bytes(&id).unwrap(),
            event_id: event.map(|event| EventId::from_bytes(&event).unwrap()),
            placed_time,
            paid_time,
            mood,
            mood_before,
        },
    )
}

async fn insert_order(tx: &Tx, model: &order::Model) -> Result<(), Error> {
    tx.execute("DELETE FROM orders", &[]).await?;
    let returned = model.clone().into_active_model().insert(tx).await?;
    assert_eq!(returned, *model, "what RETURNING gives");
    Ok(())
}

async fn order_round_trip(db: &Db, model: order::Model) {
    db.write(Isolation::Serializable, model.clone(), insert_order).await.unwrap();

    let by_orm = order::Entity::find_by_id(model.id).one(&db.read()).await.unwrap();
    assert_eq!(by_orm, Some(model.clone()));
    let row = db.read().query_row("SELECT * FROM orders", &[]).await.unwrap().unwrap();
    let by_sql = (row.get("id"), row.get("event_id"), row.get("placed_time"), row.get("paid_time"));
    assert_eq!(
        by_sql,
        (Ok(model.id), Ok(model.event_id), Ok(model.placed_time), Ok(model.paid_time))
    );
    let moods = (row.get("mood"), row.get("mood_before"));
    assert_eq!(
        moods,
        (Ok(model.mood.to_value()), Ok(model.mood_before.map(|mood| mood.to_value())))
    );
}

fn every_entity_survives(engine: Engine) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let Some(test) = runtime.block_on(TestDb::new(engine)) else { return };
    let db = runtime.block_on(test.open());
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let checked = runner.run(&(models(), orders()), |(model, order)| {
        runtime
            .block_on(async { tokio::join!(round_trip(&db, model), order_round_trip(&db, order)) });
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn every_entity_survives_sqlite() {
    every_entity_survives(Engine::Sqlite);
}

#[test]
fn every_entity_survives_postgres() {
    every_entity_survives(Engine::Postgres);
}

/// Inserts the only order, with these bytes as the id of its event.
async fn insert_order_of_event(tx: &Tx, event_id: &&'static [u8]) -> Result<u64, Error> {
    tx.execute("DELETE FROM orders", &[]).await?;
    let sql = "INSERT INTO orders (id, event_id, placed_time, mood) VALUES ($1, $2, 0, 1)";
    tx.execute(sql, args![[0u8; 16], event_id]).await
}

async fn insert_and_rename(tx: &Tx, model: &Model) -> Result<Model, Error> {
    let model = model.clone().into_active_model().insert(tx).await?;
    let mut model = model.into_active_model();
    model.name = Set("b".to_owned());
    Ok(model.update(tx).await?)
}

on_each_engine! {
    async fn two_columns_of_one_name_are_refused(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 5).await.unwrap();
        let sql = "SELECT id, value AS id FROM counters";
        assert!(matches!(db.read().query(sql, &[]).await, Err(Error::Bug(_))));
        let statement = sea_orm::Statement::from_string(db.read().get_database_backend(), sql);
        let by_orm = db.read().query_all_raw(statement).await.map_err(Error::from);
        assert!(matches!(by_orm, Err(Error::Bug(_))), "{by_orm:?}");
    }

    async fn a_wrong_type_is_refused(test: TestDb) {
        let db = test.open().await;
        add_counter(&db, 1, 5).await.unwrap();
        let row = db.read().query_row("SELECT value FROM counters", &[]).await.unwrap().unwrap();
        assert!(matches!(row.get::<String>("value"), Err(Error::Bug(_))));
        assert!(matches!(row.get::<bool>("value"), Err(Error::Bug(_))));
        assert!(matches!(row.get::<i64>("missing"), Err(Error::Bug(_))));
        // A float, which PostgreSQL calls NUMERIC here.
        assert!(matches!(db.read().query("SELECT 1.5 AS x", &[]).await, Err(Error::Bug(_))));
        let bound: Result<(), Error> = db
            .write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
                let statement = sea_orm::Statement::from_sql_and_values(
                    tx.get_database_backend(),
                    "UPDATE counters SET value = $1",
                    [Value::Double(Some(1.0))],
                );
                tx.execute_raw(statement).await?;
                Ok(())
            })
            .await;
        assert!(matches!(bound, Err(Error::Bug(_))));
        let stored: Result<u64, Error> = db.write(Isolation::Serializable, (), async |tx: &Tx, (): &()| {
            tx.execute("UPDATE counters SET value = $1", args!["text"]).await
        }).await;
        assert!(stored.is_err());
    }

    async fn null_where_a_value_is_asked_for_is_refused(test: TestDb) {
        let db = test.open().await;
        let row = db.read().query_row("SELECT max(id) AS newest FROM counters", &[]).await.unwrap().unwrap();
        assert_eq!(row.get::<Option<i64>>("newest"), Ok(None));
        assert!(matches!(row.get::<i64>("newest"), Err(Error::Bug(_))));
    }

    async fn a_parameter_is_its_number_wherever_it_stands(test: TestDb) {
        let db = test.open().await;
        let sql = "SELECT CAST($2 AS TEXT) AS second, CAST($1 AS BIGINT) AS first, CAST($2 AS TEXT) AS again";
        let row = db.read().query_row(sql, args![7, "seven"]).await.unwrap().unwrap();
        assert_eq!((row.get::<i64>("first"), row.get::<String>("second")), (Ok(7), Ok("seven".to_owned())));
        assert_eq!(row.get::<String>("again"), Ok("seven".to_owned()));
        let missing: Result<_, Error> = db.read().query("SELECT CAST($1 AS BIGINT) AS a", &[]).await;
        assert!(missing.is_err());
    }

    async fn ids_times_and_booleans_are_stored_as_bytes_and_integers(test: TestDb) {
        let db = test.open().await;
        let order = OrderId::new(test.clock.now());
        let time = Timestamp::from_micros(-5);
        let inserted: Result<u64, Error> = db
            .write(Isolation::Serializable, (time, order), async |tx: &Tx, (time, order): &(Timestamp, OrderId)| {
                let sql = "INSERT INTO items (id, number, name, data) VALUES ($1, $2, 'x', $3)";
                tx.execute(sql, args![true, time, order]).await
            })
            .await;
        assert_eq!(inserted, Ok(1));
        let row = db.read().query_row("SELECT * FROM items", &[]).await.unwrap().unwrap();
        assert_eq!(row.get::<bool>("id"), Ok(true));
        assert_eq!(row.get::<Timestamp>("number"), Ok(time));
        assert_eq!(row.get::<OrderId>("data"), Ok(order));
        assert_eq!(row.get::<Option<EventId>>("maybe_data"), Ok(None));
    }

    async fn an_unchanged_entity_is_updated_by_its_key(test: TestDb) {
        let db = test.open().await;
        let model = Model {
            id: 9, number: 1, name: "a".into(), data: vec![], maybe_number: None, maybe_name: None, maybe_data: None,
        };
        let updated = db.write(Isolation::Serializable, model, insert_and_rename).await.unwrap();
        assert_eq!(updated.name, "b");
        assert_eq!(Entity::find_by_id(9).one(&db.read()).await.unwrap(), Some(updated));
    }

    async fn bytes_that_are_no_id_are_an_error_and_never_null(test: TestDb) {
        let db = test.open().await;
        for wrong in [&[][..], &[7; 15], &[7; 17]] {
            db.write(Isolation::Serializable, wrong, insert_order_of_event).await.unwrap();
            let by_orm = order::Entity::find().one(&db.read()).await.map_err(Error::from);
            assert!(matches!(by_orm, Err(Error::Bug(_))), "{by_orm:?}");
            let row = db.read().query_row("SELECT event_id FROM orders", &[]).await.unwrap().unwrap();
            for by_sql in [row.get::<Option<EventId>>("event_id"), row.get("event_id").map(Some)] {
                assert!(matches!(by_sql, Err(Error::Bug(_))), "{by_sql:?}");
            }
        }
    }

    async fn a_number_that_is_no_variant_is_an_error_and_never_null(test: TestDb) {
        let db = test.open().await;
        for wrong in ["mood = 918273645", "mood = 1, mood_before = 918273645", "mood_before = -9182736450"] {
            db.write(Isolation::Serializable, &[7; 16][..], insert_order_of_event).await.unwrap();
            db.write(Isolation::Serializable, wrong, async |tx: &Tx, wrong: &&str| {
                tx.execute(&format!("UPDATE orders SET {wrong}"), &[]).await
            }).await.unwrap();
            let read = order::Entity::find().one(&db.read()).await.map_err(Error::from);
            let Err(Error::Bug(text)) = read else { panic!("{wrong}: {read:?}") };
            assert!(text.contains("Mood") && !text.contains("918273645"), "{text}");
        }
    }
}
