//! What each spoil of tests/conformance/spoiler breaks, and which of them are combined.

/// The services behind the spoils.
pub const CATALOG: &str = "catalog";
pub const EVENTS: &str = "events";
pub const ORDERS: &str = "orders";
pub const RECOMMENDATIONS: &str = "recommendations";
/// The service in Go, which makes mistakes of others ([`IN_GO`]).
pub const NOTES: &str = "notes";

/// One mistake, the service that makes it, and the sentences that are broken with it.
pub struct Spoil(pub &'static str, pub &'static str, pub &'static [&'static str]);

/// Every mistake.
pub const SPOILS: &[Spoil] = &[
    // One message limit shows both that the file is read and that it takes effect.
    Spoil("foreign-settings", CATALOG, &["C-CONFIG-1", "C-VALID-5"]),
    Spoil("defaults", CATALOG, &["C-CONFIG-2"]),
    Spoil("exit-code", CATALOG, &["C-CONFIG-3", "C-CONFIG-4", "C-CONFIG-5"]),
    // A process that starts where it must not has also written.
    Spoil("unknown-keys", CATALOG, &["C-CONFIG-3", "C-CONFIG-6"]),
    Spoil("log-key", CATALOG, &["C-CONFIG-7"]),
    Spoil("fixed-ports", CATALOG, &["C-START-1"]),
    Spoil("ready-file", CATALOG, &["C-START-2"]),
    Spoil("waits", CATALOG, &["C-START-3"]),
    Spoil("address-exit", CATALOG, &["C-START-4"]),
    Spoil("litter", CATALOG, &["C-START-5"]),
    Spoil("unlocked", CATALOG, &["C-START-7"]),
    Spoil("health-check", CATALOG, &["C-HEALTH-1"]),
    Spoil("health-unknown", CATALOG, &["C-HEALTH-2"]),
    Spoil("health-list", CATALOG, &["C-HEALTH-3"]),
    Spoil("watch-unknown", CATALOG, &["C-HEALTH-4"]),
    Spoil("healthz", CATALOG, &["C-HEALTH-5"]),
    // Who must show a token where none is needed does not see what is there.
    Spoil("closed-pages", CATALOG, &["C-HEALTH-5", "C-HEALTH-6"]),
    Spoil("closed-health", CATALOG, &["C-HEALTH-3", "C-HEALTH-6"]),
    Spoil("reflection-alpha", CATALOG, &["C-REFLECT-1"]),
    Spoil("reflection-list", CATALOG, &["C-REFLECT-2"]),
    Spoil("reflection-policy", CATALOG, &["C-REFLECT-3"]),
    Spoil("reflection-unknown", CATALOG, &["C-REFLECT-4"]),
    Spoil("invariants-name", CATALOG, &["C-OPS-1"]),
    Spoil("invariants-field", CATALOG, &["C-OPS-2"]),
    // An anonymous caller is treated as a user, also by the log.
    Spoil("anonymous", CATALOG, &["C-ACCESS-1", "C-ACCESS-7", "C-LOG-2"]),
    // The log knows another reason than the caller got; so with others below.
    Spoil("access-reason", CATALOG, &["C-ACCESS-2", "C-ACCESS-3", "C-LOG-2"]),
    Spoil("scopes", CATALOG, &["C-ACCESS-3"]),
    Spoil("wrong-tokens", CATALOG, &["C-ACCESS-4"]),
    // An unverified caller is anonymous in the log.
    Spoil("escaped-callers", CATALOG, &["C-ACCESS-5", "C-LOG-2"]),
    Spoil("loopback", CATALOG, &["C-ACCESS-6"]),
    Spoil("other-customer", ORDERS, &["C-OWN-1", "C-LOG-2", "C-LOG-3"]),
    Spoil("customer-field", ORDERS, &["C-OWN-1", "C-OWN-2", "C-VALID-1"]),
    Spoil("reserved-fields", ORDERS, &["C-OWN-4", "C-LOG-2"]),
    // A guest who is taken for a user has another customer.
    Spoil("guests", ORDERS, &["C-OWN-1", "C-OWN-5", "C-LOG-2"]),
    Spoil("field-names", CATALOG, &["C-VALID-1"]),
    Spoil("garbage", CATALOG, &["C-VALID-2", "C-ERROR-8"]),
    Spoil("too-large", CATALOG, &["C-VALID-5", "C-LOG-2"]),
    Spoil("details", CATALOG, &["C-ERROR-1"]),
    Spoil("unimplemented", CATALOG, &["C-ERROR-2", "C-LOG-2"]),
    Spoil("internal", CATALOG, &["C-ERROR-3", "C-ERROR-4", "C-LOG-3"]),
    Spoil("second-messages", CATALOG, &["C-ERROR-8"]),
    Spoil("compression", CATALOG, &["C-ERROR-9", "C-LOG-2"]),
    Spoil("deadline-zero", CATALOG, &["C-DEADLINE-2"]),
    // A deadline that is ignored is not refused either where it is malformed.
    Spoil("deadlines", CATALOG, &["C-DEADLINE-2", "C-DEADLINE-3", "C-ERROR-8"]),
    Spoil("streams", EVENTS, &["C-LIMIT-1"]),
    Spoil("limits", CATALOG, &["C-LIMIT-2"]),
    Spoil("calls-anonymous", CATALOG, &["C-CALL-1"]),
    Spoil("calls-endless", CATALOG, &["C-CALL-2"]),
    Spoil("calls-untraced", CATALOG, &["C-CALL-3"]),
    // A request that is in another trace is not found by its own.
    Spoil("traces", CATALOG, &["C-TRACE-1", "C-TRACE-3", "C-LOG-2", "C-LOG-3"]),
    Spoil("shared-traces", CATALOG, &["C-TRACE-2"]),
    Spoil("metrics-type", CATALOG, &["C-METRIC-1"]),
    Spoil("metrics-code", CATALOG, &["C-METRIC-2"]),
    Spoil("metrics-unknown", CATALOG, &["C-METRIC-3"]),
    Spoil("metrics-gauge", CATALOG, &["C-METRIC-5"]),
    Spoil("log-plain", CATALOG, &["C-LOG-1"]),
    Spoil("log-twice", CATALOG, &["C-LOG-2"]),
    Spoil("log-fields", CATALOG, &["C-LOG-3"]),
    Spoil("log-level", CATALOG, &["C-LOG-4"]),
    // What is cut in two is no longer one line of its request.
    Spoil("log-lines", CATALOG, &["C-LOG-6", "C-LOG-3"]),
    Spoil("log-address", CATALOG, &["C-REDACT-1"]),
    Spoil("log-token", CATALOG, &["C-REDACT-2"]),
    Spoil("log-messages", ORDERS, &["C-REDACT-3"]),
    Spoil("drain-accepts", CATALOG, &["C-DRAIN-1"]),
    Spoil("drain-ready", CATALOG, &["C-DRAIN-1"]),
    Spoil("drain-reason", CATALOG, &["C-DRAIN-2"]),
    Spoil("drain-cuts", CATALOG, &["C-DRAIN-3"]),
    Spoil("exit-after-drain", CATALOG, &["C-DRAIN-4"]),
    Spoil("writes", CATALOG, &["C-WRITE-1", "C-WRITE-3"]),
    Spoil("reused-ids", CATALOG, &["C-WRITE-2", "C-LOG-3"]),
    Spoil("subscribes-once", RECOMMENDATIONS, &["C-EVENT-1"]),
    Spoil("acknowledges-nothing", RECOMMENDATIONS, &["C-EVENT-2"]),
    Spoil("renamed-events", RECOMMENDATIONS, &["C-EVENT-3"]),
    Spoil("nothing", CATALOG, &[]),
];

/// Spoils that do not get in each other's way, so that a run of the suite sees many. Every night
/// each runs alone.
pub const TOGETHER: &[&[&str]] = &[
    &[
        "ready-file",
        "health-unknown",
        "watch-unknown",
        "healthz",
        "reflection-list",
        "invariants-name",
        "wrong-tokens",
        "field-names",
        "second-messages",
        "deadline-zero",
        "calls-anonymous",
        "metrics-type",
        "drain-reason",
        "drain-ready",
        "unlocked",
    ],
    &[
        "exit-code",
        "health-list",
        "reflection-alpha",
        "invariants-field",
        "details",
        "compression",
        "limits",
        "calls-endless",
        "metrics-code",
        "exit-after-drain",
        "drain-accepts",
        "log-level",
        "writes",
    ],
    &[
        "litter",
        "waits",
        "internal",
        "deadlines",
        "calls-untraced",
        "metrics-unknown",
        "log-plain",
        "log-key",
        "log-address",
        "shared-traces",
        "drain-cuts",
        "fixed-ports",
    ],
    &[
        "unknown-keys",
        "address-exit",
        "health-check",
        "anonymous",
        "access-reason",
        "loopback",
        "too-large",
        "unimplemented",
        "traces",
        "reflection-unknown",
    ],
    &[
        "log-twice",
        "log-fields",
        "log-lines",
        "log-token",
        "metrics-gauge",
        "reused-ids",
        "scopes",
        "defaults",
        "garbage",
        "closed-pages",
        "reflection-policy",
    ],
    &["foreign-settings", "closed-health", "escaped-callers"],
    &["streams"],
    &["log-messages", "other-customer", "customer-field", "reserved-fields", "guests"],
    &["subscribes-once", "renamed-events"],
    &["acknowledges-nothing"],
];

/// Mistakes that the service in Go makes together: where gRPC for Go goes its own ways, and its
/// chassis differs most from the others.
pub const IN_GO: &[&str] = &[
    "anonymous",
    "details",
    "unimplemented",
    "second-messages",
    "limits",
    "deadline-zero",
    "drain-reason",
    "drain-ready",
    "log-address",
    "log-messages",
];
