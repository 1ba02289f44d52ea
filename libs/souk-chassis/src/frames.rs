//! Whether the body of a request is what gRPC sends: whole messages, none compressed, exactly one
//! where one is asked for.
//!
//! The generated servers also detect most of this, but report it as an internal error; it is the
//! caller's.

use souk_contract::MethodPolicy;
use tonic::Status;

use crate::refusal;

/// One byte says whether the message is compressed, four its length.
const PREFIX_BYTES: usize = 5;

/// Follows the frames of one request as its bytes pass.
pub(crate) struct Frames {
    domain: &'static str,
    /// Whether the method takes exactly one message.
    is_single: bool,
    prefix: [u8; PREFIX_BYTES],
    /// How much of the present message's prefix has come.
    filled: usize,
    /// What is still to come of the present message.
    left: usize,
    has_message: bool,
}

impl Frames {
    pub(crate) fn new(policy: Option<&MethodPolicy>) -> Self {
        Frames {
            domain: policy.map_or(refusal::DOMAIN, |policy| policy.domain),
            is_single: policy.is_some_and(|policy| !policy.client_streaming),
            prefix: [0; PREFIX_BYTES],
            filled: 0,
            left: 0,
            has_message: false,
        }
    }

    pub(crate) fn check(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            if self.left > 0 {
                let passed = self.left.min(data.len());
                self.left -= passed;
                data = &data[passed..];
                continue;
            }
            if self.filled == 0 {
                self.begins(data[0])?;
            }
            let taken = (PREFIX_BYTES - self.filled).min(data.len());
            self.prefix[self.filled..self.filled + taken].copy_from_slice(&data[..taken]);
            self.filled += taken;
            data = &data[taken..];
            if self.filled == PREFIX_BYTES {
                let [_, a, b, c, d] = self.prefix;
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.filled = 0;
                self.has_message = true;
            }
        }
        Ok(())
    }

    fn begins(&self, flag: u8) -> Result<(), Status> {
        match flag {
            _ if self.is_single && self.has_message => {
                Err(self
                    .malformed("the request has more than one message, but this method takes one"))
            }
            0 => Ok(()),
            1 => Err(self.malformed(
                "a message is marked as compressed, but no grpc-encoding header names a compression",
            )),
            flag => {
                Err(self
                    .malformed(&format!("the first byte of a message is {flag}, but must be 0")))
            }
        }
    }

    pub(crate) fn end(&self) -> Result<(), Status> {
        if self.filled > 0 || self.left > 0 {
            return Err(self.malformed("the request ends inside a message"));
        }
        if self.is_single && !self.has_message {
            return Err(self.malformed("the request has no message"));
        }
        Ok(())
    }

    fn malformed(&self, what: &str) -> Status {
        refusal::malformed(self.domain, "", what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(is_single: bool) -> Frames {
        Frames { is_single, ..Frames::new(None) }
    }

    fn outcome(mut frames: Frames, bytes: &[u8], step: usize) -> String {
        let checked =
            bytes.chunks(step).try_for_each(|part| frames.check(part)).and_then(|()| frames.end());
        checked.map_or_else(
            |status| format!("{:?} {}", status.code(), status.message()),
            |()| "fine".to_string(),
        )
    }

    #[test]
    fn whole_messages_pass_however_they_are_cut() {
        let two = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0];
        for step in 1..two.len() {
            assert_eq!(outcome(frames(false), &two, step), "fine");
            assert_eq!(outcome(frames(true), &two[..8], step), "fine");
        }
        assert_eq!(outcome(frames(false), &[], 1), "fine");
    }

    #[test]
    fn what_is_broken_is_said_to_be_the_callers_mistake() {
        for (bytes, says) in [
            (&[2, 0, 0, 0, 0][..], "first byte of a message is 2"),
            (&[1, 0, 0, 0, 0], "marked as compressed"),
            (&[0, 0, 0], "ends inside a message"),
            (&[0, 0, 0, 0, 9, 1], "ends inside a message"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "more than one message"),
            (&[], "no message"),
        ] {
            for step in [1, 100] {
                let outcome = outcome(frames(true), bytes, step);
                assert!(
                    outcome.starts_with("InvalidArgument ") && outcome.contains(says),
                    "{outcome}"
                );
            }
        }
    }
}
