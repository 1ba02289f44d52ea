//! Many want the same two things at the same moment, of which there is too little at two locations:
//! they buy, change their minds and are sent parcels all at once. Nothing is sold that is not
//! there, and each location knows what it has.

use std::collections::BTreeMap;

use souk_chassis::Caller;
use souk_client::inventory::v1::{
    BatchGetStockRequest, CreateLocationRequest, ListReservationsRequest, Location,
    ReceiveStockRequest, ReceivedItem, Reservation, ReservationState,
};
use souk_client::orders::v1::{
    CancelOrderRequest, CaptureMethod, CreateFulfillmentRequest, Fulfillment, FulfillmentLine,
    Order, OrderState, PlaceOrderLine, PlaceOrderRequest, place_order_line::Item,
};
use souk_testkit::{eventually, reason_of};
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};

use crate::books::Books;
use crate::shopping::{Addresses, Desk, LIMIT, purchase};

const BUYERS: usize = 120;

/// What is sold, and how much of each is received at each location.
const SKUS: [&str; 2] = ["BOWL", "PLATE"];
const LOCATIONS: [(&str, i64); 2] = [("main", 25), ("annex", 15)];
const RECEIVED: i64 = LOCATIONS[0].1 + LOCATIONS[1].1;

/// How many bowls and plates each buyer orders, by turns: all of them together want four times what
/// there is.
const QUANTITIES: [[i32; 2]; 3] = [[2, 0], [1, 1], [1, 3]];

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Kept,
    Canceled,
    Sent,
    OutOfStock,
}

/// Lets all of them come at once, and checks the books of the whole shop and of each location.
pub async fn rush(addresses: &Addresses) {
    open(addresses).await;
    let mut buyers = JoinSet::new();
    for number in 0..BUYERS {
        buyers.spawn(buy(addresses.clone(), number));
    }
    let mut ends = BTreeMap::new();
    while let Some(end) = buyers.join_next().await {
        *ends.entry(end.expect("no buyer gets another answer")).or_insert(0) += 1;
    }
    for end in [End::Kept, End::Canceled, End::Sent, End::OutOfStock] {
        assert!(ends.contains_key(&end), "nobody was {end:?}: {ends:?}");
    }

    let after = "after a rush at two locations";
    let books = Books::settled(addresses, after).await;
    books.agree(after);
    let left = every_location_agrees(addresses, &books, after).await;

    // What is left is still for sale, to the last unit and not one more.
    let mut last = Desk::of_user(addresses, 0, "the-last");
    let everything = of_both("everything", left);
    let order = last.orders.place_order(everything).await.expect("what is left can be bought");
    assert_eq!(order.into_inner().order.expect("it").state(), OrderState::Placed);
    for sku in SKUS {
        let more = last.orders.place_order(purchase(
            &format!("one-more-{sku}"),
            sku,
            &[1],
            "tok_approved",
        ));
        let refusal = more.await.expect_err("there is no more");
        assert_eq!(reason_of(&refusal), "ERROR_REASON_OUT_OF_STOCK");
    }
    let after = "after everything was sold";
    let books = Books::settled(addresses, after).await;
    books.agree(after);
    assert_eq!(every_location_agrees(addresses, &books, after).await, [0, 0], "{after}");
}

/// Opens the second location, and receives both things at both.
async fn open(addresses: &Addresses) {
    let mut staff = Desk::of_staff(addresses);
    for (location_id, quantity) in LOCATIONS {
        if location_id == "main" {
            for sku in SKUS {
                staff.stock_up(sku, quantity).await;
            }
            continue;
        }
        let location = Location {
            location_id: location_id.to_owned(),
            title: location_id.to_owned(),
            ..Default::default()
        };
        let create = CreateLocationRequest { location: Some(location) };
        staff.inventory.create_location(create).await.expect("a second location");
        let item = |sku: &str| ReceivedItem {
            sku: sku.to_owned(),
            location_id: location_id.to_owned(),
            quantity: quantity.try_into().expect("a quantity"),
        };
        let receive = ReceiveStockRequest {
            request_id: location_id.to_owned(),
            items: SKUS.into_iter().map(item).collect(),
            ..Default::default()
        };
        staff.inventory.receive_stock(receive).await.expect("some stock");
    }
}

/// Buys what this buyer wants; then a third of them keep the order, a third cancel it, and a third
/// are sent a parcel from each location.
async fn buy(addresses: Addresses, number: usize) -> End {
    let name = format!("two-locations-{number}");
    let customer = Desk::of_user(&addresses, number, &name);
    let mut request = of_both(&name, QUANTITIES[number % QUANTITIES.len()].map(i64::from));
    request.capture_method = CaptureMethod::OnFulfillment.into();
    let placed = eventually(LIMIT, || async {
        match answered(customer.orders.clone().place_order(request.clone()).await) {
            Some(Ok(answer)) => {
                let order = answer.order.expect("it");
                (order.state() != OrderState::Pending).then_some(Some(order))
            }
            Some(Err(status)) if reason_of(&status) == "ERROR_REASON_OUT_OF_STOCK" => Some(None),
            Some(Err(status)) => panic!("{name} got {status:?}"),
            None => None,
        }
    })
    .await;
    let Some(order) = placed else { return End::OutOfStock };
    match number / QUANTITIES.len() % 3 {
        0 => End::Kept,
        1 => {
            let cancel =
                CancelOrderRequest { order_id: order.order_id.clone(), ..Default::default() };
            let canceled = until_done(|| {
                let (mut orders, cancel) = (customer.orders.clone(), cancel.clone());
                async move { orders.cancel_order(cancel).await }
            })
            .await;
            assert_eq!(canceled.order.expect("it").state(), OrderState::Canceled);
            End::Canceled
        }
        _ => {
            send(&addresses, number, &order).await;
            End::Sent
        }
    }
}

/// Sends what is reserved at each location from there.
async fn send(addresses: &Addresses, turn: usize, order: &Order) {
    let staff = Desk::of(addresses, turn, &Caller::Staff("wes".to_owned()));
    let reservation = reservations_of(staff.clone(), &order.order_id).await.remove(0);
    let mut parcels: BTreeMap<&str, Vec<FulfillmentLine>> = BTreeMap::new();
    for reserved in &reservation.lines {
        let line = order.lines.iter().find(|line| line.sku == reserved.sku).expect("its line");
        let line = FulfillmentLine { line_number: line.line_number, quantity: reserved.quantity };
        parcels.entry(&reserved.location_id).or_default().push(line);
    }
    let mut state = OrderState::Placed;
    for (location_id, mut lines) in parcels {
        lines.sort_by_key(|line| line.line_number);
        let fulfillment =
            Fulfillment { location_id: location_id.to_owned(), lines, ..Default::default() };
        let request = CreateFulfillmentRequest {
            request_id: format!("{}/{location_id}", order.order_id),
            order_id: order.order_id.clone(),
            fulfillment: Some(fulfillment),
            effective_time: None,
        };
        let sent = until_done(|| {
            let (mut orders, request) = (staff.orders.clone(), request.clone());
            async move { orders.create_fulfillment(request).await }
        })
        .await;
        state = sent.order.expect("it").state();
    }
    assert_eq!(state, OrderState::Completed, "{order:?}");
}

/// Checks the stock of each location against the reservations there and what left from there, and
/// both together against the orders. Returns what is still for sale of each thing.
async fn every_location_agrees(addresses: &Addresses, books: &Books, after: &str) -> [i64; 2] {
    let mut staff = Desk::of_staff(addresses);
    let reservations = reservations_of(staff.clone(), "").await;
    let mut left = [0, 0];
    for (at, sku) in SKUS.into_iter().enumerate() {
        let mut promised_anywhere = 0;
        let mut gone_anywhere = 0;
        for (location_id, received) in LOCATIONS {
            let here =
                reservations.iter().flat_map(|one| one.lines.iter().map(move |line| (one, line)));
            let here = here.filter(|(_, line)| line.sku == sku && line.location_id == location_id);
            let mut promised = 0;
            let mut gone = 0;
            for (reservation, line) in here {
                let consumed = i64::from(line.consumed);
                gone += consumed - i64::from(line.returned);
                if matches!(
                    reservation.state(),
                    ReservationState::Held | ReservationState::Committed
                ) {
                    promised += i64::from(line.quantity) - consumed - i64::from(line.released);
                }
            }
            let request = BatchGetStockRequest {
                skus: vec![sku.to_owned()],
                location_id: location_id.to_owned(),
            };
            let stock = staff.inventory.batch_get_stock(request).await.expect("its stock");
            let stock = stock.into_inner().stock.remove(0);
            let found = (i64::from(stock.on_hand), i64::from(stock.reserved));
            assert_eq!(found, (received - gone, promised), "{after}: {sku} at {location_id}");
            assert!(0 <= found.1 && found.1 <= found.0, "{after}: {sku} is oversold: {stock:?}");
            promised_anywhere += promised;
            gone_anywhere += gone;
        }
        let of_orders = books.promised_and_gone(sku);
        assert_eq!(of_orders, (promised_anywhere, gone_anywhere), "{after}: {sku}");
        left[at] = RECEIVED - promised_anywhere - gone_anywhere;
    }
    left
}

/// Returns the reservations of an order; without one, all.
async fn reservations_of(mut desk: Desk, order_id: &str) -> Vec<Reservation> {
    let mut all = vec![];
    let mut page_token = String::new();
    loop {
        let request = ListReservationsRequest {
            page_size: 1_000,
            page_token,
            order_id: order_id.to_owned(),
            ..Default::default()
        };
        let page = desk.inventory.list_reservations(request).await.expect("a page").into_inner();
        all.extend(page.reservations);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Returns an order of these numbers of bowls and plates.
fn of_both(request_id: &str, quantities: [i64; 2]) -> PlaceOrderRequest {
    let lines = SKUS.into_iter().zip(quantities).filter(|(_, quantity)| *quantity > 0);
    let line = |(sku, quantity): (&str, i64)| PlaceOrderLine {
        item: Some(Item::Sku(sku.to_owned())),
        quantity: quantity.try_into().expect("a quantity"),
    };
    PlaceOrderRequest {
        lines: lines.map(line).collect(),
        ..purchase(request_id, SKUS[0], &[1], "tok_approved")
    }
}

/// Returns the answer; nothing when the call may simply be made again.
fn answered<T>(answer: Result<Response<T>, Status>) -> Option<Result<T, Status>> {
    match answer {
        Err(status) if matches!(status.code(), Code::Aborted | Code::Unavailable) => None,
        answer => Some(answer.map(Response::into_inner)),
    }
}

/// Makes a call again as long as another step of the order is in progress.
async fn until_done<T, F>(call: impl Fn() -> F) -> T
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    eventually(LIMIT, || async {
        answered(call().await)
            .map(|answer| answer.unwrap_or_else(|status| panic!("it was refused: {status:?}")))
    })
    .await
}
