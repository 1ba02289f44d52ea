//! Every boundary at which a process may die, and the stories that pass it. The lists come from the
//! code and from the contract; a boundary without a story fails the test by name.

use souk_client::ops::v1::FaultAction;
use souk_client::ops::v1::fault::Effect;
use souk_contract::{Idempotency, MethodPolicy};

use crate::shopping::{CURRENCIES, SERVICES};
use crate::story::Plot;

/// Kills the process at a point, or before a method runs.
pub const CRASH_BEFORE: Effect = Effect::Action(FaultAction::CrashBefore as i32);
/// Kills the process after a method has run.
pub const CRASH_AFTER: Effect = Effect::Action(FaultAction::CrashAfter as i32);

/// A boundary and a story that passes it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Whose process dies.
    pub service: &'static str,
    /// A fault point or a method.
    pub target: String,
    pub effect: Effect,
    pub plot: Plot,
    /// How often the story passes it before.
    pub passes: u32,
}

impl Case {
    /// Returns whether the call for which the order waits was stored before the death, so that the
    /// shop must carry it out although its client is gone.
    pub fn is_carried_out(&self) -> bool {
        let method = self.target.rsplit('/').next().unwrap_or_default();
        let is_lost = self.effect == CRASH_BEFORE;
        match self.plot {
            // The pass after the decline is that of the second card.
            Plot::SecondCard if self.is_authorization() => self.passes > 0,
            Plot::SplitSecondCard if self.is_authorization() => self.passes > 1,
            Plot::SecondCard | Plot::SplitSecondCard => !(is_lost && method == "RetryPayment"),
            Plot::CaptureLater => !(is_lost && method == "CaptureOrder"),
            _ => true,
        }
    }

    fn is_authorization(&self) -> bool {
        self.target.contains(".authorize.")
    }
}

/// Writes that no saga makes and whose caller is a person at a desk.
const NOT_OF_A_SAGA: [&str; 13] = [
    // claim.rs kills it, and what follows it.
    "ClaimGuestOrders",
    "UpdateOrder",
    "UpdateFulfillment",
    "MarkFulfillmentDelivered",
    "CreatePayment",
    "ReceiveProviderEvent",
    "CreateLocation",
    "UpdateLocation",
    "AdjustStock",
    "ReceiveStock",
    "UpdateStockPolicy",
    "RepairPayment",
    "RepairStock",
];

/// Returns every case, in the order in which an order meets them.
///
/// # Panics
/// When a boundary has no story.
pub fn cases() -> Vec<Case> {
    // No order does what a provider takes back; tests/journeys/payments.rs kills payments there.
    let of_payments = ::payments::FAULT_POINTS.iter().filter(|point| !point.contains(".reverse."));
    let points = ::orders::FAULT_POINTS.iter().chain(of_payments).flat_map(|point| {
        let (service, rest) = point.split_once('.').expect("<service>.<step>.<moment>");
        let (step, _) = rest.split_once('.').expect("<service>.<step>.<moment>");
        let plots = at_step(service, step);
        assert!(!plots.is_empty(), "no story passes {point}");
        plots.iter().map(move |(plot, passes)| Case {
            service: known(service),
            target: (*point).to_owned(),
            effect: CRASH_BEFORE,
            plot: *plot,
            passes: *passes,
        })
    });
    let methods =
        souk_client::CONTRACT.methods.iter().filter(|method| is_of_a_saga(method)).flat_map(
            |method| {
                let target = method.path.trim_start_matches('/');
                let service = known(method.domain.split('.').nth(1).expect("souk.<service>"));
                [CRASH_BEFORE, CRASH_AFTER].into_iter().flat_map(move |effect| {
                    let plots = in_method(method.method, &effect);
                    assert!(!plots.is_empty(), "no story calls {target}");
                    plots.into_iter().map(move |plot| Case {
                        service,
                        target: target.to_owned(),
                        effect,
                        plot,
                        passes: 0,
                    })
                })
            },
        );
    points.chain(methods).collect()
}

/// Returns whether a method writes on behalf of an order.
fn is_of_a_saga(method: &MethodPolicy) -> bool {
    let services = ["souk.orders", "souk.payments", "souk.inventory", "souk.ledger"];
    method.idempotency == Idempotency::Idempotent
        && services.contains(&method.domain)
        && !NOT_OF_A_SAGA.contains(&method.method)
}

/// Returns the stories that pass a step, and how often each passes it before it is to die there.
fn at_step(service: &str, step: &str) -> &'static [(Plot, u32)] {
    match (service, step) {
        ("orders", "price" | "reserve" | "commit") => &[(Plot::Buy, 0)],
        // With the first card, with the second one, and when time is up.
        ("orders", "authorize") => &[
            (Plot::Buy, 0),
            (Plot::SecondCard, 0),
            (Plot::SecondCard, 1),
            (Plot::GiveUpCard, 1),
            (Plot::SplitBuy, 0),
            (Plot::SplitBuy, 1),
            (Plot::SplitSecondCard, 0),
            (Plot::SplitSecondCard, 1),
            (Plot::SplitSecondCard, 2),
        ],
        ("orders", "capture") => &[
            (Plot::Buy, 0),
            (Plot::CaptureLater, 0),
            (Plot::CaptureAndFulfill, 0),
            (Plot::FulfillInParts, 0),
            (Plot::FulfillInParts, 1),
            (Plot::SplitBuy, 0),
            (Plot::SplitBuy, 1),
            (Plot::SplitInParts, 1),
            (Plot::SplitInParts, 2),
        ],
        ("orders", "void") => &[
            (Plot::CaptureDeclined, 0),
            (Plot::GiveUpWaiting, 0),
            (Plot::GiveUpCard, 0),
            (Plot::SplitDeclined, 0),
            (Plot::SplitCaptureDeclined, 0),
        ],
        ("orders", "release") => &[(Plot::Declined, 0), (Plot::Cancel, 0), (Plot::CancelPart, 0)],
        ("orders", "consume") => {
            &[(Plot::Fulfill, 0), (Plot::FulfillInParts, 0), (Plot::FulfillInParts, 1)]
        }
        ("orders", "pay_back") => &[
            (Plot::Refund, 0),
            (Plot::Cancel, 0),
            (Plot::CancelPart, 0),
            (Plot::SplitRefund, 0),
            (Plot::SplitCaptureDeclined, 0),
        ],
        ("orders", "take_back") => &[(Plot::Refund, 0)],
        ("payments", "authorize") => &[
            (Plot::Buy, 0),
            (Plot::SecondCard, 0),
            (Plot::SecondCard, 1),
            (Plot::SplitSecondCard, 1),
            (Plot::SplitSecondCard, 2),
        ],
        ("payments", "capture") => &[(Plot::Buy, 0), (Plot::SplitBuy, 1)],
        ("payments", "complete_action") => &[(Plot::Approve, 0)],
        ("payments", "void") => {
            &[(Plot::CaptureDeclined, 0), (Plot::GiveUpUnknown, 0), (Plot::SplitDeclined, 0)]
        }
        // Of several payments the second is paid back in the same step as the first.
        ("payments", "refund") => {
            &[(Plot::Refund, 0), (Plot::SplitRefund, 0), (Plot::SplitRefund, 1)]
        }
        _ => &[],
    }
}

/// Returns the stories that call a method.
fn in_method(method: &str, effect: &Effect) -> Vec<Plot> {
    let is_before = *effect == CRASH_BEFORE;
    vec![match method {
        // Of several payments it is the later one that is retried.
        "RetryPayment" | "ConfirmPayment" => {
            return vec![Plot::SecondCard, Plot::SplitSecondCard];
        }
        "PlaceOrder" | "CreateReservation" | "CommitReservation" | "AuthorizePayment"
        | "CapturePayment" | "CreateTransfers" => Plot::Buy,
        // Each in a currency of its own: payments remembers for which it has made them.
        "CreateLedger" if is_before => Plot::FirstSale(CURRENCIES[1]),
        "CreateLedger" => Plot::FirstSale(CURRENCIES[2]),
        "CreateAccounts" if is_before => Plot::FirstSale(CURRENCIES[3]),
        "CreateAccounts" => Plot::FirstSale(CURRENCIES[4]),
        "CaptureOrder" => Plot::CaptureLater,
        "CancelOrder" => Plot::Cancel,
        "CreateFulfillment" | "ConsumeReservation" => Plot::Fulfill,
        "RefundOrder" | "RefundPayment" | "ReturnStock" => Plot::Refund,
        "VoidPayment" => Plot::CaptureDeclined,
        "ReleaseReservation" => Plot::Declined,
        "RefreshPayment" => Plot::Approve,
        _ => return vec![],
    }]
}

fn known(service: &str) -> &'static str {
    SERVICES
        .into_iter()
        .find(|one| *one == service)
        .unwrap_or_else(|| panic!("{service} is no service of the shop"))
}
