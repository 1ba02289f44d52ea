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

CREATE TRIGGER account_keeps_its_terms BEFORE UPDATE OF number, id, ledger, code, flags, user_data, create_time ON account
BEGIN SELECT RAISE(ABORT, 'what an account was created with never changes'); END;

CREATE TRIGGER account_is_never_deleted BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;

-- The log. The history of an account is a list through it: debit_previous and credit_previous name the sequence of the
-- transfer before this one, of either account. So there is no index by account, which a batch would tear open in
-- thousands of places.
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

-- A pending transfer resolves exactly once.
CREATE UNIQUE INDEX transfer_resolves_once ON transfer (pending_id) WHERE pending_id IS NOT NULL;

CREATE TRIGGER transfer_never_changes BEFORE UPDATE ON transfer
BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;

CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer
BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;

-- The balance of an account right after some of its transfers: where a search for a moment begins.
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

-- Pending transfers that will expire: the work list of the expiry, emptied as they resolve.
CREATE TABLE due (
    expire_time INTEGER NOT NULL,
    pending_id BLOB NOT NULL,
    PRIMARY KEY (expire_time, pending_id)
) STRICT, WITHOUT ROWID;
