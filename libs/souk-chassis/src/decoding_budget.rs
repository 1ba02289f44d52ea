//! How many bytes of messages this process reads and decodes at once. Messages of a few kilobytes
//! are not counted: the bound on requests bounds them.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use souk_contract::Caller;
use tonic::Status;

use crate::{caps, refusal};

/// Messages up to this size are free.
const FREE_BYTES: usize = 4096;

pub(crate) struct DecodingBudget {
    most: usize,
    /// The largest message that is read at all: each kind of caller may have one, however small its
    /// share is.
    max_message_bytes: usize,
    /// Bytes by kind of caller.
    used: Mutex<[usize; 3]>,
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

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Share::Anonymous => "an anonymous caller",
            Share::User => "a user",
            Share::Trusted => "a service or staff",
        })
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
        {
            let mut used = self.used.lock();
            let all: usize = used.iter().sum();
            if used[share as usize] + bytes <= most && all + bytes <= self.most {
                used[share as usize] += bytes;
                return Ok(bytes);
            }
        }
        caps::refused(&caps::DECODING_BYTES, most as u64, &share);
        Err(refusal::overloaded(
            "the server is reading too many bytes of messages at once".to_string(),
        ))
    }

    pub(crate) fn give_back(&self, share: Share, bytes: usize) {
        if bytes > 0 {
            self.used.lock()[share as usize] -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::StatusExt as _;

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
            assert!(status.get_details_retry_info().unwrap().retry_delay.is_some(), "{status:?}");
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
