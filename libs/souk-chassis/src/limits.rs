//! How much a process takes on at once: all requests together, and the open streams of one caller.
//!
//! The bound on all requests is a plain number for now. The limit that finds its own level, partitioned by
//! criticality (DESIGN §4), will replace [`Limits::enter`] and nothing else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tonic::Status;

use crate::refusal;

pub(crate) struct Limits {
    /// Requests and streams in work.
    requests: AtomicUsize,
    /// Those of them with a single answer, which a drain waits for; streams are ended.
    singles: AtomicUsize,
    max_requests: usize,
    /// Open streams by caller; a caller without one has no entry, so the table stays as small as the present load.
    streams: Mutex<HashMap<String, usize>>,
    max_streams: usize,
}

impl Limits {
    pub(crate) fn new(max_requests: usize, max_streams: usize) -> Self {
        Limits {
            requests: AtomicUsize::new(0),
            singles: AtomicUsize::new(0),
            max_requests,
            streams: Mutex::default(),
            max_streams,
        }
    }

    pub(crate) fn enter(&self, is_streaming: bool) -> Result<(), Status> {
        if self.requests.fetch_add(1, Ordering::Relaxed) >= self.max_requests {
            self.requests.fetch_sub(1, Ordering::Relaxed);
            return Err(refusal::overloaded());
        }
        self.singles.fetch_add(usize::from(!is_streaming), Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn leave(&self, is_streaming: bool) {
        self.requests.fetch_sub(1, Ordering::Relaxed);
        self.singles.fetch_sub(usize::from(!is_streaming), Ordering::Relaxed);
    }

    pub(crate) fn open_stream(&self, caller: &str) -> Result<(), Status> {
        let mut streams = self.streams.lock();
        let open = streams.get(caller).copied().unwrap_or(0);
        if open >= self.max_streams {
            return Err(refusal::too_many_streams(self.max_streams));
        }
        streams.insert(caller.to_string(), open + 1);
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
