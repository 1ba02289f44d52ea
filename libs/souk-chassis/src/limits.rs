//! How much a process does at once: all requests together, and the open streams of one caller.
//!
//! The bounds on all requests are plain numbers for now. An adaptive limit, partitioned by
//! criticality, will replace [`Limits::enter`] and nothing else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use souk_contract::Criticality;
use tonic::Status;

use crate::caps::{self, Cap};
use crate::refusal;

pub(crate) struct Limits {
    /// Requests and streams in work.
    requests: AtomicUsize,
    /// Those of callers that sent no token.
    anonymous: AtomicUsize,
    /// Those with a single response, which a drain waits for; streams are ended.
    singles: AtomicUsize,
    max_requests: usize,
    /// What is left when the tenth that is kept for critical calls is taken away.
    max_uncritical: usize,
    /// What anonymous callers may have of that: three quarters.
    max_anonymous: usize,
    /// Open streams by caller; a caller without one has no entry, so the table stays as small as
    /// the present load.
    streams: Mutex<HashMap<Box<str>, usize>>,
    max_streams: usize,
}

/// What decides which part of all requests one belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) is_streaming: bool,
    pub(crate) is_anonymous: bool,
}

impl Limits {
    pub(crate) fn new(max_requests: usize, max_streams: usize) -> Self {
        let max_uncritical = max_requests - max_requests / 10;
        Limits {
            requests: AtomicUsize::new(0),
            anonymous: AtomicUsize::new(0),
            singles: AtomicUsize::new(0),
            max_requests,
            max_uncritical,
            max_anonymous: max_uncritical - max_uncritical / 4,
            streams: Mutex::default(),
            max_streams,
        }
    }

    /// Takes a slot. The last tenth is for critical calls of callers that are known; `peer` is for
    /// the log.
    pub(crate) fn enter(
        &self,
        kind: Kind,
        criticality: Criticality,
        peer: Option<IpAddr>,
    ) -> Result<(), Status> {
        let is_critical = matches!(criticality, Criticality::Critical | Criticality::CriticalPlus);
        let most =
            if is_critical && !kind.is_anonymous { self.max_requests } else { self.max_uncritical };
        if kind.is_anonymous && self.anonymous.fetch_add(1, Ordering::Relaxed) >= self.max_anonymous
        {
            self.anonymous.fetch_sub(1, Ordering::Relaxed);
            return Err(refuse(&caps::ANONYMOUS_REQUESTS, self.max_anonymous, peer));
        }
        if self.requests.fetch_add(1, Ordering::Relaxed) >= most {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            self.anonymous.fetch_sub(usize::from(kind.is_anonymous), Ordering::Relaxed);
            return Err(refuse(&caps::REQUESTS, most, peer));
        }
        self.singles.fetch_add(usize::from(!kind.is_streaming), Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn leave(&self, kind: Kind) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.anonymous.fetch_sub(usize::from(kind.is_anonymous), Ordering::Relaxed);
        self.singles.fetch_sub(usize::from(!kind.is_streaming), Ordering::Relaxed);
    }

    pub(crate) fn open_stream(&self, caller: &str, peer: Option<IpAddr>) -> Result<(), Status> {
        let mut streams = self.streams.lock();
        let open = streams.get(caller).copied().unwrap_or(0);
        if open >= self.max_streams {
            drop(streams);
            log(&caps::STREAMS_PER_CALLER, self.max_streams, peer);
            let message =
                format!("at most {} streams per caller may be open at once", self.max_streams);
            return Err(refusal::too_many_streams(message));
        }
        streams.insert(caller.into(), open + 1);
        Ok(())
    }

    pub(crate) fn close_stream(&self, caller: &str) {
        let mut streams = self.streams.lock();
        if let Some(open) = streams.get_mut(caller) {
            *open -= 1;
            if *open == 0 {
                streams.remove(caller);
            }
        }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn singles(&self) -> usize {
        self.singles.load(Ordering::Relaxed)
    }
}

fn refuse(cap: &'static Cap, most: usize, peer: Option<IpAddr>) -> Status {
    log(cap, most, peer);
    refusal::overloaded("too many requests at once".to_string())
}

fn log(cap: &'static Cap, most: usize, peer: Option<IpAddr>) {
    match peer {
        Some(peer) => caps::refused(cap, most as u64, &peer),
        None => caps::refused(cap, most as u64, &"a service of this process"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANONYMOUS: Kind = Kind { is_streaming: false, is_anonymous: true };
    const KNOWN: Kind = Kind { is_streaming: false, is_anonymous: false };

    fn fill(limits: &Limits, kind: Kind, criticality: Criticality) -> usize {
        (0..1000).take_while(|_| limits.enter(kind, criticality, None).is_ok()).count()
    }

    #[test]
    fn the_last_tenth_is_for_critical_calls_and_anonymous_callers_never_have_all_of_the_rest() {
        let limits = Limits::new(100, 1);
        assert_eq!(fill(&limits, ANONYMOUS, Criticality::CriticalPlus), 68);
        assert_eq!(fill(&limits, KNOWN, Criticality::Sheddable), 22);
        assert_eq!(fill(&limits, KNOWN, Criticality::SheddablePlus), 0);
        assert_eq!(fill(&limits, KNOWN, Criticality::Critical), 10);
        limits.leave(ANONYMOUS);
        assert_eq!(
            fill(&limits, KNOWN, Criticality::Sheddable),
            0,
            "the reserve is filled up first"
        );
        assert_eq!(fill(&limits, KNOWN, Criticality::CriticalPlus), 1);
        assert_eq!((limits.requests(), limits.singles()), (100, 100));
    }
}
