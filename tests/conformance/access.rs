//! Who may call what: every method by every kind of caller, and what a user may not do to another's
//! things.

use prost::Message;
use souk_chassis::Caller;
use souk_client::{orders::v1 as orders, payments::v1 as payments};
use souk_contract::MethodPolicy;
use tonic::Code;

use crate::shop::TestShop;

/// A service that no policy names.
const STRANGER: &str = "conformance";

/// Returns one caller of each kind, and a service of each name that a policy could name.
pub fn callers() -> Vec<Caller> {
    let services = ["catalog", "inventory", "ledger", "payments", "orders", STRANGER];
    [Caller::Anonymous, user("alice"), user("bob"), staff()]
        .into_iter()
        .chain(services.map(|name| Caller::Service(name.into())))
        .collect()
}

/// Returns a caller that a method admits: staff where it can be.
pub fn admitted(policy: &MethodPolicy) -> Caller {
    // A subscription is called after its owner, and the cases call it after this one.
    let first =
        if policy.method == "Subscribe" { Caller::Service(STRANGER.into()) } else { staff() };
    let mut callers = callers();
    callers.sort_by_key(|caller| *caller != first);
    callers
        .into_iter()
        .find(|caller| refusal(policy, caller).is_none())
        .expect("a method that somebody may call")
}

/// Returns with which code and reason a policy refuses a caller, if it does.
///
/// # Panics
/// When the policy asks for something that no case is made for.
pub fn refusal(policy: &MethodPolicy, caller: &Caller) -> Option<(Code, &'static str)> {
    use souk_contract::CallerKind as Kind;
    assert!(
        policy.scopes.is_empty(),
        "{}: no case is made for scopes: teach them to conformance",
        policy.path
    );
    let has = |kind| policy.callers.contains(&kind);
    let is_admitted = has(Kind::Public)
        || match caller {
            Caller::Anonymous => false,
            Caller::User(_) => has(Kind::User),
            Caller::Staff(_) => has(Kind::Staff),
            Caller::Service(name) => {
                has(Kind::Service)
                    && (policy.services.is_empty() || policy.services.contains(&&**name))
            }
        };
    match caller {
        _ if is_admitted => None,
        Caller::Anonymous => Some((Code::Unauthenticated, "ERROR_REASON_UNAUTHENTICATED")),
        _ => Some((Code::PermissionDenied, "ERROR_REASON_ACCESS_DENIED")),
    }
}

/// What bob sends to a method about alice's order, and how he must be refused.
pub struct Theft {
    /// The method.
    pub method: &'static str,
    /// What he sends.
    pub message: Vec<u8>,
    /// The code and reason of the refusal; nothing where he is answered an empty list.
    pub refusal: Option<(Code, &'static str)>,
}

/// Returns who tries.
pub fn thief() -> Caller {
    user("bob")
}

/// Returns one attempt for each method that users may call and that is about a user's own data.
pub fn thefts(shop: &TestShop) -> Vec<Theft> {
    let order_id = shop.order.order_id.clone();
    let no_order = Some((Code::NotFound, "ERROR_REASON_ORDER_NOT_FOUND"));
    let not_alice = Some((Code::PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER"));
    let theft = |method, message, refusal| Theft { method, message, refusal };
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
    let action = payments::CompletePaymentActionRequest {
        payment_id: shop.order.payment_id.clone(),
        approve: true,
    };
    let list = orders::ListOrdersRequest::default();
    let list_of_alice =
        orders::ListOrdersRequest { customer_id: "alice".into(), ..Default::default() };
    let get = orders::GetOrderRequest { order_id: order_id.clone() };
    let lines = orders::ListOrderLinesRequest { order_id: order_id.clone(), ..Default::default() };
    let cancel = orders::CancelOrderRequest { order_id: order_id.clone() };
    let watch = orders::WatchOrderRequest { order_id, ..Default::default() };
    vec![
        theft("PlaceOrder", place.encode_to_vec(), not_alice),
        theft("GetOrder", get.encode_to_vec(), no_order),
        theft("ListOrderLines", lines.encode_to_vec(), no_order),
        theft("CancelOrder", cancel.encode_to_vec(), no_order),
        theft("WatchOrder", watch.encode_to_vec(), no_order),
        theft("ListOrders", list.encode_to_vec(), None),
        theft("ListOrders", list_of_alice.encode_to_vec(), not_alice),
        theft(
            "CompletePaymentAction",
            action.encode_to_vec(),
            Some((Code::NotFound, "ERROR_REASON_PAYMENT_NOT_FOUND")),
        ),
    ]
}

fn user(id: &str) -> Caller {
    Caller::User(id.into())
}

fn staff() -> Caller {
    Caller::Staff("ada".into())
}
