//! The simulator's rules: how an operation changes a charge. It checks everything itself, as a
//! provider does that trusts no caller. Pure.

use sea_orm::{DeriveActiveEnum, EnumIter};

use super::token::{Operation, Outcome};
use souk_types::Timestamp;

use crate::attempt::{Answer, Decline, DeclineCode};

/// The state of a charge at the simulator. The numbers are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum ChargeState {
    /// Nothing is set aside yet, or the last try was declined.
    Open = 1,
    /// The customer must act.
    WaitsForAction = 2,
    /// The amount is set aside, wholly or the rest of it.
    Held = 3,
    /// Nothing is reserved any more. Final.
    Closed = 4,
}

/// A line of the book, in minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub state: ChargeState,
    pub held: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
}

/// The details of an operation besides its amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    pub approve: bool,
    /// Of an action: its time is over, and without a decision it is declined.
    pub is_over: bool,
    pub is_last: bool,
}

/// What the simulator keeps of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    pub basis_points: i64,
    pub minor_units: i64,
}

impl Fees {
    /// Returns the fee for a capture, rounded down and never more than the capture.
    pub fn of(self, amount: i64) -> i64 {
        let share = i128::from(amount) * i128::from(self.basis_points) / 10_000;
        let fee = share + i128::from(self.minor_units);
        i64::try_from(fee).unwrap_or(i64::MAX).min(amount)
    }
}

impl Line {
    /// Takes a capture back, or the money of a refund in again. Returns whether that is possible:
    /// no more is taken back than was not refunded.
    pub fn reverse(&mut self, operation: Operation, amount: i64) -> bool {
        match operation {
            Operation::Capture if amount <= self.captured - self.refunded => {
                self.captured -= amount;
                true
            }
            Operation::Refund if amount <= self.refunded => {
                self.refunded -= amount;
                true
            }
            _ => false,
        }
    }

    /// Carries an operation out, or declines it.
    pub fn take(
        &mut self,
        operation: Operation,
        amount: i64,
        detail: Detail,
        outcome: Outcome,
        fees: Fees,
    ) -> Answer {
        if let Some(decline) = scripted_decline(operation, outcome) {
            if operation == Operation::CompleteAction && self.state == ChargeState::WaitsForAction {
                self.state = ChargeState::Open;
            }
            return Answer::Declined(decline);
        }
        let mut fee = 0;
        match (operation, self.state) {
            (Operation::Authorize, ChargeState::Open) if outcome == Outcome::RequireAction => {
                self.state = ChargeState::WaitsForAction;
                // The delivery knows where, and until when.
                let expire_time = Timestamp::from_micros(0);
                return Answer::ActionRequired { url: String::new(), expire_time };
            }
            (Operation::Authorize, ChargeState::Open) => {
                (self.state, self.held) = (ChargeState::Held, amount);
            }
            (Operation::CompleteAction, ChargeState::WaitsForAction) if detail.approve => {
                (self.state, self.held) = (ChargeState::Held, amount);
            }
            (Operation::CompleteAction, ChargeState::WaitsForAction) => {
                self.state = ChargeState::Open;
                let word = if detail.is_over { "action_expired" } else { "declined_by_customer" };
                return declined(word, true);
            }
            (Operation::Capture, ChargeState::Held) if (1..=self.held).contains(&amount) => {
                fee = fees.of(amount);
                self.held -= amount;
                self.captured += amount;
                self.fees += fee;
                if detail.is_last || self.held == 0 {
                    (self.state, self.held) = (ChargeState::Closed, 0);
                }
            }
            // Also a charge that never arrived: what arrives later finds it closed.
            (Operation::Void, _) => (self.state, self.held) = (ChargeState::Closed, 0),
            (Operation::Refund, _) if (1..=self.captured - self.refunded).contains(&amount) => {
                self.refunded += amount
            }
            (Operation::Capture | Operation::Refund, _) => {
                return declined("amount_too_large", false);
            }
            (Operation::Authorize | Operation::CompleteAction, _) => {
                return declined("charge_closed", false);
            }
        }
        Answer::Approved { fee }
    }
}

fn declined(word: &str, is_retryable: bool) -> Answer {
    Answer::Declined(decline(word, is_retryable))
}

/// Translates the simulator's words, as an adapter of a real provider does.
pub fn decline(word: &str, is_retryable: bool) -> Decline {
    let code = match word {
        "insufficient_funds" => DeclineCode::InsufficientFunds,
        "card_expired" => DeclineCode::CardExpired,
        "stolen_card" => DeclineCode::StolenOrLost,
        "suspected_fraud" => DeclineCode::Fraud,
        "declined_by_customer" => DeclineCode::AuthenticationFailed,
        "action_expired" => DeclineCode::ActionExpired,
        "charge_expired" => DeclineCode::AuthorizationExpired,
        "refund_refused" | "amount_too_large" | "charge_closed" => DeclineCode::NotAllowed,
        _ => DeclineCode::Generic,
    };
    Decline { code, detail: word.to_owned(), is_retryable }
}

/// Returns why the outcome declines this operation, if it does. A void is never declined.
fn scripted_decline(operation: Operation, outcome: Outcome) -> Option<Decline> {
    let is_retryable = match outcome {
        Outcome::Decline
        | Outcome::DeclineExpired
        | Outcome::DeclineStolen
        | Outcome::DeclineFraud => false,
        Outcome::DeclineSoft => true,
        _ => return None,
    };
    let word = match (operation, is_retryable) {
        (Operation::Void, _) => return None,
        (_, true) => "insufficient_funds",
        (Operation::Authorize, false) if outcome == Outcome::DeclineExpired => "card_expired",
        (Operation::Authorize, false) if outcome == Outcome::DeclineStolen => "stolen_card",
        (Operation::Authorize, false) if outcome == Outcome::DeclineFraud => "suspected_fraud",
        (Operation::Authorize | Operation::CompleteAction, false) => "card_declined",
        (Operation::Capture, false) => "charge_expired",
        (Operation::Refund, false) => "refund_refused",
    };
    Some(decline(word, is_retryable))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_FEES: Fees = Fees { basis_points: 0, minor_units: 0 };

    fn new_line() -> Line {
        Line { state: ChargeState::Open, held: 0, captured: 0, refunded: 0, fees: 0 }
    }

    fn held(amount: i64) -> Line {
        let mut line = new_line();
        line.take(Operation::Authorize, amount, Detail::default(), Outcome::Approve, NO_FEES);
        line
    }

    fn take(line: &mut Line, operation: Operation, amount: i64) -> Answer {
        line.take(operation, amount, Detail::default(), Outcome::Approve, NO_FEES)
    }

    #[test]
    fn parts_are_captured_until_nothing_is_held() {
        let mut line = held(100);
        assert_eq!(take(&mut line, Operation::Capture, 60), Answer::Approved { fee: 0 });
        assert_eq!((line.state, line.held, line.captured), (ChargeState::Held, 40, 60));
        assert_eq!(take(&mut line, Operation::Capture, 41), declined("amount_too_large", false));
        assert_eq!(take(&mut line, Operation::Capture, 40), Answer::Approved { fee: 0 });
        assert_eq!((line.state, line.held, line.captured), (ChargeState::Closed, 0, 100));
    }

    #[test]
    fn the_last_capture_sets_the_rest_free() {
        let mut line = held(100);
        let detail = Detail { is_last: true, ..Default::default() };
        line.take(Operation::Capture, 30, detail, Outcome::Approve, NO_FEES);
        assert_eq!((line.state, line.held, line.captured), (ChargeState::Closed, 0, 30));
    }

    #[test]
    fn no_more_is_refunded_than_was_captured() {
        let mut line = held(100);
        take(&mut line, Operation::Capture, 100);
        assert_eq!(take(&mut line, Operation::Refund, 70), Answer::Approved { fee: 0 });
        assert_eq!(take(&mut line, Operation::Refund, 31), declined("amount_too_large", false));
        assert_eq!(line.refunded, 70);
    }

    #[test]
    fn an_authorisation_that_arrives_after_the_void_sets_nothing_aside() {
        let mut line = new_line();
        assert_eq!(take(&mut line, Operation::Void, 0), Answer::Approved { fee: 0 });
        assert_eq!(take(&mut line, Operation::Authorize, 100), declined("charge_closed", false));
        assert_eq!(line.held, 0);
    }

    #[test]
    fn a_charge_may_be_tried_again_after_a_decline() {
        let mut line = new_line();
        let answer =
            line.take(Operation::Authorize, 100, Detail::default(), Outcome::DeclineSoft, NO_FEES);
        assert_eq!(answer, declined("insufficient_funds", true));
        assert_eq!(take(&mut line, Operation::Authorize, 100), Answer::Approved { fee: 0 });
    }

    #[test]
    fn the_customer_decides_what_waits_for_an_action() {
        for (approve, answer, held) in [
            (true, Answer::Approved { fee: 0 }, 100),
            (false, declined("declined_by_customer", true), 0),
        ] {
            let mut line = new_line();
            let asked = line.take(
                Operation::Authorize,
                100,
                Detail::default(),
                Outcome::RequireAction,
                NO_FEES,
            );
            assert!(matches!(asked, Answer::ActionRequired { .. }));
            let detail = Detail { approve, ..Default::default() };
            let decided =
                line.take(Operation::CompleteAction, 100, detail, Outcome::Approve, NO_FEES);
            assert_eq!((decided, line.held), (answer, held));
        }
    }

    #[test]
    fn the_time_of_an_action_ends_it_without_a_decision() {
        let mut line = new_line();
        line.take(Operation::Authorize, 100, Detail::default(), Outcome::RequireAction, NO_FEES);
        let detail = Detail { is_over: true, ..Default::default() };
        let ended = line.take(Operation::CompleteAction, 100, detail, Outcome::Approve, NO_FEES);
        assert_eq!((ended, line.held), (declined("action_expired", true), 0));
        assert_eq!(line.state, ChargeState::Open, "another authorisation may follow");
    }

    #[test]
    fn no_more_is_taken_back_than_was_not_refunded() {
        let mut line = held(100);
        take(&mut line, Operation::Capture, 60);
        take(&mut line, Operation::Capture, 40);
        take(&mut line, Operation::Refund, 50);
        assert!(!line.reverse(Operation::Capture, 60));
        assert!(line.reverse(Operation::Capture, 40));
        assert_eq!((line.captured, line.refunded), (60, 50));
        assert!(line.reverse(Operation::Refund, 50));
        assert_eq!((line.captured, line.refunded), (60, 0));
        assert!(!line.reverse(Operation::Void, 1));
    }

    #[test]
    fn fees_are_rounded_down_and_never_more_than_the_capture() {
        let fees = Fees { basis_points: 140, minor_units: 20 };
        assert_eq!(fees.of(1000), 34);
        assert_eq!(fees.of(1), 1);
        assert_eq!(Fees { basis_points: 10_000, minor_units: 0 }.of(i64::MAX), i64::MAX);
    }
}
