//! The simulator's webhook: how its events look, and how they are signed.
//!
//! The body is a form, `type=charge.updated&payment_id=payment_…`. The header `simulator-signature`
//! is `t=SECONDS,v1=HEX`: when it was signed, and the HMAC-SHA256 (RFC 2104) of `SECONDS.BODY`.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use souk_types::{PaymentId, Timestamp};

use crate::provider::NotSigned;

const HEADER: &str = "simulator-signature";

/// By how many seconds the clocks may differ, and an event may be late.
const TOLERANCE_SECONDS: i64 = 300;

/// An event on its way.
pub struct Event {
    pub body: Vec<u8>,
    pub headers: BTreeMap<String, String>,
}

/// Returns the signed event that something happened to a charge.
pub fn about(charge: PaymentId, secret: &[u8], now: Timestamp) -> Event {
    let body = format!("type=charge.updated&payment_id={charge}").into_bytes();
    let seconds = seconds(now);
    let signature = hex(&mac(secret, seconds, &body).finalize().into_bytes());
    let headers = BTreeMap::from([(HEADER.to_owned(), format!("t={seconds},v1={signature}"))]);
    Event { body, headers }
}

/// Returns the charge that a signed event is about; none when it is about something else.
pub fn read(
    body: &[u8],
    headers: &BTreeMap<String, String>,
    secret: &[u8],
    now: Timestamp,
) -> Result<Option<PaymentId>, NotSigned> {
    let header = headers.get(HEADER).ok_or(NotSigned)?;
    let part = |name: &str| header.split(',').find_map(|part| part.strip_prefix(name));
    let signed_at: i64 = part("t=").and_then(|text| text.parse().ok()).ok_or(NotSigned)?;
    let signature = part("v1=").and_then(from_hex).ok_or(NotSigned)?;
    // Compares in constant time.
    mac(secret, signed_at, body).verify_slice(&signature).map_err(|_| NotSigned)?;
    if seconds(now).abs_diff(signed_at) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(NotSigned);
    }
    let text = str::from_utf8(body).unwrap_or_default();
    let field = |name: &str| text.split('&').find_map(|field| field.strip_prefix(name));
    Ok(match field("type=") {
        Some("charge.updated") => field("payment_id=").and_then(|id| id.parse().ok()),
        _ => None,
    })
}

fn mac(secret: &[u8], seconds: i64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    mac
}

fn seconds(now: Timestamp) -> i64 {
    now.as_micros().div_euclid(1_000_000)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two characters";
    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn charge() -> PaymentId {
        PaymentId::derive(b"test", "charge")
    }

    #[test]
    fn a_signed_event_names_its_charge() {
        let event = about(charge(), SECRET, NOW);
        let late = NOW.plus(std::time::Duration::from_secs(300));
        for now in [NOW, late] {
            let read = read(&event.body, &event.headers, SECRET, now).unwrap();
            assert_eq!(read, Some(charge()));
        }
    }

    #[test]
    fn a_signed_event_of_another_type_names_nothing() {
        for body in ["type=payout.paid", "type=charge.updated&payment_id=nonsense", ""] {
            let seconds = seconds(NOW);
            let signature = hex(&mac(SECRET, seconds, body.as_bytes()).finalize().into_bytes());
            let header = format!("t={seconds},v1={signature}");
            let headers = BTreeMap::from([(HEADER.to_owned(), header)]);
            assert!(matches!(read(body.as_bytes(), &headers, SECRET, NOW), Ok(None)), "{body}");
        }
    }

    #[test]
    fn what_is_not_signed_so_is_refused() {
        let event = about(charge(), SECRET, NOW);
        let header = &event.headers[HEADER];
        let other_body = about(PaymentId::derive(b"test", "other"), SECRET, NOW).body;
        let other_time = header.replace("t=17", "t=16");
        let headers = [
            String::new(),
            "t=1700000000".into(),
            "v1=00".into(),
            "t=1700000000,v1=é0".into(),
            "t=1700000000,v1=".into(),
            header[..header.len() - 2].to_owned(),
            other_time,
        ];
        for header in headers {
            let forged = BTreeMap::from([(HEADER.to_owned(), header.clone())]);
            assert!(read(&event.body, &forged, SECRET, NOW).is_err(), "{header}");
        }
        assert!(read(&event.body, &BTreeMap::new(), SECRET, NOW).is_err());
        assert!(read(&other_body, &event.headers, SECRET, NOW).is_err());
        assert!(read(&event.body, &event.headers, b"another secret", NOW).is_err());
        let too_late = NOW.plus(std::time::Duration::from_secs(301));
        assert!(read(&event.body, &event.headers, SECRET, too_late).is_err());
    }
}
