//! When a call is sent again: gRFC A6 with at most three attempts, and only for UNAVAILABLE.

use std::time::Duration;

use http::Response;
use souk_contract::Deadline;
use souk_types::Backoff;
use tonic::Code;
use tonic::body::Body;
use tonic_types::StatusExt as _;

use crate::status::{code_of, error_of};

const MAX_ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Counts the attempts of one call.
pub(crate) struct Retry {
    attempts: u32,
}

impl Retry {
    pub(crate) fn new() -> Self {
        Retry { attempts: 0 }
    }

    /// Returns how long to wait before the next attempt, or none when this response is the last.
    pub(crate) fn after(
        &mut self,
        response: &Response<Body>,
        deadline: Deadline,
    ) -> Option<Duration> {
        self.attempts += 1;
        if !is_retriable(code_of(response)) || self.attempts >= MAX_ATTEMPTS {
            return None;
        }
        let pause = match pushback(response) {
            Pushback::Stop => return None,
            Pushback::Wait(pause) => pause,
            Pushback::Unsaid => Backoff::after(FIRST_PAUSE, LONGEST_PAUSE, self.attempts),
        };
        // An attempt that could not be answered in time is not worth making.
        (pause < deadline.remaining()).then_some(pause)
    }
}

/// Returns whether another attempt may help: the only code that promises it is UNAVAILABLE.
pub(crate) fn is_retriable(code: Code) -> bool {
    code == Code::Unavailable
}

enum Pushback {
    Stop,
    Wait(Duration),
    Unsaid,
}

/// Reads what the server says about trying again: `grpc-retry-pushback-ms` (A6), else RetryInfo.
fn pushback(response: &Response<Body>) -> Pushback {
    if let Some(value) = response.headers().get(PUSHBACK) {
        // A negative or unreadable number means: do not try again.
        return match value.to_str().ok().and_then(|text| text.parse::<u32>().ok()) {
            Some(millis) => Pushback::Wait(Duration::from_millis(millis.into())),
            None => Pushback::Stop,
        };
    }
    let told = error_of(response)
        .and_then(|status| status.get_details_retry_info())
        .and_then(|info| info.retry_delay);
    told.map_or(Pushback::Unsaid, Pushback::Wait)
}
