//! What a response means for the saga.

use std::collections::HashMap;

use souk_client::payments::v1::DeclineCode;
use tonic::{Code, Status};
use tonic_types::{ErrorInfo, StatusExt};

use crate::answer::{Answer, Outcome};
use crate::reason::Reason;
use crate::saga::Saga;
use crate::step::Step;

/// The facts of a refusal that are kept.
const FACTS: [&str; 9] = [
    "sku",
    "price_id",
    "currency_code",
    "requested",
    "available",
    "decline",
    "location_id",
    "on_hand",
    "held",
];

/// What an upstream may refuse at a step, and why the order ends then. Any other refusal is not one
/// of the step's.
pub(super) type Refusals = [(&'static str, Reason)];

/// Says what a response without a result means. A refusal counts only when its reason is one of the
/// step's and it does not name the id of something else; what is not understood is unknown, and
/// what a repeat will not change is broken.
pub(super) fn refusal(status: &Status, refusals: &Refusals, key: Option<(&str, String)>) -> Answer {
    let failure = Some(describe(status));
    let info =
        status.get_details_error_info().unwrap_or_else(|| ErrorInfo::new("", "", HashMap::new()));
    let is_other =
        key.is_some_and(|(key, id)| info.metadata.get(key).is_some_and(|named| *named != id));
    let is_of_an_upstream = UPSTREAM_DOMAINS.contains(&info.domain.as_str());
    let known = refusals.iter().find(|(reason, _)| is_of_an_upstream && *reason == info.reason);
    let outcome = match (known, status.code()) {
        _ if is_other => Outcome::Unknown,
        // Another payment method, or a later attempt, may succeed.
        (Some((_, Reason::PaymentDeclined)), _)
            if info.metadata.get("retryable").is_some_and(|retryable| retryable == "true") =>
        {
            Outcome::Declined
        }
        (Some((_, reason)), _) => Outcome::Refused(*reason),
        (None, Code::FailedPrecondition | Code::NotFound) if !is_of_an_upstream => Outcome::Unknown,
        (None, code) if is_passing(code) => Outcome::Unknown,
        (None, _) => Outcome::Broken,
    };
    let mut metadata = info.metadata;
    let mut decline = String::new();
    if let Some(code) = metadata.get_mut("decline") {
        decline = decline_for_customer(code).to_owned();
        code.clone_from(&decline);
    }
    Answer { failure, decline, facts: facts_of(&metadata), ..Answer::of(outcome) }
}

/// Returns what an order says of a decline: its customer reads it. Payments has the whole code.
pub(super) fn decline_for_customer(code: &str) -> &str {
    match DeclineCode::from_str_name(code) {
        Some(DeclineCode::StolenOrLost | DeclineCode::Fraud) => DeclineCode::Generic.as_str_name(),
        _ => code,
    }
}

const UPSTREAM_DOMAINS: [&str; 3] = ["souk.catalog", "souk.inventory", "souk.payments"];

/// A response that parses and is not that of the question. Whether the call took effect is not
/// known, so it is repeated.
pub(super) fn not_believed(step: Step, what: &str) -> Answer {
    metrics::counter!("souk_orders_answers_not_believed_total", "step" => step.name()).increment(1);
    tracing::warn!(step = step.name(), "invalid response at {}: {what}", step.name());
    Answer { failure: Some(format!("invalid response: {what}")), ..Answer::of(Outcome::Unknown) }
}

pub(super) fn done_if(saga: &Saga, is_done: bool, otherwise: &str) -> Answer {
    if is_done { Answer::of(Outcome::Done) } else { not_believed(saga.step, otherwise) }
}

pub(super) fn fact(key: &str, value: impl ToString) -> Vec<(String, String)> {
    vec![(key.to_owned(), value.to_string())]
}

/// Returns whether the call may be retried: it may succeed later, and whether it took effect is
/// unknown.
fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal
            | Code::DataLoss
    )
}

/// Returns the reason that an upstream of ours gave.
pub(super) fn reason_of(status: &Status) -> Option<String> {
    let info = status.get_details_error_info()?;
    UPSTREAM_DOMAINS.contains(&info.domain.as_str()).then_some(info.reason)
}

fn describe(status: &Status) -> String {
    let reason = status.get_details_error_info().map_or_else(String::new, |info| info.reason);
    format!("{:?} {reason}", status.code()).trim_end().to_owned()
}

fn facts_of(metadata: &HashMap<String, String>) -> Vec<(String, String)> {
    FACTS
        .into_iter()
        .filter_map(|key| metadata.get(key).map(|value| (key.to_owned(), value.clone())))
        .collect()
}
