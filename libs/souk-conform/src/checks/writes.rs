//! C-WRITE: a write with a `request_id`, repeated, changed, and cut off by death.

use std::path::Path;
use std::time::Duration;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use souk_manifest::Write;
use tonic::Code;

use crate::child::{Running, Service};
use crate::report::{Report, seen};
use crate::stage::{Stage, caller, describe};
use crate::subject::Subject;
use crate::token::PUBLIC_KEY;
use crate::wire::Reply;

const SENTENCES: [&str; 3] = ["C-WRITE-1", "C-WRITE-2", "C-WRITE-3"];

/// Repeats the manifest's write.
pub async fn repeated(service: &Service, report: &mut Report) {
    let Some(write) = &service.manifest.conformance.write else {
        return report.none_asked(&SENTENCES, "the manifest has no example of a write");
    };
    if let Err(why) = repeat(service, write, report).await {
        for number in SENTENCES {
            let observation = seen(&write.method, &why, "a process that can be called");
            report.observe(number, false, observation);
        }
    }
}

async fn repeat(service: &Service, write: &Write, report: &mut Report) -> Result<(), String> {
    let data = service.fresh("data");
    let (stage, mut process) = open(service, &data).await?;
    let path = format!("/{}", write.method);
    let by = caller(&write.caller)?;
    let request = stage.encode(&write.method, &write.request)?;
    let first = stage.call(&path, &by, request.clone()).await;
    let again = stage.call(&path, &by, request.clone()).await;
    let sent = format!("{path} by {by}, twice: {}", write.request);
    let came = format!("{}, then {}", describe(&first), describe(&again));
    let holds = is_same(&first, &again);
    report.observe("C-WRITE-1", holds, seen(sent, came, "OK, then the same response"));
    let changed = stage.call(&path, &by, stage.encode(&write.method, &write.changed)?).await;
    let holds = changed.code() == Some(Code::FailedPrecondition);
    let sent = format!("{path} by {by} with the same request_id: {}", write.changed);
    report.observe("C-WRITE-2", holds, seen(sent, describe(&changed), "FAILED_PRECONDITION"));

    let other = renamed(&stage, write)?;
    let before = stage.call(&path, &by, other.clone()).await;
    process.signal("KILL").await;
    let _ = process.ended(Duration::from_secs(10)).await;
    let (stage, mut process) = open(service, &data).await?;
    for (what, request, earlier) in
        [("the first write", request, &first), ("the last write before it", other, &before)]
    {
        let after = stage.call(&path, &by, request).await;
        let sent = format!("after SIGKILL, {what} again");
        let came = format!("{}, and before {}", describe(&after), describe(earlier));
        let holds = is_same(earlier, &after);
        report.observe("C-WRITE-3", holds, seen(sent, came, "OK, and the same response"));
    }
    process.signal("TERM").await;
    let _ = process.ended(Duration::from_secs(20)).await;
    Ok(())
}

/// Returns whether both succeeded with the same response.
fn is_same(first: &Reply, second: &Reply) -> bool {
    let are_ok = first.code() == Some(Code::Ok) && second.code() == Some(Code::Ok);
    are_ok && first.messages == second.messages
}

async fn open(service: &Service, data: &Path) -> Result<(Stage, Running), String> {
    let process = service.start(service.settings_in(data), &[]).await?;
    let subject = Subject::of(&service.manifest);
    let mut stage = Stage::open(subject, process.grpc, Some(process.metrics), PUBLIC_KEY).await?;
    stage.learn().await?;
    Ok((stage, process))
}

/// Returns the changed request with a `request_id` of its own, which makes it another write.
fn renamed(stage: &Stage, write: &Write) -> Result<Vec<u8>, String> {
    let bytes = stage.encode(&write.method, &write.changed)?;
    let path = format!("/{}", write.method);
    let method =
        stage.methods.iter().find(|method| method.path == path).ok_or("the write is no method")?;
    let mut message = DynamicMessage::decode(method.input.clone(), bytes.as_slice())
        .map_err(|error| error.to_string())?;
    let field =
        method.input.get_field_by_name("request_id").ok_or("the write has no request_id")?;
    message.set_field(&field, Value::String("conformance-last".to_owned()));
    Ok(message.encode_to_vec())
}
