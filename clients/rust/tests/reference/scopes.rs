//! docs/reference/scopes.md: every scope, the methods that need it, and the roles that have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use souk_client::CONTRACT;
use souk_client::roles::ROLES;
use souk_contract::CallerKind;

use crate::descriptors::is_made;

/// Every scope of the contract, and what its holder may do.
const SCOPES: [(&str, &str); 31] = [
    ("catalog.write", "create, change, publish, import and archive products, variants and prices"),
    ("events.admin", "change, move and delete subscriptions of any owner, and their dead letters"),
    ("events.publish", "publish events of one's own types"),
    ("events.read", "read events of every type, and list the log"),
    (
        "events.subscribe",
        "subscribe to events, and manage one's subscriptions; each type takes the scope to read it",
    ),
    ("inventory.read", "read exact stock, movements, locations, policies and reservations"),
    ("inventory.reserve", "reserve stock, and commit, consume, release or return it"),
    ("inventory.write", "receive and correct stock, change locations and policies"),
    ("ledger.read", "read ledgers, accounts, transfers and balances"),
    ("ledger.write", "create ledgers, accounts and transfers"),
    ("notifications.read", "read the messages and preferences of any customer"),
    ("notifications.webhooks", "manage webhook endpoints and their deliveries"),
    ("notifications.write", "change the preferences of any customer"),
    ("ops.audit", "have services check their invariants, and read their statistics"),
    ("ops.faults", "inject faults, where a process allows it"),
    ("ops.repair", "see what is stuck, and decide how it goes on"),
    ("orders.cancel", "cancel orders of any customer"),
    ("orders.capture", "capture the payments of orders that are not captured by themselves"),
    ("orders.fulfill", "say that an order was handed over"),
    ("orders.place", "place orders for customers and guests"),
    ("orders.read", "read orders of any customer"),
    ("orders.refund", "refund orders"),
    ("orders.share", "issue links that open one order of any customer"),
    ("orders.write", "change contact, addresses and notes of orders of any customer"),
    ("payments.charge", "create, confirm, authorize, refresh, capture and void payments"),
    ("payments.read", "read payments, captures and refunds"),
    ("payments.refund", "refund payments that belong to no order"),
    ("payments.simulate", "decide what the simulated provider answers"),
    ("recommendations.read", "read recommendations of any customer"),
    ("wishlists.read", "read the wishlists of any customer"),
    ("wishlists.write", "create, change and delete the wishlists of any customer"),
];
/// Scopes of events whose service has no method that takes the scope.
const OF_EVENTS: [(&str, &str); 1] =
    [("catalog.read", "read events of products, variants and prices")];

fn page() -> String {
    let mut methods: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for policy in CONTRACT.methods {
        let service = policy.domain.trim_start_matches("souk.");
        for scope in policy.grants.iter().flat_map(|grant| grant.scopes) {
            methods.entry(scope).or_default().insert(format!("{service}: {}", policy.method));
        }
    }
    let mut page = String::from(
        "# Scopes and roles\n\n\
         A method admits a service or a member of the staff by the scopes in its token (`grants` in the proto, see\n\
         [policy.proto](../../proto/souk/policy/v1/policy.proto)). A user needs none: what a user may do depends on whose things they are.\n\
         A token with the scope `*` has every scope. A caller without the scope gets PERMISSION_DENIED, `ERROR_REASON_ACCESS_DENIED`,\n\
         and the metadata `scopes` names what it lacks.\n\n\
         - A service lists the scopes that it asks for in its manifest. The shop's own services are granted theirs; one of another team\n  \
         is granted what `souk up --grant NAME=SCOPE,…` says.\n\
         - Events are read with the scope `NAME.read` of the service that owns their type: `orders.read` for `souk.orders.v1.OrderPlaced`\n  \
         (see Subscription.event_types in the proto of the bus). A service reads its own types without one.\n\
         - `souk token --as staff:ann --role support` prints a token for development, with the scopes of a role; `--scope` names single ones.\n\n\
         `cargo xtask gen` writes this page from the contract.\n\n\
         ## Scopes\n\n| scope | allows to | methods |\n| --- | --- | --- |\n",
    );
    for (scope, what) in SCOPES {
        let methods = methods.get(scope).unwrap_or_else(|| panic!("no method needs {scope}"));
        let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for method in methods {
            let (service, method) = method.split_once(": ").unwrap();
            services.entry(service).or_default().push(method);
        }
        let methods = services
            .iter()
            .map(|(service, methods)| format!("{service}: {}", methods.join(", ")))
            .collect::<Vec<_>>()
            .join("; ");
        let _ = writeln!(page, "| `{scope}` | {what} | {methods} |");
    }
    for (scope, what) in OF_EVENTS {
        let _ = writeln!(page, "| `{scope}` | {what} | |");
    }
    page.push_str("\n## Roles of the staff\n\n| role | who | scopes |\n| --- | --- | --- |\n");
    for role in &ROLES {
        let _ =
            writeln!(page, "| {} | {} | `{}` |", role.name, role.what, role.scopes.join("`, `"));
    }
    page
}

#[test]
fn every_scope_of_the_contract_is_described_and_roles_have_no_others() {
    let described: BTreeSet<&str> = SCOPES.iter().map(|(scope, _)| *scope).collect();
    let of_methods: BTreeSet<&str> = CONTRACT
        .methods
        .iter()
        .flat_map(|policy| policy.grants)
        .flat_map(|grant| grant.scopes.iter().copied())
        .collect();
    assert_eq!(described, of_methods);
    for role in &ROLES {
        for scope in role.scopes.iter().filter(|scope| **scope != "*") {
            assert!(described.contains(scope), "{}: {scope}", role.name);
        }
    }
}

#[test]
fn no_method_admits_a_service_or_staff_without_a_scope() {
    // An operation takes the scopes of the method that started it.
    let operations = "souk.operations.v1.OperationService";
    for policy in CONTRACT.methods.iter().filter(|policy| policy.service != operations) {
        for grant in policy.grants {
            let is_own = matches!(grant.caller, CallerKind::Public | CallerKind::User);
            assert_eq!(grant.scopes.is_empty(), is_own, "{}: {grant:?}", policy.path);
        }
    }
}

#[test]
fn the_page_of_scopes_is_what_the_contract_says() {
    is_made("docs/reference/scopes.md", &page());
}
