//! What every service owes its callers, made from the contract itself: bad input and strangers get
//! the right code, reason and field, and nothing is written. A method, a rule or a type that is new
//! is covered at once, or fails the test until it is taught here.

mod access;
mod known;
mod limits;
mod report;
mod shop;

use std::collections::BTreeSet;
use std::path::Path;

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use souk_conform::requests::broken::{self, Case};
use souk_conform::requests::valid;
use souk_contract::MethodPolicy;
use souk_manifest::Language;
use souk_testkit::{domain_of, field_violations, reason_of};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::report::Report;
use crate::shop::TestShop;

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
        for policy in shared() {
            strangers_are_refused_before_anything_is_read(&shop, policy, &mut report).await;
        }
        others_things_are_out_of_reach(&shop, &mut report).await;
        fields_are_set_by_those_whom_the_contract_names(&shop, &mut report).await;
        a_list_is_of_the_caller(&shop, &mut report).await;
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

/// Returns the methods that the process offers for all of its services. What they do with a request
/// that names one of them is tested in the chassis and in the service.
fn shared() -> impl Iterator<Item = &'static MethodPolicy> {
    let services = [
        "souk.operations.v1.OperationService",
        "souk.ops.v1.InvariantService",
        "souk.ops.v1.SagaService",
    ];
    services.into_iter().flat_map(|service| souk_client::CONTRACT.methods_of(service))
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
    let valid = valid_request(request).encode_to_vec();
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
    for case in cases(request).into_iter().filter(|case| case.is_broken) {
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
    for case in cases(request).into_iter().filter(|case| !case.is_broken) {
        let message = known.put_into(case.message, &case.field);
        let came = shop.call(policy.path, &caller, vec![message.encode_to_vec()]).await;
        report.expect_or_ok(policy.method, &case.field, &case.what, &came, is_answer);
    }
    let valid = known.put_into(valid_request(request), "").encode_to_vec();
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
    for (policy, request) in hosted() {
        let thefts = access::thefts(shop, policy, &request).unwrap_or_else(|what| {
            report.fail(policy.path, policy.own, "another's thing", &what);
            Vec::new()
        });
        for theft in thefts {
            let before = shop.rows().await;
            let what = format!("{} names what is of {}", theft.thief, theft.owner);
            let came = shop.call(policy.path, &theft.thief, vec![theft.message]).await;
            report.expect(policy.method, policy.own, &what, &came, |status| {
                if theft.names_customer {
                    reason_of(status) == "ERROR_REASON_OTHER_CUSTOMER"
                } else {
                    status.code() == Code::NotFound && reason_of(status).ends_with("_NOT_FOUND")
                }
            });
            report.compare_rows(policy.method, &before, &shop.rows().await);
        }
        for (owner, message) in access::own_reads(shop, policy, &request).unwrap_or_default() {
            let came = shop.call(policy.path, &owner, vec![message]).await;
            let what = format!("{owner} names what is its own");
            report.expect_or_ok(policy.method, policy.own, &what, &came, |status| {
                is_answer(status)
                    && status.code() != Code::NotFound
                    && status.code() != Code::PermissionDenied
            });
        }
    }
}

async fn fields_are_set_by_those_whom_the_contract_names(shop: &TestShop, report: &mut Report) {
    for (policy, request) in hosted() {
        for (field, caller, message) in access::reserved_fields(policy, &request) {
            let before = shop.rows().await;
            let came = shop.call(policy.path, &caller, vec![message]).await;
            report.expect(policy.method, &field, &format!("set by {caller}"), &came, |status| {
                let violations = field_violations(status);
                status.code() == Code::PermissionDenied
                    && reason_of(status) == "ERROR_REASON_FIELD_NOT_ALLOWED"
                    && violations.len() == 1
                    && violations[0].field == field
            });
            report.compare_rows(policy.method, &before, &shop.rows().await);
        }
    }
}

/// A list that names no customer has a person's own things in it, and not those of others.
async fn a_list_is_of_the_caller(shop: &TestShop, report: &mut Report) {
    for (policy, _) in hosted() {
        let is_own_list = policy.own == "customer_id"
            && policy.method.starts_with("List")
            && policy.idempotency == souk_contract::Idempotency::NoSideEffects;
        if !is_own_list {
            continue;
        }
        for theirs in ["user:bob", "guest:dave"] {
            let caller = theirs.parse().expect("a caller");
            let came = shop.call(policy.path, &caller, vec![Vec::new()]).await;
            report.expect_nothing(policy.method, policy.own, theirs, &came);
        }
    }
}

/// Returns a request that keeps every rule.
///
/// # Panics
/// When there is a rule or a type for which none is known.
fn valid_request(request: &MessageDescriptor) -> DynamicMessage {
    valid::message(request).unwrap_or_else(|why| panic!("{why}"))
}

/// Returns every case of a request.
///
/// # Panics
/// When there is a rule for which none is known.
fn cases(request: &MessageDescriptor) -> Vec<Case> {
    let made = broken::cases(request);
    assert!(made.untaught.is_empty(), "{}: {:?}", request.full_name(), made.untaught);
    made.cases
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
