//! A payment that the customer must confirm: the order waits, and continues as the customer
//! decides.

use std::time::Duration;

use souk_chassis::Caller;
use souk_client::orders::v1::{Order, OrderChangeKind, OrderState, PaymentStatus};
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_testkit::{Engine, eventually, is_available, on_each_engine, run};
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
    let stranger = refresh(shop, "mallory", &approved).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound, "{stranger:?}");
    let refreshed = refresh(shop, "alice", &approved).await.unwrap();
    assert_eq!(refreshed.state(), payments::PaymentState::RequiresAction, "{refreshed:?}");
    decide(shop, "alice", &approved, true).await.unwrap();
    let alice = Person::customer_elsewhere(shop, "alice");
    let mut watched = alice.watch(&approved.order_id, "").await;
    use OrderChangeKind::{Created, Paid, PaymentActionRequired, Placed, Priced};
    let (kinds, _) = watched.until(Paid).await;
    assert_eq!(kinds, [Created, Priced, PaymentActionRequired, Placed, Paid]);
    assert_eq!(shop.stock(LAMP).await, (10, 1));

    let declined = waiting(shop, "declined").await;
    assert_eq!(shop.stock(LAMP).await, (10, 2));
    decide(shop, "alice", &declined, false).await.unwrap();
    // The order keeps its lamp, and another card pays it.
    let is_declined = |order: &Order| order.payment_status() == PaymentStatus::Unpaid;
    let kept = alice.order_when(&declined.order_id, is_declined).await;
    assert_eq!(kept.state(), OrderState::Pending);
    assert_eq!(kept.payments[0].decline(), payments::DeclineCode::AuthenticationFailed);
    assert_eq!(shop.stock(LAMP).await, (10, 2));
    let paid = alice.retry_payment(&declined.order_id, "tok_approved").await.unwrap();
    assert_eq!(paid.state(), OrderState::Placed);

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
    assert_eq!(shop.stock(LAMP).await, (10, 2));
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
        if order.payment_action.is_none() { Err(format!("{order:?}")) } else { Ok(order) }
    })
    .await;
    assert!(page(&told).contains("://"), "{told:?}");
    told
}

/// The page where the customer of an order confirms the payment.
fn page(order: &Order) -> &str {
    order.payment_action.as_ref().map_or("", |action| &action.redirect_uri)
}

/// Does what the page behind the URL would do.
async fn decide(shop: &Shop, who: &str, order: &Order, approve: bool) -> Result<(), Status> {
    let mut client = SimulatorServiceClient::new(shop.last_channel("payments", &Caller::user(who)));
    let redirect_uri = page(order).to_owned();
    let request = simulator::CompleteActionRequest { redirect_uri, approve };
    client.complete_action(request).await.map(|_| ())
}

/// Has payments ask what the bank says.
async fn refresh(shop: &Shop, who: &str, order: &Order) -> Result<payments::Payment, Status> {
    let mut client = PaymentServiceClient::new(shop.last_channel("payments", &Caller::user(who)));
    let payment_id = order.payments[0].payment_id.clone();
    let request = payments::RefreshPaymentRequest { payment_id };
    Ok(client.refresh_payment(request).await?.into_inner().payment.expect("a payment"))
}
