//! Refuses messages that are larger than their method reads, or more than this process reads at
//! once, as soon as their length is known: before they are collected and decoded.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use souk_contract::Caller;
use tonic::Status;
use tonic::body::Body;

use crate::decoding_budget::{DecodingBudget, Share};
use crate::refusal;

/// One byte says whether the message is compressed, four its length.
const PREFIX_BYTES: usize = 5;

/// Bounds each message of a request by `most` bytes, and all of them by what the budget has for
/// this caller.
pub(crate) fn apply(
    most: usize,
    budget: &Arc<DecodingBudget>,
    caller: &Caller,
    request: Request<Body>,
) -> Request<Body> {
    let budget = budget.clone();
    let share = Share::of(caller);
    request.map(|body| Body::new(Limited { body, messages: Messages::new(most, budget, share) }))
}

/// Reads the length of every message as it passes.
struct Messages {
    most: usize,
    budget: Arc<DecodingBudget>,
    share: Share,
    prefix: [u8; PREFIX_BYTES],
    /// How much of the present message's prefix has come.
    filled: usize,
    /// What is still to come of the present message.
    left: usize,
    /// What the present message took of the budget, while it is not complete.
    taken: usize,
    /// What the complete messages took that may not be decoded yet.
    complete: usize,
}

impl Messages {
    fn new(most: usize, budget: Arc<DecodingBudget>, share: Share) -> Self {
        Messages {
            most,
            budget,
            share,
            prefix: [0; PREFIX_BYTES],
            filled: 0,
            left: 0,
            taken: 0,
            complete: 0,
        }
    }

    fn check(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            if self.left > 0 {
                let passed = self.left.min(data.len());
                self.left -= passed;
                data = &data[passed..];
            } else {
                let passed = (PREFIX_BYTES - self.filled).min(data.len());
                self.prefix[self.filled..self.filled + passed].copy_from_slice(&data[..passed]);
                self.filled += passed;
                data = &data[passed..];
                if self.filled < PREFIX_BYTES {
                    break;
                }
                let [_, a, b, c, d] = self.prefix;
                self.filled = 0;
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                if self.left > self.most {
                    return Err(refusal::message_too_large(self.left, self.most));
                }
                self.taken = self.budget.take(self.share, self.left)?;
            }
            if self.left == 0 {
                self.complete += std::mem::take(&mut self.taken);
            }
        }
        Ok(())
    }

    /// Releases the budget of complete messages: a caller that asks for more has decoded them.
    fn decoded(&mut self) {
        self.budget.give_back(self.share, std::mem::take(&mut self.complete));
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.budget.give_back(self.share, self.taken + self.complete);
    }
}

struct Limited {
    body: Body,
    messages: Messages,
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        this.messages.decoded();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(task));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(status) = this.messages.check(data)
        {
            return Poll::Ready(Some(Err(status)));
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(most: usize) -> Messages {
        Messages::new(most, DecodingBudget::new(30_000, 10_000), Share::Trusted)
    }

    #[test]
    fn messages_up_to_the_limit_pass_however_they_are_cut() {
        let stream = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9];
        for step in 1..stream.len() {
            let mut messages = messages(3);
            for part in stream.chunks(step) {
                messages.check(part).unwrap();
            }
        }
    }

    #[test]
    fn a_larger_message_is_refused_wherever_it_stands() {
        let stream = [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 4];
        let mut messages = messages(3);
        messages.check(&stream[..9]).unwrap();
        assert_eq!(
            messages.check(&stream[9..]).unwrap_err().code(),
            tonic::Code::ResourceExhausted
        );
    }

    #[test]
    fn the_length_of_a_message_is_taken_at_its_prefix_and_given_back_once_it_is_decoded() {
        let budget = DecodingBudget::new(30_000, 10_000);
        let of = || Messages::new(10_000, budget.clone(), Share::Trusted);
        let prefix = [0, 0, 0, 0x27, 0x10];

        let mut first = of();
        let mut second = of();
        let mut third = of();
        for messages in [&mut first, &mut second, &mut third] {
            messages.check(&prefix).unwrap();
        }
        of().check(&prefix).unwrap_err();

        // It is still held while it is complete and not decoded.
        first.check(&[1; 10_000]).unwrap();
        of().check(&prefix).unwrap_err();
        first.decoded();
        let mut fourth = of();
        fourth.check(&prefix).unwrap();
        of().check(&prefix).unwrap_err();

        // A call that ends gives back whatever it has.
        drop((first, second, fourth));
        let mut stream = of();
        stream.check(&[&prefix[..], &[1; 10_000], &prefix].concat()).unwrap();
        of().check(&prefix).unwrap_err();
        drop((stream, third));
        for mut messages in [of(), of(), of()] {
            messages.check(&prefix).unwrap();
        }
    }
}
