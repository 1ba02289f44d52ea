PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE souk_migrations (
    schema_name TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_time INTEGER NOT NULL,
    PRIMARY KEY (schema_name, version)) STRICT;
INSERT INTO souk_migrations VALUES('souk-data',1,'requests, outbox, inbox, keys','0d092c365ccb20e371f98d4af1409f3c566fe744acd35dd2fffbb729e76cceab',1795961024322412);
INSERT INTO souk_migrations VALUES('souk-data',2,'relay','efe10f53384f1fde2470d222676805cd4145725f91c1f8255d2f00fb2a4af2d8',1795961024322412);
INSERT INTO souk_migrations VALUES('souk-data',3,'shop','1cf9520cf077059b44f48518cbe149646871f295835a3b5a06ab82ddd1e85d3d',1795961024322412);
INSERT INTO souk_migrations VALUES('payments-simulator',1,'simulator','346ebecb0cf1b149b232dbd61a0120a1b31c930366f84d5c707c7e1b352dd1d0',1795961024322412);
INSERT INTO souk_migrations VALUES('payments-simulator',2,'decision','f3a8be078fbc6313dd46703b8a726209919dea953c78d8dcce74debf942212a0',1795961024322412);
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
INSERT INTO souk_keys VALUES('page',X'381a6451897e1356fd4d526ac6a8c6e0c740419c74a4bc69bd92199e5fefdb56');
CREATE TABLE souk_shop (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    shop    TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    reserve BLOB
) STRICT;
INSERT INTO souk_shop VALUES(1,'shop_034b2291672ccc4043b1294f2ab22587',2,NULL);
CREATE TABLE charges (
    payment_id BLOB NOT NULL PRIMARY KEY,
    currency_code TEXT NOT NULL,
    -- The token it was last authorised with.
    method TEXT,
    -- 1 open, 2 waits for the customer, 3 held, 4 closed.
    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),
    held_minor INTEGER NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    captured_minor INTEGER NOT NULL DEFAULT 0,
    refunded_minor INTEGER NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    fees_minor INTEGER NOT NULL DEFAULT 0 CHECK (fees_minor >= 0),
    -- How many operations took effect.
    operations INTEGER NOT NULL DEFAULT 0,
    create_time INTEGER NOT NULL, decision INTEGER CHECK (decision IN (0, 1)),
    CHECK (refunded_minor <= captured_minor)
) STRICT, WITHOUT ROWID;
INSERT INTO charges VALUES(X'01a2279e700f8ab5bedd89ce5565432d','GBP','tok_approved',4,0,32880,0,0,2,1795961024553862,NULL);
INSERT INTO charges VALUES(X'01a2279e7010800bb76c42a03ef525ec','GBP','tok_approved',4,0,50820,0,0,2,1795961024571541,NULL);
INSERT INTO charges VALUES(X'01a2279e70108ada8521ee04dcdbdfbd','GBP','tok_approved',4,0,15120,15120,0,3,1795961024564989,NULL);
INSERT INTO charges VALUES(X'01a2279e70108bffbfee461a25d09ac1','GBP','tok_approved',4,0,2220,0,0,2,1795961024572926,NULL);
INSERT INTO charges VALUES(X'01a2279e709682f08440d69187d44d4c','GBP','tok_approved',4,0,2220,0,0,2,1795961024677577,NULL);
INSERT INTO charges VALUES(X'01a2279e70c987e0b84747d02430fef8','GBP','tok_approved',4,0,2220,0,0,2,1795961024729426,NULL);
CREATE TABLE operations (
    operation_key BLOB NOT NULL PRIMARY KEY,
    payment_id BLOB NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 1 AND 5),
    amount_minor INTEGER NOT NULL,
    -- 1 approved, 2 declined, 3 the customer must act.
    answer INTEGER NOT NULL CHECK (answer BETWEEN 1 AND 3),
    fee_minor INTEGER NOT NULL,
    decline TEXT,
    is_retryable INTEGER NOT NULL,
    action_url TEXT,
    create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO operations VALUES(X'01a2279e700f847ea2a7d8ecf8e7a437',X'01a2279e700f8ab5bedd89ce5565432d',1,32880,1,0,NULL,0,NULL,1795961024553862);
INSERT INTO operations VALUES(X'01a2279e700f8c86b3a252b050c7d703',X'01a2279e700f8ab5bedd89ce5565432d',3,32880,1,0,NULL,0,NULL,1795961024596084);
INSERT INTO operations VALUES(X'01a2279e7010828aa89f5cf2854b5cb8',X'01a2279e7010800bb76c42a03ef525ec',3,50820,1,0,NULL,0,NULL,1795961024595222);
INSERT INTO operations VALUES(X'01a2279e701085a78fda3f11b7a447e8',X'01a2279e70108bffbfee461a25d09ac1',3,2220,1,0,NULL,0,NULL,1795961024598669);
INSERT INTO operations VALUES(X'01a2279e701085aaa84d519464ccb80a',X'01a2279e7010800bb76c42a03ef525ec',1,50820,1,0,NULL,0,NULL,1795961024571541);
INSERT INTO operations VALUES(X'01a2279e701088ea861c9f8ad64a4aef',X'01a2279e70108bffbfee461a25d09ac1',1,2220,1,0,NULL,0,NULL,1795961024572926);
INSERT INTO operations VALUES(X'01a2279e70108ab7a373e3fd17a4d099',X'01a2279e70108ada8521ee04dcdbdfbd',3,15120,1,0,NULL,0,NULL,1795961024591634);
INSERT INTO operations VALUES(X'01a2279e70108af8b98a354d1aa3b5ed',X'01a2279e70108ada8521ee04dcdbdfbd',5,15120,1,0,NULL,0,NULL,1795961024648527);
INSERT INTO operations VALUES(X'01a2279e70108c0a87012482a9f231a4',X'01a2279e70108ada8521ee04dcdbdfbd',1,15120,1,0,NULL,0,NULL,1795961024564989);
INSERT INTO operations VALUES(X'01a2279e709687b59c45e448416da121',X'01a2279e709682f08440d69187d44d4c',3,2220,1,0,NULL,0,NULL,1795961024691606);
INSERT INTO operations VALUES(X'01a2279e70968f368090454a4c4e6c20',X'01a2279e709682f08440d69187d44d4c',1,2220,1,0,NULL,0,NULL,1795961024677577);
INSERT INTO operations VALUES(X'01a2279e70c98531a13df65de7a21e42',X'01a2279e70c987e0b84747d02430fef8',3,2220,1,0,NULL,0,NULL,1795961024743714);
INSERT INTO operations VALUES(X'01a2279e70c986098f6e82b0a6c0995f',X'01a2279e70c987e0b84747d02430fef8',1,2220,1,0,NULL,0,NULL,1795961024729426);
CREATE TABLE lost_requests (
    operation_key BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE scripts (
    script_number INTEGER NOT NULL PRIMARY KEY,
    method TEXT,
    payment_id BLOB,
    operation INTEGER,
    outcome INTEGER NOT NULL,
    CHECK ((method IS NULL) <> (payment_id IS NULL))
) STRICT;
CREATE TRIGGER operations_are_not_changed BEFORE UPDATE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;
CREATE TRIGGER operations_are_not_deleted BEFORE DELETE ON operations
BEGIN SELECT RAISE(ABORT, 'operations is append-only'); END;
COMMIT;
