//! Customers: those of earlier programs, and those who claim what a guest bought.

use std::fs::File;
use std::time::Duration;

use futures_util::future::try_join_all;
use prost::Message;
use sea_orm::ConnectionTrait as _;
use souk_chassis::Caller;
use souk_client::events::v1 as bus;
use souk_client::orders::v1::GuestClaimed;
use souk_client::payments::v1 as pb;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_data::Isolation::ReadCommitted;
use souk_data::{Db, Error, Schema, Tx};
use souk_testkit::{Bus, Engine, TestDb, eventually, on_each_engine, reason_of};
use souk_types::{Clock, EventId, OrderId, PaymentId, Timestamp};
use tonic::Code;

use crate::support::{PATIENCE, TestPayments, authorization, customer, gbp, new_id};

/// The schema from before customers had ids.
const BEFORE: Schema =
    Schema { name: payments::SCHEMA.name, migrations: payments::SCHEMA.migrations.split_at(3).0 };

fn id_of(caller: &Caller) -> String {
    caller.customer().expect("a person").to_string()
}

fn claimed(guest: &Caller, by: &Caller) -> bus::Event {
    let now = Clock::system().now();
    let message = GuestClaimed {
        guest_customer_id: id_of(guest),
        customer_id: id_of(by),
        claim_time: Some(now.into()),
        ..GuestClaimed::default()
    };
    bus::Event {
        id: EventId::new(now).to_string(),
        source: "/services/orders".into(),
        r#type: "souk.orders.v1.GuestClaimed".into(),
        time: Some(now.into()),
        data: message.encode_to_vec().into(),
        ..Default::default()
    }
}

/// Delivers an event and waits until it is answered.
async fn deliver(bus: &Bus, ack_id: &str, event: &bus::Event) {
    bus.deliver(ack_id, event.clone());
    eventually(PATIENCE, || async {
        bus.acks().iter().any(|one| one == ack_id)
            || bus.nacks().iter().any(|nack| nack.ack_id == ack_id)
    })
    .await;
}

/// Returns the ids of the payments that a caller lists, oldest first.
async fn payments_of(shop: &TestPayments, caller: &Caller) -> Vec<String> {
    let mut client = PaymentServiceClient::new(shop.service.channel_as(caller));
    let request = pb::ListPaymentsRequest {
        page_size: 1000,
        order_by: "create_time".into(),
        ..Default::default()
    };
    let found = client.list_payments(request).await.expect("a list").into_inner();
    found.payments.into_iter().map(|payment| payment.payment_id).collect()
}

/// Runs statements on a database that no service has open.
async fn run(db: &TestDb, schema: &Schema, statements: String) {
    let open = Db::open(&db.config, db.folder(), schema, Clock::system()).await.expect("it opens");
    open.write(ReadCommitted, statements, run_all).await.expect("the statements run");
    drop(open);
    if let Some(file) = db.file() {
        eventually(PATIENCE, || async {
            File::open(&file).is_ok_and(|held| held.try_lock().is_ok())
        })
        .await;
    }
}

#[expect(clippy::ptr_arg, reason = "a write is given what it needs by reference, of any type")]
async fn run_all(tx: &Tx, statements: &String) -> Result<(), Error> {
    tx.execute_unprepared(statements).await?;
    Ok(())
}

/// Returns the statement that adds a payment, with the columns that it had at first.
fn insertion(engine: Engine, id: PaymentId, customer_id: &str) -> String {
    let bytes = |bytes: &[u8]| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match engine {
            Engine::Sqlite => format!("X'{hex}'"),
            Engine::Postgres => format!("'\\x{hex}'"),
        }
    };
    let payment = bytes(id.as_bytes());
    let order = bytes(OrderId::new(Timestamp::from_micros(1)).as_bytes());
    format!(
        "INSERT INTO payments (payment_id, order_id, owner, customer_id, currency_code, \
         amount_minor, state, create_time, update_time, effective_time) VALUES ({payment}, \
         {order}, 'service:orders', '{customer_id}', 'GBP', 100, 1, 1, 1, 1);"
    )
}

on_each_engine! {
    async fn names_of_earlier_programs_become_ids(engine: Engine) {
        let names = ["alice", "17850", "alice", "", "Zoë O. 李"];
        let ids: Vec<PaymentId> = names.iter().map(|_| PaymentId::new(Timestamp::from_micros(1))).collect();
        let statements = ids.iter().zip(names).map(|(id, name)| insertion(engine, *id, name)).collect();
        let db = TestDb::new(engine).await;
        run(&db, &BEFORE, statements).await;

        let mut shop = TestPayments::over(engine, &[("data.url", db.url())]).await;
        for _ in 0..2 {
            for (id, name) in ids.iter().zip(names) {
                let expected = if name.is_empty() { String::new() } else { customer(name) };
                assert_eq!(shop.get(&id.to_string()).await.customer_id, expected, "{name}");
            }
            let mut own = payments_of(&shop, &Caller::user("alice")).await;
            own.sort();
            let mut expected = vec![ids[0].to_string(), ids[2].to_string()];
            expected.sort();
            assert_eq!(own, expected);
            let TestPayments { mut service, ledger, .. } = shop;
            service.restart().await;
            shop = TestPayments::of(service, ledger);
        }
        shop.service.stop().await;
    }

    async fn what_a_guest_paid_is_the_customers_who_claims_the_guest(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let mut shop = TestPayments::over(engine, &[("upstreams.events", &server.url())]).await;
        eventually(PATIENCE, || async { !bus.starts().is_empty() }).await;
        let (guest, alice, bob) = (Caller::guest("x"), Caller::user("alice"), Caller::user("bob"));
        let of = |caller: &Caller| pb::AuthorizePaymentRequest { customer_id: id_of(caller), ..authorization("tok_approved") };
        let requests = [of(&guest), of(&alice), of(&guest), of(&bob)];
        for request in &requests {
            shop.authorize(request).await.unwrap();
        }
        let [first, own, second, others] = requests.clone().map(|request| request.payment_id);
        assert_eq!(payments_of(&shop, &guest).await, [first.clone(), second.clone()]);
        let all_published = || async { bus.events().len() == 4 };
        eventually(PATIENCE, all_published).await;

        let claim = claimed(&guest, &alice);
        deliver(&bus, "claim", &claim).await;
        let given = [first.clone(), own.clone(), second.clone()];
        eventually(PATIENCE, || async { payments_of(&shop, &alice).await == given }).await;
        assert_eq!(payments_of(&shop, &guest).await, Vec::<String>::new());
        assert_eq!(payments_of(&shop, &bob).await, [others]);
        let mut as_guest = PaymentServiceClient::new(shop.service.channel_as(&guest));
        let request = pb::GetPaymentRequest { payment_id: first.clone() };
        let refusal = as_guest.get_payment(request).await.unwrap_err();
        assert_eq!((refusal.code(), reason_of(&refusal)), (Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND".into()));

        // The same event again, another of the same claim, and one that contradicts it.
        let after = shop.get(&first).await;
        deliver(&bus, "replayed", &claim).await;
        deliver(&bus, "duplicated", &claimed(&guest, &alice)).await;
        assert_eq!(bus.nacks(), vec![]);
        deliver(&bus, "late", &claimed(&guest, &bob)).await;
        deliver(&bus, "circle", &claimed(&alice, &alice)).await;
        let refused: Vec<(String, bool)> = bus.nacks().into_iter().map(|nack| (nack.ack_id, nack.permanent)).collect();
        assert_eq!(refused, [("late".into(), true), ("circle".into(), true)]);
        shop.restart().await;
        assert_eq!(payments_of(&shop, &alice).await, given);
        assert_eq!(shop.get(&first).await, after);

        // The order may learn of the claim sooner or later than its payment: a repeat is one under
        // either id, and a new payment of the guest is the customer's at once.
        for caller in [&guest, &alice] {
            let repeat = pb::AuthorizePaymentRequest { customer_id: id_of(caller), ..requests[0].clone() };
            assert_eq!(shop.authorize(&repeat).await.unwrap(), after);
        }
        let late = shop.authorize(&of(&guest)).await.unwrap();
        assert_eq!(late.customer_id, id_of(&alice));
        let created = pb::CreatePaymentRequest { payment_id: new_id(), customer_id: id_of(&guest), amount: gbp(5), ..Default::default() };
        let created = shop.payments.create_payment(created).await.unwrap().into_inner().payment.unwrap();
        assert_eq!(created.customer_id, id_of(&alice));
        shop.agree().await;
        eventually(PATIENCE, || async { bus.events().len() == 6 }).await;
        shop.stop().await;
    }

    async fn a_claim_reaches_any_number_of_payments_and_those_that_were_under_way(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let clock = Clock::manual(Clock::system().now());
        let mut shop = TestPayments::over_with_clock(engine, &[("upstreams.events", &server.url())], &clock).await;
        eventually(PATIENCE, || async { !bus.starts().is_empty() }).await;
        let (guest, alice) = (Caller::guest("x"), Caller::user("alice"));
        let creations = (0..450).map(|_| {
            let mut client = shop.payments.clone();
            let request = pb::CreatePaymentRequest { payment_id: new_id(), customer_id: id_of(&guest), amount: gbp(5), ..Default::default() };
            async move { client.create_payment(request).await }
        });
        try_join_all(creations).await.unwrap();
        deliver(&bus, "claim", &claimed(&guest, &alice)).await;
        eventually(PATIENCE, || async { payments_of(&shop, &alice).await.len() == 450 }).await;
        assert_eq!(payments_of(&shop, &guest).await.len(), 0);

        // Of a write that had not seen the claim yet.
        shop.stop().await;
        let statement = insertion(engine, PaymentId::new(Timestamp::from_micros(1)), &id_of(&guest));
        run(&shop.service.databases()[0], &payments::SCHEMA, statement).await;
        shop.restart().await;
        assert_eq!(payments_of(&shop, &guest).await.len(), 1);
        clock.advance(Duration::from_secs(6 * 60));
        eventually(PATIENCE, || async { payments_of(&shop, &alice).await.len() == 451 }).await;
        assert_eq!(payments_of(&shop, &guest).await.len(), 0);
        shop.stop().await;
    }
}
