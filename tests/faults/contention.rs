//! Hundreds want the last units at the same moment: exactly as many get them as there are.

use std::collections::{BTreeMap, BTreeSet};

use souk_chassis::{Options, Shop};
use souk_client::orders::v1::{OrderState, PaymentStatus};
use souk_contract::customer_of;
use souk_testkit::{Engine, eventually, is_available, reason_of};
use tokio::task::JoinSet;
use tonic::Status;

use crate::books::Books;
use crate::fleet::Fleet;
use crate::locations;
use crate::shopping::{Addresses, Desk, LIMIT, purchase};

const BUYERS: usize = 400;
const UNITS: i64 = 100;

/// The final response to a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Bought,
    OutOfStock,
}

/// Lets all buyers request the last units at once, each in several lines of one unit.
async fn rush(addresses: &Addresses, sku: &str, lines: &[i64]) {
    Desk::of_staff(addresses).stock_up(sku, UNITS).await;
    let mut buyers = JoinSet::new();
    for number in 0..BUYERS {
        let desk = Desk::of_user(addresses, number, &format!("{sku}-buyer-{number}"));
        let request = purchase(&format!("{sku}-{number}"), sku, lines, "tok_approved");
        buyers.spawn(async move {
            let ask = || {
                let mut orders = desk.orders.clone();
                let request = request.clone();
                async move {
                    read(
                        orders
                            .place_order(request)
                            .await
                            .map(|answer| answer.into_inner().order.unwrap().state()),
                    )
                }
            };
            eventually(LIMIT, ask).await
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = buyers.join_next().await {
        *answers.entry(answer.expect("no buyer gets another answer")).or_insert(0) += 1;
    }

    let orders = UNITS / lines.iter().sum::<i64>();
    let refused = BUYERS as i64 - orders;
    assert_eq!(
        answers,
        BTreeMap::from([(Answer::Bought, orders), (Answer::OutOfStock, refused)]),
        "{sku}"
    );
    let books = Books::settled(addresses, sku).await;
    let buyer = |number| customer_of(&format!("user:{sku}-buyer-{number}")).to_string();
    let buyers: BTreeSet<_> = (0..BUYERS).map(buyer).collect();
    let of_this = |state: OrderState, payment_status: PaymentStatus| {
        let ours = books.orders.iter().filter(|order| buyers.contains(&order.customer_id));
        let at = (state, payment_status);
        ours.filter(|order| (order.state(), order.payment_status()) == at).count() as i64
    };
    assert_eq!(
        (
            of_this(OrderState::Placed, PaymentStatus::Paid),
            of_this(OrderState::Rejected, PaymentStatus::Unpaid)
        ),
        (orders, refused),
        "{sku}"
    );
    books.agree(sku);
    books.shelf(addresses, sku, UNITS, sku).await;
    assert_eq!(books.promised_and_gone(sku), (UNITS, 0), "{sku}");
}

/// Reads a response; `None` while the order is still being placed, so that the buyer asks again
/// under the same key.
fn read(answer: Result<OrderState, Status>) -> Option<Answer> {
    match answer {
        Ok(OrderState::Pending) => None,
        Ok(OrderState::Placed) => Some(Answer::Bought),
        Err(status) if reason_of(&status) == "ERROR_REASON_OUT_OF_STOCK" => {
            Some(Answer::OutOfStock)
        }
        other => panic!("a buyer got {other:?}"),
    }
}

async fn rushes(addresses: &Addresses) {
    rush(addresses, "ONE-LINE", &[1]).await;
    rush(addresses, "TWO-LINES", &[1, 1]).await;
    locations::rush(addresses).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_units_are_sold_exactly_once_in_one_program() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options::new("souk")
        .environment(&[])
        .set("server.listen", "127.0.0.1:0")
        .set("server.metrics_listen", "127.0.0.1:0")
        .set("log.level", "error")
        .set("data_dir", folder.path().display());
    let shop = Shop::new(options)
        .with(catalog::definition())
        .with(inventory::definition())
        .with(ledger::definition())
        .with(payments::definition())
        .with(orders::definition());
    let running =
        shop.start().await.unwrap_or_else(|error| panic!("the shop did not start: {error}"));
    rushes(&Addresses::of_one(&format!("http://{}", running.addr()))).await;
    running.drain().await.expect("everything ends in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_units_are_sold_exactly_once_by_split_processes() {
    rushes(&Fleet::split(&[]).await.addresses).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_units_are_sold_exactly_once_by_two_replicas_of_every_service() {
    if is_available(Engine::Postgres) {
        rushes(&Fleet::replicas(&[]).await.addresses).await;
    }
}
