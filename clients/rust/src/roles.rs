//! The roles of the staff that come with Souk. docs/reference/scopes.md lists them, with all scopes
//! of the contract.

/// A role of the staff: scopes that are usually needed together.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What its holder does.
    pub what: &'static str,
    /// The scopes of its holder's token.
    pub scopes: &'static [&'static str],
}

/// The roles that come with Souk.
pub const ROLES: [Role; 5] = [
    Role {
        name: "support",
        what: "helps customers: reads orders, payments and messages, orders, corrects and cancels for them",
        scopes: &[
            "inventory.read",
            "notifications.read",
            "notifications.write",
            "orders.cancel",
            "orders.place",
            "orders.read",
            "orders.share",
            "orders.write",
            "payments.read",
            "recommendations.read",
            "wishlists.read",
            "wishlists.write",
        ],
    },
    Role {
        name: "merchandiser",
        what: "decides what is sold at which price",
        scopes: &["catalog.write", "inventory.read", "recommendations.read"],
    },
    Role {
        name: "warehouse",
        what: "receives, counts and ships goods",
        scopes: &["inventory.read", "inventory.write", "orders.fulfill", "orders.read"],
    },
    Role {
        name: "finance",
        what: "captures and refunds, and reads the books",
        scopes: &[
            "ledger.read",
            "ops.audit",
            "orders.capture",
            "orders.read",
            "orders.refund",
            "payments.read",
            "payments.refund",
        ],
    },
    Role {
        name: "admin",
        what: "has every scope, those of other teams' services too",
        scopes: &["*"],
    },
];
