//! What the contract says about calls, for clients that do not read the options of methods and
//! reasons themselves: the gRPC service config (gRFC A6), and for Go the retry advice of reasons.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::Path,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    failure::{Doing, Outcome},
    generate::write,
    shell,
    workspace::Workspace,
};

/// The service config, and copies inside packages, which cannot read files outside of them.
const SERVICE_CONFIGS: [&str; 3] = [
    "clients/service_config.json",
    "clients/go/service_config.json",
    "clients/python/src/souk_client/service_config.json",
];
const GO_REASONS: &str = "clients/go/reason_retry.go";

/// The files that this makes.
pub const FILES: [&str; 4] =
    [SERVICE_CONFIGS[0], SERVICE_CONFIGS[1], SERVICE_CONFIGS[2], GO_REASONS];

/// The part of `buf build` that is about calls.
#[derive(Deserialize)]
struct Image {
    file: Vec<File>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    package: String,
    #[serde(default)]
    service: Vec<Service>,
    #[serde(default)]
    enum_type: Vec<Enum>,
}

#[derive(Deserialize)]
struct Service {
    name: String,
    method: Vec<Method>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Method {
    name: String,
    #[serde(default)]
    options: MethodOptions,
    #[serde(default)]
    client_streaming: bool,
    #[serde(default)]
    server_streaming: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodOptions {
    idempotency_level: Option<String>,
    #[serde(default, rename = "[souk.policy.v1.method]")]
    policy: MethodPolicy,
}

#[derive(Default, Deserialize)]
struct MethodPolicy {
    timeout: Option<String>,
}

#[derive(Deserialize)]
struct Enum {
    name: String,
    value: Vec<EnumValue>,
}

#[derive(Deserialize)]
struct EnumValue {
    name: String,
    #[serde(default)]
    options: EnumValueOptions,
}

#[derive(Default, Deserialize)]
struct EnumValueOptions {
    #[serde(rename = "[souk.policy.v1.reason]")]
    policy: Option<ReasonPolicy>,
}

#[derive(Deserialize)]
struct ReasonPolicy {
    retry: Option<String>,
}

/// Writes the files below `out`.
pub fn make(workspace: &Workspace, buf: &Path, out: &Path) -> Outcome {
    let built =
        shell::printed(workspace.command(buf).args(["build", "--output", "-#format=json"]))?;
    let mut image: Image =
        serde_json::from_str(&built).doing("read the contract from `buf build`")?;
    image.file.retain(|file| file.package.starts_with("souk."));
    // buf orders files by what they import, which changes more often than what they say of calls.
    image.file.sort_by(|one, other| one.package.cmp(&other.package));

    let config = service_config(&image);
    for name in SERVICE_CONFIGS {
        write(out, name, &config)?;
    }
    write(out, GO_REASONS, &go_reasons(&image))
}

/// What the contract promises of a method.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Promise<'a> {
    timeout: Option<&'a str>,
    is_retried: bool,
}

/// Returns the service config: each method's deadline, and whether gRPC retries it. Methods with
/// neither are left out.
fn service_config(image: &Image) -> String {
    let mut groups: BTreeMap<Promise<'_>, Vec<Value>> = BTreeMap::new();
    for file in &image.file {
        for service in &file.service {
            for method in &service.method {
                let timeout = method.options.policy.timeout.as_deref();
                let promise = Promise { timeout, is_retried: is_repeatable(method) };
                if promise.timeout.is_some() || promise.is_retried {
                    let service = format!("{}.{}", file.package, service.name);
                    let name = json!({ "service": service, "method": method.name });
                    groups.entry(promise).or_default().push(name);
                }
            }
        }
    }
    let methods: Vec<Value> = groups
        .into_iter()
        .map(|(promise, names)| {
            let mut config = json!({ "name": names });
            if let Some(timeout) = promise.timeout {
                config["timeout"] = json!(timeout);
            }
            if promise.is_retried {
                config["retryPolicy"] = json!({
                    "maxAttempts": 3,
                    "initialBackoff": "0.025s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                });
            }
            config
        })
        .collect();
    format!("{:#}\n", json!({ "methodConfig": methods }))
}

/// Returns whether a call may be sent again. A stream resumes instead.
fn is_repeatable(method: &Method) -> bool {
    let level = method.options.idempotency_level.as_deref();
    let is_idempotent = level.is_some_and(|level| level != "IDEMPOTENCY_UNKNOWN");
    is_idempotent && !method.client_streaming && !method.server_streaming
}

/// Returns a Go file with the retry advice of every reason. A program that looked it up in the
/// descriptors would know only the packages that it happens to import.
fn go_reasons(image: &Image) -> String {
    let mut advice: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in &image.file {
        let reasons = file.enum_type.iter().filter(|found| found.name == "ErrorReason");
        for value in reasons.flat_map(|found| &found.value) {
            let Some(policy) = &value.options.policy else { continue };
            let retry = match policy.retry.as_deref() {
                None | Some("RETRY_UNSPECIFIED") => "RETRY_NEVER",
                Some(retry) => retry,
            };
            let names = advice.entry(retry).or_default();
            let domain = file.package.rsplit_once('.').map_or("", |(domain, _)| domain);
            names.insert(format!("{domain}/{}", value.name));
        }
    }
    let mut text = "// Code generated by `cargo xtask gen`. DO NOT EDIT.\n\npackage souk\n\n\
        import policyv1 \"souk.example/go/souk/policy/v1\"\n\n\
        // retryOf returns the advice of a reason, named by its domain, a slash and its name, and\n\
        // whether the contract knows it.\n\
        func retryOf(reason string) (policyv1.Retry, bool) {\n\tswitch reason {\n"
        .to_owned();
    for (retry, names) in advice {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        let _ = writeln!(text, "\tcase {}:", names.join(",\n\t\t"));
        let _ = writeln!(text, "\t\treturn policyv1.Retry_{retry}, true");
    }
    text + "\t}\n\treturn policyv1.Retry_RETRY_UNSPECIFIED, false\n}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(methods: &str, reasons: &str) -> Image {
        let text = format!(
            r#"{{"file": [{{"package": "souk.a.v1",
                "service": [{{"name": "AService", "method": [{methods}]}}],
                "enumType": [{{"name": "ErrorReason", "value": [{reasons}]}}]}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn only_a_repeatable_method_without_streams_is_retried() {
        let methods = r#"
            {"name": "Get", "options": {"idempotencyLevel": "NO_SIDE_EFFECTS",
                "[souk.policy.v1.method]": {"timeout": "2s"}}},
            {"name": "Once", "options": {"[souk.policy.v1.method]": {"timeout": "2s"}}},
            {"name": "Watch", "options": {"idempotencyLevel": "NO_SIDE_EFFECTS"},
                "serverStreaming": true}"#;
        let config: Value = serde_json::from_str(&service_config(&image(methods, ""))).unwrap();

        let groups = config["methodConfig"].as_array().unwrap();
        assert_eq!(groups.len(), 2, "a stream without a deadline is left out: {config:#}");
        let once = groups.iter().find(|group| group["name"][0]["method"] == "Once").unwrap();
        let get = groups.iter().find(|group| group["name"][0]["method"] == "Get").unwrap();
        assert_eq!((&get["timeout"], &once["timeout"]), (&json!("2s"), &json!("2s")));
        assert_eq!(get["name"][0]["service"], "souk.a.v1.AService");
        assert_eq!(get["retryPolicy"]["maxAttempts"], 3);
        assert!(once.get("retryPolicy").is_none(), "{config:#}");
    }

    #[test]
    fn a_reason_without_advice_is_never_retried() {
        let reasons = r#"
            {"name": "ERROR_REASON_UNSPECIFIED"},
            {"name": "ERROR_REASON_B", "options": {"[souk.policy.v1.reason]": {}}},
            {"name": "ERROR_REASON_A", "options":
                {"[souk.policy.v1.reason]": {"retry": "RETRY_NEVER"}}}"#;
        let text = go_reasons(&image("", reasons));

        let case = "\tcase \"souk.a/ERROR_REASON_A\",\n\t\t\"souk.a/ERROR_REASON_B\":\n\
            \t\treturn policyv1.Retry_RETRY_NEVER, true\n";
        assert!(text.contains(case), "{text}");
        assert!(!text.contains("ERROR_REASON_UNSPECIFIED"), "{text}");
    }
}
