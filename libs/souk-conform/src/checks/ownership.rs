//! C-OWN: whose things a person reaches, and what only some callers may say.

use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor};
use souk_contract::{Caller, CallerKind};
use tonic::Code;

use crate::checks::validation;
use crate::contract::Method;
use crate::report::{Report, seen};
use crate::requests::owned::{put, set_by};
use crate::requests::valid;
use crate::stage::{Stage, describe, is_error, metadata};
use crate::wire::Reply;

const DENIED: &str = "ERROR_REASON_ACCESS_DENIED";
const OTHER: &str = "ERROR_REASON_OTHER_CUSTOMER";
const NOT_ALLOWED: &str = "ERROR_REASON_FIELD_NOT_ALLOWED";

/// Calls every method that says so as a person, about itself and about someone else.
pub async fn asked(stage: &Stage, report: &mut Report) {
    let mut found = Found::default();
    for method in &stage.methods {
        let Some(access) = &method.access else { continue };
        let message = match valid::message(&method.input) {
            Ok(message) => message,
            Err(why) => {
                let what = format!("{}: {why}", method.path);
                report.untried("C-OWN-1", &what);
                report.untried("C-OWN-4", what);
                continue;
            }
        };
        let asked = Asked { stage, method, message };
        let names_customer = access.own.rsplit('.').next() == Some("customer_id");
        if names_customer && !method.client_streaming {
            asked.customers(&access.own, &mut found, report).await;
        }
        if !method.client_streaming {
            asked.reserved_fields(&mut found, report).await;
        }
        asked.guests(&mut found, report).await;
    }
    for (was_asked, number, why) in [
        (found.own, "C-OWN-1", "no method is about a user's own customer"),
        (found.others, "C-OWN-2", "no such method admits a service or staff"),
        (found.reserved, "C-OWN-4", "no field is for some callers only"),
        (found.guests, "C-OWN-5", "no method excludes guests"),
    ] {
        if !was_asked {
            report.not_asked(number, why);
        }
    }
}

/// What the methods of a service have.
#[derive(Default)]
struct Found {
    own: bool,
    others: bool,
    reserved: bool,
    guests: bool,
}

/// A method, and a valid request for it.
struct Asked<'a> {
    stage: &'a Stage,
    method: &'a Method,
    message: DynamicMessage,
}

/// What of a request differs from the valid one.
#[derive(Default)]
struct Change<'a> {
    /// Whose things it is about.
    customer: Option<&'a str>,
    /// The only field in it that not everyone may set.
    reserved: Option<&'a FieldDescriptor>,
}

impl Asked<'_> {
    async fn customers(&self, own: &str, found: &mut Found, report: &mut Report) {
        for person in [Caller::user("conformance"), Caller::guest("conformance")] {
            if self.admits(&person) {
                found.own = true;
                self.another_customer(own, &person, report).await;
                self.own_customer(&person, report).await;
            }
        }
        for other in [Caller::Staff("conformance".into()), Caller::Service("conformance".into())] {
            if !self.admits(&other) {
                continue;
            }
            found.others = true;
            let change = Change { customer: Some("me"), ..Change::default() };
            let (sent, reply) = self.send(&other, change).await;
            let fields = validation::fields(&reply);
            let holds = validation::is_invalid(&reply, &self.method.package) && fields == [own];
            let came = format!("{} {fields:?}", describe(&reply));
            let expected =
                format!("INVALID_ARGUMENT ERROR_REASON_INVALID_FIELD that names {own:?}");
            report.observe("C-OWN-2", holds, seen(sent, came, expected));
        }
    }

    async fn another_customer(&self, own: &str, person: &Caller, report: &mut Report) {
        let stranger = souk_contract::customer_of("user:somebody-else").to_string();
        let change = Change { customer: Some(&stranger), ..Change::default() };
        let (sent, reply) = self.send(person, change).await;
        let fields = validation::fields(&reply);
        let holds = is_error(&reply, Code::PermissionDenied, OTHER) && fields == [own];
        let came = format!("{} {fields:?}", describe(&reply));
        let expected = format!("PERMISSION_DENIED {OTHER} that names {own:?}");
        report.observe("C-OWN-1", holds, seen(sent, came, expected));
    }

    /// Reads what is the person's own: written each way, it is the same customer.
    async fn own_customer(&self, person: &Caller, report: &mut Report) {
        if !self.method.is_read {
            return;
        }
        let own = person.customer().expect("a person").to_string();
        for customer in ["", "me", own.as_str()] {
            let change = Change { customer: Some(customer), ..Change::default() };
            let (sent, reply) = self.send(person, change).await;
            let holds = !is_error(&reply, Code::PermissionDenied, OTHER)
                && reply.code() != Some(Code::InvalidArgument);
            let expected = format!("neither {OTHER} nor INVALID_ARGUMENT");
            report.observe("C-OWN-1", holds, seen(sent, describe(&reply), expected));
        }
    }

    async fn reserved_fields(&self, found: &mut Found, report: &mut Report) {
        for field in self.method.input.fields() {
            let kinds = set_by(&field);
            let Some(access) = &self.method.access else { return };
            for caller in access.callers().iter().filter(|caller| access.admits(caller)) {
                if kinds.is_empty() || kinds.contains(&CallerKind::of(caller)) {
                    continue;
                }
                found.reserved = true;
                let change = Change { reserved: Some(&field), ..Change::default() };
                let (sent, reply) = self.send(caller, change).await;
                let named = metadata(&reply, "field");
                let fields = validation::fields(&reply);
                let holds = is_error(&reply, Code::PermissionDenied, NOT_ALLOWED)
                    && named.as_deref() == Some(field.name())
                    && fields == [field.name()];
                let came = format!("{}, metadata field {named:?} {fields:?}", describe(&reply));
                let expected = format!(
                    "PERMISSION_DENIED {NOT_ALLOWED}, metadata field {:?} and a BadRequest that \
                     names it",
                    field.name()
                );
                report.observe("C-OWN-4", holds, seen(sent, came, expected));
            }
        }
    }

    async fn guests(&self, found: &mut Found, report: &mut Report) {
        let guest = Caller::guest("conformance");
        if !self.admits(&Caller::user("conformance")) || self.admits(&guest) {
            return;
        }
        found.guests = true;
        let message = self.message.encode_to_vec();
        let sent = self.stage.describe_call(&self.method.path, &guest.to_string(), &message);
        let reply = self.stage.call(&self.method.path, &guest, message).await;
        let holds = is_error(&reply, Code::PermissionDenied, DENIED);
        let expected = format!("PERMISSION_DENIED {DENIED}");
        report.observe("C-OWN-5", holds, seen(sent, describe(&reply), expected));
    }

    fn admits(&self, caller: &Caller) -> bool {
        self.method.access.as_ref().is_some_and(|access| access.admits(caller))
    }

    /// Sends a valid request with this change, without fields that only others may set. Returns
    /// also how it reads in a report.
    async fn send(&self, caller: &Caller, change: Change<'_>) -> (String, Reply) {
        let Change { customer, reserved } = change;
        let mut message = self.message.clone();
        for field in self.method.input.fields() {
            let is_token = ["page_token", "resume_token"].contains(&field.name());
            let is_reserved = !set_by(&field).is_empty() && Some(&field) != reserved;
            if is_token || is_reserved {
                message.clear_field(&field);
            }
        }
        if let (Some(customer), Some(access)) = (customer, &self.method.access) {
            put(&mut message, &access.own, customer);
        }
        let milliseconds = if self.method.server_streaming { "300m" } else { "1500m" };
        let limit = [("grpc-timeout", milliseconds.to_owned())];
        let message = message.encode_to_vec();
        let path = &self.method.path;
        let sent = self.stage.describe_call(path, &caller.to_string(), &message);
        (sent, self.stage.call_with(path, caller, &limit, message).await)
    }
}
