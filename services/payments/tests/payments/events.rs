//! The events of payments: who asked for what they tell.

use prost::Name;
use souk_client::payments::v1 as pb;
use souk_client::types::v1::{Actor, ActorKind};
use souk_testkit::{Engine, TestDb, on_each_engine};

use crate::support::{TestPayments, capture_id, new_refund_id, refund, returned, reversal};

/// Returns each event of a type that waits in the outbox, in order.
async fn waiting<M: Name + Default>(database: &TestDb) -> Vec<M> {
    let sql =
        format!("SELECT payload FROM souk_outbox WHERE kind = '{}' ORDER BY seq", M::full_name(),);
    let payloads: Vec<Vec<u8>> = match database.file() {
        Some(file) => {
            let connection = rusqlite::Connection::open(file).unwrap();
            let mut statement = connection.prepare(&sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }
        None => {
            use sea_orm::{ConnectionTrait, DbBackend, Statement};
            let connection = sea_orm::Database::connect(database.url()).await.unwrap();
            let query = Statement::from_string(DbBackend::Postgres, sql);
            let rows = connection.query_all_raw(query).await.unwrap();
            connection.close().await.unwrap();
            rows.iter().map(|row| row.try_get("", "payload").unwrap()).collect()
        }
    };
    payloads.iter().map(|payload| M::decode(&**payload).unwrap()).collect()
}

on_each_engine! {
    async fn a_change_names_the_caller_who_asked_for_it_and_the_service_for_what_the_provider_did(
        engine: Engine
    ) {
        let shop = TestPayments::start(engine).await;
        let id = shop.captured("tok_approved").await;
        let refund_id = new_refund_id();
        shop.refund(refund(&id, &refund_id, 40)).await.unwrap();
        for reversal in [returned(&refund_id), reversal(capture_id(&id, "whole"))] {
            shop.simulator.clone().reverse_operation(reversal).await.unwrap();
        }

        let database = &shop.service.databases()[0];
        let changes: Vec<pb::PaymentChanged> = waiting(database).await;
        let refunds: Vec<pb::PaymentRefunded> = waiting(database).await;

        let actor = |kind: ActorKind, id: &str| Some(Actor { kind: kind.into(), id: id.into() });
        let orders = actor(ActorKind::Service, "orders");
        let provider = actor(ActorKind::System, "");
        let actors: Vec<_> = changes.into_iter().map(|change| change.actor).collect();
        assert_eq!(actors, [orders.clone(), orders.clone(), provider.clone()]);
        let actors: Vec<_> = refunds.into_iter().map(|refund| refund.actor).collect();
        assert_eq!(actors, [orders, provider]);
        shop.agree().await;
    }
}
