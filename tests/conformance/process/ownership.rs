//! C-OWN: whose things a person reaches, and what only some callers may say.

use prost::Message as _;
use prost_reflect::FieldDescriptor;
use souk_chassis::Caller;
use souk_contract::CallerKind;
use tonic::Code;

use crate::owned::{put, set_by};
use crate::process::contract::Method;
use crate::process::report::Report;
use crate::process::stage::{Stage, is_error, metadata, told};
use crate::process::validation;
use crate::valid;

const DENIED: &str = "ERROR_REASON_ACCESS_DENIED";
const OTHER: &str = "ERROR_REASON_OTHER_CUSTOMER";
const NOT_ALLOWED: &str = "ERROR_REASON_FIELD_NOT_ALLOWED";

/// Calls every method that says so as a person, about itself and about someone else.
pub async fn asked(stage: &Stage<'_>, report: &mut Report) {
    let alice = Caller::user("conformance");
    let guest = Caller::guest("conformance");
    let mut looks = [false; 4];
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        let people = [&alice, &guest].into_iter().filter(|one| access.admits(one));
        let people: Vec<&Caller> = people.collect();
        let names_customer = access.own.rsplit('.').next() == Some("customer_id");
        if names_customer && !method.client_streaming {
            for person in &people {
                looks[0] = true;
                own_customer(stage, method, &access.own, person, report).await;
            }
            let others =
                [Caller::Staff("conformance".into()), Caller::Service("conformance".into())];
            for other in others.iter().filter(|one| access.admits(one)) {
                looks[1] = true;
                let reply = send(stage, method, other, Some("me"), None).await;
                let holds = validation::is_invalid(&reply, &method.package)
                    && validation::fields(&reply) == [access.own.as_str()];
                let seen = format!("{} by {other} for me: {}", method.path, told(&reply));
                report.look("C-OWN-2", holds, seen);
            }
        }
        for field in method.input.fields().filter(|_| !method.client_streaming) {
            let kinds = set_by(&field);
            for caller in access.callers().iter().filter(|one| access.admits(one)) {
                if kinds.is_empty() || kinds.contains(&CallerKind::of(caller)) {
                    continue;
                }
                looks[2] = true;
                let reply = send(stage, method, caller, None, Some(&field)).await;
                let holds = is_error(&reply, Code::PermissionDenied, NOT_ALLOWED)
                    && metadata(&reply, "field").as_deref() == Some(field.name())
                    && validation::fields(&reply) == [field.name()];
                let seen =
                    format!("{} of {} by {caller}: {}", field.name(), method.path, told(&reply));
                report.look("C-OWN-4", holds, seen);
            }
        }
        if access.admits(&alice) && !access.admits(&guest) {
            looks[3] = true;
            let reply = stage
                .call(&method.path, &guest, valid::message(&method.input).encode_to_vec())
                .await;
            let seen = format!("{} by {guest}: {}", method.path, told(&reply));
            report.look("C-OWN-5", is_error(&reply, Code::PermissionDenied, DENIED), seen);
        }
    }
    for (looked, number, why) in [
        (looks[0], "C-OWN-1", "no method is about a user's own customer"),
        (looks[1], "C-OWN-2", "no such method admits a service or staff"),
        (looks[2], "C-OWN-4", "no field is for some callers only"),
        (looks[3], "C-OWN-5", "no method excludes guests"),
    ] {
        if !looked {
            report.cannot(number, why);
        }
    }
}

async fn own_customer(
    stage: &Stage<'_>,
    method: &Method,
    own_field: &str,
    person: &Caller,
    report: &mut Report,
) {
    let stranger = souk_contract::customer_of("user:somebody-else").to_string();
    let reply = send(stage, method, person, Some(&stranger), None).await;
    let holds = is_error(&reply, Code::PermissionDenied, OTHER)
        && validation::fields(&reply) == [own_field];
    let seen = format!("{} by {person} for another: {}", method.path, told(&reply));
    report.look("C-OWN-1", holds, seen);
    if !method.is_read {
        return;
    }
    let own = person.customer().expect("a person").to_string();
    for asked in ["", "me", own.as_str()] {
        let reply = send(stage, method, person, Some(asked), None).await;
        let holds = !is_error(&reply, Code::PermissionDenied, OTHER)
            && reply.code() != Some(Code::InvalidArgument);
        let seen = format!("{} by {person} for {asked:?}: {}", method.path, told(&reply));
        report.look("C-OWN-1", holds, seen);
    }
}

/// Sends a valid request with this customer, without fields that only others may set, except for
/// one.
async fn send(
    stage: &Stage<'_>,
    method: &Method,
    caller: &Caller,
    customer: Option<&str>,
    reserved: Option<&FieldDescriptor>,
) -> crate::process::wire::Reply {
    let mut message = valid::message(&method.input);
    for field in method.input.fields() {
        let is_token = ["page_token", "resume_token"].contains(&field.name());
        if is_token || !set_by(&field).is_empty() && Some(&field) != reserved {
            message.clear_field(&field);
        }
    }
    if let (Some(customer), Some(access)) = (customer, &method.access) {
        put(&mut message, &access.own, customer);
    }
    let limit = if method.server_streaming { "300m" } else { "1500m" };
    let limit = [("grpc-timeout", limit.to_owned())];
    stage.call_with(&method.path, caller, &limit, vec![message.encode_to_vec()]).await
}
