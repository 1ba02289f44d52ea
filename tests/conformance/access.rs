//! Who may call what: every method by every kind of caller, and what a user may not do to another's
//! things.

use prost::Message;
use souk_chassis::Caller;
use souk_client::orders::v1::{self as orders, order_service};
use souk_client::payments::v1::{self as payments, payment_service};
use souk_contract::{Method, MethodPolicy};
use tonic::Code;

use crate::shop::TestShop;

/// A service of another team.
const STRANGER: &str = "conformance";

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
/// but those that the method asks of them, and with these alone.
pub fn holders(policy: &MethodPolicy) -> Vec<Holder> {
    let others = [Caller::Anonymous, user("alice"), user("bob")];
    let mut holders: Vec<Holder> =
        others.into_iter().map(|caller| Holder::new(caller, &[])).collect();
    for caller in [staff(), Caller::Service(STRANGER.into())] {
        let asked: Vec<&str> =
            policy.grants.iter().flat_map(|grant| grant.scopes).copied().collect();
        let all = souk_client::CONTRACT.methods.iter().flat_map(|policy| policy.grants);
        let but: Vec<&str> = all
            .flat_map(|grant| grant.scopes)
            .copied()
            .filter(|scope| !asked.contains(scope))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        for scopes in [&[][..], &["*"], &but, &asked] {
            holders.push(Holder::new(caller.clone(), scopes));
        }
    }
    holders
}

/// Returns one caller of each kind, and two users.
pub fn callers() -> Vec<Caller> {
    let service = Caller::Service(STRANGER.into());
    vec![Caller::Anonymous, user("alice"), user("bob"), staff(), service]
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
    use souk_contract::CallerKind as Kind;
    let kind = match &holder.caller {
        Caller::Anonymous => None,
        Caller::User(_) => Some(Kind::User),
        Caller::Service(_) => Some(Kind::Service),
        Caller::Staff(_) => Some(Kind::Staff),
    };
    let mut lacking = None;
    for grant in policy.grants {
        if grant.caller != Kind::Public && Some(grant.caller) != kind {
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
    match kind {
        None => Some((Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED", None)),
        Some(_) => Some((Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED", lacking)),
    }
}

/// What bob sends to a method about alice's order, and how he must be refused.
pub struct Theft {
    /// The full path of the method: two services may have methods with the same name.
    pub path: &'static str,
    /// What he sends.
    pub message: Vec<u8>,
    /// The code and reason of the refusal; nothing where he is answered an empty list.
    pub refusal: Option<(Code, &'static str)>,
}

impl Theft {
    /// Makes a case of a method and a request of its type.
    fn of<M: Method<Input: Message>>(
        _: M,
        request: M::Input,
        refusal: Option<(Code, &'static str)>,
    ) -> Theft {
        Theft { path: M::PATH, message: request.encode_to_vec(), refusal }
    }
}

/// Returns who tries.
pub fn thief() -> Caller {
    user("bob")
}

/// Returns one attempt for each method that users may call and that is about a user's own data.
pub fn thefts(shop: &TestShop) -> Vec<Theft> {
    let order_id = shop.order.order_id.clone();
    let no_order = Some((Code::NotFound, "ERROR_REASON_ORDER_NOT_FOUND"));
    let no_payment = Some((Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND"));
    let not_alice = Some((Code::PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER"));
    let place = orders::PlaceOrderRequest {
        request_id: "theft".into(),
        customer_id: "alice".into(),
        currency_code: "GBP".into(),
        lines: vec![orders::PlaceOrderLine {
            item: Some(orders::place_order_line::Item::Sku("SEED".into())),
            quantity: 1,
        }],
        payment_method: "tok_approved".into(),
        ..Default::default()
    };
    let refresh =
        payments::RefreshPaymentRequest { payment_id: shop.order.payments[0].payment_id.clone() };
    let list = orders::ListOrdersRequest::default();
    let list_of_alice =
        orders::ListOrdersRequest { customer_id: "alice".into(), ..Default::default() };
    let get = orders::GetOrderRequest { order_id: order_id.clone() };
    let lines = orders::ListOrderLinesRequest { order_id: order_id.clone(), ..Default::default() };
    let history =
        orders::ListOrderHistoryRequest { order_id: order_id.clone(), ..Default::default() };
    let retry = orders::RetryPaymentRequest {
        order_id: order_id.clone(),
        payment_method: "tok_approved".into(),
        ..Default::default()
    };
    let cancel = orders::CancelOrderRequest { order_id: order_id.clone(), ..Default::default() };
    let watch = orders::WatchOrderRequest { order_id, ..Default::default() };
    vec![
        Theft::of(order_service::PlaceOrder, place, not_alice),
        Theft::of(order_service::GetOrder, get, no_order),
        Theft::of(order_service::ListOrderLines, lines, no_order),
        Theft::of(order_service::ListOrderHistory, history, no_order),
        Theft::of(order_service::RetryPayment, retry, no_order),
        Theft::of(order_service::CancelOrder, cancel, no_order),
        Theft::of(order_service::WatchOrder, watch, no_order),
        Theft::of(order_service::ListOrders, list, None),
        Theft::of(order_service::ListOrders, list_of_alice, not_alice),
        Theft::of(payment_service::RefreshPayment, refresh, no_payment),
    ]
}

fn user(id: &str) -> Caller {
    Caller::User(id.into())
}

fn staff() -> Caller {
    Caller::Staff("ada".into())
}
