//! A database that an earlier program made opens, keeps its rows, and has the schema of a new one.
//!
//! `upgrade/` holds the databases of a shop that had taken six orders, made when migrations were
//! texts of SQL: what `.dump` of sqlite3 and `pg_dump --inserts` print, without its settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, iter};

use rusqlite::Connection;
use rusqlite::types::Value;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, Row};
use souk_data::{Db, Schema, ShopFile};
use souk_testkit::{Engine, TestDb, on_each_engine};
use souk_types::Clock;

/// Lines that describe a schema, one for each column, constraint, index and trigger.
type Description = BTreeSet<String>;

on_each_engine! {
    async fn databases_of_earlier_programs_open_with_the_schema_of_new_ones(engine: Engine) {
        let schemas = [
            &catalog::SCHEMA,
            &events::SCHEMA,
            &inventory::SCHEMA,
            &ledger::SCHEMA,
            &orders::SCHEMA,
            &payments::SCHEMA,
            &payments::SIMULATOR_SCHEMA,
        ];
        for schema in schemas {
            let new = TestDb::new(engine).await;
            open(&new, schema).await;

            let old = TestDb::new(engine).await;
            load(&old, schema).await;
            let rows = row_counts(&old).await;
            open(&old, schema).await;
            let mut kept = row_counts(&old).await;
            // A migration may add tables, and fill them.
            kept.retain(|table, _| rows.contains_key(table));
            assert_eq!(kept, rows, "{}", schema.name);

            let new = describe(&new).await;
            let old = describe(&old).await;
            let missing: Vec<_> = old.difference(&new).collect();
            let added: Vec<_> = new.difference(&old).collect();
            assert!(
                missing.is_empty() && added.is_empty(),
                "a new database of {} lacks {missing:#?} and has instead {added:#?}",
                schema.name
            );
        }
    }
}

on_each_engine! {
    async fn prices_of_earlier_programs_are_on_offer_while_they_are_the_default(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &catalog::SCHEMA).await;

        open(&db, &catalog::SCHEMA).await;

        let while_default = number(&db, "SELECT COUNT(*) FROM prices WHERE audience = 3").await;
        assert_eq!(while_default, number(&db, "SELECT COUNT(*) FROM prices").await);
        assert!(while_default > 0);
        for change in ["audience = 1", "minor_units = 5"] {
            let sql = format!("UPDATE prices SET {change}");
            assert!(run(&db, sql).await.is_err(), "a price never changes: {change}");
        }
        run(&db, "UPDATE prices SET archive_time = 9".into()).await.unwrap();
    }
}

on_each_engine! {
    async fn products_of_earlier_programs_are_found_by_their_labels_and_sold_in_every_channel(
        engine: Engine
    ) {
        let db = TestDb::new(engine).await;
        load(&db, &catalog::SCHEMA).await;
        let labels = r#"UPDATE products SET labels = '{"kind":"a \"b\" é","room":"hall"}'"#;
        run(&db, labels.to_owned()).await.unwrap();
        let products = number(&db, "SELECT COUNT(*) FROM products").await;
        let defaults = number(&db, "SELECT COUNT(*) FROM default_prices").await;
        assert!(products > 0 && defaults > 0);

        open(&db, &catalog::SCHEMA).await;

        for (key, value) in [("kind", "a \"b\" é"), ("room", "hall")] {
            let found = format!(
                "SELECT COUNT(*) FROM products JOIN product_labels USING (product_id) \
                 WHERE label_key = '{key}' AND label_value = '{value}'"
            );
            assert_eq!(number(&db, &found).await, products, "{key}");
        }
        assert_eq!(number(&db, "SELECT COUNT(*) FROM product_labels").await, 2 * products);
        let kept = "SELECT COUNT(*) FROM default_prices d JOIN prices p ON p.price_id = d.price_id \
             AND p.variant_id = d.variant_id AND p.currency_code = d.currency_code \
             AND p.channel = d.channel WHERE d.channel = ''";
        assert_eq!(number(&db, kept).await, defaults);
        let active = "SELECT COUNT(*) FROM variants WHERE state = 1 AND metadata = '{}'";
        assert_eq!(number(&db, active).await, number(&db, "SELECT COUNT(*) FROM variants").await);
    }
}

on_each_engine! {
    async fn ledgers_of_earlier_programs_get_the_currency_of_their_accounts(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &ledger::SCHEMA).await;
        let accounts = number(&db, "SELECT COUNT(*) FROM account").await;
        assert!(accounts > 0);

        open(&db, &ledger::SCHEMA).await;

        let without_a_ledger = "SELECT COUNT(*) FROM account \
             WHERE ledger NOT IN (SELECT number FROM ledger)";
        assert_eq!(number(&db, without_a_ledger).await, 0);
        let pounds =
            "SELECT COUNT(*) FROM account JOIN ledger ON ledger.number = account.ledger \
             WHERE currency_code = 'GBP' AND ledger.number = 4098";
        assert_eq!(number(&db, pounds).await, accounts);
        let change = "UPDATE ledger SET currency_code = 'EUR'";
        assert!(run(&db, change.into()).await.is_err(), "a ledger never changes");
    }
}

on_each_engine! {
    async fn payments_of_earlier_programs_belong_to_the_customers_of_their_names(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &payments::SCHEMA).await;
        let of = |customer: &str| {
            format!("SELECT COUNT(*) FROM payments WHERE customer_id = '{customer}'")
        };
        let count = number(&db, &of("17850")).await;
        assert!(count > 1);

        for _ in 0..2 {
            open(&db, &payments::SCHEMA).await;

            let customer = souk_contract::customer_of("user:17850").to_string();
            assert_eq!(number(&db, &of(&customer)).await, count);
            let others = "SELECT COUNT(*) FROM payments WHERE customer_id <> '' AND \
                 (length(customer_id) <> 35 OR customer_id NOT LIKE 'customer%')";
            assert_eq!(number(&db, others).await, 0);
        }
    }
}

on_each_engine! {
    async fn orders_of_earlier_programs_get_three_axes_and_a_number(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &orders::SCHEMA).await;
        let count = number(&db, "SELECT COUNT(*) FROM orders").await;
        // Of the sales of the dump, in the order of their ids, one is only paid, one was canceled
        // after it was paid, and one could not be placed; one of the others was refunded.
        let of = |place: i64| {
            format!(
                "(SELECT order_id FROM orders WHERE state = 4 ORDER BY order_id LIMIT 1 OFFSET {place})"
            )
        };
        for (place, state, reason) in
            [(4, 7, "'ERROR_REASON_OUT_OF_STOCK'"), (3, 6, "'ERROR_REASON_ORDER_CANCELED'"), (2, 3, "NULL")]
        {
            let order = of(place);
            let sql = format!("UPDATE orders SET state = {state}, reason = {reason} WHERE order_id = {order}");
            run(&db, sql).await.unwrap();
        }

        open(&db, &orders::SCHEMA).await;

        for (sql, expected) in [
            // 1 pending, 2 placed, 4 completed, 6 canceled, 7 rejected.
            ("state = 4 AND payment_status = 5 AND fulfillment_status = 3", count - 4),
            ("state = 4 AND payment_status = 7 AND fulfillment_status IN (5, 6)", 1),
            ("state = 2 AND payment_status = 5", 1),
            ("state = 6 AND payment_status = 7 AND refunded_minor = 0", 1),
            ("state = 6 AND canceled_minor = total_minor AND given_back_minor = total_minor", 1),
            ("state = 4 AND captured_minor = total_minor AND canceled_minor = 0", count - 3),
            ("state = 4 AND fulfillment_count = 1", count - 3),
            ("state = 7 AND payment_status = 1", 1),
            ("subtotal_minor = total_minor AND channel = 'default'", count),
            ("order_number BETWEEN 1001 AND 1000 + (SELECT COUNT(*) FROM orders)", count),
        ] {
            let sql = format!("SELECT COUNT(*) FROM orders WHERE {sql}");
            assert_eq!(number(&db, &sql).await, expected, "{sql}");
        }
        assert_eq!(number(&db, "SELECT next_number FROM order_numbers").await, 1001 + count);
        let last = "SELECT COUNT(*) FROM orders o JOIN order_history h \
             ON h.order_id = o.order_id AND h.version = o.version \
             AND h.payment_status = o.payment_status \
             AND h.fulfillment_status = o.fulfillment_status";
        assert_eq!(number(&db, last).await, count);
        let refunded = "SELECT COUNT(*) FROM refund_lines l JOIN refunds r \
             ON r.refund_id = l.refund_id WHERE l.amount_minor = r.amount_minor AND l.restock = 1";
        assert!(number(&db, refunded).await > 0);
        let change = "UPDATE order_history SET note = 'another'";
        assert!(run(&db, change.into()).await.is_err(), "a history never changes");
    }
}

on_each_engine! {
    async fn captures_of_earlier_programs_have_the_ids_that_orders_asks_for_again(engine: Engine) {
        let db = TestDb::new(engine).await;
        load(&db, &payments::SCHEMA).await;
        let captures = number(&db, "SELECT COUNT(*) FROM attempts WHERE kind = 4").await;
        assert!(captures > 0);
        // One of another caller, and one that was declined, as no order of the dump was.
        let others = "UPDATE attempts SET request_id = 'till 7', stage = 5, decline = 'charge_expired' \
             WHERE kind = 4 AND payment_id = \
             (SELECT a.payment_id FROM attempts a ORDER BY a.payment_id DESC LIMIT 1)";
        run(&db, others.into()).await.unwrap();

        open(&db, &payments::SCHEMA).await;

        let of_orders =
            "SELECT COUNT(*) FROM attempts WHERE kind = 4 AND capture_id = payment_id";
        assert_eq!(number(&db, of_orders).await, captures - 1);
        let of_others = "SELECT COUNT(*) FROM attempts WHERE capture_id <> payment_id \
             AND length(capture_id) = 16 AND decline_code = 11";
        assert_eq!(number(&db, of_others).await, 1);
        let others = "SELECT COUNT(*) FROM attempts WHERE kind <> 4 AND capture_id IS NOT NULL";
        assert_eq!(number(&db, others).await, 0);
        let delete = "DELETE FROM attempts";
        assert!(run(&db, delete.into()).await.is_err(), "attempts are kept for ever");
    }
}

/// Counts the rows of each table but the list of migrations, which a newer program makes longer.
async fn row_counts(db: &TestDb) -> BTreeMap<String, i64> {
    let mut counts = db.row_counts().await;
    counts.remove("souk_migrations");
    counts
}

/// Runs statements.
async fn run(db: &TestDb, sql: String) -> Result<(), String> {
    match db.file() {
        Some(file) => {
            Connection::open(file).unwrap().execute_batch(&sql).map_err(|error| error.to_string())
        }
        None => {
            let mut connection = PgConnection::connect(db.url()).await.unwrap();
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
            done.map(|_| ()).map_err(|error| error.to_string())
        }
    }
}

/// Returns the whole number that a query finds.
async fn number(db: &TestDb, sql: &str) -> i64 {
    match db.file() {
        Some(file) => Connection::open(file).unwrap().query_row(sql, [], |row| row.get(0)).unwrap(),
        None => {
            let sql = format!("SELECT CAST(({sql}) AS BIGINT)");
            let mut connection = PgConnection::connect(db.url()).await.unwrap();
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
            row.get(0)
        }
    }
}

/// Loads the dump of a service's database into an empty one.
async fn load(db: &TestDb, schema: &Schema) {
    let engine = match db.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let name = schema.name.replace('-', "_");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/upgrade");
    let dump = fs::read_to_string(folder.join(format!("{name}.{engine}.sql"))).unwrap();
    run(db, dump).await.unwrap();
}

/// Opens and closes a database as its service does.
async fn open(db: &TestDb, schema: &Schema) {
    // The folder is not the one that it was made in.
    ShopFile::update(db.folder(), |list| {
        list.accept.extend(["test.db".to_owned(), format!("postgres:{}", schema.name)]);
    })
    .unwrap();
    let opened = Db::open(&db.config, db.folder(), schema, Clock::system()).await;
    opened.unwrap_or_else(|error| panic!("{}: {error}", schema.name));
}

async fn describe(db: &TestDb) -> Description {
    match db.file() {
        Some(file) => describe_sqlite(&Connection::open(file).unwrap()),
        None => describe_postgres(db.url()).await,
    }
}

/// The parts of a SQLite schema that have pragmas. A foreign key that names no column refers to the
/// primary key.
const SQLITE: [&str; 4] = [
    "SELECT 'table', name, strict, wr FROM pragma_table_list WHERE schema = 'main'",
    "SELECT 'column', t.name, c.cid, c.name, upper(c.type), c.\"notnull\", c.dflt_value, c.pk, c.hidden
     FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c WHERE t.schema = 'main'",
    "SELECT 'index', t.name, i.name, i.\"unique\", i.origin, i.partial, c.seqno, c.name, c.\"desc\", c.coll, c.key
     FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i JOIN pragma_index_xinfo(i.name) AS c
     WHERE t.schema = 'main'",
    "SELECT 'foreign key', t.name, f.\"table\", f.\"from\",
         coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\") WHERE pk = 1)),
         f.on_update, f.on_delete, f.match
     FROM pragma_table_list AS t JOIN pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main'",
];

/// What has none: its text.
const SQLITE_TEXTS: &str = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL";

fn describe_sqlite(connection: &Connection) -> Description {
    let mut lines = Description::new();
    for sql in SQLITE {
        lines.extend(rows(connection, sql).iter().map(|row| format!("{row:?}")));
    }
    for row in rows(connection, SQLITE_TEXTS) {
        let [Value::Text(kind), Value::Text(name), Value::Text(sql)] = &row[..] else {
            panic!("a schema is texts, not {row:?}");
        };
        let sql = plain(sql);
        match kind.as_str() {
            "table" => lines.extend(clauses(&sql).map(|clause| format!("{name}: {clause}"))),
            _ => _ = lines.insert(sql),
        }
    }
    lines
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Returns SQL without comments, quotes of names and needless spaces.
fn plain(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    words.replace('"', "").replace("( ", "(").replace(" )", ")")
}

/// Finds what no pragma says of a table: its checks, and whether it never uses a number twice.
fn clauses(sql: &str) -> impl Iterator<Item = &str> {
    let checks = sql.match_indices("CHECK (").map(|(start, _)| {
        let mut depth = 0;
        let length = sql[start..].find(|character| {
            depth += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            character == ')' && depth == 0
        });
        // A name goes before it.
        let named = sql[..start].rfind("CONSTRAINT ").filter(|name| start - name < 64);
        &sql[named.unwrap_or(start)..=start + length.unwrap()]
    });
    checks.chain(iter::once("AUTOINCREMENT").filter(|word| sql.contains(word)))
}

/// Everything of a PostgreSQL schema, as the server itself prints it. `octet_length` of bytes is
/// `length`: one migration used to say the one on PostgreSQL and the other on SQLite.
const POSTGRES: &str = r#"
SELECT replace(line, 'octet_length(', 'length(') FROM (
    SELECT concat_ws(' ', 'column', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod),
        attnotnull, attidentity, attcollation::regcollation, pg_get_expr(adbin, adrelid)) AS line
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind = 'r' AND attnum > 0 AND relnamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'relation', relkind, relname, reloptions)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
    SELECT pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
UNION ALL
    SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
    SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL
    SELECT concat_ws(' ', 'sequence', seqrelid::regclass, seqstart, seqincrement, seqcycle) FROM pg_sequence
) AS lines"#;

async fn describe_postgres(url: &str) -> Description {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let rows = sqlx::raw_sql(POSTGRES).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| plain(row.get(0))).collect()
}
