//! The reasons of errors: docs/errors.md lists all of them as the contract describes them, and the
//! common ones that libs are built with before the contract is are the contract's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, MethodDescriptor};
use souk_client::CONTRACT;
use souk_client::policy::v1::ErrorReason;
use souk_contract::{Reason as _, common};

use crate::descriptors::{comment, file, is_made, option, texts};

const BEGIN: &str = "<!-- reasons -->\n";
const END: &str = "<!-- end of reasons -->\n";
/// The package of the reasons of every method.
const COMMON: &str = "souk.policy.v1";
/// The HTTP status that google.rpc.Code gives for each gRPC code, by number.
const HTTP_STATUSES: [i32; 17] =
    [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

#[test]
fn the_common_reasons_of_the_libs_are_those_of_the_contract() {
    for policy in common::ALL {
        let reason = ErrorReason::from_str_name(policy.name)
            .unwrap_or_else(|| panic!("{} is none", policy.name));
        assert_eq!(reason.policy(), policy);
    }
}

#[test]
fn the_documentation_lists_every_reason_as_the_contract_describes_it() {
    let committed = std::fs::read_to_string(file("docs/errors.md")).unwrap();
    let (before, rest) =
        committed.split_once(BEGIN).expect("docs/errors.md says where the reasons begin");
    let (_, after) = rest.split_once(END).expect("docs/errors.md says where the reasons end");
    is_made("docs/errors.md", &format!("{before}{BEGIN}{}\n{END}{after}", lists()));
}

/// Returns a list of each package, the common one first.
fn lists() -> String {
    let pool = DescriptorPool::decode(CONTRACT.descriptors).unwrap();
    let reasons = pool.all_enums().filter(|each| each.name() == "ErrorReason");
    let packages =
        reasons.map(|each| (each.package_name().to_owned(), each)).collect::<BTreeMap<_, _>>();
    let (common, own): (Vec<_>, Vec<_>) =
        packages.values().partition(|each| each.package_name() == COMMON);
    common.into_iter().chain(own).map(|reasons| list(&pool, reasons)).collect()
}

fn list(pool: &DescriptorPool, reasons: &EnumDescriptor) -> String {
    let methods = listing(pool, reasons.package_name());
    let mut text = format!(
        "\n### {}\n\n| reason | code | HTTP | retry | metadata | what it means | methods |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        reasons.package_name()
    );
    // The value 0 is never sent.
    for reason in reasons.values().filter(|value| value.number() != 0) {
        let policy = option(&reason.options(), "souk.policy.v1.reason");
        let name = reason.name();
        let methods = match methods.get(name) {
            Some(methods) => methods.join(", "),
            None if reasons.package_name() == COMMON => "all".to_owned(),
            None => String::new(),
        };
        let (code, http) = code(pool, &policy);
        let (retry, metadata, comment) = (
            retry(pool, &policy),
            metadata(&policy),
            comment(&reason.parent_enum().parent_file(), reason.path()),
        );
        writeln!(
            text,
            "| `{name}` | {code} | {http} | {retry} | {metadata} | {comment} | {methods} |"
        )
        .unwrap();
    }
    text
}

/// Returns the methods that list each reason of a package.
fn listing(pool: &DescriptorPool, package: &str) -> BTreeMap<String, Vec<String>> {
    let mut listing = BTreeMap::<String, Vec<String>>::new();
    let services = pool.services().filter(|service| service.package_name() == package);
    for method in services.flat_map(|service| service.methods().collect::<Vec<MethodDescriptor>>())
    {
        for reason in texts(&option(&method.options(), "souk.policy.v1.method"), "reasons") {
            listing.entry(reason).or_default().push(method.name().to_owned());
        }
    }
    listing
}

/// Returns the name of the code and the HTTP status.
fn code(pool: &DescriptorPool, policy: &DynamicMessage) -> (String, String) {
    let Some(http) = http_status(policy) else {
        return ("any".to_owned(), "any".to_owned());
    };
    (value_name(pool, "google.rpc.Code", number(policy, "code")), http.to_string())
}

/// Returns the HTTP status; none where any code is possible.
pub fn http_status(policy: &DynamicMessage) -> Option<i32> {
    let own = number(policy, "http_status");
    match number(policy, "code") {
        0 => None,
        _ if own != 0 => Some(own),
        code => Some(HTTP_STATUSES[usize::try_from(code).unwrap()]),
    }
}

/// Returns `never`, `backoff` or `unknown`.
fn retry(pool: &DescriptorPool, policy: &DynamicMessage) -> String {
    value_name(pool, "souk.policy.v1.Retry", number(policy, "retry"))
        .trim_start_matches("RETRY_")
        .to_lowercase()
}

/// Returns the keys, those that are not always there in brackets.
fn metadata(policy: &DynamicMessage) -> String {
    let always = texts(policy, "metadata").into_iter().map(|key| format!("`{key}`"));
    let sometimes = texts(policy, "optional_metadata").into_iter().map(|key| format!("(`{key}`)"));
    always.chain(sometimes).collect::<Vec<_>>().join(" ")
}

fn value_name(pool: &DescriptorPool, values: &str, number: i32) -> String {
    pool.get_enum_by_name(values).unwrap().get_value(number).unwrap().name().to_owned()
}

fn number(message: &DynamicMessage, field: &str) -> i32 {
    let value = message.get_field_by_name(field).unwrap();
    value.as_enum_number().or_else(|| value.as_i32()).unwrap()
}
