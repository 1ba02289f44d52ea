//! How a deadline travels in the `grpc-timeout` header.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Says that a `grpc-timeout` cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MalformedTimeout;

/// Returns the timeout that the caller asked for, if any.
///
/// # Errors
/// When it is not what the gRPC specification calls a timeout: without one the caller would wait
/// for longer than it meant to.
pub(crate) fn timeout_asked(headers: &HeaderMap) -> Result<Option<Duration>, MalformedTimeout> {
    let Some(value) = headers.get(GRPC_TIMEOUT) else { return Ok(None) };
    value.to_str().ok().and_then(timeout_of).map(Some).ok_or(MalformedTimeout)
}

fn timeout_of(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit())
    {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

/// Writes a timeout as `grpc-timeout` wants it: at most eight digits and a unit, in the finest unit
/// that fits.
pub(crate) fn timeout_header(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let micros = timeout.as_micros();
    let text = if micros <= MOST {
        format!("{micros}u")
    } else if timeout.as_millis() <= MOST {
        format!("{}m", timeout.as_millis())
    } else {
        format!("{}S", timeout.as_secs().min(MOST as u64))
    };
    let value = HeaderValue::from_maybe_shared(bytes::Bytes::from(text));
    let mut value: HeaderValue = value.expect("digits and a letter are a valid header");
    // It is no secret, but it differs in every call: this keeps it out of HTTP/2's compression
    // table.
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Duration>, MalformedTimeout> {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, text.parse().unwrap());
        timeout_asked(&headers)
    }

    #[test]
    fn a_timeout_is_read_in_every_unit() {
        assert_eq!(read("2H"), Ok(Some(Duration::from_secs(7200))));
        assert_eq!(read("3M"), Ok(Some(Duration::from_secs(180))));
        assert_eq!(read("4S"), Ok(Some(Duration::from_secs(4))));
        assert_eq!(read("5m"), Ok(Some(Duration::from_millis(5))));
        assert_eq!(read("6u"), Ok(Some(Duration::from_micros(6))));
        assert_eq!(read("7n"), Ok(Some(Duration::from_nanos(7))));
    }

    #[test]
    fn an_unreadable_timeout_is_malformed() {
        for text in ["", "5", "S", "-5S", "123456789S", "5x", "+5S", "5s", "5 S"] {
            assert_eq!(read(text), Err(MalformedTimeout), "{text}");
        }
    }

    #[test]
    fn a_written_timeout_reads_back() {
        for timeout in [
            Duration::from_micros(1),
            Duration::from_millis(99_999),
            Duration::from_secs(100),
            Duration::from_secs(500_000),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, timeout_header(timeout));
            assert_eq!(timeout_asked(&headers), Ok(Some(timeout)));
        }
    }
}
