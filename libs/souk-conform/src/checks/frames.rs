//! C-ERROR-8, C-ERROR-9 and C-VALID-5: requests that no client library would send.

use souk_manifest::Transport;
use tonic::Code;

use crate::checks::validation::{fields, is_invalid, package};
use crate::report::{Report, seen};
use crate::stage::{Raw, Stage, describe, is_error};
use crate::wire::{Reply, framed};

const TIMEOUT: &str = "grpc-timeout";
const ENCODING: &str = "grpc-encoding";
const UNSUPPORTED: &str = "ERROR_REASON_UNSUPPORTED_COMPRESSION";
const TOO_LARGE: &str = "ERROR_REASON_MESSAGE_TOO_LARGE";
/// How many bytes of a message never come.
const MISSING: u32 = 9;
/// The first byte of a message that is compressed, and one that means nothing.
const COMPRESSED: u8 = 1;
const UNKNOWN: u8 = 2;

/// An empty message, compressed with gzip (RFC 1952).
const GZIP: [u8; 20] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A request that is not as gRPC has it, and how it must be answered.
struct Frame {
    what: &'static str,
    header: Option<(&'static str, &'static str)>,
    body: Vec<u8>,
    answer: Answer,
    /// Where a library answers before code of the service can.
    exempt: &'static [(Transport, Own)],
}

/// How a frame must be answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// INVALID_ARGUMENT that names this field.
    Invalid(&'static str),
    /// UNIMPLEMENTED: messages are accepted uncompressed only.
    Uncompressed,
    /// RESOURCE_EXHAUSTED, although the rest of the message never comes.
    TooLarge,
}

const INTERNAL: Own = Own::Bare(Code::Internal);
const EXHAUSTED: Own = Own::Bare(Code::ResourceExhausted);

/// How a library answers by itself.
#[derive(Clone, Copy)]
enum Own {
    /// With this code and without details.
    Bare(Code),
    /// Not at all: it reads a message, and the method answers.
    Reads,
    /// As it must, but without `grpc-accept-encoding: identity`.
    WithoutAccepted,
}

/// Calls the example with requests that are broken, one after another.
pub async fn broken(stage: &Stage, report: &mut Report) {
    let (path, caller, message) = stage.example();
    for frame in frames(&message) {
        let sent = format!("{path} by {caller}: {}", frame.what);
        let raw = Raw {
            sent: &sent,
            header: frame.header,
            body: frame.body.clone(),
            stays_open: frame.answer == Answer::TooLarge,
        };
        let is_exempt = |reply: &Reply| frame.is_exempt(stage.subject.transport, reply);
        let reply = stage.call_bytes(&path, &caller, raw, is_exempt).await;
        let holds = is_exempt(&reply) || frame.holds(&reply, package(&path[1..]));
        let came = format!("{}{}", describe(&reply), frame.details(&reply));
        report.observe(frame.number(), holds, seen(sent, came, frame.expected()));
    }
}

impl Frame {
    fn number(&self) -> &'static str {
        match self.answer {
            Answer::Invalid(_) => "C-ERROR-8",
            Answer::Uncompressed => "C-ERROR-9",
            Answer::TooLarge => "C-VALID-5",
        }
    }

    fn holds(&self, reply: &Reply, package: &str) -> bool {
        match self.answer {
            Answer::Invalid(field) => is_invalid(reply, package) && fields(reply) == [field],
            Answer::Uncompressed => {
                let is_said = reply.accepted.as_deref() == Some("identity");
                is_error(reply, Code::Unimplemented, UNSUPPORTED) && is_said
            }
            Answer::TooLarge => is_error(reply, Code::ResourceExhausted, TOO_LARGE),
        }
    }

    /// Returns whether a reply is that of the library that the manifest names.
    fn is_exempt(&self, transport: Option<Transport>, reply: &Reply) -> bool {
        let own = self.exempt.iter().find(|(library, _)| Some(*library) == transport);
        match own {
            Some((_, Own::Bare(code))) => {
                reply.code() == Some(*code) && reply.status.details().is_empty()
            }
            Some((_, Own::Reads)) => matches!(reply.code(), Some(Code::Ok | Code::InvalidArgument)),
            Some((_, Own::WithoutAccepted)) => is_error(reply, Code::Unimplemented, UNSUPPORTED),
            None => false,
        }
    }

    /// Returns what a report shows of a reply besides its status.
    fn details(&self, reply: &Reply) -> String {
        match self.answer {
            Answer::Invalid(_) => format!(" {:?}", fields(reply)),
            Answer::Uncompressed => format!(", grpc-accept-encoding {:?}", reply.accepted),
            Answer::TooLarge => String::new(),
        }
    }

    fn expected(&self) -> String {
        match self.answer {
            Answer::Invalid(field) => format!(
                "INVALID_ARGUMENT ERROR_REASON_INVALID_FIELD in the domain of the method, that \
                 names {field:?}"
            ),
            Answer::Uncompressed => {
                format!("UNIMPLEMENTED {UNSUPPORTED}, with grpc-accept-encoding: identity")
            }
            Answer::TooLarge => format!("RESOURCE_EXHAUSTED {TOO_LARGE}, at once"),
        }
    }
}

/// Returns the requests, each made from a message that is valid. What libraries answer by
/// themselves is in the table below C-ERROR-9.
fn frames(message: &[u8]) -> Vec<Frame> {
    let whole = framed(message).to_vec();
    let flagged = |flag: u8| [&[flag], &whole[1..]].concat();
    let length = u32::try_from(message.len()).expect("an example is small") + MISSING;
    let torn = [&[0][..], &length.to_be_bytes(), message].concat();
    let endless = [&[0][..], &u32::MAX.to_be_bytes(), message].concat();
    let frame = |what, body, exempt| Frame {
        what,
        header: None,
        body,
        answer: Answer::Invalid(""),
        exempt,
    };
    let timeout = |what, value, exempt| Frame {
        header: Some((TIMEOUT, value)),
        answer: Answer::Invalid(TIMEOUT),
        ..frame(what, whole.clone(), exempt)
    };
    let encoded = |what, body, exempt| Frame {
        header: Some((ENCODING, "gzip")),
        answer: Answer::Uncompressed,
        ..frame(what, body, exempt)
    };
    let core: &[_] = &[(Transport::GrpcCore, INTERNAL)];
    let core_reads: &[_] = &[(Transport::GrpcCore, Own::Reads)];
    let java: &[_] = &[(Transport::GrpcJava, INTERNAL)];
    let both: &[_] = &[(Transport::GrpcCore, INTERNAL), (Transport::GrpcJava, INTERNAL)];
    let unknown: &[_] = &[(Transport::GrpcCore, Own::Reads), (Transport::GrpcJava, INTERNAL)];
    let gzip = [&[COMPRESSED, 0, 0, 0, GZIP.len() as u8], &GZIP[..]].concat();
    vec![
        frame("no message", Vec::new(), &[]),
        frame("a message without its last 9 bytes", torn, java),
        frame("two bytes", vec![0, 0], java),
        frame("a message marked as compressed, without grpc-encoding", flagged(COMPRESSED), both),
        frame("a message whose first byte is 2", flagged(UNKNOWN), unknown),
        frame("two messages", whole.repeat(2), &[]),
        timeout("a message with grpc-timeout: 5s", "5s", core),
        timeout("a message with grpc-timeout: 5", "5", core),
        timeout("a message with grpc-timeout: 123456789m", "123456789m", core_reads),
        encoded(
            "a compressed message, with grpc-encoding: gzip",
            gzip,
            &[(Transport::GrpcCore, Own::WithoutAccepted)],
        ),
        encoded(
            "bytes that are no gzip, with grpc-encoding: gzip",
            flagged(COMPRESSED),
            core_reads,
        ),
        Frame {
            header: Some((TIMEOUT, "5S")),
            answer: Answer::TooLarge,
            ..frame(
                "the beginning of a message of 4,294,967,295 bytes",
                endless,
                &[(Transport::GrpcCore, EXHAUSTED), (Transport::GrpcJava, EXHAUSTED)],
            )
        },
    ]
}
