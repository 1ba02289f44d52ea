//! The events of payments: who asked for what they tell.

use prost::Message;
use souk_client::payments::v1 as pb;
use souk_client::types::v1::{Actor, ActorKind};
use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::support::{TestPayments, capture_id, reversal};

/// Returns the payload of each PaymentChanged that waits in the outbox, in order.
async fn changes(database: &TestDb) -> Vec<pb::PaymentChanged> {
    const SQL: &str = "SELECT payload FROM souk_outbox \
                       WHERE kind = 'souk.payments.v1.PaymentChanged' ORDER BY seq";
    let payloads: Vec<Vec<u8>> = match database.file() {
        Some(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            let mut statement = connection.prepare(SQL).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }
        None => {
            use sea_orm::{ConnectionTrait, DbBackend, Statement};
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            let query = Statement::from_string(DbBackend::Postgres, SQL);
            let rows = connection.query_all_raw(query).await.unwrap();
            connection.close().await.unwrap();
            rows.iter().map(|row| row.try_get("", "payload").unwrap()).collect()
        }
    };
    payloads.iter().map(|payload| pb::PaymentChanged::decode(&**payload).unwrap()).collect()
}

on_each_engine! {
    async fn a_change_names_the_caller_who_asked_for_it_and_the_service_for_what_the_provider_did(
        engine: Engine
    ) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let reversal = reversal(capture_id(&id, "whole"));
        shop.simulator.clone().reverse_operation(reversal).await.unwrap();

        let changes = changes(&shop.service.databases()[0]).await;

        let actor = |kind: ActorKind, id: &str| Some(Actor { kind: kind.into(), id: id.into() });
        let orders = actor(ActorKind::Service, "orders");
        let actors: Vec<_> = changes.into_iter().map(|change| change.actor).collect();
        assert_eq!(actors, [orders.clone(), orders, actor(ActorKind::System, "")]);
        shop.agree().await;
    }
}
