//! Every boundary at which a process may die, and the stories that pass it. The lists come from the
//! code and from the contract; a boundary without a story fails the test by name.

use souk_chassis::pb::souk::chassis::v1::fault_rule::Effect;
use souk_contract::{Idempotency, MethodPolicy};

use crate::shopping::{CURRENCIES, SERVICES};
use crate::story::Plot;

/// A boundary and a story that passes it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Whose process dies.
    pub service: &'static str,
    /// A fault point or a method.
    pub target: String,
    pub effect: Effect,
    pub plot: Plot,
}

/// Writes that no saga makes and whose caller is a person at a desk.
const NOT_OF_A_SAGA: [&str; 10] = [
    "CreatePaymentIntent",
    "ConfirmPaymentIntent",
    "ResumeOrder",
    "SettleOrder",
    "Script",
    "CreateLocation",
    "AdjustStock",
    "ReceiveStock",
    "RepairPayment",
    "RepairStock",
];

/// Returns every case, in the order in which an order meets them.
///
/// # Panics
/// When a boundary has no story.
pub fn cases() -> Vec<Case> {
    let points = ::orders::FAULT_POINTS.iter().chain(::payments::FAULT_POINTS).flat_map(|point| {
        let (service, rest) = point.split_once('.').expect("<service>.<step>.<moment>");
        let (step, _) = rest.split_once('.').expect("<service>.<step>.<moment>");
        let plots = at_step(service, step);
        assert!(!plots.is_empty(), "no story passes {point}");
        plots.iter().map(move |plot| Case {
            service: known(service),
            target: (*point).to_owned(),
            effect: Effect::CrashBefore(true),
            plot: *plot,
        })
    });
    let methods = souk_client::CONTRACT
        .methods
        .iter()
        .filter(|method| is_of_a_saga(method))
        .flat_map(|method| {
            let target = method.path.trim_start_matches('/');
            let service = known(method.package.split('.').nth(1).expect("souk.<service>.v1"));
            [(Effect::CrashBefore(true), CURRENCIES[1]), (Effect::CrashAfter(true), CURRENCIES[2])]
                .map(|(effect, currency)| {
                    let plot = in_method(method.method, currency)
                        .unwrap_or_else(|| panic!("no story calls {target}"));
                    Case { service, target: target.to_owned(), effect, plot }
                })
        });
    points.chain(methods).collect()
}

/// Returns whether a method writes on behalf of an order.
fn is_of_a_saga(method: &MethodPolicy) -> bool {
    let services = ["souk.orders.v1", "souk.payments.v1", "souk.inventory.v1", "souk.ledger.v1"];
    method.idempotency == Idempotency::Idempotent
        && services.contains(&method.package)
        && !NOT_OF_A_SAGA.contains(&method.method)
}

fn at_step(service: &str, step: &str) -> &'static [Plot] {
    match (service, step) {
        ("orders", "price" | "reserve" | "authorize" | "commit" | "capture") => &[Plot::Buy],
        ("orders", "void") => &[Plot::CaptureDeclined, Plot::GiveUpWaiting],
        ("orders", "release") => &[Plot::Declined, Plot::Cancel],
        ("orders", "consume") => &[Plot::Fulfill],
        ("orders", "pay_back") => &[Plot::Refund, Plot::Cancel],
        ("orders", "take_back") => &[Plot::Refund],
        ("payments", "authorize" | "capture") => &[Plot::Buy],
        ("payments", "complete_action") => &[Plot::Approve],
        ("payments", "void") => &[Plot::CaptureDeclined, Plot::GiveUpUnknown],
        ("payments", "refund") => &[Plot::Refund],
        _ => &[],
    }
}

fn in_method(method: &str, new_currency: &'static str) -> Option<Plot> {
    Some(match method {
        "PlaceOrder" | "Reserve" | "CommitReservation" | "AuthorizePayment" | "CapturePayment"
        | "CreateTransfers" => Plot::Buy,
        "CreateAccounts" => Plot::FirstSale(new_currency),
        "CancelOrder" => Plot::Cancel,
        "FulfillOrder" | "ConsumeReservation" => Plot::Fulfill,
        "RefundOrder" | "RefundPayment" | "ReturnStock" => Plot::Refund,
        "VoidPayment" => Plot::CaptureDeclined,
        "ReleaseReservation" => Plot::Declined,
        "CompletePaymentAction" | "CompleteAction" => Plot::Approve,
        _ => return None,
    })
}

fn known(service: &str) -> &'static str {
    SERVICES
        .into_iter()
        .find(|one| *one == service)
        .unwrap_or_else(|| panic!("{service} is no service of the shop"))
}
