//! The testkit held to its own promises: databases apart and gone afterwards, a real service, a
//! child that dies.
#![allow(clippy::disallowed_methods)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use sea_orm::sea_query::Table;
use serde::Deserialize;
use souk_chassis::{Caller, Definition, Host, Service, StartError};
use souk_contract::Contract;
use souk_data::{DataConfig, Db, Ddl, Engine, Migration, Schema};
use souk_testkit::{CallerChannel, ChildShop, TestDb, TestService, eventually, on_each_engine};
use souk_types::Clock;
use tonic::{Request, Status, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_prost::ProstCodec;

const NOTES: Schema = Schema {
    name: "notes",
    migrations: &[Migration { version: 1, name: "notes", up: two_notes, earlier_checksums: &[] }],
};

fn two_notes(ddl: &mut Ddl) {
    ddl.create(Table::create().table("notes").col(ddl.integer("id").primary_key()));
    ddl.run("INSERT INTO notes VALUES (1), (2)");
}

#[derive(Deserialize)]
struct Config {
    data: DataConfig,
}

/// A service that offers what every service does, and owns two notes.
fn notes() -> Definition {
    static CONTRACT: Contract = Contract { methods: &[], descriptors: &[] };
    async fn build(config: Config, host: Host) -> Result<Service, StartError> {
        let db = Db::open(&config.data, host.data_dir(), &NOTES, Clock::system()).await?;
        Ok(Service::new(&CONTRACT).ready(move || {
            let db = db.clone();
            async move { db.ping().await }
        }))
    }
    Definition::new("notes", "[data]\nurl = \"sqlite:notes.db\"\n", build)
}

/// Asks for the health of a process: 1 is SERVING. Without the generated code of the health
/// service, the response is read as the protobuf message that looks the same on the wire: one
/// number in field 1.
async fn health(channel: CallerChannel) -> Result<i32, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let answer = grpc.unary(Request::new(()), path, ProstCodec::<(), i32>::default()).await?;
    Ok(answer.into_inner())
}

on_each_engine! {
    async fn two_databases_share_nothing(engine: Engine) {
        let one = TestDb::new(engine).await;
        let other = TestDb::new(engine).await;
        assert_ne!(one.url(), other.url());

        let db = Db::open(&one.config, one.folder(), &NOTES, Clock::system()).await.unwrap();
        assert_eq!(one.row_counts().await["notes"], 2);
        assert_eq!(db.engine(), engine);
        let untouched = TestDb::new(engine).await;
        if engine == Engine::Postgres {
            assert!(untouched.row_counts().await.is_empty());
        }
    }

    async fn a_database_is_gone_after_its_test(engine: Engine) {
        let database = TestDb::new(engine).await;
        let config = database.config.clone();
        let folder = database.folder().to_owned();
        drop(Db::open(&config, &folder, &NOTES, Clock::system()).await.unwrap());
        drop(database);

        assert!(!folder.exists());
        if engine == Engine::Postgres {
            assert!(Db::open(&config, Path::new("/"), &NOTES, Clock::system()).await.is_err());
        }
    }

    async fn a_service_serves_on_a_port_of_its_own_and_comes_back_on_its_data(engine: Engine) {
        let mut service = TestService::builder(notes(), engine).start().await;
        let other = TestService::builder(notes(), engine).start().await;
        assert_ne!(service.url(), other.url());
        assert_eq!(health(service.channel_as(&Caller::user("alice"))).await.unwrap(), 1);

        service.restart().await;
        assert_eq!(health(service.channel_as(&Caller::Anonymous)).await.unwrap(), 1);
        assert_eq!(service.row_counts().await["0.notes"], 2);
        service.stop().await;
    }
}

/// Writes a program with the arguments of the shop: it reports its addresses, and dies on request.
///
/// A process of its own writes it: a file that this one had open for writing could not be run while
/// another test forks.
fn stand_in(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("stand-in");
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" >"$0" && chmod +x "$0""#;
    let written = Command::new("sh").args(["-c", write]).arg(&path).arg(script).status().unwrap();
    assert!(written.success());
    path
}

/// Finds the file after --ready-file and writes the addresses to it; the port shows how often it
/// was started.
const TELLS_ITS_ADDRESSES: &str = r#"
while [ "$1" != --ready-file ]; do [ "$1" = --listen ] && listen=$2; shift; done
[ "$listen" = 127.0.0.1:0 ] && listen=127.0.0.1:4001
echo "listening on $listen"
printf 'grpc=%s\nmetrics=127.0.0.1:4002\n' "$listen" >"$2.new" && mv "$2.new" "$2"
"#;

#[tokio::test]
async fn a_child_can_be_killed_and_started_again_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), &format!("{TELLS_ITS_ADDRESSES} exec sleep 60"));
    let mut shop = ChildShop::up(folder.path()).program(program).start().await;
    assert_eq!(
        (shop.url(), shop.metrics_url()),
        ("http://127.0.0.1:4001".into(), "http://127.0.0.1:4002/metrics".into())
    );

    let first = shop.id().unwrap();
    shop.kill().await;
    assert_eq!(shop.id(), None);
    shop.restart().await;
    assert_ne!(shop.id().unwrap(), first);
    assert_eq!(shop.url(), "http://127.0.0.1:4001");
    assert_eq!(
        fs::read_to_string(shop.log()).unwrap().matches("listening on 127.0.0.1:4001").count(),
        2
    );
    assert!(!shop.stop(Duration::from_secs(10)).await.success(), "sleep dies of SIGTERM");
}

#[tokio::test]
async fn a_child_that_ends_by_itself_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), &format!("{TELLS_ITS_ADDRESSES} exit 7"));
    let mut shop = ChildShop::serve(&["orders"], folder.path()).program(program).start().await;
    assert_eq!(shop.exited(Duration::from_secs(10)).await.code(), Some(7));
}

#[tokio::test]
#[should_panic(expected = "no such service")]
async fn a_child_that_never_serves_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let program = stand_in(folder.path(), "echo 'no such service' >&2; exit 64");
    ChildShop::serve(&["ordres"], folder.path()).program(program).start().await;
}

#[test]
fn waiting_needs_no_macro() {
    souk_testkit::run(eventually(Duration::from_secs(1), || async { true }));
}
