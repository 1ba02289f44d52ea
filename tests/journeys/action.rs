//! A payment that the customer must confirm: the order waits, and continues as the customer
//! decides.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1::{Order, OrderState};
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::payments::v1::simulator_service_client::SimulatorServiceClient;
use souk_testkit::{Engine, eventually, is_available, on_each_engine, reason_of, run};
use tonic::{Code, Status};

use crate::customer::{LIMIT, Person};
use crate::shops::{GOODS, Shop};

const LAMP: &str = GOODS[0].0;

/// How long the customer's program waits for PlaceOrder, less than the customer takes.
const PATIENCE: Duration = Duration::from_secs(2);

on_each_engine! {
    async fn a_payment_is_confirmed_in_one_process(engine: Engine) {
        let shop = Shop::in_one_process(engine).await.open().await;
        confirm(&shop).await;
    }
}

#[test]
fn a_payment_is_confirmed_over_a_process_a_service() {
    run(async {
        let shop = Shop::split(Engine::Sqlite, 1).await.open().await;
        confirm(&shop).await;
    });
}

#[test]
fn a_payment_is_confirmed_over_two_replicas_of_every_service() {
    if is_available(Engine::Postgres) {
        run(async {
            let shop = Shop::split(Engine::Postgres, 2).await.open().await;
            confirm(&shop).await;
        });
    }
}

async fn confirm(shop: &Shop) {
    let approved = waiting(shop, "approved").await;
    // Another user's payment does not exist, and no caller can decide for the bank.
    let stranger = claim(shop, "mallory", &approved).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound, "{stranger:?}");
    let claimed = claim(shop, "alice", &approved).await.unwrap_err();
    assert_eq!(reason_of(&claimed), "ERROR_REASON_ACTION_NOT_COMPLETED", "{claimed:?}");
    decide(shop, "alice", &approved, true).await.unwrap();
    let alice = Person::customer_elsewhere(shop, "alice");
    let mut watched = alice.watch(&approved.order_id, "").await;
    let (kinds, _) = watched.until("paid").await;
    assert_eq!(kinds, ["created", "priced", "action_needed", "placed", "paid"]);
    assert_eq!(shop.stock(LAMP).await, (10, 1));

    let declined = waiting(shop, "declined").await;
    assert_eq!(shop.stock(LAMP).await, (10, 2));
    decide(shop, "alice", &declined, false).await.unwrap();
    let rejected = alice.order_in(&declined.order_id, OrderState::Rejected).await;
    assert_eq!(rejected.reason, "ERROR_REASON_PAYMENT_DECLINED");
    assert_eq!(shop.stock(LAMP).await, (10, 1));

    // One that is not wanted any more is cancelled while it waits.
    let regretted = waiting(shop, "regretted").await;
    alice.cancel(&regretted.order_id).await.unwrap();
    eventually(LIMIT, || async {
        let order =
            alice.order(&regretted.order_id).await.map_err(|status| format!("{status:?}"))?;
        let is_over = matches!(order.state(), OrderState::Rejected | OrderState::Canceled);
        if is_over { Ok(()) } else { Err(format!("{order:?}")) }
    })
    .await;
    assert_eq!(shop.stock(LAMP).await, (10, 1));
    shop.audit().await;
}

/// Orders a lamp with a card that requires confirmation, and waits until the customer gets the URL.
async fn waiting(shop: &Shop, request_id: &str) -> Order {
    let alice = Person::customer(shop, "alice");
    let pending =
        alice.place(request_id, &[(LAMP, 1)], "tok_requires_action", PATIENCE).await.unwrap();
    assert_eq!(pending.state(), OrderState::Pending, "{pending:?}");
    let told = eventually(LIMIT, || async {
        let order = alice.order(&pending.order_id).await.map_err(|status| format!("{status:?}"))?;
        if order.payment_action_url.is_empty() { Err(format!("{order:?}")) } else { Ok(order) }
    })
    .await;
    assert!(told.payment_action_url.contains("://"), "{told:?}");
    told
}

/// Does what the page behind the URL would do.
async fn decide(shop: &Shop, who: &str, order: &Order, approve: bool) -> Result<(), Status> {
    let mut client =
        SimulatorServiceClient::new(shop.last_channel("payments", &Caller::User(who.to_owned())));
    let request =
        payments::CompleteActionRequest { action_url: order.payment_action_url.clone(), approve };
    client.complete_action(request).await.map(|_| ())
}

/// Says that the bank approved.
async fn claim(shop: &Shop, who: &str, order: &Order) -> Result<(), Status> {
    let mut client =
        PaymentServiceClient::new(shop.last_channel("payments", &Caller::User(who.to_owned())));
    let request = payments::CompletePaymentActionRequest {
        payment_id: order.payment_id.clone(),
        approve: true,
    };
    client.complete_payment_action(request).await.map(|_| ())
}
