//! `souk repair`: repairs the findings of an audit, as far as a program may decide that.

use std::fmt::{self, Display};
use std::time::Duration;

use clap::Args;
use souk_chassis::StartError;
use souk_client::inventory::v1 as inventory;
use souk_client::inventory::v1::ReservationState;
use souk_client::inventory::v1::inventory_service_client::InventoryServiceClient;
use souk_client::orders::v1::OrderState;
use souk_client::payments::v1 as payments;
use souk_client::payments::v1::payment_service_client::PaymentServiceClient;
use souk_types::Clock;

use crate::audit::{self, Books, Finding};
use crate::connect::{Services, ShopArgs, failure};
use crate::say;

/// Repairs what `souk audit` finds in a running shop; without --apply it only prints what it would
/// do
///
/// It releases stock that no order needs, recalculates numbers that follow from records, and writes
/// missing ledger transfers. Findings that need a decision are listed with the method to use
/// (docs/operations.md). Exits with 0 when every invariant holds in the end.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Repair {
    /// Applies the repairs. Stop selling first if money is involved.
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    shop: ShopArgs,
    /// How long a difference between two services may last while an order is in progress, in
    /// seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = audit::LONGEST_DEADLINE.as_secs())]
    patience: u64,
}

/// The note of the movements and reservations that it changes.
const NOTE: &str = "souk repair";

/// How to repair a finding.
#[derive(Debug, PartialEq, Eq)]
enum Remedy {
    /// `reserved` and the movements of one stock are recalculated.
    DeriveStock { sku: String, location_id: String },
    /// A reservation that no order needs is released.
    Release { reservation_id: String },
    /// The missing ledger transfers are written again.
    WriteTransfers { payment_id: String },
    /// A person must decide.
    Person(&'static str),
}

impl Display for Remedy {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::DeriveStock { sku, location_id } => {
                write!(
                    text,
                    "recalculates the reserved units of {sku} at {location_id} from its reservations"
                )
            }
            Remedy::Release { reservation_id } => write!(text, "releases {reservation_id}"),
            Remedy::WriteTransfers { payment_id } => {
                write!(text, "writes the missing ledger transfers of {payment_id}")
            }
            Remedy::Person(way) => write!(text, "needs a manual repair: {way}"),
        }
    }
}

impl Repair {
    /// Audits, prints or applies the repairs, and audits again.
    pub async fn run(self) -> Result<(), StartError> {
        let services = self.shop.services("repair")?;
        let patience = Duration::from_secs(self.patience);
        let found = audit::audit(&services, patience).await?.findings;
        if found.is_empty() {
            say("every invariant holds; there is nothing to repair");
            return Ok(());
        }
        let books = Books::of(&services);
        for finding in &found {
            say(format_args!(
                "BROKEN {}  {}: {}",
                finding.invariant, finding.subject, finding.detail
            ));
            let remedy = remedy(&books, finding).await?;
            match (&remedy, self.apply) {
                (Remedy::Person(_), _) => say(format_args!("       {remedy}")),
                (_, false) => say(format_args!("       repair {remedy}")),
                (_, true) => {
                    apply(&services, &remedy).await?;
                    say(format_args!("       done: {remedy}"));
                }
            }
        }
        if !self.apply {
            return Err(StartError::new(format!(
                "{} invariants do not hold; nothing was changed: repeat with --apply",
                found.len()
            )));
        }
        match audit::audit(&services, patience).await?.findings.len() {
            0 => {
                say("every invariant holds");
                Ok(())
            }
            left => Err(StartError::new(format!(
                "{left} invariants still do not hold; see docs/operations.md"
            ))),
        }
    }
}

/// Returns how to repair a finding. Stock is released only when its order needs none.
async fn remedy(books: &Books, finding: &Finding) -> Result<Remedy, StartError> {
    let subject = finding.subject.clone();
    let remedy = match finding.invariant.as_str() {
        "reserved is what reservations promise" | "movements add up to the stock" => {
            match subject.rsplit_once('@') {
                Some((sku, location)) => {
                    Remedy::DeriveStock { sku: sku.to_owned(), location_id: location.to_owned() }
                }
                None => Remedy::Person(BACKUP),
            }
        }
        "a hold ends when its time is over" | "shop.reservation_has_order" => {
            let reservation = books.reservation(&subject).await?;
            let order_id = reservation.map(|reservation| reservation.order_id).unwrap_or_default();
            let order = if order_id.is_empty() { None } else { books.order(&order_id).await? };
            match order {
                Some(order) if !needs_no_stock(order.state()) => {
                    Remedy::Person("its order is in progress; see its journal")
                }
                _ => Remedy::Release { reservation_id: subject },
            }
        }
        "shop.order_has_its_stock" | "orders.refunded_order_holds_no_stock" => {
            let order = books.order(&subject).await?.filter(|order| needs_no_stock(order.state()));
            let reservation = match order {
                Some(order) => books.reservation(&order.reservation_id).await?,
                None => None,
            };
            match reservation {
                Some(reservation) if is_held(reservation.state()) => {
                    Remedy::Release { reservation_id: reservation.reservation_id }
                }
                _ => Remedy::Person("count the goods, then CancelOrder or RefundOrder"),
            }
        }
        "the ledger holds every transfer of a payment"
        | "the ledger sets aside what is authorised and not captured"
        | "the accounts of a currency are what its payments add up to"
            if subject.starts_with("payment_") =>
        {
            Remedy::WriteTransfers { payment_id: subject }
        }
        "0 <= reserved <= on_hand + backorder_limit" => {
            Remedy::Person("count the goods, AdjustStock until there is enough, then repair again")
        }
        "shop.nothing_is_quarantined" => {
            Remedy::Person("fix the cause and ResumeSaga, or SettleSaga with a note")
        }
        "a place lies within the log" => Remedy::Person("SeekSubscription, or DeleteSubscription"),
        _ => Remedy::Person(BACKUP),
    };
    Ok(remedy)
}

const BACKUP: &str = "see docs/operations.md, \"Repairing an audit finding\"";

/// Returns whether an order in this state has no use for a reservation that still holds stock.
fn needs_no_stock(state: OrderState) -> bool {
    matches!(state, OrderState::Rejected | OrderState::Canceled)
}

/// Returns whether a reservation in this state holds stock that has not left.
fn is_held(state: ReservationState) -> bool {
    matches!(state, ReservationState::Held | ReservationState::Committed)
}

async fn apply(services: &Services, remedy: &Remedy) -> Result<(), StartError> {
    let mut stock = InventoryServiceClient::new(services.inventory.clone());
    let mut money = PaymentServiceClient::new(services.payments.clone());
    let done = match remedy {
        Remedy::DeriveStock { sku, location_id } => {
            let sku = sku.clone();
            let location_id = location_id.clone();
            let note = NOTE.to_owned();
            // Another run is another repair, so the id is that of the moment.
            let request_id =
                format!("repair-{sku}-{location_id}-{}", Clock::system().now().as_micros());
            let request = inventory::RepairStockRequest { request_id, sku, location_id, note };
            stock.repair_stock(request).await.map(|_| ())
        }
        Remedy::Release { reservation_id } => {
            let request = inventory::ReleaseReservationRequest {
                reservation_id: reservation_id.clone(),
                repair_note: NOTE.to_owned(),
                ..Default::default()
            };
            stock.release_reservation(request).await.map(|_| ())
        }
        Remedy::WriteTransfers { payment_id } => {
            let request = payments::RepairPaymentRequest { payment_id: payment_id.clone() };
            money.repair_payment(request).await.map(|_| ())
        }
        Remedy::Person(_) => Ok(()),
    };
    done.map_err(|status| failure(&remedy.to_string(), &status))
}
