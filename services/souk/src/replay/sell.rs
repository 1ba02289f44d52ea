//! The sales: places, fulfils and refunds each order as in the file, many customers in parallel.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use souk_chassis::StartError;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::OrderState;
use souk_contract::customer_of;
use tokio::task::JoinSet;

use super::plan::{Order, Plan, Refund};
use super::progress::Progress;
use super::shop::{Shop, is_given_up, is_other, persist, refusal};
use super::supply::{CURRENCY, Goods, Prices, money};

/// What the reference and the request id of every order of a replay begin with.
pub const PREFIX: &str = "retail-";

/// How often an order is placed again after the shop gave it up because a service was unreachable.
const MOST_TRIES: u32 = 10;

/// Orders per second; none is as fast as possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(Option<f64>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Rate(None)),
            Ok(rate) if (0.001..=1_000_000.0).contains(&rate) => Ok(Rate(Some(rate))),
            _ => Err("must be `max` or a number of orders a second, 0.001 to 1000000".to_owned()),
        }
    }
}

/// Time spent in one kind of call, summed over all that run side by side.
#[derive(Default)]
pub struct Spent {
    calls: AtomicU64,
    micros: AtomicU64,
}

impl Spent {
    fn add(&self, started: Instant) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Returns how many there were, and the mean of each in milliseconds.
    pub fn calls_and_mean(&self) -> (u64, f64) {
        let calls = self.calls.load(Ordering::Relaxed);
        let micros = self.micros.load(Ordering::Relaxed);
        (calls, micros as f64 / 1000.0 / calls.max(1) as f64)
    }
}

/// Sells the orders of a plan.
pub struct Seller {
    shop: Shop,
    plan: Arc<Plan>,
    prices: Prices,
    goods: Goods,
    progress: Arc<Progress>,
    pub receiving: Spent,
    pub placing: Spent,
    pub fulfilling: Spent,
    pub refunding: Spent,
}

/// The chains of orders that wait, the one with the earliest order first, so that the sales keep
/// about the order of the file.
struct Queue {
    chains: Vec<Vec<usize>>,
    /// (index of the next order, chain, place in the chain)
    waiting: Mutex<BinaryHeap<Reverse<(usize, usize, usize)>>>,
    pace: Option<tokio::sync::Mutex<tokio::time::Interval>>,
}

impl Queue {
    fn of(chains: Vec<Vec<usize>>, rate: Rate) -> Queue {
        let starts =
            chains.iter().enumerate().map(|(chain, orders)| Reverse((orders[0], chain, 0)));
        let waiting = Mutex::new(starts.collect());
        let pace = rate.0.map(|rate| {
            tokio::sync::Mutex::new(tokio::time::interval(Duration::from_secs_f64(1.0 / rate)))
        });
        Queue { chains, waiting, pace }
    }

    fn take(&self) -> Option<(usize, usize, usize)> {
        self.waiting
            .lock()
            .expect("nobody panics with the queue in hand")
            .pop()
            .map(|Reverse(next)| next)
    }

    fn put_back(&self, chain: usize, place: usize) {
        if let Some(order) = self.chains[chain].get(place) {
            self.waiting
                .lock()
                .expect("nobody panics with the queue in hand")
                .push(Reverse((*order, chain, place)));
        }
    }
}

impl Seller {
    /// Returns a seller of these orders, which counts each that is done.
    pub fn new(
        shop: Shop,
        plan: Arc<Plan>,
        prices: Prices,
        goods: Goods,
        progress: Arc<Progress>,
    ) -> Seller {
        let (receiving, placing, fulfilling, refunding) = Default::default();
        Seller { shop, plan, prices, goods, progress, receiving, placing, fulfilling, refunding }
    }

    /// Sells everything from the order `first` on.
    ///
    /// # Errors
    /// At the first refusal, with the invoice, its line and the reason.
    pub async fn sell_all(
        self: &Arc<Self>,
        first: usize,
        rate: Rate,
        concurrency: usize,
    ) -> Result<(), StartError> {
        let queue = Arc::new(Queue::of(self.plan.chains(first), rate));
        let mut workers = JoinSet::new();
        // A worker that finds nothing waiting is not needed any more: there are never more chains
        // than there were.
        for _ in 0..concurrency.min(queue.chains.len()) {
            let seller = self.clone();
            let queue = queue.clone();
            workers.spawn(async move {
                while let Some((order, chain, place)) = queue.take() {
                    if let Some(pace) = &queue.pace {
                        pace.lock().await.tick().await;
                    }
                    seller.sell(&seller.plan.orders[order]).await?;
                    queue.put_back(chain, place + 1);
                }
                Ok::<_, StartError>(())
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn sell(&self, order: &Order) -> Result<(), StartError> {
        let started = Instant::now();
        self.goods.receive(order).await?;
        self.receiving.add(started);
        let placed = self.place(order).await?;
        if !has_left(&placed) {
            self.fulfill(order, &placed.order_id).await?;
        }
        for refund in &order.refunds {
            self.refund(order, refund, &placed.order_id).await?;
        }
        self.progress.add_one();
        Ok(())
    }

    /// Places the order, and waits until it is PLACED.
    async fn place(&self, order: &Order) -> Result<pb::Order, StartError> {
        let started = Instant::now();
        let reference = format!("{PREFIX}{}", order.invoice);
        let mut tries = 1;
        loop {
            let request_id =
                if tries == 1 { reference.clone() } else { format!("{reference}-{tries}") };
            let request = self.request(order, request_id, reference.clone());
            let answer = persist(|| {
                let mut client = self.shop.orders.clone();
                let request = request.clone();
                async move { client.place_order(request).await }
            });
            let placed = match answer.await {
                Ok(answer) => answer.order.unwrap_or_default(),
                // The shop was unreachable too long for this order. It holds and charges nothing,
                // and is placed as a new order; a later replay takes the same steps and finds that
                // one.
                Err(status) if is_given_up(&status) && tries < MOST_TRIES => {
                    tries += 1;
                    continue;
                }
                Err(status) => {
                    let what = match is_other(&status) {
                        true => "another file with this invoice was replayed into this shop",
                        false => "placing it",
                    };
                    return Err(refusal(&format!("{}: {what}", order.place()), &status));
                }
            };
            match placed.state() {
                // It is in progress; the retry waits for it.
                OrderState::Pending if started.elapsed() < LONGEST_PLACING => continue,
                OrderState::Placed | OrderState::Completed => {
                    self.placing.add(started);
                    return Ok(placed);
                }
                _ => return Err(order.stuck(&placed)),
            }
        }
    }

    fn request(
        &self,
        order: &Order,
        request_id: String,
        reference: String,
    ) -> pb::PlaceOrderRequest {
        let line = |line: &super::plan::Line| {
            let price = self
                .prices
                .get(&(line.sku.clone(), line.pence))
                .expect("the catalogue has confirmed every price");
            let item = Some(pb::place_order_line::Item::PriceId(price.clone()));
            pb::PlaceOrderLine { item, quantity: line.quantity as i32 }
        };
        pb::PlaceOrderRequest {
            request_id,
            customer_id: customer(&order.customer),
            reference,
            currency_code: CURRENCY.to_owned(),
            lines: order.lines.iter().map(line).collect(),
            payment_method: "tok_approved".to_owned(),
            expected_total: Some(money(order.total())),
            effective_time: Some(order.time.into()),
            ..Default::default()
        }
    }

    /// Records that the goods left. Until the payment is captured this returns ABORTED, and is
    /// retried.
    async fn fulfill(&self, order: &Order, order_id: &str) -> Result<(), StartError> {
        let started = Instant::now();
        let request = pb::CreateFulfillmentRequest {
            request_id: format!("{PREFIX}{}-sent", order.invoice),
            order_id: order_id.to_owned(),
            fulfillment: None,
            effective_time: Some(order.time.into()),
        };
        loop {
            let answer = persist(|| {
                let mut client = self.shop.orders.clone();
                let request = request.clone();
                async move { client.create_fulfillment(request).await }
            });
            let answer = answer
                .await
                .map_err(|status| refusal(&format!("{}: fulfilling it", order.place()), &status))?;
            let fulfilled = answer.order.unwrap_or_default();
            if has_left(&fulfilled) {
                self.fulfilling.add(started);
                return Ok(());
            }
            if started.elapsed() > LONGEST_PLACING {
                return Err(order.stuck(&fulfilled));
            }
        }
    }

    async fn refund(
        &self,
        order: &Order,
        refund: &Refund,
        order_id: &str,
    ) -> Result<(), StartError> {
        let started = Instant::now();
        let lines = refund.lines.iter();
        let request = pb::RefundOrderRequest {
            order_id: order_id.to_owned(),
            request_id: format!("{PREFIX}{}-{}", refund.invoice, order.invoice),
            lines: lines
                .map(|(number, units)| pb::RefundLine {
                    line_number: *number,
                    quantity: *units as i32,
                    ..Default::default()
                })
                .collect(),
            amount: None,
            restock: pb::RestockPolicy::All.into(),
            // A file that is not in the order of time may have a return before its sale, which no
            // order takes.
            effective_time: Some(refund.time.max(order.time).into()),
            ..Default::default()
        };
        let place = format!(
            "invoice {} of line {}, returning part of {}",
            refund.invoice,
            refund.line,
            order.place()
        );
        loop {
            let answer = persist(|| {
                let mut client = self.shop.orders.clone();
                let request = request.clone();
                async move { client.refund_order(request).await }
            });
            let answer = answer.await.map_err(|status| refusal(&place, &status))?;
            match answer.refund.unwrap_or_default().state() {
                pb::RefundState::Succeeded => break,
                pb::RefundState::Pending if started.elapsed() < LONGEST_PLACING => {}
                state => {
                    return Err(StartError::new(format!(
                        "{place}: the refund is {}",
                        state.as_str_name()
                    )));
                }
            }
        }
        self.refunding.add(started);
        Ok(())
    }
}

/// How long one order may be in progress before the replay gives up.
const LONGEST_PLACING: Duration = Duration::from_secs(300);

fn has_left(order: &pb::Order) -> bool {
    order.state() == OrderState::Completed
}

impl Order {
    /// Describes the order for people.
    pub fn place(&self) -> String {
        format!("invoice {} of line {}", self.invoice, self.line)
    }

    fn stuck(&self, order: &pb::Order) -> StartError {
        let state = order.state().as_str_name();
        let reason = order.closure_reason().as_str_name();
        StartError::new(format!("{}: order {} is {state} {reason}", self.place(), order.order_id))
    }
}

/// Returns the customer of a number in the file; a sale to nobody known has none.
fn customer(number: &str) -> String {
    if number.is_empty() {
        return String::new();
    }
    customer_of(&format!("user:{number}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_max_or_a_number_above_nothing() {
        assert_eq!("max".parse(), Ok(Rate(None)));
        assert_eq!("12.5".parse(), Ok(Rate(Some(12.5))));
        for wrong in ["0", "-1", "fast", "NaN", "inf", ""] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn the_earliest_order_is_next_and_a_customer_waits_for_the_order_before() {
        let queue = Queue::of(vec![vec![0, 3], vec![1], vec![2, 4]], Rate(None));
        let order = |next: Option<(usize, usize, usize)>| next.map(|(order, ..)| order);
        let first = queue.take().unwrap();
        assert_eq!(first, (0, 0, 0));
        assert_eq!(order(queue.take()), Some(1));
        let third = queue.take().unwrap();
        assert_eq!(order(queue.take()), None, "orders 3 and 4 wait for those before them");
        queue.put_back(third.1, third.2 + 1);
        queue.put_back(first.1, first.2 + 1);
        assert_eq!(order(queue.take()), Some(3));
        assert_eq!(order(queue.take()), Some(4));
    }
}
