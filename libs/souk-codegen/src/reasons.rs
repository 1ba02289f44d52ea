//! The reasons of errors, read from the options of the values of each enum called `ErrorReason`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prost_reflect::{EnumDescriptor, EnumValueDescriptor};

use crate::Scope;
use crate::names;
use crate::options::{Fields, extension, integer};
use crate::problems::{Element, Problems};

const ENUM: &str = "ErrorReason";
/// The gRPC codes by number, as `tonic::Code` calls them, with the HTTP status that google.rpc.Code
/// gives for each.
const CODES: [(&str, u16); 17] = [
    ("Ok", 200),
    ("Cancelled", 499),
    ("Unknown", 500),
    ("InvalidArgument", 400),
    ("DeadlineExceeded", 504),
    ("NotFound", 404),
    ("AlreadyExists", 409),
    ("PermissionDenied", 403),
    ("ResourceExhausted", 429),
    ("FailedPrecondition", 400),
    ("Aborted", 409),
    ("OutOfRange", 400),
    ("Unimplemented", 501),
    ("Internal", 500),
    ("Unavailable", 503),
    ("DataLoss", 500),
    ("Unauthenticated", 401),
];
const RETRIES: [&str; 4] = ["Never", "Never", "Backoff", "Unknown"];

/// Returns `impl Reason for ErrorReason` by package.
pub fn of(scope: &Scope, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut code = BTreeMap::new();
    for file in &scope.files {
        for reasons in file.enums().filter(|each| each.name() == ENUM) {
            code.insert(
                file.package_name().to_owned(),
                implementation(scope, file.name(), &reasons, problems),
            );
        }
    }
    code
}

/// Returns the names of the reasons that a package defines.
pub fn names_of(scope: &Scope, package: &str) -> BTreeSet<String> {
    let own = scope.files.iter().filter(|file| file.package_name() == package);
    let enums =
        own.flat_map(|file| file.enums().filter(|each| each.name() == ENUM).collect::<Vec<_>>());
    enums
        .flat_map(|reasons| {
            reasons.values().map(|value| value.name().to_owned()).collect::<Vec<_>>()
        })
        .collect()
}

fn implementation(
    scope: &Scope,
    file: &str,
    reasons: &EnumDescriptor,
    problems: &mut Problems,
) -> String {
    let mut text = "impl ::souk_contract::Reason for ErrorReason {\n    \
                    fn policy(self) -> &'static ::souk_contract::ReasonPolicy {\n        match self {\n"
        .to_owned();
    for value in reasons.values() {
        let mut element = Element { file, name: value.full_name(), problems };
        let policy = policy(scope, reasons.package_name(), &value, &mut element);
        let name = names::camel(value.name().trim_start_matches("ERROR_REASON_"));
        let _ = writeln!(
            text,
            "            Self::{name} => {{\n                static POLICY: ::souk_contract::ReasonPolicy = {policy};\n                \
             &POLICY\n            }}"
        );
    }
    text.push_str("        }\n    }\n}\n");
    text
}

fn policy(
    scope: &Scope,
    package: &str,
    value: &EnumValueDescriptor,
    element: &mut Element<'_>,
) -> String {
    let option = extension(scope, &value.options(), "souk.policy.v1.reason");
    match (value.number(), &option) {
        (0, Some(_)) => element.problem("is never sent and has no option (souk.policy.v1.reason)"),
        (number, None) if number != 0 => element.problem("has no option (souk.policy.v1.reason)"),
        _ => {}
    }
    let mut fields = option.map(Fields::new).unwrap_or_default();
    let mut number = |name: &str| fields.take(name).as_ref().and_then(integer).unwrap_or(0);
    let code =
        usize::try_from(number("code")).ok().and_then(|code| CODES.get(code)).unwrap_or(&CODES[2]);
    let retry = usize::try_from(number("retry"))
        .ok()
        .and_then(|retry| RETRIES.get(retry))
        .unwrap_or(&RETRIES[0]);
    let http = number("http_status");
    let http = if http == 0 { i128::from(code.1) } else { http };
    let (metadata, optional) =
        (texts(&mut fields, "metadata"), texts(&mut fields, "optional_metadata"));
    format!(
        "::souk_contract::ReasonPolicy {{ name: {:?}, domain: {:?}, code: ::tonic::Code::{}, http_status: {http}, \
         retry: ::souk_contract::Retry::{retry}, metadata: &{metadata:?}, optional_metadata: &{optional:?} }}",
        value.name(),
        names::domain(package),
        code.0,
    )
}

fn texts(fields: &mut Fields, name: &str) -> Vec<String> {
    fields.take_list(name).iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}
