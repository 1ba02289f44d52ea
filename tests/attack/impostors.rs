//! Callers who say that they are somebody else, and ids and tokens that are not theirs: refused,
//! the reason named, and no row of any database has changed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use souk_chassis::Caller;
use souk_chassis::identity::{
    DEVELOPMENT_KEY, development_token, development_token_until, development_token_with,
};
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::operations::v1 as operations;
use souk_client::operations::v1::operation_service_client::OperationServiceClient;
use souk_client::orders::v1 as orders;
use souk_client::orders::v1::order_service_client::OrderServiceClient;
use souk_client::orders::v1::place_order_line::Item;
use souk_client::orders::v1::{Order, PaymentStatus};
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::simulator::v1alpha::simulator_service_client::SimulatorServiceClient;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_contract::{User, customer_of};
use souk_testkit::{CallerChannel, connect_as, connect_with, eventually, metadata_of};
use souk_types::{Clock, OrderId, RefundId};
use tonic::{Code, Request};

use crate::forged::{Refusal, Scene, WEBHOOK_SECRET, money, purchase};
use crate::shop::{LIMIT, SKU, audit, user};

/// Returns the token that says what one says and is signed as another is.
fn says_one_signed_as(one: &str, other: &str) -> String {
    let (payload, _) = one.rsplit_once('.').expect("a token has three parts");
    let (_, mac) = other.rsplit_once('.').expect("a token has three parts");
    format!("{payload}.{mac}")
}

/// Returns a user of this name who says to be the customer of another.
fn of_the_customer(subject: &str, id: &str, is_guest: bool) -> Caller {
    Caller::User(User { id: id.to_owned(), is_guest, customer: customer_of(subject) })
}

fn a_second_ago() -> souk_types::Timestamp {
    Clock::system().now().minus(Duration::from_secs(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_what_its_issuer_signed() {
    let mut scene = Scene::open().await;
    let order = scene.sell("alice", "tok_approved", PaymentStatus::Paid).await;
    scene.rest().await;
    let mallory = development_token(&Caller::user("mallory"));
    let alice = of_the_customer("user:alice", "mallory", false);
    let support = Caller::Staff("sue".to_owned());
    let plain = development_token_with(&support, &[], DEVELOPMENT_KEY);
    let wider = development_token_with(&support, &["*"], DEVELOPMENT_KEY);
    let nobody = (Code::Unauthenticated, "UNAUTHENTICATED", "");
    let mut client = OrderServiceClient::new(connect_as(&scene.shop.url(), &Caller::Anonymous));
    for (lie, token) in [
        ("a claim that was changed", says_one_signed_as(&development_token(&alice), &mallory)),
        ("another key", development_token_with(&alice, &[], "another key")),
        ("a scope that was added", says_one_signed_as(&wider, &plain)),
        (
            "an expired token",
            development_token_until(&Caller::user("alice"), a_second_ago(), DEVELOPMENT_KEY),
        ),
        (
            "no signature",
            mallory[..mallory.rfind('.').expect("a token has three parts")].to_owned(),
        ),
    ] {
        let mut get = Request::new(orders::GetOrderRequest { order_id: order.order_id.clone() });
        let header = format!("Bearer {token}").parse().expect("a token is plain text");
        get.metadata_mut().insert("authorization", header);
        let status = scene.refused(lie, client.get_order(get).await, nobody);
        assert!(!format!("{status:?}").contains(&token), "{lie}: it is a secret");
    }
    audit(&scene.shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_claimed_with_its_own_token_only() {
    let mut scene = Scene::open().await;
    let guest = Caller::guest("gina");
    let buys = OrderServiceClient::new(scene.shop.channel_as(&guest));
    let bought = buys.clone().place_order(purchase("gina", Item::Sku(SKU.to_owned()))).await;
    let order_id = bought.expect("an order").into_inner().order.expect("it").order_id;
    let is_paid = |order: &Order| order.payment_status() == PaymentStatus::Paid;
    eventually(LIMIT, || async { is_paid(&scene.order(&order_id).await) }).await;
    scene.rest().await;

    let own = development_token(&guest);
    let other = development_token(&Caller::guest("mallory"));
    let tampered = development_token(&of_the_customer("guest:gina", "mallory", true));
    let mut mallory = scene.orders("mallory");
    for (lie, guest_token) in [
        ("a made up token", "souk-dev.Z3Vlc3Q6Z2luYQ.AAAA".to_owned()),
        ("a token of another key", development_token_with(&guest, &[], "another key")),
        ("an expired token", development_token_until(&guest, a_second_ago(), DEVELOPMENT_KEY)),
        ("what one guest says, signed as another", says_one_signed_as(&own, &other)),
        ("a customer that was changed", says_one_signed_as(&tampered, &other)),
        ("the token of a user", development_token(&Caller::user("mallory"))),
        ("the token of staff", development_token(&Caller::Staff("sue".to_owned()))),
        ("half a token", own[..own.len() / 2].to_owned()),
    ] {
        let claim = orders::ClaimGuestOrdersRequest { guest_token, ..Default::default() };
        let says = (Code::InvalidArgument, "GUEST_TOKEN", "guest_token");
        scene.refused(lie, mallory.claim_guest_orders(claim).await, says);
    }

    let claim = orders::ClaimGuestOrdersRequest { guest_token: own, ..Default::default() };
    scene.orders("alice").claim_guest_orders(claim.clone()).await.expect("her own orders");
    let follows = || async {
        let mut client = PaymentServiceClient::new(user(&scene.shop, "alice"));
        let hers = client.list_payments(payments::ListPaymentsRequest::default()).await;
        !hers.expect("her payments").into_inner().payments.is_empty()
    };
    eventually(LIMIT, follows).await;
    scene.rest().await;
    let taken = (Code::FailedPrecondition, "GUEST_CLAIMED", "");
    scene.refused("a second claim", mallory.claim_guest_orders(claim).await, taken);
    let gone = (Code::NotFound, "ORDER_NOT_FOUND", "");
    let cancel = orders::CancelOrderRequest { order_id, ..Default::default() };
    scene.refused("the guest of before", buys.clone().cancel_order(cancel).await, gone);
    audit(&scene.shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_pages_are_for_what_they_were_made_for() {
    let mut scene = Scene::open().await;
    let mine = scene.sell("mallory", "tok_approved", PaymentStatus::Paid).await;
    let more = scene.sell("mallory", "tok_wallet", PaymentStatus::Paid).await;
    let theirs = scene.sell("alice", "tok_approved", PaymentStatus::Paid).await;
    scene.rest().await;
    let mut mallory = scene.orders("mallory");
    let mut links = BTreeMap::new();
    for (name, by, order, seconds) in [
        ("mine", "mallory", &mine, 600),
        ("theirs", "alice", &theirs, 600),
        ("short", "mallory", &mine, 1),
    ] {
        let ttl = Some(prost_types::Duration { seconds, nanos: 0 });
        let make = orders::CreateOrderLinkRequest { order_id: order.order_id.clone(), ttl };
        let link = scene.orders(by).create_order_link(make).await.expect("a link").into_inner();
        links.insert(name, link.link_token);
    }
    let page = orders::ListOrdersRequest { page_size: 1, ..Default::default() };
    let page = mallory.list_orders(page).await.expect("a page").into_inner();
    let page_token = page.next_page_token;
    assert!(!page_token.is_empty(), "{:?}", page.orders);

    let expired = orders::GetLinkedOrderRequest { link_token: links["short"].clone() };
    let has_expired =
        || async { scene.orders("mallory").get_linked_order(expired.clone()).await.is_err() };
    eventually(LIMIT, has_expired).await;
    let mine_link = &links["mine"];
    let their_link = &links["theirs"];
    assert_eq!(mine_link.len(), their_link.len());
    // Wherever they are cut: what one says is signed by the other.
    let cuts = [8, 16, 24, mine_link.len() / 2, mine_link.len() - 8];
    let mut forged: Vec<String> =
        cuts.iter().map(|cut| format!("{}{}", &their_link[..*cut], &mine_link[*cut..])).collect();
    forged.retain(|token| token != mine_link && token != their_link);
    assert!(forged.len() > 2, "{forged:?}");
    forged.extend([links["short"].clone(), page_token.clone(), theirs.order_id.clone()]);
    let refused = (Code::NotFound, "LINK_REFUSED", "");
    for link_token in forged {
        let open = orders::GetLinkedOrderRequest { link_token };
        let lie = format!("a link {}", open.link_token);
        scene.refused(&lie, mallory.get_linked_order(open).await, refused);
    }
    let open = orders::GetLinkedOrderRequest { link_token: links["mine"].clone() };
    let opened = mallory.get_linked_order(open).await.expect("a link opens its order").into_inner();
    assert_eq!(opened.order.expect("it").order_id, mine.order_id);

    // Neither a page of another's list, nor of another list, nor a link.
    let not_hers = (Code::InvalidArgument, "INVALID_PAGE_TOKEN", "page_token");
    for (lie, page_token) in
        [("a page of mallory's", page_token.clone()), ("a link", links["theirs"].clone())]
    {
        let list = orders::ListOrdersRequest { page_size: 1, page_token, ..Default::default() };
        scene.refused(lie, scene.orders("alice").list_orders(list).await, not_hers);
    }
    let history = orders::ListOrderHistoryRequest {
        order_id: mine.order_id.clone(),
        page_token,
        ..Default::default()
    };
    scene.refused("a page of orders", mallory.list_order_history(history).await, not_hers);
    let watch = |order: &Order, resume_token: &str| orders::WatchOrderRequest {
        order_id: order.order_id.clone(),
        resume_token: resume_token.to_owned(),
        ..Default::default()
    };
    let watched = mallory.watch_order(watch(&mine, "")).await.expect("a stream");
    let first = watched.into_inner().message().await.expect("a change").expect("the first");
    let other = mallory.watch_order(watch(&more, &first.resume_token)).await;
    let says = (Code::InvalidArgument, "INVALID_PAGE_TOKEN", "resume_token");
    scene.refused("a token of another order's stream", other, says);
    audit(&scene.shop).await;
}

/// What the provider of a shop would send, signed with a secret at a time.
fn provider_event(body: &str, seconds: u64, secret: &str) -> payments::ReceiveProviderEventRequest {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key is good");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let tag: String = mac.finalize().into_bytes().iter().map(|one| format!("{one:02x}")).collect();
    let header = ("simulator-signature".to_owned(), format!("t={seconds},v1={tag}"));
    payments::ReceiveProviderEventRequest {
        provider: "simulator".to_owned(),
        body: body.as_bytes().to_vec(),
        headers: [header].into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_bank_approves_a_payment() {
    let mut scene = Scene::open().await;
    let waiting = scene.sell("alice", "tok_requires_action", PaymentStatus::ActionRequired).await;
    let other = scene.sell("mallory", "tok_requires_action", PaymentStatus::ActionRequired).await;
    let payment_id = waiting.payments[0].payment_id.clone();
    scene.rest().await;

    // To ask is not to approve, for whomever.
    let ask = payments::RefreshPaymentRequest { payment_id: payment_id.clone() };
    let asked = PaymentServiceClient::new(user(&scene.shop, "alice")).refresh_payment(ask).await;
    let asked = asked.expect("her payment").into_inner().payment.expect("it");
    assert_eq!(asked.state(), payments::PaymentState::RequiresAction);
    scene.nothing_changed("a question");

    // Only who has the page's own address presses its button.
    let page = waiting.payment_action.clone().expect("a page").redirect_uri;
    let mallorys = other.payment_action.clone().expect("a page").redirect_uri;
    let (site, _) = page.rsplit_once('/').expect("a URL");
    let (_, secret) = mallorys.rsplit_once('/').expect("a URL");
    let mut button = SimulatorServiceClient::new(user(&scene.shop, "mallory"));
    let unknown = (Code::NotFound, "ACTION_NOT_FOUND", "redirect_uri");
    for redirect_uri in [
        format!("{site}/{payment_id}"),
        format!("{site}/"),
        page[..page.len() - 1].to_owned(),
        format!("{page}0"),
        format!("{site}/{}", secret.chars().rev().collect::<String>()),
    ] {
        let press = simulator::CompleteActionRequest { redirect_uri, approve: true };
        let lie = format!("a page {}", press.redirect_uri);
        scene.refused(&lie, button.complete_action(press).await, unknown);
    }

    // An event of the provider has its signature, and is not believed even then.
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let about = format!("type=charge.updated&payment_id={payment_id}");
    let good = provider_event(&about, now, WEBHOOK_SECRET);
    let anybody = connect_as(&scene.shop.url(), &Caller::Anonymous);
    let mut webhook = PaymentServiceClient::new(anybody);
    let unsigned = (Code::Unauthenticated, "INVALID_SIGNATURE", "");
    let of_other = format!("type=charge.updated&payment_id={}", other.payments[0].payment_id);
    for (lie, event) in [
        ("another secret", provider_event(&about, now, "another secret")),
        ("an old event", provider_event(&about, now - 3_600, WEBHOOK_SECRET)),
        ("an event of tomorrow", provider_event(&about, now + 86_400, WEBHOOK_SECRET)),
        (
            "no signature",
            payments::ReceiveProviderEventRequest { headers: [].into(), ..good.clone() },
        ),
        (
            "the signature of an event about another payment",
            payments::ReceiveProviderEventRequest { body: of_other.into_bytes(), ..good.clone() },
        ),
    ] {
        scene.refused(lie, webhook.receive_provider_event(event).await, unsigned);
    }
    let stranger = payments::ReceiveProviderEventRequest { provider: "bank".to_owned(), ..good };
    let none = (Code::NotFound, "PROVIDER_NOT_FOUND", "");
    scene.refused("another provider", webhook.receive_provider_event(stranger).await, none);
    for lie in ["&state=approved", "&approve=true&amount=1", ""] {
        let event = provider_event(&format!("{about}{lie}"), now, WEBHOOK_SECRET);
        webhook.receive_provider_event(event).await.expect("a hint");
        scene.nothing_changed("a signed lie");
    }

    // The bank's customer declines, and no later word changes that.
    let press = simulator::CompleteActionRequest { redirect_uri: page, approve: false };
    let mut alice = SimulatorServiceClient::new(user(&scene.shop, "alice"));
    alice.complete_action(press.clone()).await.expect("her decision");
    let is_declined = |order: &Order| order.payment_status() == PaymentStatus::Unpaid;
    eventually(LIMIT, || async { is_declined(&scene.order(&waiting.order_id).await) }).await;
    scene.rest().await;
    let approve = simulator::CompleteActionRequest { approve: true, ..press };
    let told = button.complete_action(approve).await.expect("what was decided").into_inner();
    assert!(!told.approved, "the first decision holds");
    scene.nothing_changed("another decision");
    for _ in 0..3 {
        let event = provider_event(&about, now, WEBHOOK_SECRET);
        webhook.receive_provider_event(event).await.expect("a hint");
    }
    scene.nothing_changed("an event that was replayed");
    audit(&scene.shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_reaches_no_money_stock_or_work_of_another() {
    let mut scene = Scene::open().await;
    let order = scene.sell("alice", "tok_approved", PaymentStatus::Paid).await;
    let leaves = orders::CreateFulfillmentRequest {
        request_id: "one".to_owned(),
        order_id: order.order_id.clone(),
        fulfillment: Some(orders::Fulfillment {
            lines: vec![orders::FulfillmentLine { line_number: 1, quantity: 1 }],
            ..Default::default()
        }),
        effective_time: None,
    };
    scene.of_staff().create_fulfillment(leaves).await.expect("a parcel");
    scene.rest().await;

    let payment_id = order.payments[0].payment_id.clone();
    let mut money_of = PaymentServiceClient::new(scene.acme());
    let not_theirs: Refusal<'_> = (Code::FailedPrecondition, "PAYMENT_OF_ORDER", "");
    let now = Clock::system().now();
    let refund = payments::RefundPaymentRequest {
        payment_id: payment_id.clone(),
        refund_id: RefundId::new(now).to_string(),
        amount: Some(money("GBP", 1)),
        effective_time: None,
    };
    scene.refused("a refund", money_of.refund_payment(refund).await, not_theirs);
    let void = payments::VoidPaymentRequest { payment_id: payment_id.clone() };
    scene.refused("a void", money_of.void_payment(void).await, not_theirs);
    let confirm = payments::ConfirmPaymentRequest {
        payment_id: payment_id.clone(),
        payment_method: "tok_approved".to_owned(),
        ..Default::default()
    };
    scene.refused("a confirmation", money_of.confirm_payment(confirm).await, not_theirs);
    let again = payments::AuthorizePaymentRequest {
        payment_id: payment_id.clone(),
        order_id: OrderId::new(now).to_string(),
        customer_id: customer_of("user:mallory").to_string(),
        amount: Some(money("GBP", 1)),
        payment_method: "tok_approved".to_owned(),
        ..Default::default()
    };
    let differs = (Code::FailedPrecondition, "PAYMENT_DIFFERS", "");
    let answer = money_of.authorize_payment(again).await;
    let status = scene.refused("its id for another order", answer, differs);
    assert_eq!(metadata_of(&status)["field"], "order_id");
    // A user learns of no payment by naming another's order.
    let list =
        payments::ListPaymentsRequest { order_id: order.order_id.clone(), ..Default::default() };
    let mut mallory = PaymentServiceClient::new(user(&scene.shop, "mallory"));
    let found = mallory.list_payments(list).await.expect("a list").into_inner();
    assert_eq!(found.payments, []);

    let reservation_id = order.reservation_id.clone();
    let mut stock = InventoryServiceClient::new(scene.acme());
    let not_theirs: Refusal<'_> = (Code::FailedPrecondition, "RESERVATION_OF_ORDER", "");
    let line =
        inventory::ReservationLine { sku: SKU.to_owned(), quantity: 1, ..Default::default() };
    let reserve = inventory::CreateReservationRequest {
        reservation_id: reservation_id.clone(),
        lines: vec![line.clone()],
        ttl: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..Default::default()
    };
    scene.refused("a reservation", stock.create_reservation(reserve).await, not_theirs);
    let commit = inventory::CommitReservationRequest { reservation_id: reservation_id.clone() };
    scene.refused("a commit", stock.commit_reservation(commit).await, not_theirs);
    let release = inventory::ReleaseReservationRequest {
        reservation_id: reservation_id.clone(),
        ..Default::default()
    };
    scene.refused("a release", stock.release_reservation(release).await, not_theirs);
    let consume = inventory::ConsumeReservationRequest {
        reservation_id: reservation_id.clone(),
        request_id: "forged".to_owned(),
        lines: vec![line.clone()],
        effective_time: None,
    };
    scene.refused("a consumption", stock.consume_reservation(consume).await, not_theirs);
    let back = inventory::ReturnStockRequest {
        reservation_id,
        request_id: "forged".to_owned(),
        lines: vec![line],
        effective_time: None,
    };
    scene.refused("a return", stock.return_stock(back).await, not_theirs);

    // The import that filled the shop is of those who may import.
    let importer = scene.shop.channel_as(&Caller::Staff("ada".to_owned()));
    let all =
        operations::ListOperationsRequest { service: "catalog".to_owned(), ..Default::default() };
    let all = OperationServiceClient::new(importer).list_operations(all).await.expect("a list");
    let operation_id = all.into_inner().operations.remove(0).operation_id;
    let clerk = connect_with(&scene.shop.url(), &Caller::Staff("sue".to_owned()), &["orders.read"]);
    let mut clerk: OperationServiceClient<CallerChannel> = OperationServiceClient::new(clerk);
    let service = "catalog".to_owned();
    let hidden = (Code::NotFound, "OPERATION_NOT_FOUND", "");
    let get = operations::GetOperationRequest {
        service: service.clone(),
        operation_id: operation_id.clone(),
    };
    scene.refused("a look at an import", clerk.get_operation(get).await, hidden);
    let wait = operations::WaitOperationRequest {
        service: service.clone(),
        operation_id: operation_id.clone(),
        ..Default::default()
    };
    scene.refused("to wait for an import", clerk.wait_operation(wait).await, hidden);
    let cancel = operations::CancelOperationRequest { service, operation_id };
    scene.refused("an end of an import", clerk.cancel_operation(cancel).await, hidden);
    audit(&scene.shop).await;
}
