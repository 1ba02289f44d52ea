//! UpdateOrder.

use std::time::Duration;

use futures_util::future::join_all;
use prost::Message as _;
use prost_types::FieldMask;
use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::payments::v1 as payments;
use souk_client::types::v1::{Address, Contact};
use souk_data::Engine;
use souk_testkit::{Bus, eventually, field_violations, metadata_of, on_each_engine, reason_of};
use souk_types::{OrderId, Timestamp};
use tonic::{Code, Status};

use crate::upstreams::*;

fn contact(name: &str) -> Option<Contact> {
    let email_address = format!("{name}@example.com");
    Some(Contact { email_address, name: name.into(), ..Default::default() })
}

fn address(street: &str) -> Option<Address> {
    let address_lines = vec![street.to_owned()];
    Some(Address { region_code: "GB".into(), address_lines, ..Default::default() })
}

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

fn to(order: &pb::Order, said: pb::OrderUpdate, paths: &[&str]) -> pb::UpdateOrderRequest {
    let said = pb::OrderUpdate { order_id: order.order_id.clone(), ..said };
    pb::UpdateOrderRequest { order: Some(said), update_mask: mask(paths) }
}

/// Asks for the goods to go to another street.
fn move_to(order: &pb::Order, street: &str) -> pb::UpdateOrderRequest {
    let said = pb::OrderUpdate { shipping_address: address(street), ..Default::default() };
    to(order, said, &["shipping_address"])
}

async fn update(
    orders: &TestOrders,
    by: &Caller,
    request: pb::UpdateOrderRequest,
) -> Result<pb::Order, Status> {
    Ok(orders.client_as(by).update_order(request).await?.into_inner().order.unwrap())
}

fn alice() -> Caller {
    Caller::user("alice")
}

fn ann() -> Caller {
    Caller::Staff("ann".into())
}

async fn read(orders: &TestOrders, order: &pb::Order) -> pb::Order {
    let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
    orders.staff().get_order(request).await.unwrap().into_inner().order.unwrap()
}

async fn history(orders: &TestOrders, order: &pb::Order) -> Vec<pb::OrderChange> {
    let request =
        pb::ListOrderHistoryRequest { order_id: order.order_id.clone(), ..Default::default() };
    orders.alice().list_order_history(request).await.unwrap().into_inner().changes
}

/// Places an order of alice's that says a lot, and waits until it is paid.
async fn talkative(orders: &TestOrders) -> pb::Order {
    let request = pb::PlaceOrderRequest {
        contact: contact("alice"),
        shipping_address: address("1 Old Street"),
        billing_address: address("1 Old Street"),
        customer_note: "ring twice".into(),
        reference: "r-1".into(),
        metadata: [("cart".to_owned(), "7".to_owned())].into(),
        ..request("talkative")
    };
    let placed = orders.alice().place_order(request).await.unwrap().into_inner().order.unwrap();
    orders.reaches(&placed.order_id, At::Paid).await
}

/// Has every payment wait for its customer.
fn ask_the_bank(orders: &TestOrders) {
    orders.upstreams.on(AUTHORIZE, |request: payments::AuthorizePaymentRequest| {
        Ok(payments::AuthorizePaymentResponse { payment: Some(requires_action(request)) })
    });
}

/// Has every payment granted, as the script does.
fn grant(orders: &TestOrders) {
    let world = orders.world.clone();
    orders.upstreams.on(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
        let mut world = world.lock();
        let amount = request.amount.as_ref().unwrap().minor_units;
        world.payments.entry(request.payment_id.clone()).or_insert((amount, 0, 0));
        let asked = payments::Payment {
            order_id: request.order_id,
            customer_id: request.customer_id,
            amount: request.amount,
            ..Default::default()
        };
        world.asked.insert(request.payment_id.clone(), asked);
        Ok(payments::AuthorizePaymentResponse { payment: Some(world.payment(&request.payment_id)) })
    });
}

on_each_engine! {
    async fn a_customer_corrects_what_it_said_and_a_repeat_changes_nothing(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = talkative(&orders).await;
        assert!(!order.etag.is_empty());
        let said = pb::OrderUpdate {
            contact: contact("alicia"),
            shipping_address: address("2 New Street"),
            billing_address: address("1 Old Street"),
            etag: order.etag.clone(),
            ..Default::default()
        };
        let request = to(&order, said, &["contact", "shipping_address", "billing_address"]);
        let updated = update(&orders, &alice(), request.clone()).await.unwrap();
        let expected = pb::Order {
            contact: contact("alicia"),
            shipping_address: address("2 New Street"),
            version: order.version + 1,
            etag: updated.etag.clone(),
            update_time: updated.update_time,
            ..order.clone()
        };
        assert_eq!(updated, expected);
        assert_ne!(updated.etag, order.etag);
        assert_eq!(read(&orders, &order).await, updated);

        let changes = history(&orders, &order).await;
        let change = changes.last().unwrap();
        assert_eq!((change.kind(), change.cause()), (pb::OrderChangeKind::Updated, pb::OrderChangeCause::UpdateOrder));
        assert_eq!(change.actor.as_ref().unwrap().id, "alice");
        assert_eq!(change.updated_fields, ["contact", "shipping_address"], "what was so already is not among them");
        assert_eq!((change.state(), change.previous_state()), (pb::OrderState::Placed, pb::OrderState::Placed));
        assert!(!format!("{change:?}").contains("New Street"));

        // The etag is no longer the present one, and nothing is left to do.
        assert_eq!(update(&orders, &alice(), request.clone()).await.unwrap(), updated);
        let mut stale = request;
        stale.order.as_mut().unwrap().contact = contact("alison");
        let refused = update(&orders, &alice(), stale).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::Aborted, "ERROR_REASON_ETAG_MISMATCH"));
        assert_eq!(metadata_of(&refused)["etag"], updated.etag);
        assert!(!refused.message().contains("alison"));
        assert_eq!(history(&orders, &order).await, changes);
        orders.audit().await;
    }

    async fn what_is_named_and_empty_is_cleared_and_a_star_is_what_the_caller_may_change(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = talkative(&orders).await;
        let empty = pb::OrderUpdate { contact: Some(Contact::default()), ..Default::default() };
        let cleared = update(&orders, &alice(), to(&order, empty.clone(), &["*"])).await.unwrap();
        assert_eq!((&cleared.contact, &cleared.shipping_address, &cleared.billing_address), (&None, &None, &None));
        assert_eq!(cleared.customer_note, "");
        assert_eq!((cleared.reference.as_str(), cleared.metadata["cart"].as_str()), ("r-1", "7"), "not for users");
        let again = update(&orders, &alice(), to(&order, empty.clone(), &["*"])).await.unwrap();
        assert_eq!(again.version, cleared.version);

        let entries = [("erp".to_owned(), "9".to_owned()), ("box".to_owned(), "b".to_owned())];
        let said = pb::OrderUpdate { reference: "r-2".into(), metadata: entries.clone().into(), ..empty.clone() };
        let changed = update(&orders, &ann(), to(&order, said, &["*"])).await.unwrap();
        assert_eq!((changed.reference.as_str(), &changed.metadata), ("r-2", &entries.into()));
        assert_eq!(read(&orders, &order).await, changed);
        let changes = history(&orders, &order).await;
        assert_eq!(changes.last().unwrap().updated_fields, ["reference", "metadata"]);

        let by_reference = pb::ListOrdersRequest { reference: "r-2".into(), ..Default::default() };
        let found = orders.staff().list_orders(by_reference).await.unwrap().into_inner().orders;
        assert_eq!(found.len(), 1);
        let emptied = update(&orders, &ann(), to(&order, empty, &["metadata", "reference"])).await.unwrap();
        assert_eq!((emptied.reference.as_str(), emptied.metadata.len()), ("", 0));
        assert_eq!(read(&orders, &order).await, emptied);
        orders.audit().await;
    }

    async fn a_user_changes_its_own_orders_and_what_is_for_users(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = talkative(&orders).await;
        for other in [Caller::user("bob"), Caller::guest("x")] {
            let refused = update(&orders, &other, move_to(&order, "3 Thieves' Lane")).await.unwrap_err();
            assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_NOT_FOUND");
        }
        let unknown = pb::Order { order_id: OrderId::new(Timestamp::from_micros(1)).to_string(), ..Default::default() };
        let refused = update(&orders, &ann(), move_to(&unknown, "nowhere")).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_NOT_FOUND");
        for (id, caller) in [("", alice()), ("no order", ann())] {
            let nobodys = pb::Order { order_id: id.into(), ..Default::default() };
            let refused = update(&orders, &caller, move_to(&nobodys, "nowhere")).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
            assert_eq!(field_violations(&refused)[0].field, "order.order_id", "{id:?}");
        }
        let absent = pb::UpdateOrderRequest { order: None, update_mask: mask(&["contact"]) };
        let refused = update(&orders, &alice(), absent).await.unwrap_err();
        assert_eq!(field_violations(&refused)[0].field, "order");

        let said = pb::OrderUpdate {
            contact: contact("alicia"),
            reference: "mine".into(),
            metadata: [("a".to_owned(), "b".to_owned())].into(),
            ..Default::default()
        };
        for field in ["reference", "metadata"] {
            let request = to(&order, said.clone(), &["contact", field]);
            let refused = update(&orders, &alice(), request.clone()).await.unwrap_err();
            assert_eq!(reason_of(&refused), "ERROR_REASON_FIELD_NOT_ALLOWED");
            assert_eq!(refused.code(), Code::PermissionDenied);
            let path = format!("order.{field}");
            assert_eq!((&metadata_of(&refused)["field"], &field_violations(&refused)[0].field), (&path, &path));
        }
        for wrong in [&[][..], &["state"], &["contact.name"]] {
            let refused = update(&orders, &alice(), to(&order, said.clone(), wrong)).await.unwrap_err();
            assert!(field_violations(&refused)[0].field.starts_with("update_mask"), "{wrong:?}");
        }
        assert_eq!(read(&orders, &order).await, order, "nothing has changed");
        let updated = update(&orders, &alice(), to(&order, said, &["contact"])).await.unwrap();
        assert_eq!(updated.contact, contact("alicia"));
        assert_eq!((&updated.reference, &updated.metadata), (&order.reference, &order.metadata));
    }

    async fn goods_that_have_left_go_where_they_go(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = talkative(&orders).await;
        orders.fulfill(&order.order_id, "part", &[(1, 1)]).await.unwrap();
        let late = update(&orders, &alice(), move_to(&order, "2 New Street")).await.unwrap_err();
        assert_eq!((late.code(), reason_of(&late).as_str()), (Code::FailedPrecondition, "ERROR_REASON_ORDER_STATE"));
        assert_eq!(metadata_of(&late)["fulfillment_status"], "FULFILLMENT_STATUS_PARTIALLY_FULFILLED");
        let same = pb::OrderUpdate {
            shipping_address: address("1 Old Street"),
            customer_note: "thank you".into(),
            ..Default::default()
        };
        let request = to(&order, same, &["*"]);
        assert_eq!(reason_of(&update(&orders, &alice(), move_to(&order, "x")).await.unwrap_err()), "ERROR_REASON_ORDER_STATE");
        let thanked = update(&orders, &alice(), request).await.unwrap();
        assert_eq!((thanked.customer_note.as_str(), &thanked.contact), ("thank you", &None), "the address stays");
        orders.fulfill(&order.order_id, "rest", &[]).await.unwrap();
        let said = pb::OrderUpdate { billing_address: address("4 Bank Street"), ..Default::default() };
        let updated = update(&orders, &alice(), to(&order, said, &["billing_address"])).await.unwrap();
        assert_eq!((updated.state(), updated.billing_address), (pb::OrderState::Completed, address("4 Bank Street")));

        let canceled = orders.paid("canceled").await;
        let cancel = pb::CancelOrderRequest { order_id: canceled.order_id.clone(), ..Default::default() };
        orders.alice().cancel_order(cancel).await.unwrap();
        orders.upstreams.fail(RESERVE, refusal("ERROR_REASON_OUT_OF_STOCK", &[]));
        let rejected = metadata_of(&orders.place("rejected").await.unwrap_err())["order_id"].clone();
        let rejected = pb::Order { order_id: rejected, ..Default::default() };
        for over in [&canceled, &rejected] {
            let said = pb::OrderUpdate { customer_note: "too late".into(), ..Default::default() };
            let refused = update(&orders, &alice(), to(over, said, &["customer_note"])).await.unwrap_err();
            assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
            let nothing = to(over, pb::OrderUpdate::default(), &["customer_note"]);
            update(&orders, &alice(), nothing).await.unwrap();
        }
        orders.audit().await;
    }

    async fn goods_that_are_about_to_leave_hold_the_address_and_a_step_holds_the_order(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = talkative(&orders).await;
        orders.upstreams.hang(CONSUME);
        let mut leaving = tonic::Request::new(fulfillment(&order.order_id, "all", &[]));
        leaving.set_timeout(Duration::from_secs(1));
        // On a busy machine the caller may have hung up before the response.
        let _ = orders.staff().create_fulfillment(leaving).await;
        let leaving = eventually(Duration::from_secs(20), || async {
            let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
            orders.staff().get_order(request).await.unwrap().into_inner().order?.fulfillments.pop()
        })
        .await;
        assert_eq!(leaving.state(), pb::FulfillmentState::Pending);

        let refused = update(&orders, &alice(), move_to(&order, "2 New Street")).await.unwrap_err();
        assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE", "at once");
        let said = pb::OrderUpdate { customer_note: "hello".into(), ..Default::default() };
        let request = to(&order, said, &["customer_note"]);
        let busy = eventually(Duration::from_secs(20), || async {
            let mut impatient = tonic::Request::new(request.clone());
            impatient.set_timeout(Duration::from_millis(700));
            let refused = orders.alice().update_order(impatient).await.unwrap_err();
            (refused.code() == Code::Aborted).then_some(refused)
        })
        .await;
        assert_eq!(reason_of(&busy), "ERROR_REASON_ORDER_BUSY");

        consume_truly(&orders.upstreams, &orders.world);
        orders.reaches(&order.order_id, At::Fulfilled).await;
        assert_eq!(update(&orders, &alice(), request).await.unwrap().customer_note, "hello");
        orders.audit().await;
    }

    async fn an_address_is_corrected_while_the_bank_is_asked(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        ask_the_bank(&orders);
        let waiting = orders.place("asked").await.unwrap();
        assert!(waiting.payment_action.is_some());
        // Between its polls the saga rests.
        for street in ["1 First Street", "2 Second Street", "3 Third Street"] {
            let updated = update(&orders, &alice(), move_to(&waiting, street)).await.unwrap();
            assert_eq!((at(&updated), &updated.shipping_address), (At::Pending, &address(street)));
            assert_eq!(updated.payment_action, waiting.payment_action);
            assert_eq!(updated.expire_time, waiting.expire_time);
        }
        grant(&orders);
        let paid = orders.reaches(&waiting.order_id, At::Paid).await;
        assert_eq!(paid.shipping_address, address("3 Third Street"));
        let kinds: Vec<_> = history(&orders, &waiting).await.iter().map(|change| change.kind()).collect();
        use pb::OrderChangeKind::{Created, Paid, PaymentActionRequired, Placed, Priced, Updated};
        assert_eq!(kinds, [Created, Priced, PaymentActionRequired, Updated, Updated, Updated, Placed, Paid]);
        orders.audit().await;
    }

    async fn an_address_is_corrected_while_another_card_is_looked_for(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.decline_softly();
        let id = metadata_of(&orders.place("poor").await.unwrap_err())["order_id"].clone();
        let waiting = pb::Order { order_id: id, ..Default::default() };
        let updated = update(&orders, &alice(), move_to(&waiting, "2 New Street")).await.unwrap();
        assert_eq!(updated.payments[0].decline(), payments::DeclineCode::InsufficientFunds);
        let paid = orders.retry(&waiting.order_id, "tok_other").await.unwrap();
        assert_eq!(paid.shipping_address, address("2 New Street"));
        orders.reaches(&waiting.order_id, At::Paid).await;
        orders.audit().await;
    }

    async fn an_order_in_quarantine_is_corrected_and_goes_on(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        orders.upstreams.fail(CAPTURE, Status::permission_denied("misconfigured"));
        let order = orders.place("stuck").await.unwrap();
        eventually(Duration::from_secs(10), || async { orders.quarantined().await.pop() }).await;
        let updated = update(&orders, &alice(), move_to(&order, "2 New Street")).await.unwrap();
        assert!(updated.quarantined);
        let world = orders.world.clone();
        orders.upstreams.on(CAPTURE, move |request| Ok(capture(&world, &request)));
        orders.resume(&order.order_id).await;
        let paid = orders.reaches(&order.order_id, At::Paid).await;
        assert_eq!(paid.shipping_address, address("2 New Street"));
        orders.audit().await;
    }

    /// The driver is still waiting for its response when its lease expires, and the order changes
    /// before anybody else takes the saga up.
    async fn a_driver_that_was_late_does_not_go_on_with_the_order_as_it_was(engine: Engine) {
        let settings = [("saga.lease_seconds", "2"), ("saga.sweep_milliseconds", "8000")];
        let orders = TestOrders::start_with(engine, &settings).await;
        let world = orders.world.clone();
        orders.upstreams.on_async(AUTHORIZE, move |request: payments::AuthorizePaymentRequest| {
            let world = world.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(5)).await;
                let mut world = world.lock();
                let amount = request.amount.as_ref().unwrap().minor_units;
                world.payments.entry(request.payment_id.clone()).or_insert((amount, 0, 0));
                let asked = payments::Payment {
                    order_id: request.order_id,
                    customer_id: request.customer_id,
                    amount: request.amount,
                    ..Default::default()
                };
                world.asked.insert(request.payment_id.clone(), asked);
                let payment = Some(world.payment(&request.payment_id));
                Ok::<_, Status>(payments::AuthorizePaymentResponse { payment })
            }
        });
        let placing = eventually(Duration::from_secs(20), || async {
            let mut impatient = tonic::Request::new(request("slow"));
            impatient.set_timeout(Duration::from_secs(1));
            orders.alice().place_order(impatient).await.ok()?.into_inner().order
        })
        .await;
        assert_eq!(at(&placing), At::Pending);
        let mut patient = move_to(&placing, "2 New Street");
        patient.order.as_mut().unwrap().etag = placing.etag.clone();
        let updated = eventually(Duration::from_secs(20), || async {
            update(&orders, &alice(), patient.clone()).await.ok()
        })
        .await;
        assert_eq!((at(&updated), updated.version), (At::Pending, placing.version + 1));
        grant(&orders);
        let paid = orders.reaches(&placing.order_id, At::Paid).await;
        assert_eq!(paid.shipping_address, address("2 New Street"));
        assert_eq!(orders.world.lock().payments[payment_id(&paid)], (3 * UNIT, 3 * UNIT, 0));
        orders.audit().await;
    }

    async fn an_update_beside_a_fulfillment_comes_before_it_or_not_at_all(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        for number in 0..6 {
            let order = orders.paid(&format!("raced {number}")).await;
            let street = format!("{number} New Street");
            let alice = alice();
            let (updated, left) = tokio::join!(
                update(&orders, &alice, move_to(&order, &street)),
                orders.fulfill(&order.order_id, &street, &[]),
            );
            let left = left.unwrap().order.unwrap();
            assert_eq!(at(&left), At::Fulfilled);
            let kinds: Vec<_> = history(&orders, &order).await.iter().map(|change| change.kind()).collect();
            let position = |kind| kinds.iter().position(|one| *one == kind);
            match updated {
                Ok(updated) => {
                    assert_eq!(updated.shipping_address, address(&street));
                    assert_eq!(left.shipping_address, address(&street));
                    let update = position(pb::OrderChangeKind::Updated);
                    assert!(update.is_some() && update < position(pb::OrderChangeKind::FulfillStarted), "{kinds:?}");
                }
                Err(refused) => {
                    assert_eq!(reason_of(&refused), "ERROR_REASON_ORDER_STATE");
                    assert_eq!(left.shipping_address, None);
                    assert_eq!(position(pb::OrderChangeKind::Updated), None);
                }
            }
        }
        orders.audit().await;
    }

    async fn of_updates_that_have_read_the_same_one_wins(engine: Engine) {
        let orders = TestOrders::start(engine).await;
        let order = orders.paid("raced").await;
        let streets: Vec<String> = (0..6).map(|number| format!("{number} New Street")).collect();
        let racing = streets.iter().map(|street| {
            let mut request = move_to(&order, street);
            request.order.as_mut().unwrap().etag = order.etag.clone();
            let orders = &orders;
            async move { update(orders, &alice(), request).await }
        });
        let (won, lost): (Vec<_>, Vec<_>) = join_all(racing).await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 5));
        for lost in lost {
            assert_eq!(reason_of(&lost.unwrap_err()), "ERROR_REASON_ETAG_MISMATCH");
        }
        let won = won.into_iter().next().unwrap().unwrap();
        assert_eq!(read(&orders, &order).await, won);
        assert_eq!(won.version, order.version + 1);
        orders.audit().await;
    }

    async fn the_event_names_the_fields_and_not_what_is_in_them(engine: Engine) {
        let (bus, server) = Bus::start().await;
        let orders = TestOrders::start_beside(engine, &[], &[("events", &server.url())]).await;
        let order = talkative(&orders).await;
        let said = pb::OrderUpdate {
            contact: contact("alicia"),
            shipping_address: address("2 New Street"),
            customer_note: "ring once".into(),
            reference: "r-2".into(),
            metadata: order.metadata.clone(),
            ..Default::default()
        };
        let request = to(&order, said, &["*"]);
        for _ in 0..2 {
            update(&orders, &ann(), request.clone()).await.unwrap();
        }
        let published = || {
            let events = bus.events().into_iter();
            let updates = events.filter(|event| event.r#type == "souk.orders.v1.OrderUpdated");
            updates.map(|event| event.data).collect::<Vec<_>>()
        };
        eventually(Duration::from_secs(20), || async { !published().is_empty() }).await;
        let published = published();
        assert_eq!(published.len(), 1);
        let updated = pb::OrderUpdated::decode(published[0].as_ref()).unwrap();
        let fields = ["contact", "shipping_address", "billing_address", "customer_note", "reference"];
        assert_eq!(updated.updated_fields, fields);
        let change = updated.change.unwrap();
        assert_eq!((change.kind(), change.actor.unwrap().id.as_str()), (pb::OrderChangeKind::Updated, "ann"));
        assert_eq!(change.updated_fields, fields);
        let shown = updated.order.unwrap();
        assert_eq!((shown.reference.as_str(), shown.version), ("r-2", order.version + 1));
        for secret in ["alici", "Street", "ring"] {
            let found = published[0].windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret}");
        }
    }
}
