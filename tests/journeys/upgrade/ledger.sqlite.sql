PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE souk_migrations (
    schema_name TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_time INTEGER NOT NULL,
    PRIMARY KEY (schema_name, version)) STRICT;
INSERT INTO souk_migrations VALUES('souk-data',1,'requests, outbox, inbox, keys','0d092c365ccb20e371f98d4af1409f3c566fe744acd35dd2fffbb729e76cceab',1795961024302547);
INSERT INTO souk_migrations VALUES('souk-data',2,'relay','efe10f53384f1fde2470d222676805cd4145725f91c1f8255d2f00fb2a4af2d8',1795961024302547);
INSERT INTO souk_migrations VALUES('souk-data',3,'shop','1cf9520cf077059b44f48518cbe149646871f295835a3b5a06ab82ddd1e85d3d',1795961024302547);
INSERT INTO souk_migrations VALUES('ledger',1,'ledger','c176f22be6dd9d8f9680a35f27b4f8e1274c70a0db75ed0dc9abb13bb132f35f',1795961024302547);
INSERT INTO souk_migrations VALUES('ledger',2,'one write after another','f489f4f658fb4e5bbeeb424d92f9254b9ceb36bf51d695a33bfc49152de1a8b9',1795961024302547);
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
INSERT INTO souk_keys VALUES('page',X'1410ce5308bdfd7114bd8a787c68c84569ab2dd2c24da02951baa18cffb0c3f1');
CREATE TABLE souk_shop (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    shop    TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    reserve BLOB
) STRICT;
INSERT INTO souk_shop VALUES(1,'shop_034b2291672ccc4043b1294f2ab22587',2,NULL);
CREATE TABLE account (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    ledger INTEGER NOT NULL,
    code INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    user_data TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    debits_pending INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending >= 0),
    debits_posted INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted >= 0),
    credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending >= 0),
    credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted >= 0),
    transfer_count INTEGER NOT NULL DEFAULT 0,
    last_sequence INTEGER NOT NULL DEFAULT 0,
    last_time INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO account VALUES(1,X'7386a9998ff35f70b594a28f226eb820',4098,1100,0,'GBP provider-receivable',1795961024566119,0,105480,0,15120,13,13,1795961024745674);
INSERT INTO account VALUES(2,X'c364fbfcb4c15be493c75c70d3e10486',4098,4000,0,'GBP sales',1795961024566119,0,15120,0,105480,13,13,1795961024745674);
INSERT INTO account VALUES(3,X'de2b397514125f43af6de3150eefb30b',4098,5100,0,'GBP provider-fees',1795961024566119,0,0,0,0,0,0,0);
CREATE TABLE transfer (
    sequence INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    debit_account INTEGER NOT NULL,
    credit_account INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    pending_amount INTEGER NOT NULL CHECK (pending_amount >= 0),
    pending_id BLOB,
    user_data TEXT NOT NULL,
    timeout_seconds INTEGER NOT NULL,
    ledger INTEGER NOT NULL,
    code INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    linked INTEGER NOT NULL,
    effective_time INTEGER,
    create_time INTEGER NOT NULL,
    debit_previous INTEGER NOT NULL,
    credit_previous INTEGER NOT NULL,
    CHECK (debit_account <> credit_account)
) STRICT;
INSERT INTO transfer VALUES(1,X'01a2279e701082cb90bf0186899ed73c',1,2,15120,0,NULL,'payment_01m8ksww0ghbd8a8fe0kedqqxx',0,4098,1,1,0,1291647780000000,1795961024570628,0,0);
INSERT INTO transfer VALUES(2,X'01a2279e700f8bc8a4720e4409fd5d26',1,2,32880,0,NULL,'payment_01m8ksww0fhatvxqc9ssapagsd',0,4098,1,1,0,1291195920000000,1795961024573005,1,1);
INSERT INTO transfer VALUES(3,X'01a2279e7010810d8a49e101e4b70a2d',1,2,50820,0,NULL,'payment_01m8ksww0gg05vev22m0zfa9fc',0,4098,1,1,0,1291197420000000,1795961024573005,2,2);
INSERT INTO transfer VALUES(4,X'01a2279e7010871ebab10363b8edcb72',1,2,2220,0,NULL,'payment_01m8ksww0ghfzvzvj638jx16p1',0,4098,1,1,0,1291192080000000,1795961024576947,3,3);
INSERT INTO transfer VALUES(5,X'01a2279e7010880a91127a9c6948c4c6',1,2,15120,15120,X'01a2279e701082cb90bf0186899ed73c','payment_01m8ksww0ghbd8a8fe0kedqqxx',0,4098,1,2,0,1291647780000000,1795961024597905,4,4);
INSERT INTO transfer VALUES(6,X'01a2279e70108ed480d6a84585b048b9',1,2,50820,50820,X'01a2279e7010810d8a49e101e4b70a2d','payment_01m8ksww0gg05vev22m0zfa9fc',0,4098,1,2,0,1291197420000000,1795961024599545,5,5);
INSERT INTO transfer VALUES(7,X'01a2279e700f83e3ab426a7868dd39b1',1,2,32880,32880,X'01a2279e700f8bc8a4720e4409fd5d26','payment_01m8ksww0fhatvxqc9ssapagsd',0,4098,1,2,0,1291195920000000,1795961024599673,6,6);
INSERT INTO transfer VALUES(8,X'01a2279e7010865fa3a31797bdde0b1b',1,2,2220,2220,X'01a2279e7010871ebab10363b8edcb72','payment_01m8ksww0ghfzvzvj638jx16p1',0,4098,1,2,0,1291192080000000,1795961024603871,7,7);
INSERT INTO transfer VALUES(9,X'01a2279e70108877ab3360e20b439639',2,1,15120,0,NULL,'payment_01m8ksww0ghbd8a8fe0kedqqxx',0,4098,4,0,0,1291648020000000,1795961024650637,8,8);
INSERT INTO transfer VALUES(10,X'01a2279e70968b16b00b8adf10edf316',1,2,2220,0,NULL,'payment_01m8ksww4pgbr88g6pj63x8kac',0,4098,1,1,0,1291194060000000,1795961024680391,9,9);
INSERT INTO transfer VALUES(11,X'01a2279e70968579bc46d6c12bb5082a',1,2,2220,2220,X'01a2279e70968b16b00b8adf10edf316','payment_01m8ksww4pgbr88g6pj63x8kac',0,4098,1,2,0,1291194060000000,1795961024692799,10,10);
INSERT INTO transfer VALUES(12,X'01a2279e70c98fc5b61236038c6cca70',1,2,2220,0,NULL,'payment_01m8ksww69gzgbght7t0j31zqr',0,4098,1,1,0,1291196040000000,1795961024732369,11,11);
INSERT INTO transfer VALUES(13,X'01a2279e70c9849c95988bf9b9537acb',1,2,2220,2220,X'01a2279e70c98fc5b61236038c6cca70','payment_01m8ksww69gzgbght7t0j31zqr',0,4098,1,2,0,1291196040000000,1795961024745674,12,12);
CREATE TABLE checkpoint (
    account INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    debits_pending INTEGER NOT NULL,
    debits_posted INTEGER NOT NULL,
    credits_pending INTEGER NOT NULL,
    credits_posted INTEGER NOT NULL,
    PRIMARY KEY (account, create_time, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE due (
    expire_time INTEGER NOT NULL,
    pending_id BLOB NOT NULL,
    PRIMARY KEY (expire_time, pending_id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER account_keeps_its_terms BEFORE UPDATE OF number, id, ledger, code, flags, user_data, create_time ON account
BEGIN SELECT RAISE(ABORT, 'what an account was created with never changes'); END;
CREATE TRIGGER account_is_never_deleted BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending_id) WHERE pending_id IS NOT NULL;
CREATE TRIGGER transfer_never_changes BEFORE UPDATE ON transfer
BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer
BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
COMMIT;
