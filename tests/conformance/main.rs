//! What every service owes its callers, made from the contract itself: bad input and strangers get
//! the right code, reason and field, and nothing is written. A method, a rule or a type that is new
//! is covered at once, or fails the test until it is taught here.

mod access;
mod broken;
mod known;
mod limits;
mod report;
mod rules;
mod shop;
mod valid;

use std::collections::BTreeSet;
use std::path::Path;

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use souk_contract::MethodPolicy;
use souk_manifest::Language;
use souk_testkit::{domain_of, field_violations, reason_of};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::report::Report;
use crate::shop::TestShop;

/// What to do about a method that users may call with an id, and that has no case.
const NO_THEFT: &str = "no case is made: add one to `thefts` in tests/conformance/access.rs, about \
                        something of alice's that `TestShop::start` in tests/conformance/shop.rs makes";

/// What to do about a case that cannot be one.
const NEEDLESS_THEFT: &str = "has a case in `thefts` of tests/conformance/access.rs, but no user may \
                              call it or no `..._id` is in its request: remove the case";

/// Bytes that no message can be read from: a tag that does not end.
const GARBAGE: [u8; 1] = [0xff];

souk_testkit::on_each_engine! {
    async fn bad_input_and_strangers_are_refused_by_every_method_and_nothing_is_written(engine: souk_data::Engine) {
        let shop = TestShop::start(engine).await;
        let mut report = Report::default();
        let mut before = shop.rows().await;
        for (policy, request) in hosted() {
            strangers_are_refused_before_anything_is_read(&shop, policy, &mut report).await;
            malformed_bytes_are_refused(&shop, policy, &request, &mut report).await;
            broken_fields_are_named(&shop, policy, &request, &mut report).await;
            let after = shop.rows().await;
            report.compare_rows(policy.method, &before, &after);
            before = after;
        }
        others_things_are_out_of_reach(&shop, &mut report).await;
        // These write, so they come last.
        for (policy, request) in hosted() {
            odd_values_never_fail_the_server(&shop, policy, &request, &mut report).await;
        }
        shop.stop().await;
        report.conclude();
    }
}

#[test]
fn every_text_list_and_enum_of_a_request_has_a_limit() {
    let found = methods().into_iter().flat_map(|(policy, request)| {
        limits::missing(&request).into_iter().map(move |what| format!("{} {what}", policy.path))
    });
    let found = found.collect::<Vec<_>>();
    assert!(found.is_empty(), "missing rules:\n{}", found.join("\n"));
}

/// Returns the methods of the services that run in this process. A process of each other is asked
/// in every_service.rs.
fn hosted() -> impl Iterator<Item = (&'static MethodPolicy, MessageDescriptor)> {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services");
    let manifests = souk_manifest::find(&services).expect("the services").into_iter();
    let manifests = manifests.map(|manifest| manifest.unwrap_or_else(|error| panic!("{error}")));
    let hosted = manifests
        .filter(|manifest| manifest.language == Language::Rust)
        .flat_map(|manifest| manifest.services);
    let hosted = hosted.collect::<BTreeSet<_>>();
    methods().into_iter().filter(move |(policy, _)| hosted.contains(policy.service))
}

/// Returns every method of the shop with the type of its request.
fn methods() -> Vec<(&'static MethodPolicy, MessageDescriptor)> {
    let pool = DescriptorPool::decode(souk_client::FILE_DESCRIPTOR_SET)
        .expect("the descriptors of the contract");
    let mut methods = Vec::new();
    for service in pool.services().filter(|service| service.package_name().starts_with("souk.")) {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let policy = souk_client::CONTRACT
                .method(&path)
                .unwrap_or_else(|| panic!("{path} has no policy"));
            methods.push((policy, method.input()));
        }
    }
    assert!(methods.len() > 50, "the contract has more methods than {}", methods.len());
    methods
}

async fn strangers_are_refused_before_anything_is_read(
    shop: &TestShop,
    policy: &'static MethodPolicy,
    report: &mut Report,
) {
    for holder in access::holders(policy) {
        let came = shop.call_with(policy.path, &holder, vec![GARBAGE.to_vec()]).await;
        let (code, reason, lacking) = access::refusal(policy, &holder).unwrap_or((
            Code::InvalidArgument,
            souk_contract::REASON_INVALID_FIELD,
            None,
        ));
        let who = format!("{} with {:?}", holder.caller, holder.scopes);
        report.expect(policy.method, "(access)", &who, &came, |status| {
            let named = status
                .get_error_details()
                .error_info()
                .and_then(|info| info.metadata.get("scopes").cloned());
            status.code() == code && reason_of(status) == reason && named == lacking
        });
    }
}

async fn malformed_bytes_are_refused(
    shop: &TestShop,
    policy: &'static MethodPolicy,
    request: &MessageDescriptor,
    report: &mut Report,
) {
    let valid = valid::message(request).encode_to_vec();
    let mut malformed = vec![
        ("a tag that does not end".to_owned(), [&valid[..], &GARBAGE].concat()),
        ("a length beyond the end".to_owned(), [&valid[..], &[0x0a, 0x7f, 0x01]].concat()),
        ("field number 0".to_owned(), [&valid[..], &[0x00, 0x00]].concat()),
        ("a group that does not end".to_owned(), [&valid[..], &[0xa3, 0x7d]].concat()),
    ];
    for field in request
        .fields()
        .filter(|field| field.kind() == prost_reflect::Kind::String && field.number() < 16)
    {
        let tag = u8::try_from(field.number() << 3 | 2).expect("a tag of one byte");
        malformed.push((
            format!("{} is not UTF-8", field.name()),
            [&valid[..], &[tag, 2, 0xc3, 0x28]].concat(),
        ));
    }
    for (what, bytes) in malformed {
        let came = shop.call(policy.path, &access::admitted(policy), vec![bytes]).await;
        report.expect(policy.method, "(bytes)", &what, &came, |status| {
            names_field(status, policy, "")
        });
    }
}

async fn broken_fields_are_named(
    shop: &TestShop,
    policy: &'static MethodPolicy,
    request: &MessageDescriptor,
    report: &mut Report,
) {
    let caller = access::admitted(policy);
    for case in broken::cases(request).into_iter().filter(|case| case.is_broken) {
        let came = shop.call(policy.path, &caller, vec![case.message.encode_to_vec()]).await;
        report.expect(policy.method, &case.field, &case.what, &came, |status| {
            names_field(status, policy, &case.field)
        });
    }
}

async fn odd_values_never_fail_the_server(
    shop: &TestShop,
    policy: &'static MethodPolicy,
    request: &MessageDescriptor,
    report: &mut Report,
) {
    let caller = access::admitted(policy);
    // About things that exist, so that the values are looked at and do not end at "not found".
    let known = known::Known::make(shop).await;
    for case in broken::cases(request).into_iter().filter(|case| !case.is_broken) {
        let message = known.put_into(case.message, &case.field);
        let came = shop.call(policy.path, &caller, vec![message.encode_to_vec()]).await;
        report.expect_or_ok(policy.method, &case.field, &case.what, &came, is_answer);
    }
    let valid = known.put_into(valid::message(request), "").encode_to_vec();
    let came = shop.call(policy.path, &caller, vec![valid.clone()]).await;
    report.expect_or_ok(policy.method, "(whole)", "valid", &came, |status| {
        is_answer(status) && reason_of(status) != souk_contract::REASON_INVALID_FIELD
    });
    if policy.client_streaming {
        // Where answers flow as well, some come before the message is read.
        let came = shop.end(policy.path, &caller, vec![valid, GARBAGE.to_vec()]).await;
        report.expect(policy.method, "(second message)", "garbage", &came, |status| {
            names_field(status, policy, "")
        });
    }
}

async fn others_things_are_out_of_reach(shop: &TestShop, report: &mut Report) {
    use souk_contract::CallerKind as Kind;
    let thefts = access::thefts(shop);
    for (policy, request) in hosted() {
        let of_users = policy.grants.iter().any(|grant| grant.caller == Kind::User);
        let mut tried = false;
        for theft in thefts.iter().filter(|theft| theft.path == policy.path) {
            tried = true;
            let before = shop.rows().await;
            let came = shop.call(policy.path, &access::thief(), vec![theft.message.clone()]).await;
            match theft.refusal {
                Some((code, reason)) => {
                    report.expect(policy.method, "(owner)", "another user", &came, |status| {
                        status.code() == code && reason_of(status) == reason
                    })
                }
                None => report.expect_nothing(policy.method, "(owner)", "another user", &came),
            }
            report.compare_rows(policy.method, &before, &shop.rows().await);
        }
        // The full path, because the author of a new method reads it.
        match (tried, of_users && names_a_thing(&request)) {
            (false, true) => report.fail(policy.path, "(owner)", "another user", NO_THEFT),
            (true, false) => report.fail(policy.path, "(owner)", "another user", NEEDLESS_THEFT),
            _ => {}
        }
    }
}

/// Returns whether a request can name another caller's data at all; without an id a caller only
/// sees its own.
fn names_a_thing(request: &MessageDescriptor) -> bool {
    request.fields().any(|field| field.name().ends_with("_id") && field.name() != "request_id")
}

/// Returns whether a status says that exactly this field of the request is wrong.
fn names_field(status: &Status, policy: &MethodPolicy, field: &str) -> bool {
    let fields = field_violations(status);
    status.code() == Code::InvalidArgument
        && reason_of(status) == souk_contract::REASON_INVALID_FIELD
        && domain_of(status) == policy.domain
        && !fields.is_empty()
        && fields.iter().all(|violation| violation.field == field)
}

/// Returns whether a status is one that the caller can act on, and not a failure of the server.
fn is_answer(status: &Status) -> bool {
    let failed = [
        Code::Internal,
        Code::Unknown,
        Code::DataLoss,
        Code::Unimplemented,
        Code::DeadlineExceeded,
    ];
    !failed.contains(&status.code()) && !reason_of(status).is_empty()
}
