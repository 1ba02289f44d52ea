//! A whole sale: browse, buy, pay, send, take back. The same story at a shop of one process, of one
//! process a service, and of two replicas a service.

use ::payments::{Account, ledger_account};
use souk_chassis::Caller;
use souk_client::catalog::v1 as catalog;
use souk_client::catalog::v1::catalog_service_client::CatalogServiceClient;
use souk_client::ledger::v1 as ledger;
use souk_client::ledger::v1::ledger_service_client::LedgerServiceClient;
use souk_client::orders::v1::{
    FulfillmentStatus, Order, OrderChangeKind, OrderClosureReason, OrderState, PaymentStatus,
};
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_client::types::v1::Money;
use souk_testkit::{Engine, is_available, metadata_of, on_each_engine, reason_of, run};
use tonic::Code;

use crate::customer::{LIMIT, Person};
use crate::shops::{GOODS, Shop};

const LAMP: &str = GOODS[0].0;
const RUG: &str = GOODS[1].0;
const TOTAL: i64 = 2 * GOODS[0].1 + GOODS[1].1;

on_each_engine! {
    async fn a_sale_in_one_process(engine: Engine) {
        let shop = Shop::in_one_process(engine).await.open().await;
        sell(&shop).await;
    }

    async fn a_sale_over_a_process_a_service(engine: Engine) {
        let shop = Shop::split(engine, 1).await.open().await;
        sell(&shop).await;
    }
}

#[test]
fn a_sale_over_two_replicas_of_every_service() {
    if is_available(Engine::Postgres) {
        run(async {
            let shop = Shop::split(Engine::Postgres, 2).await.open().await;
            sell(&shop).await;
        });
    }
}

async fn sell(shop: &Shop) {
    let alice = Person::customer(shop, "alice");
    let staff = Person::staff(shop);
    browse(shop).await;

    // Buy: the goods are set aside at once, the payment is captured by itself.
    let lines = [(LAMP, 2), (RUG, 1)];
    let order = alice.place("sale", &lines, "tok_approved", LIMIT).await.unwrap();
    assert_eq!(order.state(), OrderState::Placed, "{order:?}");
    assert_eq!(minor(&order.total), TOTAL);
    assert_eq!((shop.stock(LAMP).await, shop.stock(RUG).await), ((10, 2), (10, 1)));
    let again = alice.place("sale", &lines, "tok_approved", LIMIT).await.unwrap();
    assert_eq!(again.order_id, order.order_id, "the same call answers the same order");

    // The watcher is at another replica than staff, where there are several.
    let watcher = Person::customer_elsewhere(shop, "alice");
    let mut watched = watcher.watch(&order.order_id, "").await;
    use OrderChangeKind::{Created, FulfillStarted, Fulfilled, Paid, Placed, Priced};
    assert_eq!(watched.until(Paid).await.0, [Created, Priced, Placed, Paid]);
    assert_eq!(money(shop, &order).await, Amounts { captured: TOTAL, refunded: 0 });

    // Send: the watcher sees it live.
    let sent = staff.fulfill(&order.order_id).await.unwrap();
    assert_eq!(
        (sent.state(), sent.payment_status(), sent.fulfillment_status()),
        (OrderState::Completed, PaymentStatus::Paid, FulfillmentStatus::Fulfilled)
    );
    let (kinds, token) = watched.until(Fulfilled).await;
    assert_eq!(kinds, [FulfillStarted, Fulfilled]);
    assert_eq!((shop.stock(LAMP).await, shop.stock(RUG).await), ((8, 0), (9, 0)));
    let too_late = alice.cancel(&order.order_id).await.unwrap_err();
    assert_eq!(reason_of(&too_late), "ERROR_REASON_ORDER_STATE");

    // One lamp comes back, then the rest of the money is given back.
    let part = staff.refund(&order.order_id, "one-lamp", Some((1, 1))).await.unwrap();
    assert_eq!(
        (part.payment_status(), minor(&part.refunded_total)),
        (PaymentStatus::PartiallyRefunded, GOODS[0].1)
    );
    assert_eq!(part.fulfillment_status(), FulfillmentStatus::PartiallyReturned);
    assert_eq!(shop.stock(LAMP).await, (9, 0));
    let twice = staff.refund(&order.order_id, "one-lamp", Some((1, 1))).await.unwrap();
    assert_eq!(minor(&twice.refunded_total), GOODS[0].1, "the same call pays back once");
    assert_eq!(money(shop, &order).await, Amounts { captured: TOTAL, refunded: GOODS[0].1 });
    let too_much = staff.refund(&order.order_id, "three-lamps", Some((1, 3))).await.unwrap_err();
    assert_eq!(reason_of(&too_much), "ERROR_REASON_RETURN_EXCEEDS_ORDER");
    let whole = staff.refund(&order.order_id, "the-rest", None).await.unwrap();
    assert_eq!(
        (whole.state(), whole.payment_status(), minor(&whole.refunded_total)),
        (OrderState::Completed, PaymentStatus::Refunded, TOTAL)
    );
    assert_eq!(money(shop, &order).await, Amounts { captured: TOTAL, refunded: TOTAL });

    // The stream ends with the order, and an interrupted one resumes where it was.
    let live = rest(&mut watched).await;
    let resumed = rest(&mut watcher.watch(&order.order_id, &token).await).await;
    assert_eq!(live, resumed);
    assert_eq!(live.last(), Some(&(PaymentStatus::Refunded, TOTAL)));
    let part = (PaymentStatus::PartiallyRefunded, GOODS[0].1);
    assert!(live.contains(&part), "{live:?}");

    refuse(shop, &order).await;
    take_back(shop).await;
    assert_eq!(
        sales(shop).await,
        (2 * TOTAL, 2 * TOTAL),
        "the ledger has what was sold and what went back"
    );
    shop.audit().await;
}

/// Any visitor finds the goods and their prices.
async fn browse(shop: &Shop) {
    let mut catalog = CatalogServiceClient::new(shop.channel("catalog", &Caller::Anonymous));
    let listed =
        catalog.list_products(catalog::ListProductsRequest::default()).await.unwrap().into_inner();
    let titles: Vec<_> = listed.products.iter().map(|product| product.title.as_str()).collect();
    assert_eq!(titles, [LAMP, RUG]);
}

/// What must not happen does not, and leaves nothing behind.
async fn refuse(shop: &Shop, order: &Order) {
    let (bob, before) =
        (Person::customer(shop, "bob"), (shop.stock(LAMP).await, shop.stock(RUG).await));
    let stranger = bob.order(&order.order_id).await.unwrap_err();
    assert_eq!(
        (stranger.code(), reason_of(&stranger).as_str()),
        (Code::NotFound, "ERROR_REASON_ORDER_NOT_FOUND")
    );
    let not_staff = bob.fulfill(&order.order_id).await.unwrap_err();
    assert_eq!(not_staff.code(), Code::PermissionDenied);

    for (request_id, lines, token, closure) in [
        ("too-many", [(LAMP, 1), (RUG, 1_000)], "tok_approved", OrderClosureReason::OutOfStock),
        ("declined", [(LAMP, 1), (RUG, 1)], "tok_declined", OrderClosureReason::PaymentDeclined),
        (
            "unknown",
            [(LAMP, 1), ("NO-SUCH-SKU", 1)],
            "tok_approved",
            OrderClosureReason::VariantNotFound,
        ),
    ] {
        let refused = bob.place(request_id, &lines, token, LIMIT).await.unwrap_err();
        let reason = closure.as_str_name().replace("ORDER_CLOSURE_REASON_", "ERROR_REASON_");
        assert_eq!(reason_of(&refused), reason, "{refused:?}");
        let rejected = bob.order(&metadata_of(&refused)["order_id"]).await.unwrap();
        let at = (rejected.state(), rejected.closure_reason());
        assert_eq!(at, (OrderState::Rejected, closure));
    }
    assert_eq!((shop.stock(LAMP).await, shop.stock(RUG).await), before);
}

/// A paid order that has not left is taken back: goods and money.
async fn take_back(shop: &Shop) {
    let carol = Person::customer_elsewhere(shop, "carol");
    let before = shop.stock(LAMP).await;
    let order =
        carol.place("regretted", &[(LAMP, 2), (RUG, 1)], "tok_approved", LIMIT).await.unwrap();
    let is_paid = |order: &Order| order.payment_status() == PaymentStatus::Paid;
    carol.order_when(&order.order_id, is_paid).await;
    assert_ne!(shop.stock(LAMP).await, before);
    carol.cancel(&order.order_id).await.unwrap();
    carol.order_in(&order.order_id, OrderState::Canceled).await;
    assert_eq!(shop.stock(LAMP).await, before);
    assert_eq!(money(shop, &order).await, Amounts { captured: TOTAL, refunded: TOTAL });
}

/// Returns the payment status and the refunded amount of every change until the order is final.
async fn rest(watched: &mut crate::customer::Watched) -> Vec<(PaymentStatus, i64)> {
    let mut changes = vec![];
    while let Some(seen) = watched.next().await {
        let change = seen.change.unwrap();
        changes.push((change.payment_status(), minor(&change.refunded_total)));
    }
    changes
}

#[derive(Debug, PartialEq, Eq)]
struct Amounts {
    captured: i64,
    refunded: i64,
}

/// Returns what payments says of an order, after asserting that the provider says the same.
async fn money(shop: &Shop, order: &Order) -> Amounts {
    let staff = Caller::Staff("ann".to_owned());
    let mut client = PaymentServiceClient::new(shop.last_channel("payments", &staff));
    let request = payments::GetPaymentRequest { payment_id: order.payments[0].payment_id.clone() };
    let payment = client.get_payment(request).await.unwrap().into_inner().payment.unwrap();
    let known = Amounts { captured: minor(&payment.captured), refunded: minor(&payment.refunded) };

    let mut provider = SimulatorServiceClient::new(shop.channel("payments", &staff));
    let charges = provider
        .list_charges(simulator::ListChargesRequest::default())
        .await
        .unwrap()
        .into_inner()
        .charges;
    let charge =
        charges.iter().find(|charge| charge.payment_id == order.payments[0].payment_id).unwrap();
    assert_eq!(
        known,
        Amounts { captured: minor(&charge.captured), refunded: minor(&charge.refunded) }
    );
    known
}

/// Returns what the ledger says was sold and was paid back.
async fn sales(shop: &Shop) -> (i64, i64) {
    let mut client =
        LedgerServiceClient::new(shop.channel("ledger", &Caller::Staff("ann".to_owned())));
    let account_ids = vec![ledger_account(Account::Sales, "GBP".parse().unwrap()).to_string()];
    let request = ledger::LookupAccountsRequest { account_ids };
    let account = client.lookup_accounts(request).await.unwrap().into_inner().accounts.remove(0);
    (account.credits_posted, account.debits_posted)
}

fn minor(money: &Option<Money>) -> i64 {
    money.as_ref().map_or(0, |money| money.minor_units)
}
