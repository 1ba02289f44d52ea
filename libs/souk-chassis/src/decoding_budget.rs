//! How many bytes of messages this process reads and decodes at once. Messages of a few kilobytes are not counted: the bound on
//! requests bounds them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tracing::warn;

use crate::caller::Caller;
use crate::refusal;

/// Messages up to this size are free.
const FREE_BYTES: usize = 4096;
/// When a caller may come back: messages are decoded within milliseconds, and read at the pace of their callers.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// How often a refusal is logged; between two lines refusals are only counted.
const LINE_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct DecodingBudget {
    most: usize,
    /// The largest message that is read at all: each kind of caller may have one, however small its share is.
    max_message_bytes: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    /// Bytes by kind of caller.
    bytes: [usize; 3],
    last_line: Option<Instant>,
}

/// The kinds of callers, by what they may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Anonymous,
    User,
    Trusted,
}

impl Share {
    pub(crate) fn of(caller: &Caller) -> Self {
        match caller {
            Caller::Anonymous => Share::Anonymous,
            Caller::User(_) => Share::User,
            Caller::Service(_) | Caller::Staff(_) => Share::Trusted,
        }
    }
}

impl DecodingBudget {
    pub(crate) fn new(most: usize, max_message_bytes: usize) -> Arc<Self> {
        Arc::new(DecodingBudget { most, max_message_bytes, used: Mutex::default() })
    }

    /// Takes the bytes of one message. What it returns is to be [given back](Self::give_back).
    pub(crate) fn take(&self, share: Share, bytes: usize) -> Result<usize, Status> {
        if bytes <= FREE_BYTES {
            return Ok(0);
        }
        let most = match share {
            Share::Anonymous => (self.most / 4).max(self.max_message_bytes),
            Share::User => (self.most / 2).max(self.max_message_bytes),
            Share::Trusted => self.most,
        };
        let mut used = self.used.lock();
        let all: usize = used.bytes.iter().sum();
        if used.bytes[share as usize] + bytes > most || all + bytes > self.most {
            metrics::counter!("souk_refused_total", "cap" => "decoding_bytes").increment(1);
            let is_logged = used.last_line.is_none_or(|last| last.elapsed() >= LINE_EVERY);
            if is_logged {
                used.last_line = Some(Instant::now());
                warn!(
                    cap = "decoding_bytes",
                    "refused a message of {bytes} bytes: server.max_decoding_bytes = {}, of which {most} for this caller, is reached",
                    self.most
                );
            }
            return Err(refused());
        }
        used.bytes[share as usize] += bytes;
        Ok(bytes)
    }

    pub(crate) fn give_back(&self, share: Share, bytes: usize) {
        if bytes > 0 {
            self.used.lock().bytes[share as usize] -= bytes;
        }
    }
}

fn refused() -> Status {
    let mut details =
        ErrorDetails::with_error_info("ERROR_REASON_OVERLOADED", refusal::DOMAIN, HashMap::<String, String>::new());
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(Code::ResourceExhausted, "too many bytes of messages at once", details)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn each_kind_of_caller_has_its_share() {
        let budget = DecodingBudget::new(64 * MIB, MIB);
        for (share, most) in [(Share::Anonymous, 16), (Share::User, 32)] {
            for _ in 0..most {
                budget.take(share, MIB).unwrap();
            }
            let status = budget.take(share, MIB).unwrap_err();
            assert_eq!(status.code(), Code::ResourceExhausted);
            assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(RETRY_DELAY));
            assert_eq!(budget.take(share, FREE_BYTES).unwrap(), 0, "small messages are free");
        }
        for _ in 0..16 {
            budget.take(Share::Trusted, MIB).unwrap();
        }
        budget.take(Share::Trusted, MIB).unwrap_err();
        budget.give_back(Share::Anonymous, 3 * MIB);
        budget.take(Share::Trusted, 3 * MIB).unwrap();
        budget.take(Share::Anonymous, MIB).unwrap_err();
    }

    #[test]
    fn everybody_may_send_one_message_of_the_largest_size() {
        let budget = DecodingBudget::new(16 * MIB, 16 * MIB);
        for share in [Share::Anonymous, Share::User, Share::Trusted] {
            let taken = budget.take(share, 16 * MIB).unwrap();
            budget.give_back(share, taken);
        }
    }
}
