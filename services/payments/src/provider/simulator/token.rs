//! The test tokens: how each changes an operation. SimulatorService in the contract documents them.

use sea_orm::{DeriveActiveEnum, EnumIter};
use souk_types::PaymentId;

use crate::attempt::{Method, MethodSummary};

/// What a provider is asked to do. The numbers are those of the contract and of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Operation {
    Authorize = 1,
    CompleteAction = 2,
    Capture = 3,
    Void = 4,
    Refund = 5,
}

/// What an operation comes to. The numbers are those of the contract and of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i64", db_type = "BigInteger")]
pub enum Outcome {
    Approve = 1,
    Decline = 2,
    DeclineSoft = 3,
    LoseAnswer = 4,
    LoseRequest = 5,
    Slow = 6,
    /// The customer must act; only a token brings it about.
    RequireAction = 7,
    /// Never arrives, however often it is sent; only a token brings it about.
    Down = 8,
    /// Declined for a reason of its own; only a token brings it about.
    DeclineExpired = 9,
    DeclineStolen = 10,
    DeclineFraud = 11,
}

/// What a script is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Method(Method),
    Payment(PaymentId),
}

/// A test token, without what follows its colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    Approved,
    Wallet,
    Declined,
    InsufficientFunds,
    CardExpired,
    StolenCard,
    Fraud,
    RequiresAction,
    Slow,
    LostAfter,
    LostBefore,
    Down,
    CaptureDeclined,
    CaptureLostAfter,
    RefundDeclined,
    RefundLostAfter,
}

/// Every token with its name.
const TOKENS: [(&str, Token); 16] = [
    ("tok_approved", Token::Approved),
    ("tok_wallet", Token::Wallet),
    ("tok_card_expired", Token::CardExpired),
    ("tok_stolen_card", Token::StolenCard),
    ("tok_fraud", Token::Fraud),
    ("tok_declined", Token::Declined),
    ("tok_insufficient_funds", Token::InsufficientFunds),
    ("tok_requires_action", Token::RequiresAction),
    ("tok_slow", Token::Slow),
    ("tok_lost_after", Token::LostAfter),
    ("tok_lost_before", Token::LostBefore),
    ("tok_down", Token::Down),
    ("tok_capture_declined", Token::CaptureDeclined),
    ("tok_capture_lost_after", Token::CaptureLostAfter),
    ("tok_refund_declined", Token::RefundDeclined),
    ("tok_refund_lost_after", Token::RefundLostAfter),
];

impl Token {
    /// Returns the token that a payment method is, if it is one.
    pub fn of(method: &Method) -> Option<Token> {
        let name = method.0.split_once(':').map_or(method.0.as_str(), |(name, _)| name);
        TOKENS.iter().find(|(known, _)| *known == name).map(|(_, token)| *token)
    }

    /// Returns what a shop may show of it.
    pub fn summary(self) -> MethodSummary {
        let (last4, wallet) = match self {
            Token::Wallet => ("1117", "apple_pay"),
            Token::RequiresAction => ("3220", ""),
            Token::Declined | Token::StolenCard | Token::Fraud => ("0002", ""),
            Token::InsufficientFunds => ("9995", ""),
            Token::CardExpired => ("0069", ""),
            _ => ("4242", ""),
        };
        MethodSummary { brand: "visa".into(), last4: last4.into(), wallet: wallet.into() }
    }

    /// Returns what it makes of an operation when no script says otherwise.
    pub fn outcome(self, operation: Operation) -> Outcome {
        match (self, operation) {
            (Token::Declined, Operation::Authorize) => Outcome::Decline,
            (Token::InsufficientFunds, Operation::Authorize) => Outcome::DeclineSoft,
            (Token::CardExpired, Operation::Authorize) => Outcome::DeclineExpired,
            (Token::StolenCard, Operation::Authorize) => Outcome::DeclineStolen,
            (Token::Fraud, Operation::Authorize) => Outcome::DeclineFraud,
            (Token::RequiresAction, Operation::Authorize) => Outcome::RequireAction,
            (Token::Slow, Operation::Authorize) => Outcome::Slow,
            (Token::LostAfter, Operation::Authorize) => Outcome::LoseAnswer,
            (Token::LostBefore, Operation::Authorize) => Outcome::LoseRequest,
            (Token::Down, Operation::Authorize) => Outcome::Down,
            (Token::CaptureDeclined, Operation::Capture) => Outcome::Decline,
            (Token::CaptureLostAfter, Operation::Capture) => Outcome::LoseAnswer,
            (Token::RefundDeclined, Operation::Refund) => Outcome::Decline,
            (Token::RefundLostAfter, Operation::Refund) => Outcome::LoseAnswer,
            _ => Outcome::Approve,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_carry_a_name_of_its_own() {
        assert_eq!(Token::of(&Method("tok_approved:alice".into())), Some(Token::Approved));
        assert_eq!(Token::of(&Method("tok_approved".into())), Some(Token::Approved));
        assert_eq!(Token::of(&Method("tok_approvedx".into())), None);
        assert_eq!(Token::of(&Method("4242424242424242".into())), None);
    }

    #[test]
    fn a_token_acts_on_its_own_operation_only() {
        assert_eq!(Token::CaptureDeclined.outcome(Operation::Authorize), Outcome::Approve);
        assert_eq!(Token::CaptureDeclined.outcome(Operation::Capture), Outcome::Decline);
        assert_eq!(Token::Down.outcome(Operation::Void), Outcome::Approve);
    }
}
