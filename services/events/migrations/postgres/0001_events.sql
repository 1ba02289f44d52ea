-- The log of the engine "database". A row a partition counts its offsets; it is locked by whoever adds.
CREATE TABLE log_partition (
    partition    BIGINT NOT NULL PRIMARY KEY,
    first_offset BIGINT NOT NULL,
    next_offset  BIGINT NOT NULL,
    last_time    BIGINT NOT NULL,
    CHECK (0 <= first_offset AND first_offset <= next_offset)
) WITH (fillfactor = 50);

-- The events as encoded messages. Rows stand in the order of their making; the key finds those of a partition.
CREATE TABLE log_event (
    partition    BIGINT NOT NULL,
    log_offset   BIGINT NOT NULL,
    publish_time BIGINT NOT NULL,
    event        BYTEA NOT NULL,
    PRIMARY KEY (partition, log_offset)
);

-- Who wants to be told what. The number is what other rows refer to; it is never used again.
CREATE TABLE subscription (
    number          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            TEXT COLLATE "C" NOT NULL UNIQUE,
    owner           TEXT NOT NULL,
    event_types     TEXT NOT NULL,
    ack_deadline    BIGINT NOT NULL,
    max_attempts    BIGINT NOT NULL,
    min_retry_delay BIGINT NOT NULL,
    max_retry_delay BIGINT NOT NULL,
    create_time     BIGINT NOT NULL,
    revision        BIGINT NOT NULL
);

-- How far a subscription has come in a partition, and which replica takes it further. The epoch grows whenever that changes,
-- and guards every write to this row and to what belongs to it.
CREATE TABLE place (
    subscription BIGINT NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    BIGINT NOT NULL,
    next_offset  BIGINT NOT NULL,
    finished     BYTEA NOT NULL,
    owner        TEXT NOT NULL,
    epoch        BIGINT NOT NULL,
    lease_until  BIGINT NOT NULL,
    PRIMARY KEY (subscription, partition)
) WITH (fillfactor = 50);

-- The replicas that have consumers of a subscription, to share its partitions among them.
CREATE TABLE reader (
    subscription BIGINT NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    replica      TEXT COLLATE "C" NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (subscription, replica)
);

-- Events that failed and wait to be delivered again.
CREATE TABLE retry (
    subscription BIGINT NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    BIGINT NOT NULL,
    log_offset   BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    due_time     BIGINT NOT NULL,
    PRIMARY KEY (subscription, partition, log_offset)
);

-- Events that a subscription could not finish; with the event, since the log forgets it. State 1: dead, 2: to be delivered again,
-- 3: handled after that; it is kept for a while, without the event, so that requeuing it again changes nothing.
CREATE TABLE dead_letter (
    subscription BIGINT NOT NULL REFERENCES subscription (number) ON DELETE CASCADE,
    partition    BIGINT NOT NULL,
    log_offset   BIGINT NOT NULL,
    publish_time BIGINT NOT NULL,
    event        BYTEA NOT NULL,
    attempts     BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    create_time  BIGINT NOT NULL,
    state        BIGINT NOT NULL CHECK (state IN (1, 2, 3)),
    due_time     BIGINT NOT NULL,
    PRIMARY KEY (subscription, partition, log_offset)
);
CREATE INDEX dead_letter_by_age ON dead_letter (subscription, state, create_time, partition, log_offset);
