//! What every step moves in the ledger. `docs/ledger-accounts.md` explains it with an example; this
//! file implements it. Pure.
//!
//! **Invariant:** the transfers of an attempt, their ids included, follow from its row, so that a
//! repeat finds them in the ledger.

use souk_types::{AccountId, Currency, PaymentId, Timestamp, TransferId};

use crate::attempt::{Attempt, Kind, Stage};

/// The accounts of payments; there is one of each in every currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Account {
    /// What the provider has taken in for us and not yet paid out. Grows by debits.
    ProviderReceivable = 1100,
    /// What customers paid: credits are captures, debits are refunds.
    Sales = 4000,
    /// What the provider kept for itself. Grows by debits.
    ProviderFees = 5100,
}

impl Account {
    /// Every account.
    pub const ALL: [Account; 3] =
        [Account::ProviderReceivable, Account::Sales, Account::ProviderFees];

    /// Returns its code in the chart of accounts.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// Returns its name in the chart of accounts.
    pub fn name(self) -> &'static str {
        match self {
            Account::ProviderReceivable => "provider-receivable",
            Account::Sales => "sales",
            Account::ProviderFees => "provider-fees",
        }
    }

    /// Returns its id in a currency: UUIDv5 of `souk.payments` and, for instance, `GBP/sales`.
    pub fn id(self, currency: Currency) -> AccountId {
        AccountId::derive(b"souk.payments", &format!("{currency}/{}", self.name()))
    }
}

/// Returns the number of a currency's ledger: its three letters as a number of base 26, plus one.
pub fn ledger(currency: Currency) -> u32 {
    currency.as_str().bytes().fold(0, |number, letter| number * 26 + u32::from(letter - b'A')) + 1
}

/// Why money moves; the code of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// An authorisation, and what posts or voids it.
    Sale = 1,
    Refund = 4,
    Fee = 5,
    /// The provider took a capture back.
    CaptureReversal = 6,
    /// The provider returned the money of a refund.
    RefundReversal = 7,
}

/// What kind of transfer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Single,
    Pending,
    /// Takes from the pending transfer and sets its rest free.
    Post(TransferId),
    /// Sets the pending transfer free.
    Void(TransferId),
}

/// One transfer to be in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub form: Form,
    pub debit: Account,
    pub credit: Account,
    /// Minor units; of a void, all that the pending transfer holds.
    pub amount: i64,
    pub code: Code,
    /// Created together with the next one or not at all.
    pub is_linked: bool,
    pub payment: PaymentId,
    pub currency: Currency,
    pub effective_time: Timestamp,
}

/// Returns what the ledger must hold once this attempt has succeeded, in order.
pub fn of(attempt: &Attempt, currency: Currency) -> Vec<Transfer> {
    let sale = |id, form, amount| Transfer {
        id,
        form,
        debit: Account::ProviderReceivable,
        credit: Account::Sales,
        amount,
        code: Code::Sale,
        is_linked: false,
        payment: attempt.payment,
        currency,
        effective_time: attempt.effective_time,
    };
    let hold = attempt.hold;
    match attempt.kind {
        Kind::Authorize | Kind::ApproveAction | Kind::ExpireAction => {
            hold.map(|hold| vec![sale(hold, Form::Pending, attempt.amount)]).unwrap_or_default()
        }
        Kind::DeclineAction => vec![],
        Kind::Capture => {
            let hold = hold.expect("a capture takes from a hold");
            let mut chain = vec![sale(attempt.transfer("post"), Form::Post(hold), attempt.amount)];
            if attempt.fee > 0 {
                let fee = sale(attempt.transfer("fee"), Form::Single, attempt.fee);
                chain.push(Transfer {
                    debit: Account::ProviderFees,
                    credit: Account::ProviderReceivable,
                    code: Code::Fee,
                    ..fee
                });
            }
            if attempt.rest > 0 {
                chain.push(sale(attempt.transfer("hold"), Form::Pending, attempt.rest));
            }
            let last = chain.len() - 1;
            chain[..last].iter_mut().for_each(|transfer| transfer.is_linked = true);
            chain
        }
        Kind::Void | Kind::ExpireAuthorization => {
            let Some(hold) = hold else { return vec![] };
            let void = sale(attempt.transfer("void"), Form::Void(hold), attempt.amount);
            if attempt.makes_hold {
                // Not linked: a late call may already have created the hold.
                vec![sale(hold, Form::Pending, attempt.amount), void]
            } else {
                vec![void]
            }
        }
        Kind::Refund => {
            let refund = sale(attempt.transfer("refund"), Form::Single, attempt.amount);
            vec![Transfer {
                debit: Account::Sales,
                credit: Account::ProviderReceivable,
                code: Code::Refund,
                ..refund
            }]
        }
        Kind::ReverseCapture => {
            let reversal = sale(attempt.transfer("reversal"), Form::Single, attempt.amount);
            vec![Transfer {
                debit: Account::Sales,
                credit: Account::ProviderReceivable,
                code: Code::CaptureReversal,
                ..reversal
            }]
        }
        Kind::ReverseRefund => {
            let reversal = sale(attempt.transfer("reversal"), Form::Single, attempt.amount);
            vec![Transfer { code: Code::RefundReversal, ..reversal }]
        }
    }
}

/// The amounts of a payment, in minor units, as its ledger transfers have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub authorized: i64,
    pub captured: i64,
    pub refunded: i64,
    pub fees: i64,
}

/// Adds up transfers to what they make of a payment: what the audit compares with its row.
pub fn amounts(transfers: &[Transfer]) -> Amounts {
    let mut sums = Amounts::default();
    let mut held = 0;
    for transfer in transfers {
        match (transfer.form, transfer.code) {
            (Form::Pending, _) => held += transfer.amount,
            // Posting a part releases the rest; what stays authorised gets a new hold.
            (Form::Post(_), _) => {
                held = 0;
                sums.captured += transfer.amount;
            }
            (Form::Void(_), _) => held = 0,
            (Form::Single, Code::Refund) => sums.refunded += transfer.amount,
            (Form::Single, Code::CaptureReversal) => sums.captured -= transfer.amount,
            (Form::Single, Code::RefundReversal) => sums.refunded -= transfer.amount,
            (Form::Single, Code::Fee) => sums.fees += transfer.amount,
            (Form::Single, Code::Sale) => {}
        }
    }
    sums.authorized = sums.captured + held;
    sums
}

/// Returns the transfers that these attempts, in order, have posted.
pub fn made_by(attempts: &[Attempt], currency: Currency) -> Vec<Transfer> {
    let took_effect = [Stage::Succeeded, Stage::Reversed];
    let succeeded = attempts.iter().filter(|attempt| took_effect.contains(&attempt.stage));
    succeeded.flat_map(|attempt| of(attempt, currency)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_currency_has_a_ledger_of_its_own() {
        assert_eq!(ledger("AAA".parse().unwrap()), 1);
        assert_eq!(ledger("AAB".parse().unwrap()), 2);
        assert_eq!(ledger("GBP".parse().unwrap()), 4098);
        assert_eq!(ledger("ZZZ".parse().unwrap()), 26 * 26 * 26);
    }

    #[test]
    fn every_currency_has_accounts_of_its_own() {
        let pounds = "GBP".parse().unwrap();
        let euros = "EUR".parse().unwrap();
        let mut ids: Vec<_> = Account::ALL
            .iter()
            .flat_map(|account| [account.id(pounds), account.id(euros)])
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    }
}
