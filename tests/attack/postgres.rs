//! The database of one service goes away: killed, read-only, full, without connections. What needs
//! it reports so, everything else continues, and when it is back nothing is missing.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use souk_data::Engine;
use souk_testkit::{ChildShop, TestDb, eventually, is_available, reason_of};
use tonic::Code;

use crate::shop::{LIMIT, audit, browse, buy, user};

/// A connection of the superuser to the server, and the name of the database under attack.
struct Server {
    connection: DatabaseConnection,
    name: String,
}

impl Server {
    async fn of(database: &TestDb) -> Server {
        let name = database.url().rsplit_once('/').expect("a URL").1.to_owned();
        let mut options =
            ConnectOptions::new(souk_testkit::postgres_url().expect("it is available"));
        options.max_connections(1).sqlx_logging(false);
        Server { connection: Database::connect(options).await.expect("the server answers"), name }
    }

    async fn run(&self, statement: &str) {
        let statement = statement.replace("{name}", &self.name);
        self.connection
            .execute_unprepared(&statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// Cuts every connection to the database, as a server does that is killed.
    async fn cut(&self) {
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            .await;
    }
}

/// Buys until the shop says yes.
async fn buys_again(shop: &ChildShop, request_id: &str) {
    eventually(LIMIT, || buy(user(shop, "alice"), request_id, 1)).await;
}

/// Checks that buying fails with a retryable error, and that browsing continues.
async fn is_away(shop: &ChildShop, request_id: &str, reasons: &[&str]) {
    let refusal =
        eventually(LIMIT, || async { buy(user(shop, "alice"), request_id, 1).await.err() }).await;
    assert!(matches!(refusal.code(), Code::Unavailable | Code::ResourceExhausted), "{refusal:?}");
    assert!(reasons.contains(&reason_of(&refusal).as_str()), "{refusal:?}");
    browse(shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_goes_away_costs_its_own_service_only_and_loses_nothing() {
    if !is_available(Engine::Postgres) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = TestDb::new(Engine::Postgres).await;
    let shop = ChildShop::up(folder.path())
        .environment("SOUK__LOG__LEVEL", "error")
        .environment("ORDERS__DATA__URL", database.url())
        .start()
        .await;
    let server = Server::of(&database).await;
    buys_again(&shop, "before").await;

    // Killed: the connections break, and new ones are made.
    server.cut().await;
    buys_again(&shop, "killed").await;

    // Without connections.
    server.run("ALTER DATABASE {name} ALLOW_CONNECTIONS false").await;
    server.cut().await;
    is_away(&shop, "refused", &["ERROR_REASON_DATABASE_UNAVAILABLE"]).await;
    server.run("ALTER DATABASE {name} ALLOW_CONNECTIONS true").await;
    buys_again(&shop, "refused").await;

    // Read-only, as after a fail-over to a replica.
    server.run("ALTER DATABASE {name} SET default_transaction_read_only = on").await;
    server.cut().await;
    is_away(&shop, "read-only", &["ERROR_REASON_DATABASE_UNAVAILABLE"]).await;
    server.run("ALTER DATABASE {name} RESET default_transaction_read_only").await;
    server.cut().await;
    buys_again(&shop, "read-only").await;

    // Full: every insert of an order fails as it does on a full disk.
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1).sqlx_logging(false);
    let orders = Database::connect(options).await.expect("the database answers");
    for statement in [
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON orders EXECUTE FUNCTION full_disk()",
    ] {
        orders
            .execute_unprepared(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    is_away(&shop, "full", &["ERROR_REASON_DATABASE_FULL"]).await;
    orders
        .execute_unprepared("DROP FUNCTION full_disk CASCADE")
        .await
        .expect("the disk has room again");
    buys_again(&shop, "full").await;
    audit(&shop).await;
}
