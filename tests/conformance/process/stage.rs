//! A running process that is being asked: who asks, in which trace, and what came of everything.

use std::cell::RefCell;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use souk_chassis::Caller;
use souk_chassis::identity::development_token_with;
use souk_manifest::Unary;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::process::child::{Running, Service};
use crate::process::contract::{self, Access, Method};
use crate::process::redaction::CANARY;
use crate::process::report::Report;
use crate::process::wire::{Connection, Reply, Stream};

/// The key of development tokens unless another is set (C-ACCESS-5).
const PUBLIC_KEY: &str = "souk-development-key-that-is-no-secret";

/// What comes along with every trace.
pub const TRACE_STATE: &str = "conformance=1";

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

/// A running process and everything that it was asked.
pub struct Stage<'a> {
    pub service: &'a Service,
    pub process: Running,
    pub connection: Connection,
    pub pool: DescriptorPool,
    pub methods: Vec<Method>,
    key: String,
    asked: RefCell<Vec<Asked>>,
    /// What is not as every error must be, and how many were as they must.
    wrong_errors: RefCell<Vec<String>>,
    right_errors: RefCell<usize>,
    /// Failures that reveal no internals, those that do, and incomplete responses.
    silent: RefCell<Vec<String>>,
    telling: RefCell<Vec<String>>,
    broken: RefCell<Vec<String>>,
    /// Errors that repeat secrets.
    leaks: RefCell<Vec<String>>,
}

impl<'a> Stage<'a> {
    /// Connects to a process whose development key is `key`.
    pub async fn open(
        service: &'a Service,
        process: Running,
        key: Option<&str>,
    ) -> Result<Stage<'a>, String> {
        let connection = Connection::open(process.grpc)
            .await
            .map_err(|error| format!("{}: {error}", process.grpc))?;
        Ok(Stage {
            service,
            process,
            connection,
            pool: DescriptorPool::new(),
            methods: Vec::new(),
            key: key.unwrap_or(PUBLIC_KEY).to_owned(),
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
        let services = &self.service.manifest.services;
        self.pool = contract::pool(&self.connection, services).await?;
        self.methods = contract::methods(&self.pool, services)?;
        Ok(())
    }

    /// Returns the read of the manifest.
    pub fn unary(&self) -> &Unary {
        self.service.manifest.conformance.unary.as_ref().expect("it was checked at the start")
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
        development_token_with(caller, &scopes, &self.key)
    }

    /// Returns the `authorization` header of a caller whose token has these scopes alone.
    pub fn authorization(&self, caller: &Caller, scopes: &[&str]) -> String {
        format!("Bearer {}", development_token_with(caller, scopes, &self.key))
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
        self.call_with(path, caller, &[], vec![message]).await
    }

    /// Calls a method as a caller, with further headers and any number of messages.
    pub async fn call_with(
        &self,
        path: &str,
        caller: &Caller,
        extra: &[(&'static str, String)],
        messages: Vec<Vec<u8>>,
    ) -> Reply {
        let trace = new_trace();
        let mut headers = self.headers(caller, &trace);
        headers.extend_from_slice(extra);
        let reply = self.connection.call(path, &headers, &messages).await;
        self.took(path, &trace, Some(caller), &reply);
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
        let reply = self.connection.call(path, &all, &[message]).await;
        self.took(path, trace, None, &reply);
        reply
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

    /// Takes down a response: every error must be as C-ERROR says.
    fn took(&self, path: &str, trace: &str, caller: Option<&Caller>, reply: &Reply) {
        if let Some(why) = &reply.broken {
            self.broken.borrow_mut().push(format!("{path}: {why}"));
            return;
        }
        let code = reply.status.code();
        let method = path.trim_start_matches('/').to_owned();
        let reason =
            reply.status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        self.judge(path, reply);
        self.asked.borrow_mut().push(Asked {
            trace: trace.to_owned(),
            method,
            code,
            reason,
            caller: caller.map(Caller::key),
            is_background: path.starts_with("/grpc."),
        });
    }

    fn judge(&self, path: &str, reply: &Reply) {
        let status = &reply.status;
        let details = status.details();
        if status.message().contains(CANARY)
            || details.windows(CANARY.len()).any(|part| part == CANARY.as_bytes())
        {
            self.leaks.borrow_mut().push(format!("{path} answers it: {}", status.message()));
        }
        let told = || format!("{path} answers {:?} \"{}\"", status.code(), status.message());
        match status.code() {
            // The transport may end a call at its deadline.
            Code::Ok | Code::DeadlineExceeded => return,
            Code::Internal | Code::Unknown | Code::DataLoss => {
                let metadata =
                    status.get_details_error_info().map(|info| info.metadata).unwrap_or_default();
                let is_silent =
                    status.message() == "internal error" && metadata.keys().eq(["trace_id"]);
                let told = format!("{}, metadata {metadata:?}", told());
                let list = if is_silent { &self.silent } else { &self.telling };
                list.borrow_mut().push(told);
            }
            _ => {}
        }
        let whole = tonic_types::pb::Status::decode(status.details());
        let wrong = match (whole, status.get_details_error_info()) {
            _ if status.details().is_empty() => Some("without grpc-status-details-bin"),
            (Err(_), _) => Some("with details that are no google.rpc.Status"),
            (Ok(whole), _) if whole.code != status.code() as i32 => {
                Some("with another code in its details")
            }
            (Ok(whole), _) if whole.message != status.message() => {
                Some("with another message in its details")
            }
            (_, None) => Some("without ErrorInfo"),
            (_, Some(info))
                if !info.reason.starts_with("ERROR_REASON_") || info.domain.is_empty() =>
            {
                Some("with an ErrorInfo that lacks reason or domain")
            }
            _ => None,
        };
        match wrong {
            Some(wrong) => self.wrong_errors.borrow_mut().push(format!("{} {wrong}", told())),
            None => *self.right_errors.borrow_mut() += 1,
        }
    }

    /// Returns everything that was asked and answered.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }

    /// Returns the errors that repeat secrets.
    pub fn leaks(&self) -> Vec<String> {
        self.leaks.borrow().clone()
    }

    /// Returns what all responses together show about errors.
    pub fn conclude(&self, report: &mut Report) {
        for wrong in self.wrong_errors.borrow().iter() {
            report.look("C-ERROR-1", false, wrong);
        }
        let right = *self.right_errors.borrow();
        if right > 0 {
            report.look("C-ERROR-1", true, format!("{right} errors with details"));
        }
        let (silent, telling, broken) =
            (self.silent.borrow(), self.telling.borrow(), self.broken.borrow());
        silent.iter().for_each(|failure| report.look("C-ERROR-3", true, failure));
        telling.iter().for_each(|failure| report.look("C-ERROR-3", false, failure));
        if silent.is_empty() && telling.is_empty() {
            report.cannot("C-ERROR-3", "no call failed that way");
        }
        for failure in silent.iter().chain(telling.iter()).chain(broken.iter()) {
            report.look("C-ERROR-4", false, failure);
        }
        let asked = self.asked.borrow().len();
        report.look(
            "C-ERROR-4",
            asked > 0,
            format!("{asked} calls, none of them failed by our fault"),
        );
    }
}

/// Returns the id of a new trace.
pub fn new_trace() -> String {
    format!("{:032x}", rand::random::<u128>() | 1)
}

/// Reads a caller of the manifest.
pub fn caller(text: &str) -> Result<Caller, String> {
    text.parse().map_err(|error: souk_chassis::UnknownCaller| error.to_string())
}

/// Returns how a reply reads in a report.
pub fn told(reply: &Reply) -> String {
    match &reply.broken {
        Some(why) => why.clone(),
        None if reply.status.code() == Code::Ok => format!("OK, {} messages", reply.messages.len()),
        None => {
            let reason =
                reply.status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
            format!("{:?} {reason} \"{}\"", reply.status.code(), reply.status.message())
        }
    }
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
