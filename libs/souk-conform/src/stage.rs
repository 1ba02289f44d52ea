//! A running process that is being asked: who asks, in which trace, and what came of everything.

use std::cell::RefCell;
use std::net::SocketAddr;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use souk_contract::Caller;
use souk_manifest::Unary;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::contract::{self, Access, Method};
use crate::report::{Report, seen};
use crate::subject::Subject;
use crate::token::token;
use crate::wire::{Connection, Reply, Stream};

/// What comes along with every trace.
pub const TRACE_STATE: &str = "conformance=1";

/// The value of every field that must never be logged.
pub const CANARY: &str = "conformance-canary-7d2e";

/// How large a message may be to be shown as JSON, in bytes.
const MOST_SHOWN_BYTES: usize = 2_000;
/// How large a message may be to be shown byte by byte.
const SHORT_BYTES: usize = 32;

/// What a process was asked and how it answered, for its log and its metrics.
#[derive(Clone, Debug)]
pub struct Asked {
    pub trace: String,
    /// `package.Service/Method`
    pub method: String,
    pub code: Code,
    pub reason: String,
    /// The key of the caller, when the token was right.
    pub caller: Option<String>,
    pub is_background: bool,
}

/// A call and its answer, as a report shows them.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub sent: String,
    pub came: String,
}

/// A request of our own making.
pub struct Raw<'a> {
    /// How a report describes it.
    pub sent: &'a str,
    pub header: Option<(&'static str, &'a str)>,
    /// With what gRPC puts before each message.
    pub body: Vec<u8>,
    /// Whether the request has no end.
    pub stays_open: bool,
}

/// A running process and everything that it was asked.
pub struct Stage {
    pub subject: Subject,
    /// Where the pages are, when that is known.
    pub metrics: Option<SocketAddr>,
    pub connection: Connection,
    pub pool: DescriptorPool,
    pub methods: Vec<Method>,
    grpc: SocketAddr,
    key: String,
    asked: RefCell<Vec<Asked>>,
    /// What is not as every error must be, and how many were as they must.
    wrong_errors: RefCell<Vec<Exchange>>,
    right_errors: RefCell<usize>,
    /// Failures that reveal no internals, those that do, and incomplete responses.
    silent: RefCell<Vec<Exchange>>,
    telling: RefCell<Vec<Exchange>>,
    broken: RefCell<Vec<Exchange>>,
    /// Errors that repeat secrets.
    leaks: RefCell<Vec<Exchange>>,
}

impl Stage {
    /// Connects to a process whose development key is `key`.
    pub async fn open(
        subject: Subject,
        grpc: SocketAddr,
        metrics: Option<SocketAddr>,
        key: &str,
    ) -> Result<Stage, String> {
        let connection =
            Connection::open(grpc).await.map_err(|error| format!("{grpc}: {error}"))?;
        Ok(Stage {
            subject,
            metrics,
            connection,
            pool: DescriptorPool::new(),
            methods: Vec::new(),
            grpc,
            key: key.to_owned(),
            asked: RefCell::default(),
            wrong_errors: RefCell::default(),
            right_errors: RefCell::default(),
            silent: RefCell::default(),
            telling: RefCell::default(),
            broken: RefCell::default(),
            leaks: RefCell::default(),
        })
    }

    /// Asks reflection what the methods are.
    pub async fn learn(&mut self) -> Result<(), String> {
        let services = &self.subject.services;
        self.pool = contract::pool(&self.connection, services).await?;
        self.methods = contract::methods(&self.pool, services)?;
        Ok(())
    }

    /// Returns the read that succeeds.
    ///
    /// # Panics
    /// When the subject has none, which the plan of the run excludes.
    pub fn unary(&self) -> &Unary {
        self.subject.unary.as_ref().expect("it was checked before")
    }

    /// Returns the read that succeeds as a call: path, caller and message.
    pub fn example(&self) -> (String, Caller, Vec<u8>) {
        let unary = self.unary();
        let message = self.encode(&unary.method, &unary.request).unwrap_or_default();
        (format!("/{}", unary.method), caller(&unary.caller).unwrap_or_default(), message)
    }

    /// Returns a request of the manifest as bytes.
    pub fn encode(&self, method: &str, json: &str) -> Result<Vec<u8>, String> {
        let path = format!("/{method}");
        let found = self.methods.iter().find(|one| one.path == path);
        let input =
            found.ok_or_else(|| format!("the service has no method {method}"))?.input.clone();
        let mut reader = serde_json::Deserializer::from_str(json);
        let message = DynamicMessage::deserialize(input, &mut reader)
            .map_err(|error| format!("{json}: {error}"))?;
        Ok(message.encode_to_vec())
    }

    /// Returns the token of a caller, with every scope that any method asks for.
    pub fn token(&self, caller: &Caller) -> String {
        let mut scopes: Vec<&str> = self
            .methods
            .iter()
            .filter_map(|method| method.access.as_ref())
            .flat_map(Access::scopes)
            .collect();
        scopes.sort_unstable();
        scopes.dedup();
        token(caller, &scopes, &self.key)
    }

    /// Returns the `authorization` header of a caller whose token has these scopes alone.
    pub fn authorization(&self, caller: &Caller, scopes: &[&str]) -> String {
        format!("Bearer {}", token(caller, scopes, &self.key))
    }

    /// Returns the headers of a call by a caller, in a trace of its own.
    pub fn headers(&self, caller: &Caller, trace: &str) -> Vec<(&'static str, String)> {
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        let mut headers = vec![("traceparent", parent), ("tracestate", TRACE_STATE.to_owned())];
        if *caller != Caller::Anonymous {
            headers.push(("authorization", format!("Bearer {}", self.token(caller))));
        }
        headers
    }

    /// Calls a method as a caller.
    pub async fn call(&self, path: &str, caller: &Caller, message: Vec<u8>) -> Reply {
        self.call_with(path, caller, &[], message).await
    }

    /// Calls a method as a caller, with further headers.
    pub async fn call_with(
        &self,
        path: &str,
        caller: &Caller,
        extra: &[(&'static str, String)],
        message: Vec<u8>,
    ) -> Reply {
        let trace = new_trace();
        let mut headers = self.headers(caller, &trace);
        headers.extend_from_slice(extra);
        let sent = self.describe_call(path, &caller.to_string(), &message);
        let reply = self.connection.call(path, &headers, &[message]).await;
        self.record(sent, path, &trace, Some(caller), &reply);
        reply
    }

    /// Calls a method with headers of the caller's own making, in this trace.
    pub async fn call_raw(
        &self,
        path: &str,
        trace: &str,
        headers: &[(&str, String)],
        message: Vec<u8>,
    ) -> Reply {
        let mut all = vec![("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"))];
        all.extend_from_slice(headers);
        let sent = self.describe_call(path, "a caller with another token", &message);
        let reply = self.connection.call(path, &all, &[message]).await;
        self.record(sent, path, trace, None, &reply);
        reply
    }

    /// Calls a method as a caller, with a request of our own making, on a connection of its own:
    /// what breaks a connection is nothing to others. What the transport of the service answers by
    /// itself is exempt from what is said of all errors, and from the log.
    pub async fn call_bytes(
        &self,
        path: &str,
        caller: &Caller,
        raw: Raw<'_>,
        is_exempt: impl Fn(&Reply) -> bool,
    ) -> Reply {
        let trace = new_trace();
        let mut headers = self.headers(caller, &trace);
        headers.extend(raw.header.map(|(name, value)| (name, value.to_owned())));
        let reply = match Connection::open(self.grpc).await {
            Ok(connection) => connection.call_bytes(path, &headers, raw.body, raw.stays_open).await,
            Err(why) => Reply::broken(why),
        };
        if !is_exempt(&reply) {
            // What the other headers decide may come before the caller is known.
            let known = raw.header.is_none().then_some(caller);
            self.record(raw.sent.to_owned(), path, &trace, known, &reply);
        }
        reply
    }

    /// Describes a call: method, caller and message, as JSON where it can be read.
    pub fn describe_call(&self, path: &str, caller: &str, message: &[u8]) -> String {
        let method = self.methods.iter().find(|method| method.path == path);
        let decoded = method
            .and_then(|method| DynamicMessage::decode(method.input.clone(), message).ok())
            .filter(|_| message.len() <= MOST_SHOWN_BYTES)
            .and_then(|message| serde_json::to_string(&message).ok());
        let shown = decoded.unwrap_or_else(|| match message.len() {
            0 => "an empty message".to_owned(),
            length if length <= SHORT_BYTES => format!("the bytes {message:02x?}"),
            length => format!("{length} bytes"),
        });
        format!("{path} by {caller}: {shown}")
    }

    /// Opens a stream as a caller; our side stays open where the method takes a stream.
    pub async fn stream(
        &self,
        path: &str,
        caller: &Caller,
        extra: &[(&'static str, String)],
        message: Vec<u8>,
    ) -> Result<Stream, String> {
        let mut headers = self.headers(caller, &new_trace());
        headers.extend_from_slice(extra);
        let stays_open =
            self.methods.iter().any(|method| method.path == path && method.client_streaming);
        self.connection.stream(path, &headers, &[message], stays_open).await
    }

    /// Records a response: every error must be as C-ERROR says.
    fn record(
        &self,
        sent: String,
        path: &str,
        trace: &str,
        caller: Option<&Caller>,
        reply: &Reply,
    ) {
        if let Some(why) = &reply.broken {
            self.broken.borrow_mut().push(Exchange { sent, came: why.clone() });
            return;
        }
        self.judge(&sent, reply);
        self.asked.borrow_mut().push(Asked {
            trace: trace.to_owned(),
            method: path.trim_start_matches('/').to_owned(),
            code: reply.status.code(),
            reason: reason_of(reply),
            caller: caller.map(Caller::key),
            is_background: path.starts_with("/grpc."),
        });
    }

    fn judge(&self, sent: &str, reply: &Reply) {
        let status = &reply.status;
        let exchange = |came: String| Exchange { sent: sent.to_owned(), came };
        let details = status.details();
        if status.message().contains(CANARY)
            || details.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
        {
            self.leaks.borrow_mut().push(exchange(describe(reply)));
        }
        match status.code() {
            // The transport may end a call at its deadline.
            Code::Ok | Code::DeadlineExceeded => return,
            Code::Internal | Code::Unknown | Code::DataLoss => {
                let info = status.get_details_error_info();
                let metadata = info.map(|info| info.metadata).unwrap_or_default();
                let is_silent =
                    status.message() == "internal error" && metadata.keys().eq(["trace_id"]);
                let list = if is_silent { &self.silent } else { &self.telling };
                let came = format!("{}, metadata {metadata:?}", describe(reply));
                list.borrow_mut().push(exchange(came));
            }
            _ => {}
        }
        match what_details_lack(reply) {
            Some(lack) => {
                let came = format!("{}, {lack}", describe(reply));
                self.wrong_errors.borrow_mut().push(exchange(came));
            }
            None => *self.right_errors.borrow_mut() += 1,
        }
    }

    /// Returns everything that was asked and answered.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }

    /// Returns the errors that repeat secrets.
    pub fn leaks(&self) -> Vec<Exchange> {
        self.leaks.borrow().clone()
    }

    /// Returns what all responses together show about errors.
    pub fn conclude(&self, report: &mut Report) {
        let expected = "grpc-status-details-bin: a google.rpc.Status with the same code and \
                        message, and a google.rpc.ErrorInfo with reason and domain";
        for Exchange { sent, came } in self.wrong_errors.borrow().iter() {
            report.observe("C-ERROR-1", false, seen(sent, came, expected));
        }
        let right = *self.right_errors.borrow();
        if right > 0 {
            let came = format!("{right} errors with these details");
            report.observe("C-ERROR-1", true, seen("all calls that failed", came, expected));
        }
        let silent = self.silent.borrow();
        let telling = self.telling.borrow();
        let expected = "the message \"internal error\" and the metadata trace_id alone";
        for (list, holds) in [(&silent, true), (&telling, false)] {
            for Exchange { sent, came } in list.iter() {
                report.observe("C-ERROR-3", holds, seen(sent, came, expected));
            }
        }
        if silent.is_empty() && telling.is_empty() {
            report.not_asked("C-ERROR-3", "no call failed that way");
        }
        let expected = "an answer that is not INTERNAL, UNKNOWN or DATA_LOSS";
        let broken = self.broken.borrow();
        for Exchange { sent, came } in silent.iter().chain(telling.iter()).chain(broken.iter()) {
            report.observe("C-ERROR-4", false, seen(sent, came, expected));
        }
        let asked = self.asked.borrow().len();
        let came = format!("{asked} answers");
        report.observe("C-ERROR-4", asked > 0, seen("all calls", came, expected));
    }
}

/// Returns what the details of an error lack, if anything.
fn what_details_lack(reply: &Reply) -> Option<&'static str> {
    let status = &reply.status;
    if status.details().is_empty() {
        return Some("without grpc-status-details-bin");
    }
    let Ok(whole) = tonic_types::pb::Status::decode(status.details()) else {
        return Some("with details that are no google.rpc.Status");
    };
    if whole.code != status.code() as i32 {
        return Some("with another code in its details");
    }
    if whole.message != status.message() {
        return Some("with another message in its details");
    }
    match status.get_details_error_info() {
        None => Some("without ErrorInfo"),
        Some(info) if !info.reason.starts_with("ERROR_REASON_") || info.domain.is_empty() => {
            Some("with an ErrorInfo that lacks reason or domain")
        }
        Some(_) => None,
    }
}

/// Returns the id of a new trace.
pub fn new_trace() -> String {
    format!("{:032x}", rand::random::<u128>() | 1)
}

/// Reads a caller of the manifest.
pub fn caller(text: &str) -> Result<Caller, String> {
    text.parse().map_err(|error: souk_contract::UnknownCaller| error.to_string())
}

/// Describes a reply for a report.
pub fn describe(reply: &Reply) -> String {
    match &reply.broken {
        Some(why) => why.clone(),
        None if reply.status.code() == Code::Ok => format!("OK, {} messages", reply.messages.len()),
        None => {
            let reason = reason_of(reply);
            format!("{} {reason} \"{}\"", code_name(reply.status.code()), reply.status.message())
        }
    }
}

/// Returns the reason of a reply; empty when it has none.
pub fn reason_of(reply: &Reply) -> String {
    reply.status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Returns a code as logs and metrics write it.
pub fn code_name(code: Code) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{code:?}").char_indices() {
        if letter.is_uppercase() && at > 0 {
            name.push('_');
        }
        name.extend(letter.to_uppercase());
    }
    name
}

/// Returns whether a reply is this error with this reason.
pub fn is_error(reply: &Reply, code: Code, reason: &str) -> bool {
    let info = reply.status.get_details_error_info();
    reply.code() == Some(code) && info.is_some_and(|info| info.reason == reason)
}

/// Returns what the ErrorInfo of an answer says under a key of its metadata.
pub fn metadata(reply: &Reply, key: &str) -> Option<String> {
    reply.status.get_details_error_info()?.metadata.get(key).cloned()
}
