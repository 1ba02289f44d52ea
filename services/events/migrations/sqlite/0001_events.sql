-- The log of the engine "database". A row a partition counts its offsets; it is locked by whoever adds.
CREATE TABLE log_partition (
    partition    INTEGER NOT NULL PRIMARY KEY,
    first_offset INTEGER NOT NULL,
    next_offset  INTEGER NOT NULL,
    last_time    INTEGER NOT NULL,
    CHECK (0 <= first_offset AND first_offset <= next_offset)
) STRICT;

-- The events as encoded messages. Rows stand in the order of their making; the key finds those of a partition.
CREATE TABLE log_event (
    partition    INTEGER NOT NULL,
    log_offset   INTEGER NOT NULL,
    publish_time INTEGER NOT NULL,
    event        BLOB NOT NULL,
    PRIMARY KEY (partition, log_offset)
) STRICT;

-- Who wants to be told what. The number is what other rows refer to; it is never used again.
CREATE TABLE subscription (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT NOT NULL UNIQUE,
    owner           TEXT NOT NULL,
    event_types     TEXT NOT NULL,
    ack_deadline    INTEGER NOT NULL,
    max_attempts    INTEGER NOT NULL,
    min_retry_delay INTEGER NOT NULL,
    max_retry_delay INTEGER NOT NULL,
    create_time     INTEGER NOT NULL,
    revision        INTEGER NOT NULL
) STRICT;

-- How far a subscription has come in a partition, and which replica takes it further. The epoch grows whenever that changes,
-- and guards every write to this row and to what belongs to it.
CREATE TABLE place (
    subscription INTEGER NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    INTEGER NOT NULL,
    next_offset  INTEGER NOT NULL,
    finished     BLOB NOT NULL,
    owner        TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    lease_until  INTEGER NOT NULL,
    PRIMARY KEY (subscription, partition)
) STRICT;

-- The replicas that have consumers of a subscription, to share its partitions among them.
CREATE TABLE reader (
    subscription INTEGER NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    replica      TEXT NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (subscription, replica)
) STRICT;

-- Events that failed and wait to be delivered again.
CREATE TABLE retry (
    subscription INTEGER NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    INTEGER NOT NULL,
    log_offset   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    due_time     INTEGER NOT NULL,
    PRIMARY KEY (subscription, partition, log_offset)
) STRICT;

-- Events that a subscription could not finish; with the event, since the log forgets it. State 1: dead, 2: to be delivered again,
-- 3: handled after that; it is kept for a while, without the event, so that requeuing it again changes nothing.
CREATE TABLE dead_letter (
    subscription INTEGER NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    INTEGER NOT NULL,
    log_offset   INTEGER NOT NULL,
    publish_time INTEGER NOT NULL,
    event        BLOB NOT NULL,
    attempts     INTEGER NOT NULL,
    reason       TEXT NOT NULL,
    create_time  INTEGER NOT NULL,
    state        INTEGER NOT NULL CHECK (state IN (1, 2, 3)),
    due_time     INTEGER NOT NULL,
    PRIMARY KEY (subscription, partition, log_offset)
) STRICT;
CREATE INDEX dead_letter_by_age ON dead_letter (subscription, state, create_time, partition, log_offset);
