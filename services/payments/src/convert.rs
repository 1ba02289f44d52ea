//! Wire ↔ domain: the only place where wire data becomes trusted data.

use sea_orm::ActiveEnum;
use souk_client::payments::v1 as pb;
use souk_client::types::v1::Money as WireMoney;
use souk_contract::Caller;
use souk_types::{Money, OrderId, PaymentId, Timestamp};

use crate::attempt::Method;
use crate::error::Error;
use crate::payment::{LARGEST_AMOUNT, NewCapture, NewPayment, Payment};
use crate::provider::Charge;
use crate::provider::simulator::{Operation, Outcome, Target};
use crate::refund::{NewRefund, Refund};

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

/// Reads a payment method; the empty one is none.
pub fn method(token: String) -> Option<Method> {
    (!token.is_empty()).then_some(Method(token))
}

/// Checks which order a new payment is for: one from the orders service, none from staff.
fn order_of(
    caller: &Caller,
    payment: PaymentId,
    order: Option<OrderId>,
) -> Result<Option<OrderId>, Error> {
    match (caller, order) {
        (Caller::Staff(_), Some(order)) => Err(Error::OrderNotOfStaff { payment, order }),
        (Caller::Staff(_), None) => Ok(None),
        (_, Some(order)) => Ok(Some(order)),
        (_, None) => Err(Error::field("order_id", "is required")),
    }
}

/// Reads a payment that is to be created.
pub fn new_payment(
    caller: &Caller,
    request: pb::CreatePaymentIntentRequest,
) -> Result<NewPayment, Error> {
    let id = request.payment_id()?;
    Ok(NewPayment {
        id,
        owner: caller.key(),
        order: order_of(caller, id, request.order_id()?)?,
        customer: request.customer_id,
        amount: amount(request.amount, 0)?,
        method: method(request.payment_method),
        effective_time: effective_time(request.effective_time)?,
    })
}

/// Reads what is to be captured.
pub fn capture(request: pb::CapturePaymentRequest) -> Result<NewCapture, Error> {
    Ok(NewCapture {
        request_id: request.request_id,
        amount: request.amount.map(|money| amount(Some(money), 0)).transpose()?,
        is_final: request.r#final,
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
pub fn target(target: Option<pb::script_request::Target>) -> Result<Target, Error> {
    use pb::script_request::Target as Wire;
    match target.ok_or_else(|| Error::field("target", "is required"))? {
        Wire::PaymentMethod(token) => Ok(Target::Method(Method(token))),
        Wire::PaymentId(id) => {
            let id = id.parse().map_err(|error| Error::field("payment_id", error))?;
            Ok(Target::Payment(id))
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

fn minor(payment: &Payment, minor: i64) -> Option<WireMoney> {
    Some(Money::new(payment.amount.currency, minor).into())
}

impl From<&Payment> for pb::Payment {
    fn from(payment: &Payment) -> Self {
        pb::Payment {
            payment_id: payment.id.to_string(),
            order_id: payment.order.map_or_else(String::new, |order| order.to_string()),
            customer_id: payment.customer.clone(),
            state: payment.state as i32,
            amount: Some(payment.amount.into()),
            authorized: minor(payment, payment.authorized),
            captured: minor(payment, payment.captured),
            refunded: minor(payment, payment.refunded),
            action_url: payment.action_url.clone().unwrap_or_default(),
            decline: payment
                .decline
                .as_ref()
                .map_or_else(String::new, |decline| decline.reason.clone()),
            is_in_flight: payment.is_in_flight,
            create_time: Some(payment.create_time.into()),
            update_time: Some(payment.update_time.into()),
            effective_time: Some(payment.effective_time.into()),
            fees: minor(payment, payment.fees),
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
            create_time: Some(refund.create_time.into()),
            effective_time: Some(refund.effective_time.into()),
        }
    }
}

impl From<&Charge> for pb::Charge {
    fn from(charge: &Charge) -> Self {
        let money = |minor| Some(Money::new(charge.currency, minor).into());
        pb::Charge {
            payment_id: charge.payment.to_string(),
            held: money(charge.held),
            captured: money(charge.captured),
            refunded: money(charge.refunded),
            operations: i32::try_from(charge.operations).unwrap_or(i32::MAX),
            fees: money(charge.fees),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use sea_orm::Iterable;

    use super::*;
    use crate::refund::RefundState;
    use crate::state::State;

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
            Operation::iter().map(|one| (one, pb::SimulatedOperation::try_from(one as i32))),
        );
        // A token alone brings the others about.
        let scripted = Outcome::iter().filter(|outcome| *outcome as i32 <= Outcome::Slow as i32);
        assert_named_alike(scripted.map(|one| (one, pb::SimulatedOutcome::try_from(one as i32))));
    }
}
