//! Who may call what: every method by every kind of caller and each role of the staff, and what a
//! person may not do to another's things. All of it is made from the contract.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage as _};
use souk_chassis::Caller;
use souk_client::orders::v1::Order;
use souk_client::roles::ROLES;
use souk_conform::requests::owned::{put, set_by};
use souk_conform::requests::valid;
use souk_contract::{CallerKind, Idempotency, MethodPolicy};
use tonic::Code;

use crate::shop::TestShop;
use crate::valid_request;

/// A service of another team.
const STRANGER: &str = "conformance";

/// Fields whose value is itself the proof that its sender may act.
const PROOFS: [&str; 1] = ["redirect_uri"];

/// A caller, and the scopes of its token.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// Who calls.
    pub caller: Caller,
    /// What its token has.
    pub scopes: Vec<&'static str>,
}

impl Holder {
    fn new(caller: Caller, scopes: &[&'static str]) -> Holder {
        Holder { caller, scopes: scopes.to_vec() }
    }
}

/// Returns one caller of each kind; services and staff without a scope, with all scopes, with all
/// but those that the method asks of them, and with these alone; and staff of each role.
pub fn holders(policy: &MethodPolicy) -> Vec<Holder> {
    let others = [Caller::Anonymous, alice(), bob(), carol(), dave()];
    let mut holders: Vec<Holder> =
        others.into_iter().map(|caller| Holder::new(caller, &[])).collect();
    let scopes_of = |policy: &MethodPolicy| {
        policy.grants.iter().flat_map(|grant| grant.scopes).copied().collect::<BTreeSet<_>>()
    };
    let asked: Vec<&str> = scopes_of(policy).into_iter().collect();
    let all: BTreeSet<&str> = souk_client::CONTRACT.methods.iter().flat_map(scopes_of).collect();
    let but: Vec<&str> = all.into_iter().filter(|scope| !asked.contains(scope)).collect();
    for caller in [staff(), Caller::Service(STRANGER.into())] {
        for scopes in [&[][..], &["*"], &but, &asked] {
            holders.push(Holder::new(caller.clone(), scopes));
        }
    }
    holders.extend(ROLES.iter().map(|role| Holder::new(staff(), role.scopes)));
    holders
}

/// Returns one caller of each kind, two users and two guests.
pub fn callers() -> Vec<Caller> {
    let service = Caller::Service(STRANGER.into());
    vec![Caller::Anonymous, alice(), bob(), carol(), dave(), staff(), service]
}

/// Returns a caller that a method admits when its token has every scope: staff where it can be.
pub fn admitted(policy: &MethodPolicy) -> Caller {
    // A subscription is called after its owner, and the cases call it after this one.
    let first =
        if policy.method == "Subscribe" { Caller::Service(STRANGER.into()) } else { staff() };
    let mut holders = holders(policy);
    holders.sort_by_key(|holder| holder.caller != first);
    holders
        .into_iter()
        .find(|holder| refusal(policy, holder).is_none())
        .expect("a method that somebody may call")
        .caller
}

/// A code and a reason, and the scopes that the metadata names.
pub type Refusal = (Code, &'static str, Option<String>);

/// Returns how a policy refuses a caller, if it does.
pub fn refusal(policy: &MethodPolicy, holder: &Holder) -> Option<Refusal> {
    let kind = CallerKind::of(&holder.caller);
    let is_guest = matches!(&holder.caller, Caller::User(user) if user.is_guest);
    let mut lacking = None;
    for grant in policy.grants {
        if grant.caller != CallerKind::Public && grant.caller != kind
            || grant.excludes_guests && is_guest
        {
            continue;
        }
        let lacks: Vec<&str> = grant
            .scopes
            .iter()
            .copied()
            .filter(|scope| !holder.scopes.contains(scope) && !holder.scopes.contains(&"*"))
            .collect();
        if lacks.is_empty() {
            return None;
        }
        lacking.get_or_insert(lacks.join(","));
    }
    match holder.caller {
        Caller::Anonymous => Some((Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED", None)),
        _ => Some((Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED", lacking)),
    }
}

/// What a caller sends to a method about another's things.
pub struct Theft {
    /// Whose things they are.
    pub owner: Caller,
    /// Who tries.
    pub thief: Caller,
    /// What is sent.
    pub message: Vec<u8>,
    /// Whether the message names a customer, or a thing of one.
    pub names_customer: bool,
}

/// Returns every attempt on the things of a user and of a guest, by another user and another guest.
///
/// # Errors
/// What is to be taught here.
pub fn thefts(
    shop: &TestShop,
    policy: &MethodPolicy,
    request: &MessageDescriptor,
) -> Result<Vec<Theft>, String> {
    let mut thefts = Vec::new();
    if policy.own.is_empty() || PROOFS.contains(&policy.own) {
        return Ok(thefts);
    }
    let admits_guests = policy
        .grants
        .iter()
        .any(|grant| grant.caller == CallerKind::User && !grant.excludes_guests);
    let names_customer = last(policy.own) == "customer_id";
    for (owner, order) in [(alice(), &shop.order), (carol(), &shop.order_of_guest)] {
        let id = thing(policy.own, &owner, order)?;
        let message = about(request, policy, &id).encode_to_vec();
        for thief in [bob(), dave()].into_iter().take(if admits_guests { 2 } else { 1 }) {
            let message = message.clone();
            thefts.push(Theft { owner: owner.clone(), thief, message, names_customer });
        }
    }
    Ok(thefts)
}

/// Returns what the owner itself reaches by each method that only reads, so that a refusal of
/// everybody is not taken for one of thieves.
///
/// # Errors
/// What is to be taught here.
pub fn own_reads(
    shop: &TestShop,
    policy: &MethodPolicy,
    request: &MessageDescriptor,
) -> Result<Vec<(Caller, Vec<u8>)>, String> {
    let reads = policy.idempotency == Idempotency::NoSideEffects && !policy.own.is_empty();
    if !reads || PROOFS.contains(&policy.own) {
        return Ok(Vec::new());
    }
    let owners = [(alice(), &shop.order), (carol(), &shop.order_of_guest)];
    let read = |(owner, order): (Caller, &Order)| {
        let id = thing(policy.own, &owner, order)?;
        Ok((owner, about(request, policy, &id).encode_to_vec()))
    };
    owners.into_iter().map(read).collect()
}

/// Returns the fields of a request that are for some kinds of callers only, each with a message
/// that has it, for each caller that is admitted and may not set it.
pub fn reserved_fields(
    policy: &MethodPolicy,
    request: &MessageDescriptor,
) -> Vec<(String, Caller, Vec<u8>)> {
    let mut cases = Vec::new();
    for field in request.fields() {
        let kinds = set_by(&field);
        if kinds.is_empty() {
            continue;
        }
        for caller in callers() {
            let holder = Holder::new(caller.clone(), &["*"]);
            let kind = CallerKind::of(&caller);
            if refusal(policy, &holder).is_none() && !kinds.contains(&kind) {
                let mut message = without_pages(valid_request(request));
                clear_reserved(&mut message, kind);
                message.set_field(
                    &field,
                    valid::value_of(&field).expect("the request has a valid value"),
                );
                cases.push((field.name().to_owned(), caller, message.encode_to_vec()));
            }
        }
    }
    cases
}

/// Returns the id of the thing that a field names, of this owner.
fn thing(own: &str, owner: &Caller, order: &Order) -> Result<String, String> {
    match last(own) {
        "customer_id" => Ok(owner.customer().expect("a person").to_string()),
        "order_id" => Ok(order.order_id.clone()),
        "payment_id" => Ok(order.payments[0].payment_id.clone()),
        "fulfillment_id" => Ok(order.fulfillments[0].fulfillment_id.clone()),
        other => Err(format!(
            "no {other} is known: let `TestShop::start` in tests/conformance/shop.rs make one, and \
             teach it to `thing` in tests/conformance/access.rs"
        )),
    }
}

/// Returns a valid request about a thing.
fn about(request: &MessageDescriptor, policy: &MethodPolicy, id: &str) -> DynamicMessage {
    let mut message = without_pages(valid_request(request));
    clear_reserved(&mut message, CallerKind::User);
    put(&mut message, policy.own, id);
    message
}

/// Leaves out tokens, which no one can make up.
fn without_pages(mut message: DynamicMessage) -> DynamicMessage {
    for name in ["page_token", "resume_token"] {
        message.clear_field_by_name(name);
    }
    message
}

/// Leaves out what callers of this kind may not set.
fn clear_reserved(message: &mut DynamicMessage, kind: CallerKind) {
    for field in message.descriptor().fields() {
        let kinds = set_by(&field);
        if !kinds.is_empty() && !kinds.contains(&kind) {
            message.clear_field(&field);
        }
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A user who has an order.
pub fn alice() -> Caller {
    Caller::user("alice")
}

fn bob() -> Caller {
    Caller::user("bob")
}

/// A guest who has an order.
pub fn carol() -> Caller {
    Caller::guest("carol")
}

fn dave() -> Caller {
    Caller::guest("dave")
}

fn staff() -> Caller {
    Caller::Staff("ada".into())
}
