//! ClaimGuestOrders.

use std::time::Duration;

use futures_util::future::join_all;
use prost::Message as _;
use souk_chassis::{Caller, identity};
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_contract::customer_of;
use souk_data::Engine;
use souk_testkit::{Bus, eventually, field_violations, on_each_engine, reason_of};
use souk_types::Clock;
use tonic::{Code, Status};

use crate::upstreams::*;

fn guest() -> Caller {
    Caller::guest("x")
}

fn claim(guest_token: String) -> pb::ClaimGuestOrdersRequest {
    pb::ClaimGuestOrdersRequest { guest_token, ..Default::default() }
}

async fn claimed(orders: &TestOrders, who: &Caller) -> Result<i32, Status> {
    let request = claim(identity::development_token(&guest()));
    let answer = orders.client_as(who).claim_guest_orders(request).await?;
    Ok(answer.into_inner().order_count)
}

async fn placed_by(orders: &TestOrders, who: &Caller, request_id: &str) -> pb::Order {
    let placed = orders.client_as(who).place_order(request(request_id)).await.unwrap();
    placed.into_inner().order.unwrap()
}

async fn ids_of(orders: &TestOrders, who: &Caller) -> Vec<String> {
    let listed = orders.client_as(who).list_orders(pb::ListOrdersRequest::default()).await.unwrap();
    listed.into_inner().orders.into_iter().map(|order| order.order_id).collect()
}

on_each_engine! {
    async fn what_a_guest_bought_becomes_the_users(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let alice = Caller::user("alice");
        let mut bought = vec![];
        for number in 0..25 {
            bought.push(placed_by(&orders, &guest(), &format!("g{number}")).await.order_id);
        }
        for order in &bought {
            orders.reaches(order, At::Paid).await;
        }
        let own = placed_by(&orders, &alice, "own").await;
        assert_eq!(claimed(&orders, &alice).await.unwrap(), 25);
        assert_eq!(claimed(&orders, &alice).await.unwrap(), 25, "a repeat answers the same");

        let mut expected = bought.clone();
        expected.push(own.order_id);
        expected.sort();
        expected.reverse();
        assert_eq!(ids_of(&orders, &alice).await, expected);
        assert_eq!(ids_of(&orders, &guest()).await, Vec::<String>::new());
        let hidden = pb::GetOrderRequest { order_id: bought[0].clone() };
        let hidden = orders.client_as(&guest()).get_order(hidden).await.unwrap_err();
        assert_eq!(reason_of(&hidden), "ERROR_REASON_ORDER_NOT_FOUND");

        let history = pb::ListOrderHistoryRequest { order_id: bought[0].clone(), ..Default::default() };
        let history = orders.alice().list_order_history(history).await.unwrap().into_inner().changes;
        let change = history.last().unwrap();
        assert_eq!(change.kind(), pb::OrderChangeKind::CustomerChanged);
        assert_eq!(change.cause(), pb::OrderChangeCause::ClaimGuestOrders);
        assert_eq!(change.actor.as_ref().unwrap().id, "alice");
        assert_eq!((change.state(), change.previous_state()), (pb::OrderState::Placed, pb::OrderState::Placed));
        assert_eq!(history.iter().filter(|one| one.kind() == change.kind()).count(), 1);
        orders.audit().await;
    }

    async fn other_services_hear_of_a_claim_once_and_of_each_order(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let orders = TestOrders::start_beside(engine, &[], &[("events", &server.url())]).await;
        let alice = Caller::user("alice");
        let order = placed_by(&orders, &guest(), "told").await;
        orders.reaches(&order.order_id, At::Paid).await;
        for _ in 0..2 {
            claimed(&orders, &alice).await.unwrap();
        }
        let heard = |kind: &'static str| {
            let events = bus.events().into_iter().filter(move |event| event.r#type == kind);
            events.map(|event| event.data).collect::<Vec<_>>()
        };
        eventually(Duration::from_secs(20), || async {
            !heard("souk.orders.v1.OrderCustomerChanged").is_empty()
        })
        .await;
        let claims = heard("souk.orders.v1.GuestClaimed");
        assert_eq!(claims.len(), 1);
        let claim = pb::GuestClaimed::decode(claims[0].as_ref()).unwrap();
        let owner = customer_of("user:alice").to_string();
        assert_eq!((&claim.customer_id, claim.guest_customer_id.as_str()), (&owner, order.customer_id.as_str()));
        assert_eq!(claim.actor.unwrap().id, "alice");
        let changes = heard("souk.orders.v1.OrderCustomerChanged");
        assert_eq!(changes.len(), 1);
        let change = pb::OrderCustomerChanged::decode(changes[0].as_ref()).unwrap();
        assert_eq!(change.order.unwrap().customer_id, owner);
        assert_eq!(change.previous_customer_id, order.customer_id);
        assert_eq!(change.change.unwrap().kind(), pb::OrderChangeKind::CustomerChanged);
    }

    async fn a_guest_is_claimed_once_and_by_its_own_token_only(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let alice = Caller::user("alice");
        let order = placed_by(&orders, &guest(), "g").await;
        let now = Clock::system().now();
        let expired = identity::development_token_until(
            &guest(), now.minus(Duration::from_secs(1)), identity::DEVELOPMENT_KEY,
        );
        for (token, says) in [
            (identity::development_token(&Caller::user("bob")), "is not the token of a guest"),
            (identity::development_token(&Caller::Staff("ann".into())), "is not the token of a guest"),
            (format!("{}x", identity::development_token(&guest())), ""),
            (expired, "the token has expired"),
            ("anything".to_owned(), ""),
        ] {
            let refused = orders.alice().claim_guest_orders(claim(token.clone())).await.unwrap_err();
            assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::InvalidArgument, "ERROR_REASON_GUEST_TOKEN"));
            let violation = &field_violations(&refused)[0];
            assert_eq!(violation.field, "guest_token");
            assert!(violation.description.contains(says), "{}", violation.description);
            assert!(!refused.message().contains(&token), "{}", refused.message());
        }
        let by_guest = claimed(&orders, &Caller::guest("y")).await.unwrap_err();
        assert_eq!(by_guest.code(), Code::PermissionDenied, "a guest cannot claim");
        let other = pb::ClaimGuestOrdersRequest {
            customer_id: customer_of("user:bob").to_string(),
            ..claim(identity::development_token(&guest()))
        };
        let other = orders.alice().claim_guest_orders(other).await.unwrap_err();
        assert_eq!(reason_of(&other), "ERROR_REASON_OTHER_CUSTOMER");
        assert_eq!(ids_of(&orders, &guest()).await, [order.order_id.as_str()], "nothing has changed");

        assert_eq!(claimed(&orders, &alice).await.unwrap(), 1);
        let late = claimed(&orders, &Caller::user("bob")).await.unwrap_err();
        assert_eq!((late.code(), reason_of(&late).as_str()), (Code::FailedPrecondition, "ERROR_REASON_GUEST_CLAIMED"));
        assert_eq!(ids_of(&orders, &alice).await, [order.order_id]);
    }

    async fn the_users_repeats_find_the_guests_orders_and_what_the_guest_buys_later_is_the_users(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let alice = Caller::user("alice");
        let before = placed_by(&orders, &guest(), "before").await;
        claimed(&orders, &alice).await.unwrap();

        assert_eq!(placed_by(&orders, &alice, "before").await.order_id, before.order_id);
        let another = pb::PlaceOrderRequest { reference: "another".into(), ..request("before") };
        let refused = orders.alice().place_order(another).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REQUEST_ID_REUSED");
        assert_eq!(placed_by(&orders, &guest(), "before").await.order_id, before.order_id);

        let later = placed_by(&orders, &guest(), "later").await;
        assert_eq!(later.customer_id, customer_of("user:alice").to_string());
        assert_eq!(placed_by(&orders, &guest(), "later").await.order_id, later.order_id);
        assert_eq!(placed_by(&orders, &alice, "later").await.order_id, later.order_id);
        assert_eq!(ids_of(&orders, &alice).await, [later.order_id, before.order_id]);
        orders.audit().await;
    }

    async fn the_users_repeats_find_what_the_guest_canceled(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let alice = Caller::user("alice");
        let order = placed_by(&orders, &guest(), "bought").await;
        orders.reaches(&order.order_id, At::Paid).await;
        let cancel = |quantity| pb::CancelOrderRequest {
            order_id: order.order_id.clone(),
            request_id: "one back".into(),
            lines: lines_of(&[(1, quantity)]),
            ..Default::default()
        };
        let by_guest = orders.client_as(&guest()).cancel_order(cancel(1)).await.unwrap();
        assert_eq!(by_guest.into_inner().order.unwrap().lines[0].canceled_quantity, 1);
        claimed(&orders, &alice).await.unwrap();

        let repeated = orders.alice().cancel_order(cancel(1)).await.unwrap().into_inner().order.unwrap();
        assert_eq!(repeated.lines[0].canceled_quantity, 1, "it was canceled before");
        let refused = orders.alice().cancel_order(cancel(2)).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_REQUEST_ID_REUSED");
        // The same id by another caller is another request.
        let by_staff = orders.staff().cancel_order(cancel(1)).await.unwrap().into_inner().order.unwrap();
        assert_eq!(by_staff.lines[0].canceled_quantity, 2);
        orders.audit().await;
    }

    async fn what_is_placed_while_the_guest_is_claimed_is_the_users(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let alice = Caller::user("alice");
        let guest = guest();
        let request_ids: Vec<String> = (0..16).map(|number| format!("g{number}")).collect();
        let placing = request_ids.iter().map(|id| placed_by(&orders, &guest, id));
        let (placed, claim) = tokio::join!(join_all(placing), claimed(&orders, &alice));
        assert!((0..=16).contains(&claim.unwrap()));

        let mut expected: Vec<_> = placed.into_iter().map(|order| order.order_id).collect();
        expected.sort();
        expected.reverse();
        let all_have_followed = || async { ids_of(&orders, &alice).await == expected };
        eventually(Duration::from_secs(30), all_have_followed).await;
        orders.audit().await;
    }

    async fn an_order_that_waits_for_its_payment_goes_on_as_the_users(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.on(AUTHORIZE, |request: payments::AuthorizePaymentRequest| {
            Ok(payments::AuthorizePaymentResponse { payment: Some(requires_action(request)) })
        });
        let waiting = placed_by(&orders, &guest(), "waiting").await;
        assert!(waiting.payment_action.is_some());
        assert_eq!(claimed(&orders, &Caller::user("alice")).await.unwrap(), 1);
        let get = pb::GetOrderRequest { order_id: waiting.order_id.clone() };
        let seen = orders.alice().get_order(get).await.unwrap().into_inner().order.unwrap();
        assert_eq!(seen.payment_action, waiting.payment_action);

        let world = orders.world.clone();
        orders.upstreams.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
            // Payments has not heard of the claim.
            let mut world = world.lock();
            let amount = request.amount.as_ref().unwrap().minor_units;
            world.payments.insert(request.payment_id.clone(), (amount, 0, 0));
            let asked = payments::Payment {
                order_id: request.order_id,
                customer_id: customer_of("guest:x").to_string(),
                amount: request.amount,
                ..Default::default()
            };
            world.asked.insert(request.payment_id.clone(), asked);
            Ok(payments::AuthorizePaymentResponse { payment: Some(world.payment(&request.payment_id)) })
        });
        orders.reaches(&waiting.order_id, At::Paid).await;
        orders.audit().await;
    }

    async fn an_order_in_progress_follows_when_its_step_has_ended_even_after_a_restart(engine: Engine) {
        let mut orders = TestOrders::start_with(engine, &[("saga.lease_seconds", "5")]).await;
        orders.upstreams.hang(CAPTURE);
        let order = placed_by(&orders, &guest(), "slow").await;
        let alice = Caller::user("alice");
        let claimed = eventually(Duration::from_secs(20), || async {
            let mut impatient = tonic::Request::new(claim(identity::development_token(&guest())));
            impatient.set_timeout(Duration::from_secs(1));
            orders.client_as(&alice).claim_guest_orders(impatient).await.ok()
        })
        .await;
        assert_eq!(claimed.into_inner().order_count, 1);
        assert_eq!(ids_of(&orders, &alice).await, Vec::<String>::new());

        orders.service.restart().await;
        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request| Ok(capture(&world, &request)));
        orders.reaches(&order.order_id, At::Paid).await;
        let has_followed = || async { ids_of(&orders, &alice).await == [order.order_id.as_str()] };
        eventually(Duration::from_secs(30), has_followed).await;
        orders.audit().await;
    }
}
