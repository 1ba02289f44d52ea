//! Refuses messages that are larger than this server was told to read.
//!
//! Generated servers stop at 16 MiB by themselves; only a lower limit needs this, so by default it is not in the way.

use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;

use crate::refusal;

/// One byte says whether the message is compressed, four its length.
const PREFIX_BYTES: usize = 5;

pub(crate) fn apply(most: usize, request: Request<Body>) -> Request<Body> {
    if most >= souk_contract::MAX_MESSAGE_BYTES {
        return request;
    }
    request.map(|body| Body::new(Limited { body, most, prefix: Vec::with_capacity(PREFIX_BYTES), left: 0 }))
}

/// Reads the length of every message as it passes.
struct Limited {
    body: Body,
    most: usize,
    /// What has come of the present message's prefix.
    prefix: Vec<u8>,
    /// What is still to come of the present message.
    left: usize,
}

impl Limited {
    fn check(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            if self.left > 0 {
                let passed = self.left.min(data.len());
                self.left -= passed;
                data = &data[passed..];
                continue;
            }
            let taken = (PREFIX_BYTES - self.prefix.len()).min(data.len());
            self.prefix.extend_from_slice(&data[..taken]);
            data = &data[taken..];
            if let [_, a, b, c, d] = self.prefix[..] {
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.prefix.clear();
                if self.left > self.most {
                    return Err(refusal::message_too_large(self.left, self.most));
                }
            }
        }
        Ok(())
    }
}

impl http_body::Body for Limited {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(task));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && let Err(status) = this.check(data)
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

    fn limited() -> Limited {
        Limited { body: Body::empty(), most: 3, prefix: Vec::new(), left: 0 }
    }

    #[test]
    fn messages_up_to_the_limit_pass_however_they_are_cut() {
        let stream = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9];
        for step in 1..stream.len() {
            let mut limited = limited();
            for part in stream.chunks(step) {
                limited.check(part).unwrap();
            }
        }
    }

    #[test]
    fn a_larger_message_is_refused_wherever_it_stands() {
        let stream = [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 4];
        let mut limited = limited();
        limited.check(&stream[..9]).unwrap();
        assert_eq!(limited.check(&stream[9..]).unwrap_err().code(), tonic::Code::ResourceExhausted);
    }
}
