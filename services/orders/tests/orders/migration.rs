//! A database of before customers had ids goes on with them.

use souk_contract::customer_of;
use souk_data::{Db, Engine, Isolation, Schema, Tx};
use souk_testkit::{TestDb, on_each_engine};
use souk_types::Clock;

/// A number, its customer, its key, and the key that it has afterwards, with the id of a customer
/// in braces.
const ORDERS: [(u8, &str, &str, &str); 6] = [
    (1, "alice", "user:alice\n1", "{alice}\n1"),
    (2, "", "service:pos\n1", "service:pos\n1"),
    (3, "17850", "staff:replay\nretail-1", "{17850}\nretail-1"),
    // A service used the same id for a customer as the customer itself, and so did another one.
    (4, "alice", "service:app\n1", "service:app\n1"),
    (5, "bob", "service:pos\n7", "{bob}\n7"),
    (6, "bob", "service:web\n7", "service:web\n7"),
];

async fn insert(tx: &Tx, engine: &Engine) -> Result<(), souk_data::Error> {
    for (number, customer, key, _) in ORDERS {
        let id = format!("{number:032x}");
        let (bytes, hash) = match engine {
            Engine::Sqlite => (format!("x'{id}'"), "x'aa'".to_owned()),
            Engine::Postgres => (format!("'\\x{id}'::bytea"), "'\\xaa'::bytea".to_owned()),
        };
        let sql = format!(
            "INSERT INTO orders (order_id, customer_id, reference, currency_code, state, version, \
             request_key, request_hash, create_time, update_time, effective_time, order_number) \
             VALUES ({bytes}, '{customer}', '{number}', 'GBP', 1, 1, '{key}', {hash}, 1, 1, 1, {number})"
        );
        tx.execute(&sql, &[]).await?;
    }
    Ok(())
}

on_each_engine! {
    async fn customers_of_before_have_ids_and_keep_their_requests(engine: Engine) {
        let test = TestDb::new(engine).await;
        let before = orders::SCHEMA.migrations.iter().filter(|one| one.version < 5).copied();
        let before = Schema { name: "orders", migrations: Box::leak(before.collect()) };
        let open = async |schema: &Schema| {
            Db::open(&test.config, test.folder(), schema, Clock::system()).await.unwrap()
        };
        let db = open(&before).await;
        db.write(Isolation::Serializable, engine, insert).await.unwrap();
        drop(db);

        let db = open(&orders::SCHEMA).await;
        let stored = "SELECT customer_id, request_key, public_prices, request_hash FROM orders ORDER BY order_id";
        let rows = db.read().query(stored, &[]).await.unwrap();
        assert_eq!(rows.len(), ORDERS.len());
        for (row, (number, customer, _, key)) in rows.iter().zip(ORDERS) {
            let id = customer_of(&format!("user:{customer}")).to_string();
            let expected = key.replace(&format!("{{{customer}}}"), &id);
            assert_eq!(row.get::<String>("request_key").unwrap(), expected, "{number}");
            let id = if customer.is_empty() { String::new() } else { id };
            assert_eq!(row.get::<String>("customer_id").unwrap(), id, "{number}");
            assert_eq!(row.get::<i64>("public_prices").unwrap(), i64::from(number == 1), "{number}");
            let hash: &[u8] = if customer.is_empty() { &[0xaa] } else { &[] };
            assert_eq!(row.get::<Vec<u8>>("request_hash").unwrap(), hash, "{number}");
        }
    }
}
