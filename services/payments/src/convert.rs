//! Wire ↔ domain: the only place where wire data becomes trusted data.

use sea_orm::ActiveEnum;
use souk_client::payments::simulator::v1alpha as simulator;
use souk_client::payments::v1 as pb;
use souk_client::types::v1::Money as WireMoney;
use souk_contract::Caller;
use souk_types::{CaptureId, CustomerId, Money, OrderId, PaymentId, RefundId, Timestamp};

use crate::attempt::{Decline, Method, ReturnUrl};
use crate::capture::Capture;
use crate::error::Error;
use crate::payment::{Confirmation, LARGEST_AMOUNT, NewCapture, NewPayment, Payment};
use crate::provider::Charge;
use crate::provider::simulator::{Operation, Outcome, Target};
use crate::refund::{NewRefund, Refund};
use crate::state::State;
use crate::store::list::Range;

/// Reads an amount of at least `least` minor units.
fn amount(money: Option<WireMoney>, least: i64) -> Result<Money, Error> {
    let money = money.ok_or_else(|| Error::field("amount", "is required"))?;
    let money =
        Money::try_from(money).map_err(|error| Error::field("amount.currency_code", error))?;
    money.currency.of_commerce().map_err(|error| Error::field("amount.currency_code", error))?;
    if !(least..=LARGEST_AMOUNT).contains(&money.minor) {
        let problem = format!("must be {least} to {LARGEST_AMOUNT} minor units");
        return Err(Error::Amount { field: "amount.minor_units", problem });
    }
    Ok(money)
}

fn effective_time(time: Option<prost_types::Timestamp>) -> Result<Option<Timestamp>, Error> {
    time.map(|time| {
        Timestamp::try_from(time).map_err(|error| Error::field("effective_time", error))
    })
    .transpose()
}

/// Reads the id of a customer; the empty one is none.
pub fn customer(id: &str) -> Result<Option<CustomerId>, Error> {
    let id = (!id.is_empty()).then(|| id.parse()).transpose();
    id.map_err(|error| Error::field("customer_id", error))
}

/// Reads a payment method; the empty one is none.
fn method(token: String) -> Option<Method> {
    (!token.is_empty()).then_some(Method(token))
}

/// Checks which order a new payment is for: none from staff.
fn order_of(
    caller: &Caller,
    payment: PaymentId,
    order: Option<OrderId>,
) -> Result<Option<OrderId>, Error> {
    match (caller, order) {
        (Caller::Staff(_), Some(order)) => Err(Error::OrderNotOfStaff { payment, order }),
        (_, order) => Ok(order),
    }
}

fn return_url(url: String) -> Option<ReturnUrl> {
    (!url.is_empty()).then_some(ReturnUrl(url))
}

/// Reads a payment that is to be created.
pub fn new_payment(
    caller: &Caller,
    request: pb::CreatePaymentRequest,
) -> Result<NewPayment, Error> {
    let id = request.payment_id()?;
    Ok(NewPayment {
        id,
        owner: caller.key(),
        order: order_of(caller, id, request.order_id()?)?,
        reference: request.reference,
        customer: customer(&request.customer_id)?,
        amount: amount(request.amount, 0)?,
        method: method(request.payment_method),
        return_url: None,
        effective_time: effective_time(request.effective_time)?,
    })
}

/// Reads a payment that is to be created and confirmed.
pub fn authorization(
    caller: &Caller,
    request: pb::AuthorizePaymentRequest,
) -> Result<NewPayment, Error> {
    let id = request.payment_id()?;
    Ok(NewPayment {
        id,
        owner: caller.key(),
        order: order_of(caller, id, request.order_id()?)?,
        reference: request.reference,
        customer: customer(&request.customer_id)?,
        amount: amount(request.amount, 0)?,
        method: method(request.payment_method),
        return_url: return_url(request.return_url),
        effective_time: effective_time(request.effective_time)?,
    })
}

/// Reads what a payment is to be confirmed with.
pub fn confirmation(request: pb::ConfirmPaymentRequest) -> Confirmation {
    Confirmation {
        method: method(request.payment_method),
        return_url: return_url(request.return_url),
    }
}

/// Reads which time a list covers, and its order.
pub fn range(
    after: Option<prost_types::Timestamp>,
    before: Option<prost_types::Timestamp>,
    order_by: &str,
) -> Result<Range, Error> {
    let read = |time: Option<prost_types::Timestamp>, field: &'static str| {
        time.map(|time| Timestamp::try_from(time).map_err(|error| Error::field(field, error)))
            .transpose()
    };
    Ok(Range {
        after: read(after, "create_time_after")?,
        before: read(before, "create_time_before")?,
        is_oldest_first: order_by == "create_time",
    })
}

/// Reads the states of a list. The contract has checked the numbers, which are those of the enum.
pub fn states<S: ActiveEnum<Value = i64>>(numbers: &[i32]) -> Vec<S> {
    numbers.iter().filter_map(|number| S::try_from_value(&(*number).into()).ok()).collect()
}

/// Reads what is to be captured.
pub fn capture(request: pb::CapturePaymentRequest) -> Result<NewCapture, Error> {
    Ok(NewCapture {
        id: request.capture_id()?,
        amount: request.amount.map(|money| amount(Some(money), 0)).transpose()?,
        is_final: request.final_capture,
        effective_time: effective_time(request.effective_time)?,
    })
}

/// Reads what is to be refunded.
pub fn refund(request: pb::RefundPaymentRequest) -> Result<NewRefund, Error> {
    Ok(NewRefund {
        id: request.refund_id()?,
        amount: amount(request.amount, 1)?,
        effective_time: effective_time(request.effective_time)?,
    })
}

/// Reads what a script is for.
pub fn target(target: Option<simulator::script_charges_request::Target>) -> Result<Target, Error> {
    use simulator::script_charges_request::Target as Wire;
    match target.ok_or_else(|| Error::field("target", "is required"))? {
        Wire::PaymentMethod(token) => Ok(Target::Method(Method(token))),
        Wire::PaymentId(id) => {
            let id = id.parse().map_err(|error| Error::field("payment_id", error))?;
            Ok(Target::Payment(id))
        }
    }
}

/// What the simulator is to take back.
#[derive(Clone, Copy, Debug)]
pub enum Reversed {
    Capture(CaptureId),
    Refund(RefundId),
}

/// Reads what the simulator is to take back.
pub fn reversed(
    operation: Option<simulator::reverse_operation_request::Operation>,
) -> Result<Reversed, Error> {
    use simulator::reverse_operation_request::Operation as Wire;
    match operation.ok_or_else(|| Error::field("operation", "is required"))? {
        Wire::CaptureId(id) => {
            let id = id.parse().map_err(|error| Error::field("capture_id", error))?;
            Ok(Reversed::Capture(id))
        }
        Wire::RefundId(id) => {
            let id = id.parse().map_err(|error| Error::field("refund_id", error))?;
            Ok(Reversed::Refund(id))
        }
    }
}

/// Reads which operations a script is for; none means any.
pub fn operation(number: i32) -> Option<Operation> {
    Operation::try_from_value(&number.into()).ok()
}

/// Reads the scripted outcomes of operations. The contract has checked the numbers, which are those
/// of the enum.
pub fn outcomes(numbers: &[i32]) -> Result<Vec<Outcome>, Error> {
    let outcome = |number: &i32| Outcome::try_from_value(&(*number).into());
    numbers
        .iter()
        .map(|number| outcome(number).map_err(|_| Error::field("outcomes", "is unknown")))
        .collect()
}

/// A tombstone has no currency.
fn minor(payment: &Payment, minor: i64) -> Option<WireMoney> {
    (!payment.is_tombstone()).then(|| Money::new(payment.amount.currency, minor).into())
}

impl From<&Decline> for pb::PaymentDecline {
    fn from(decline: &Decline) -> Self {
        pb::PaymentDecline {
            code: decline.code as i32,
            retryable: decline.is_retryable,
            detail: decline.detail.clone(),
        }
    }
}

/// Returns a payment as its customer sees it: neither what the shop and the provider settle between
/// them, nor what a thief must not learn about a decline.
pub fn for_caller(caller: &Caller, payment: &Payment) -> pb::Payment {
    let payment = pb::Payment::from(payment);
    match caller {
        Caller::Service(_) | Caller::Staff(_) => payment,
        _ => pb::Payment {
            fees: None,
            provider_reference: String::new(),
            decline: payment.decline.map(for_customer),
            ..payment
        },
    }
}

fn for_customer(decline: pb::PaymentDecline) -> pb::PaymentDecline {
    let code = match decline.code() {
        pb::DeclineCode::StolenOrLost | pb::DeclineCode::Fraud => pb::DeclineCode::Generic,
        code => code,
    };
    pb::PaymentDecline { code: code.into(), detail: String::new(), ..decline }
}

impl From<&Payment> for pb::Payment {
    fn from(payment: &Payment) -> Self {
        pb::Payment {
            payment_id: payment.id.to_string(),
            order_id: payment.order.map_or_else(String::new, |order| order.to_string()),
            reference: payment.reference.clone(),
            customer_id: payment.customer.map_or_else(String::new, |id| id.to_string()),
            state: payment.state as i32,
            cancellation_reason: payment.cancellation.map_or(0, |why| why as i32),
            in_flight: payment.is_in_flight,
            amount: minor(payment, payment.amount.minor),
            authorized: minor(payment, payment.authorized),
            captured: minor(payment, payment.captured),
            refunded: minor(payment, payment.refunded),
            fees: minor(payment, payment.fees),
            action: payment.action_url.as_ref().map(|url| pb::PaymentAction {
                redirect_uri: url.clone(),
                expire_time: payment.expire_time.map(Into::into),
            }),
            decline: payment.decline.as_ref().map(Into::into),
            payment_method: payment.summary.as_ref().map(|summary| pb::PaymentMethodSummary {
                brand: summary.brand.clone(),
                last4: summary.last4.clone(),
                wallet: summary.wallet.clone(),
            }),
            provider: payment.provider.clone().unwrap_or_default(),
            provider_reference: payment.provider_reference.clone().unwrap_or_default(),
            authorization_expire_time: payment
                .expire_time
                .filter(|_| payment.state == State::RequiresCapture)
                .map(Into::into),
            create_time: Some(payment.create_time.into()),
            update_time: Some(payment.update_time.into()),
            effective_time: Some(payment.effective_time.into()),
        }
    }
}

impl From<&Capture> for pb::PaymentCapture {
    fn from(capture: &Capture) -> Self {
        pb::PaymentCapture {
            capture_id: capture.id.to_string(),
            payment_id: capture.payment.to_string(),
            amount: Some(capture.amount.into()),
            state: capture.state as i32,
            final_capture: capture.is_final,
            decline: capture.decline.as_ref().map(Into::into),
            fee: Some(Money::new(capture.amount.currency, capture.fee).into()),
            create_time: Some(capture.create_time.into()),
            effective_time: Some(capture.effective_time.into()),
        }
    }
}

impl From<&Refund> for pb::PaymentRefund {
    fn from(refund: &Refund) -> Self {
        pb::PaymentRefund {
            refund_id: refund.id.to_string(),
            payment_id: refund.payment.to_string(),
            amount: Some(refund.amount.into()),
            state: refund.state as i32,
            decline: refund.decline.as_ref().map(Into::into),
            create_time: Some(refund.create_time.into()),
            effective_time: Some(refund.effective_time.into()),
        }
    }
}

impl From<&Charge> for simulator::Charge {
    fn from(charge: &Charge) -> Self {
        let money = |minor| Some(Money::new(charge.currency, minor).into());
        simulator::Charge {
            payment_id: charge.payment.to_string(),
            held: money(charge.held),
            captured: money(charge.captured),
            refunded: money(charge.refunded),
            operation_count: i32::try_from(charge.operations).unwrap_or(i32::MAX),
            fees: money(charge.fees),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use sea_orm::Iterable;

    use super::*;
    use crate::attempt::DeclineCode;
    use crate::capture::CaptureState;
    use crate::refund::RefundState;
    use crate::state::Cancellation;

    fn assert_named_alike<T: Debug, E: Debug>(
        numbers: impl Iterator<Item = (T, Result<E, prost::UnknownEnumValue>)>,
    ) {
        for (ours, wire) in numbers {
            assert_eq!(format!("{ours:?}"), format!("{:?}", wire.unwrap()));
        }
    }

    #[test]
    fn states_and_operations_have_the_numbers_of_the_contract() {
        assert_named_alike(
            State::iter().map(|state| (state, pb::PaymentState::try_from(state as i32))),
        );
        assert_named_alike(
            RefundState::iter()
                .map(|state| (state, pb::PaymentRefundState::try_from(state as i32))),
        );
        assert_named_alike(
            CaptureState::iter()
                .map(|state| (state, pb::PaymentCaptureState::try_from(state as i32))),
        );
        assert_named_alike(
            DeclineCode::iter().map(|code| (code, pb::DeclineCode::try_from(code as i32))),
        );
        assert_named_alike(
            Cancellation::iter()
                .map(|why| (why, pb::PaymentCancellationReason::try_from(why as i32))),
        );
        assert_named_alike(
            Operation::iter().map(|one| (one, simulator::SimulatedOperation::try_from(one as i32))),
        );
        // A token alone brings the others about.
        let scripted = Outcome::iter().filter(|outcome| *outcome as i32 <= Outcome::Slow as i32);
        assert_named_alike(
            scripted.map(|one| (one, simulator::SimulatedOutcome::try_from(one as i32))),
        );
    }
}
