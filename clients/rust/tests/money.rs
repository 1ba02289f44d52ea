//! Money as text, over the cases that every client shares.

use souk_client::money;
use souk_client::types::v1::Money;

/// Returns the text, the minor units (empty when it is refused), and what is written or why it is
/// refused.
fn cases() -> Vec<[&'static str; 3]> {
    let lines = include_str!("../../../tests/clients/money_cases.csv").lines().skip(1);
    lines.map(|line| line.split(';').collect::<Vec<_>>().try_into().unwrap()).collect()
}

#[test]
fn an_amount_is_read_exactly_and_written_as_every_client_writes_it() {
    let exact: Vec<_> = cases().into_iter().filter(|case| !case[1].is_empty()).collect();
    assert!(exact.len() > 10);
    for [text, minor_units, written] in exact {
        let amount = money::parse(text).unwrap();
        let currency_code = text[text.len() - 3..].to_owned();
        let minor_units = minor_units.parse().unwrap();
        assert_eq!(amount, Money { currency_code, minor_units }, "{text}");
        assert_eq!(money::format(&amount).unwrap(), written);
        assert_eq!(money::decimal(&amount).unwrap(), written[..written.len() - 4]);
        assert_eq!(money::parse(written).unwrap(), amount);
    }
}

#[test]
fn what_is_no_amount_is_refused_with_what_is_allowed() {
    let refused: Vec<_> = cases().into_iter().filter(|case| case[1].is_empty()).collect();
    assert!(refused.len() > 10);
    for [text, _, problem] in refused {
        let refusal = money::parse(text).unwrap_err().to_string();
        assert!(refusal.contains(problem), "{text:?}: {refusal}");
    }
    assert!(money::parse("19.99 GBP\n").is_err());
}

#[test]
fn digits_are_those_of_iso_4217() {
    for (code, digits) in [("GBP", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("HUF", 2), ("CLF", 4)] {
        assert_eq!(money::digits(code), Ok(digits), "{code}");
    }
}

#[test]
fn an_unknown_currency_has_no_digits_and_is_not_written() {
    for code in ["ZZZ", "XXX", "gbp", ""] {
        let amount = Money { currency_code: code.to_owned(), minor_units: 1 };
        let refusals = [
            money::digits(code).unwrap_err(),
            money::decimal(&amount).unwrap_err(),
            money::format(&amount).unwrap_err(),
        ];
        for refusal in refusals {
            assert!(refusal.to_string().contains("ISO 4217"), "{code:?}: {refusal}");
        }
    }
}
