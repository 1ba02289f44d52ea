//! C-WRITE: a write with a `request_id`, repeated, changed, and cut off by death.

use std::time::Duration;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use souk_manifest::Write;
use tonic::Code;

use crate::process::child::Service;
use crate::process::report::Report;
use crate::process::stage::{Stage, caller, told};

const SENTENCES: [&str; 3] = ["C-WRITE-1", "C-WRITE-2", "C-WRITE-3"];

/// Repeats the manifest's write.
pub async fn repeated(service: &Service, report: &mut Report) {
    let Some(write) = &service.manifest.conformance.write else {
        return SENTENCES
            .iter()
            .for_each(|number| report.cannot(number, "the manifest has no example of a write"));
    };
    if let Err(why) = repeat(service, write, report).await {
        SENTENCES.iter().for_each(|number| report.look(number, false, why.clone()));
    }
}

async fn repeat(service: &Service, write: &Write, report: &mut Report) -> Result<(), String> {
    let data = service.fresh("data");
    let stage = open(service, &data).await?;
    let path = format!("/{}", write.method);
    let by = caller(&write.caller)?;
    let request = stage.encode(&write.method, &write.request)?;
    let first = stage.call(&path, &by, request.clone()).await;
    let again = stage.call(&path, &by, request.clone()).await;
    let holds = first.code() == Some(Code::Ok)
        && again.code() == Some(Code::Ok)
        && first.messages == again.messages;
    report.look("C-WRITE-1", holds, format!("{}, then {}", told(&first), told(&again)));
    let changed = stage.call(&path, &by, stage.encode(&write.method, &write.changed)?).await;
    report.look("C-WRITE-2", changed.code() == Some(Code::FailedPrecondition), told(&changed));

    let other = renamed(&stage, write)?;
    let mut stage = stage;
    let before = stage.call(&path, &by, other.clone()).await;
    stage.process.signal("KILL").await;
    let _ = stage.process.ended(Duration::from_secs(10)).await;
    let mut stage = open(service, &data).await?;
    for (what, request, wanted) in
        [("the first", request, &first), ("the last before the kill", other, &before)]
    {
        let after = stage.call(&path, &by, request).await;
        let holds = after.code() == Some(Code::Ok)
            && wanted.code() == Some(Code::Ok)
            && after.messages == wanted.messages;
        report.look("C-WRITE-3", holds, format!("{what}, after SIGKILL: {}", told(&after)));
    }
    stage.process.signal("TERM").await;
    let _ = stage.process.ended(Duration::from_secs(20)).await;
    Ok(())
}

async fn open<'a>(service: &'a Service, data: &std::path::Path) -> Result<Stage<'a>, String> {
    let process = service.start(service.settings_in(data), &[]).await?;
    let mut stage = Stage::open(service, process, None).await?;
    stage.learn().await?;
    Ok(stage)
}

/// Returns the changed request with a `request_id` of its own, which makes it another write.
fn renamed(stage: &Stage<'_>, write: &Write) -> Result<Vec<u8>, String> {
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
