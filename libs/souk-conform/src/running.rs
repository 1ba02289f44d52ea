//! A run against a process that runs already: what can be observed without starting it, and without
//! changing what it keeps.

use std::net::SocketAddr;

use prost_reflect::{DynamicMessage, ReflectMessage as _};
use souk_contract::Caller;
use souk_manifest::{Transport, Unary};
use tonic::Code;

use crate::checks::sweep::{self, Sweep};
use crate::checks::{deadlines, health, invariants, metrics, pages, reflection};
use crate::contract::{self, Method};
use crate::parts;
use crate::plan;
use crate::report::Report;
use crate::requests::valid;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::token::PUBLIC_KEY;

/// Sentences that an address does not let us ask, and why.
const NOT_ASKED: [(&[&str], &str); 5] = [
    (
        &["C-CONFIG", "C-START", "C-EVENT", "C-ACCESS-6"],
        "it needs starts of its own: use the manifest",
    ),
    (
        &["C-LIMIT", "C-CALL", "C-TRACE-3", "C-VALID-5"],
        "it needs settings of its own: use the manifest",
    ),
    (
        &["C-LOG", "C-REDACT", "C-TRACE-1", "C-TRACE-2"],
        "it needs the log of the process: use the manifest",
    ),
    (&["C-DRAIN"], "it needs a signal that ends the process: use the manifest"),
    (&["C-WRITE"], "it needs an example of a write: use the manifest"),
];
const NO_PAGES: &str = "it needs the address of the pages: --metrics HOST:PORT";
const NO_EXAMPLE: &str = "no read of it succeeds with a request made from its rules alone";
const NO_TOKENS: &str = "it refuses development tokens: it has another key (--key-file FILE), or \
                         does not listen on a loopback address";

/// Where a process runs, and what is known of it.
#[derive(Clone, Debug)]
pub struct Address {
    /// Where it serves gRPC.
    pub grpc: SocketAddr,
    /// Where it serves its pages; without it they are not asked.
    pub metrics: Option<SocketAddr>,
    /// The key of its development tokens, unless it is the public one.
    pub key: Option<String>,
    /// The library that answers some broken requests by itself.
    pub transport: Option<Transport>,
}

/// Asks the process at an address. Only reads are called with requests that they may accept.
pub async fn process(address: &Address, report: &mut Report) -> Result<(), String> {
    for (numbers, reason) in NOT_ASKED {
        report.none_asked(numbers, reason);
    }
    let key = address.key.as_deref().unwrap_or(PUBLIC_KEY);
    let subject = Subject { transport: address.transport, ..Subject::default() };
    let mut stage = Stage::open(subject, address.grpc, address.metrics, key).await?;
    let listed = contract::listed(&stage.connection).await?;
    stage.subject.services = reflection::own_services(listed);
    if report.begin(&parts::HEALTH) {
        health::asked(&stage, report).await;
    }
    match address.metrics {
        Some(metrics) if report.begin(&parts::PAGES) => pages::fetched(metrics, report).await,
        Some(_) => {}
        None => report.none_asked(&["C-HEALTH-5", "C-METRIC"], NO_PAGES),
    }
    plan::described(&mut stage, report).await?;
    if report.begin(&parts::DEADLINES) {
        deadlines::streams(&stage, report).await;
    }
    let staff = Caller::Staff("conformance".to_owned());
    let reply = stage.call("/grpc.health.v1.Health/Check", &staff, Vec::new()).await;
    if reply.code() == Some(Code::Unauthenticated) {
        let needs = ["C-OPS", "C-ACCESS", "C-OWN", "C-VALID", "C-DEADLINE-2", "C-METRIC"];
        report.none_asked(&needs, NO_TOKENS);
        let needs = ["C-ERROR-1", "C-ERROR-3", "C-ERROR-4", "C-ERROR-8", "C-ERROR-9"];
        report.none_asked(&needs, NO_TOKENS);
        if report.begin(&parts::UNKNOWN_METHODS) {
            crate::checks::validation::unknown_methods(&stage, report).await;
        }
        return Ok(());
    }
    with_tokens(&mut stage, report).await;
    Ok(())
}

/// Asks what needs an identity.
async fn with_tokens(stage: &mut Stage, report: &mut Report) {
    if report.begin(&parts::INVARIANTS) {
        invariants::checked(stage, report).await;
    }
    let example = example(stage).await;
    let has_example = example.is_some();
    stage.subject.unary = example;
    if !has_example {
        let needs = ["C-ACCESS-4", "C-ACCESS-5", "C-DEADLINE-2", "C-METRIC-2"];
        report.none_asked(&needs, NO_EXAMPLE);
        report.none_asked(&["C-METRIC-3", "C-METRIC-5"], NO_EXAMPLE);
        report.none_asked(&["C-ERROR-8", "C-ERROR-9"], NO_EXAMPLE);
    }
    plan::callers(stage, report).await;
    plan::requests(stage, report).await;
    if has_example && report.begin(&parts::DEADLINES) {
        deadlines::passed(stage, report).await;
    }
    if report.begin(&parts::ODD_VALUES) {
        sweep::odd_values(stage, Sweep::Reads, report).await;
    }
    if let (Some(address), true) = (stage.metrics, has_example)
        && report.begin(&parts::METRICS)
    {
        metrics::counted(stage, address, report).await;
    }
    if report.begin(&parts::ERRORS) {
        stage.conclude(report);
    }
}

/// Finds a read that succeeds: with an empty request, or one that is made from its rules.
async fn example(stage: &Stage) -> Option<Unary> {
    let is_unary =
        |method: &&Method| method.is_read && !method.client_streaming && !method.server_streaming;
    for method in stage.methods.iter().filter(is_unary) {
        let Some(caller) = method.access.as_ref().and_then(|access| access.admitted()) else {
            continue;
        };
        let empty = DynamicMessage::new(method.input.clone());
        let made = valid::message(&method.input).ok().map(without_pages);
        for message in [empty].into_iter().chain(made) {
            let request = serde_json::to_string(&message).ok()?;
            let bytes = stage.encode(method.path.trim_start_matches('/'), &request).ok()?;
            let reply = stage.call(&method.path, &caller, bytes).await;
            if reply.code() == Some(Code::Ok) {
                return Some(Unary {
                    method: method.path.trim_start_matches('/').to_owned(),
                    caller: caller.to_string(),
                    request,
                    invalid: None,
                    invalid_field: None,
                });
            }
        }
    }
    None
}

/// Leaves out the tokens of pages, which only the service can make.
fn without_pages(mut message: DynamicMessage) -> DynamicMessage {
    for field in message.descriptor().fields() {
        if ["page_token", "resume_token"].contains(&field.name()) {
            message.clear_field(&field);
        }
    }
    message
}
