//! Death while a guest's orders become a customer's: at each boundary between the claim and the
//! last part that follows it, and again and again in between. Everything ends with the customer,
//! once, and nothing stays with the guest.

use std::collections::BTreeSet;
use std::fs;

use souk_chassis::Caller;
use souk_chassis::identity::development_token;
use souk_client::notifications::v1::ListInAppMessagesRequest;
use souk_client::notifications::v1::notification_service_client::NotificationServiceClient;
use souk_client::orders::v1::{
    ClaimGuestOrdersRequest, ListOrderHistoryRequest, ListOrdersRequest, Order, OrderChangeKind,
    OrderState, PaymentStatus,
};
use souk_client::payments::v1::ListPaymentsRequest;
use souk_client::recommendations::v1::recommendation_service_client::RecommendationServiceClient;
use souk_client::recommendations::v1::{ListRecommendationsRequest, ReasonKind};
use souk_client::wishlists::v1::wishlist_service_client::WishlistServiceClient;
use souk_client::wishlists::v1::{
    CreateWishlistRequest, ListWishlistsRequest, Wishlist, WishlistItem,
};
use souk_contract::customer_of;
use souk_testkit::{CallerChannel, ChildShop, connect_as, eventually};
use tokio::task::JoinSet;
use tonic::Status;

use crate::books::Books;
use crate::fleet::{Fleet, REACHED, UNSYNCED};
use crate::points::{CRASH_AFTER, CRASH_BEFORE};
use crate::shopping::{Addresses, Desk, LIMIT, purchase};

const SKU: &str = "MUG";
const STOCK: i64 = 10_000;
const CLAIM: &str = "souk.orders.v1.OrderService/ClaimGuestOrders";
const PUBLISH: &str = "souk.events.v1.EventService/PublishEvents";

/// More orders than one write of a claim changes.
const ORDERS: usize = 25;

/// How many orders a guest has of whom the process dies again and again.
const MANY_ORDERS: usize = 120;
const KILLS: usize = 4;

/// Lets a guest buy so many times; the last order waits for another card.
async fn buys(addresses: &Addresses, guest: &Caller, orders: usize) {
    let mut buying = JoinSet::new();
    for number in 0..orders {
        let desk = Desk::of(addresses, 0, guest);
        let method = if number == 0 { "tok_insufficient_funds" } else { "tok_approved" };
        let request = purchase(&format!("{guest}-{number}"), SKU, &[1], method);
        buying.spawn(async move { desk.orders.clone().place_order(request).await.is_ok() });
    }
    let placed = buying.join_all().await.into_iter().filter(|is_placed| *is_placed).count();
    assert_eq!(placed, orders - 1, "all but the one whose card has no money");
    eventually(LIMIT, || async {
        let mine = orders_of(addresses, guest).await.ok()?;
        let is_done = |order: &&Order| {
            let waits = order.state() == OrderState::Pending;
            waits || order.payment_status() == PaymentStatus::Paid
        };
        (mine.iter().filter(is_done).count() == orders).then_some(())
    })
    .await;
}

/// Claims a guest's orders for a user; fails while the shop dies.
async fn claim(addresses: &Addresses, guest: &Caller, user: &Caller) -> Result<i32, Status> {
    let request =
        ClaimGuestOrdersRequest { guest_token: development_token(guest), ..Default::default() };
    let answer = Desk::of(addresses, 0, user).orders.claim_guest_orders(request).await?;
    Ok(answer.into_inner().order_count)
}

/// Returns all orders that somebody sees.
async fn orders_of(addresses: &Addresses, who: &Caller) -> Result<Vec<Order>, Status> {
    let mut desk = Desk::of(addresses, 0, who);
    let request = ListOrdersRequest { page_size: 1_000, ..Default::default() };
    Ok(desk.orders.list_orders(request).await?.into_inner().orders)
}

/// Returns the orders whose payments somebody sees.
async fn paid_by(addresses: &Addresses, who: &Caller) -> Result<BTreeSet<String>, Status> {
    let mut desk = Desk::of(addresses, 0, who);
    let request = ListPaymentsRequest { page_size: 1_000, ..Default::default() };
    let payments = desk.payments.list_payments(request).await?.into_inner().payments;
    Ok(payments.into_iter().map(|payment| payment.order_id).collect())
}

/// Waits until everything of a guest is the user's, and checks that each order has changed hands
/// once.
async fn everything_follows(
    addresses: &Addresses,
    guest: &Caller,
    user: &Caller,
    orders: usize,
    after: &str,
) {
    let mine = eventually(LIMIT, || async {
        let failure = |status: Status| status.to_string();
        let mine = orders_of(addresses, user).await.map_err(failure)?;
        let paid = paid_by(addresses, user).await.map_err(failure)?;
        let of_guest = (
            orders_of(addresses, guest).await.map_err(failure)?.len(),
            paid_by(addresses, guest).await.map_err(failure)?.len(),
        );
        if (mine.len(), paid.len(), of_guest) == (orders, orders, (0, 0)) {
            Ok(mine)
        } else {
            Err(format!(
                "{after}: {} orders, {} payments, of the guest {of_guest:?}",
                mine.len(),
                paid.len()
            ))
        }
    })
    .await;
    let customer = customer_of(&user.to_string()).to_string();
    let mut desk = Desk::of(addresses, 0, user);
    for order in mine {
        assert_eq!(order.customer_id, customer, "{after}");
        let request =
            ListOrderHistoryRequest { order_id: order.order_id.clone(), ..Default::default() };
        let history = desk.orders.list_order_history(request).await.expect("its history");
        let changes = history.into_inner().changes;
        let moved = changes.iter().filter(|one| one.kind() == OrderChangeKind::CustomerChanged);
        assert_eq!(moved.count(), 1, "{after}: {changes:?}");
    }
    let count = claim(addresses, guest, user).await.expect("a repeat");
    assert_eq!(
        count,
        i32::try_from(orders).expect("a number"),
        "{after}: a repeat answers the same"
    );
}

#[tokio::test]
async fn killed_at_any_boundary_of_a_claim_everything_becomes_the_customers() {
    let mut fleet = Fleet::one_program(&[UNSYNCED]).await;
    let addresses = fleet.addresses.clone();
    Desk::of_staff(&addresses).stock_up(SKU, STOCK).await;
    let around = [(CLAIM, CRASH_BEFORE), (CLAIM, CRASH_AFTER)];
    let publishing = [(PUBLISH, CRASH_BEFORE), (PUBLISH, CRASH_AFTER)];
    let points = souk_events::FAULT_POINTS.map(|point| (point, CRASH_BEFORE));
    for (number, (target, effect)) in around.into_iter().chain(points).chain(publishing).enumerate()
    {
        let after = format!("after {effect:?} at {target}");
        let guest = Caller::guest(format!("guest-{number}"));
        let user = Caller::user(format!("user-{number}"));
        buys(&addresses, &guest, ORDERS).await;
        Books::settled(&addresses, &after).await;
        fleet.doom("orders", target, effect).await;
        let (_answered, ()) =
            tokio::join!(claim(&addresses, &guest, &user), fleet.revive("orders", target, REACHED));
        // Whose claim was never recorded claims again, as every client does; so may the others.
        if (target, effect) == (CLAIM, CRASH_BEFORE) {
            eventually(LIMIT, || claim(&addresses, &guest, &user)).await;
        }
        everything_follows(&addresses, &guest, &user, ORDERS, &after).await;
        let books = Books::settled(&addresses, &after).await;
        books.agree(&after);
        books.shelf(&addresses, SKU, STOCK, &after).await;
    }
}

#[tokio::test]
async fn killed_again_and_again_while_orders_follow_a_claim_none_is_left() {
    let mut fleet = Fleet::one_program(&[UNSYNCED]).await;
    let addresses = fleet.addresses.clone();
    Desk::of_staff(&addresses).stock_up(SKU, STOCK).await;
    let (guest, user) = (Caller::guest("busy"), Caller::user("busy"));
    buys(&addresses, &guest, MANY_ORDERS).await;
    let mut kills_within = 0;
    for _ in 0..KILLS {
        let before = orders_of(&addresses, &user).await.map_or(0, |mine| mine.len());
        let claiming = tokio::spawn({
            let (addresses, guest, user) = (addresses.clone(), guest.clone(), user.clone());
            async move { claim(&addresses, &guest, &user).await }
        });
        // As soon as more have followed.
        let moved = eventually(LIMIT, || async {
            let mine = orders_of(&addresses, &user).await.ok()?.len();
            (mine > before || mine == MANY_ORDERS).then_some(mine)
        })
        .await;
        kills_within += usize::from(moved < MANY_ORDERS);
        fleet.kill(0).await;
        claiming.await.expect("a claim ends").ok();
    }
    assert!(kills_within > 0, "the claim was over before the first kill");
    let after = "after many deaths";
    everything_follows(&addresses, &guest, &user, MANY_ORDERS, after).await;
    let books = Books::settled(&addresses, after).await;
    books.agree(after);
    books.shelf(&addresses, SKU, STOCK, after).await;
}

/// A sku that no shop has, so that no message says that it is in stock again.
const SOLD_OUT: &str = "SOLD-OUT";

/// What the services of other languages know of somebody.
#[derive(Debug, Default, PartialEq)]
struct Known {
    messages: usize,
    bought: BTreeSet<String>,
    wished: Vec<String>,
}

async fn known(shop: &ChildShop, who: &Caller) -> Result<Known, String> {
    let failure = |status: Status| status.to_string();
    let mut mail = NotificationServiceClient::new(neighbour(shop, "notifications", who)?);
    let messages = mail.list_in_app_messages(ListInAppMessagesRequest::default()).await;
    let mut shelf = RecommendationServiceClient::new(neighbour(shop, "recommendations", who)?);
    let items = shelf.list_recommendations(ListRecommendationsRequest::default()).await;
    let items = items.map_err(failure)?.into_inner().list.unwrap_or_default().items.into_iter();
    let of_past = items.filter(|item| {
        item.reason.as_ref().is_some_and(|reason| reason.kind() == ReasonKind::BoughtBefore)
    });
    let mut wishes = WishlistServiceClient::new(neighbour(shop, "wishlists", who)?);
    let lists = wishes.list_wishlists(ListWishlistsRequest::default()).await;
    let lists = lists.map_err(failure)?.into_inner().wishlists.into_iter();
    Ok(Known {
        wished: lists.flat_map(|list| list.items).map(|item| item.sku).collect(),
        messages: messages.map_err(failure)?.into_inner().messages.len(),
        bought: of_past.map(|item| item.sku).collect(),
    })
}

/// Connects to a service of another language where it serves now.
fn neighbour(shop: &ChildShop, service: &str, who: &Caller) -> Result<CallerChannel, String> {
    let ready = fs::read_to_string(shop.data().join(service).join("ready"));
    let ready = ready.map_err(|error| format!("{service}: {error}"))?;
    let address = ready.lines().find_map(|line| line.strip_prefix("grpc="));
    let address = address.ok_or_else(|| format!("{service} is not ready"))?;
    Ok(connect_as(&format!("http://{address}"), who))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_they_have_heard_of_a_claim_the_services_of_other_languages_follow_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = tempfile::tempdir().expect("another");
    let shop = ChildShop::up_with_all(folder.path())
        .await
        .environment("XDG_STATE_HOME", keys.path())
        .environment("SOUK__LOG__LEVEL", "warn");
    let mut shop = shop.start().await;
    let addresses = Addresses::of_one(&shop.url());
    let (guest, user) = (Caller::guest("gina"), Caller::user("gina"));
    let skus = ["TEA-MINT-100", "SOAP-LAUREL"];
    for sku in skus {
        let request = purchase(sku, sku, &[1], "tok_approved");
        Desk::of(&addresses, 0, &guest).orders.place_order(request).await.expect("an order");
    }
    let wish = CreateWishlistRequest {
        request_id: "once".to_owned(),
        wishlist: Some(Wishlist {
            title: "Birthday".to_owned(),
            items: vec![WishlistItem { sku: SOLD_OUT.to_owned(), ..Default::default() }],
            ..Default::default()
        }),
    };
    eventually(LIMIT, || async {
        let mut wishes = WishlistServiceClient::new(neighbour(&shop, "wishlists", &guest)?);
        wishes.create_wishlist(wish.clone()).await.map_err(|status| status.to_string())
    })
    .await;
    let expected = Known {
        messages: 2 * skus.len(),
        bought: skus.map(str::to_owned).into_iter().collect(),
        wished: vec![SOLD_OUT.to_owned()],
    };
    let is_known = async |shop: &ChildShop, who: &Caller, expected: &Known| {
        eventually(LIMIT, || async {
            let known = known(shop, who).await?;
            if known == *expected { Ok(()) } else { Err(format!("{who}: {known:?}")) }
        })
        .await;
    };
    is_known(&shop, &guest, &expected).await;

    // All of them die with the shop: before its event has left, and once more while they start.
    claim(&addresses, &guest, &user).await.expect("a claim");
    shop.restart().await;
    shop.restart().await;
    is_known(&shop, &user, &expected).await;
    is_known(&shop, &guest, &Known::default()).await;
    for channel in ["notifications", "recommendations", "wishlists"] {
        let staff = Caller::Staff("ada".to_owned());
        let report = eventually(LIMIT, || async {
            let channel = neighbour(&shop, channel, &staff)?;
            souk_testkit::check_invariants(channel, "").await.map_err(|status| status.to_string())
        })
        .await;
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }
}
