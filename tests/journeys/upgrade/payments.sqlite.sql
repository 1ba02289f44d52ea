PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE souk_migrations (
    schema_name TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_time INTEGER NOT NULL,
    PRIMARY KEY (schema_name, version)) STRICT;
INSERT INTO souk_migrations VALUES('souk-data',1,'requests, outbox, inbox, keys','0d092c365ccb20e371f98d4af1409f3c566fe744acd35dd2fffbb729e76cceab',1795961024312234);
INSERT INTO souk_migrations VALUES('souk-data',2,'relay','efe10f53384f1fde2470d222676805cd4145725f91c1f8255d2f00fb2a4af2d8',1795961024312234);
INSERT INTO souk_migrations VALUES('souk-data',3,'shop','1cf9520cf077059b44f48518cbe149646871f295835a3b5a06ab82ddd1e85d3d',1795961024312234);
INSERT INTO souk_migrations VALUES('payments',1,'payments','1aa4de0f2dc8323a2c50f3609f34ef6105a8ed1e5c0f3a03b08b6b010a15ada5',1795961024312234);
CREATE TABLE souk_requests (
    seq          INTEGER PRIMARY KEY,
    caller       TEXT NOT NULL,
    method       TEXT NOT NULL,
    request_id   TEXT NOT NULL,
    body_hash    BLOB NOT NULL,
    response     BLOB NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (caller, method, request_id)
) STRICT;
CREATE TABLE souk_outbox (
    seq          INTEGER PRIMARY KEY,
    event_id     BLOB NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    payload      BLOB NOT NULL,
    created_time INTEGER NOT NULL
, traceparent TEXT, refused TEXT) STRICT;
CREATE TABLE souk_inbox (
    seq          INTEGER PRIMARY KEY,
    consumer     TEXT NOT NULL,
    event_id     BLOB NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (consumer, event_id)
) STRICT;
CREATE TABLE souk_keys (
    name   TEXT PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;
INSERT INTO souk_keys VALUES('page',X'5fa37f80784965c42a91c63185fe1e39c63d50ba580d858ce779ff2c972f50a5');
CREATE TABLE souk_shop (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    shop    TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    reserve BLOB
) STRICT;
INSERT INTO souk_shop VALUES(1,'shop_034b2291672ccc4043b1294f2ab22587',2,NULL);
CREATE TABLE payments (
    payment_id BLOB NOT NULL PRIMARY KEY,
    -- None in a tombstone: a payment that was voided before it arrived.
    order_id BLOB,
    customer_id TEXT NOT NULL,
    currency_code TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    authorized_minor INTEGER NOT NULL DEFAULT 0,
    captured_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    fees_minor INTEGER NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- As in the contract: 1 needs a method … 4 processing, 5 authorised, 6 captured, 7 canceled.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 7),
    -- The provider's token. Never logged.
    method TEXT,
    decline TEXT,
    is_retryable INTEGER NOT NULL DEFAULT 0,
    action_url TEXT,
    -- The pending transfer in the ledger.
    hold_id BLOB,
    -- How many attempts there are; the last is the one in flight.
    attempts INTEGER NOT NULL DEFAULT 0,
    -- The operation slot: 0 free, 1 claimed until due_time, 2 left without an end, to be taken up at due_time or by the next call.
    slot INTEGER NOT NULL DEFAULT 0 CHECK (slot BETWEEN 0 AND 2),
    -- Counts the claims; whoever was overtaken writes nothing.
    epoch INTEGER NOT NULL DEFAULT 0,
    due_time INTEGER,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    CHECK (0 <= refunded_minor AND refunded_minor <= captured_minor),
    CHECK (captured_minor <= authorized_minor AND authorized_minor <= amount_minor),
    CHECK ((slot = 0) = (due_time IS NULL)),
    -- Processing means that an attempt is in flight.
    CHECK (state <> 4 OR slot > 0),
    CHECK (order_id IS NOT NULL OR state = 7)
) STRICT, WITHOUT ROWID;
INSERT INTO payments VALUES(X'01a2279e700f8ab5bedd89ce5565432d',X'01a2279e700f762697e10a1d4c5c8f6e','15291','GBP',32880,32880,32880,0,0,6,'tok_approved',NULL,0,NULL,NULL,2,0,2,NULL,1795961024542170,1795961024601336,1291195920000000);
INSERT INTO payments VALUES(X'01a2279e7010800bb76c42a03ef525ec',X'01a2279e7010769399874ebc4026ea6e','16029','GBP',50820,50820,50820,0,0,6,'tok_approved',NULL,0,NULL,NULL,2,0,2,NULL,1795961024562549,1795961024600403,1291197420000000);
INSERT INTO payments VALUES(X'01a2279e70108ada8521ee04dcdbdfbd',X'01a2279e7010769ab471a99446ad0a3a','14409','GBP',15120,15120,15120,15120,0,6,'tok_approved',NULL,0,NULL,NULL,3,0,3,NULL,1795961024555486,1795961024651584,1291647780000000);
INSERT INTO payments VALUES(X'01a2279e70108bffbfee461a25d09ac1',X'01a2279e70107889aba7e5fc400875f3','17850','GBP',2220,2220,2220,0,0,6,'tok_approved',NULL,0,NULL,NULL,2,0,2,NULL,1795961024565227,1795961024610272,1291192080000000);
INSERT INTO payments VALUES(X'01a2279e709682f08440d69187d44d4c',X'01a2279e70967145a74c82654e40aac4','17850','GBP',2220,2220,2220,0,0,6,'tok_approved',NULL,0,NULL,NULL,2,0,2,NULL,1795961024672230,1795961024697808,1291194060000000);
INSERT INTO payments VALUES(X'01a2279e70c987e0b84747d02430fef8',X'01a2279e70c9739ca1f147c947e97aef','17850','GBP',2220,2220,2220,0,0,6,'tok_approved',NULL,0,NULL,NULL,2,0,2,NULL,1795961024728183,1795961024746568,1291196040000000);
CREATE TABLE attempts (
    payment_id BLOB NOT NULL REFERENCES payments,
    attempt_number INTEGER NOT NULL CHECK (attempt_number >= 1),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),
    -- 1 calling, 2 unknown, 3 ledger due, 4 succeeded, 5 declined, 6 action required, 7 superseded.
    stage INTEGER NOT NULL CHECK (stage BETWEEN 1 AND 7),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    rest_minor INTEGER NOT NULL CHECK (rest_minor >= 0),
    hold_id BLOB,
    makes_hold INTEGER NOT NULL,
    -- Of a capture: its key for ever, and what was asked for.
    request_id TEXT,
    asked_minor INTEGER,
    is_final INTEGER NOT NULL,
    refund_id BLOB,
    fee_minor INTEGER NOT NULL DEFAULT 0,
    decline TEXT,
    is_retryable INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL,
    PRIMARY KEY (payment_id, attempt_number)
) STRICT, WITHOUT ROWID;
INSERT INTO attempts VALUES(X'01a2279e700f8ab5bedd89ce5565432d',1,1,4,32880,0,X'01a2279e700f8bc8a4720e4409fd5d26',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024542170,1291195920000000);
INSERT INTO attempts VALUES(X'01a2279e700f8ab5bedd89ce5565432d',2,4,4,32880,0,X'01a2279e700f8bc8a4720e4409fd5d26',0,'order_01m8ksww0ferk9fr8a3n65s3ve/capture',NULL,1,NULL,0,NULL,0,0,1795961024591392,1291195920000000);
INSERT INTO attempts VALUES(X'01a2279e7010800bb76c42a03ef525ec',1,1,4,50820,0,X'01a2279e7010810d8a49e101e4b70a2d',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024562549,1291197420000000);
INSERT INTO attempts VALUES(X'01a2279e7010800bb76c42a03ef525ec',2,4,4,50820,0,X'01a2279e7010810d8a49e101e4b70a2d',0,'order_01m8ksww0get9sk1teqh02dtke/capture',NULL,1,NULL,0,NULL,0,0,1795961024590448,1291197420000000);
INSERT INTO attempts VALUES(X'01a2279e70108ada8521ee04dcdbdfbd',1,1,4,15120,0,X'01a2279e701082cb90bf0186899ed73c',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024555486,1291647780000000);
INSERT INTO attempts VALUES(X'01a2279e70108ada8521ee04dcdbdfbd',2,4,4,15120,0,X'01a2279e701082cb90bf0186899ed73c',0,'order_01m8ksww0getdb8wd9jh3at2ht/capture',NULL,1,NULL,0,NULL,0,0,1795961024589186,1291647780000000);
INSERT INTO attempts VALUES(X'01a2279e70108ada8521ee04dcdbdfbd',3,6,4,15120,0,NULL,0,NULL,NULL,0,X'01a2279e7010801ea357be6b39dc3858',0,NULL,0,0,1795961024644776,1291648020000000);
INSERT INTO attempts VALUES(X'01a2279e70108bffbfee461a25d09ac1',1,1,4,2220,0,X'01a2279e7010871ebab10363b8edcb72',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024565227,1291192080000000);
INSERT INTO attempts VALUES(X'01a2279e70108bffbfee461a25d09ac1',2,4,4,2220,0,X'01a2279e7010871ebab10363b8edcb72',0,'order_01m8ksww0gf24tq9z5zh00gxfk/capture',NULL,1,NULL,0,NULL,0,0,1795961024595075,1291192080000000);
INSERT INTO attempts VALUES(X'01a2279e709682f08440d69187d44d4c',1,1,4,2220,0,X'01a2279e70968b16b00b8adf10edf316',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024672230,1291194060000000);
INSERT INTO attempts VALUES(X'01a2279e709682f08440d69187d44d4c',2,4,4,2220,0,X'01a2279e70968b16b00b8adf10edf316',0,'order_01m8ksww4pe52tek42cn741ap4/capture',NULL,1,NULL,0,NULL,0,0,1795961024687340,1291194060000000);
INSERT INTO attempts VALUES(X'01a2279e70c987e0b84747d02430fef8',1,1,4,2220,0,X'01a2279e70c98fc5b61236038c6cca70',0,NULL,NULL,0,NULL,0,NULL,0,0,1795961024728183,1291196040000000);
INSERT INTO attempts VALUES(X'01a2279e70c987e0b84747d02430fef8',2,4,4,2220,0,X'01a2279e70c98fc5b61236038c6cca70',0,'order_01m8ksww69eeea3wa7s53yjyqf/capture',NULL,1,NULL,0,NULL,0,0,1795961024742635,1291196040000000);
CREATE TABLE refunds (
    refund_id BLOB NOT NULL PRIMARY KEY,
    payment_id BLOB NOT NULL REFERENCES payments,
    currency_code TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    -- 1 pending, 2 succeeded, 3 failed.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    attempt_number INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    effective_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO refunds VALUES(X'01a2279e7010801ea357be6b39dc3858',X'01a2279e70108ada8521ee04dcdbdfbd','GBP',15120,2,3,1795961024644776,1291648020000000);
CREATE INDEX payments_due ON payments (due_time) WHERE slot > 0;
CREATE TRIGGER attempts_are_not_deleted BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are kept for ever'); END;
CREATE INDEX refunds_of_payment ON refunds (payment_id, refund_id);
COMMIT;
