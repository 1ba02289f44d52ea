-- Times are whole microseconds since 1970.

-- The events that something is still told of. Whole, since a delivery carries or renders it.
CREATE TABLE events (
  row INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  event BLOB NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (source, id)
) STRICT;

-- Invariant: a webhook has an endpoint and an e-mail has an account; what is over (state 2, 3) has an end and what waits (1) has a next attempt.
CREATE TABLE deliveries (
  -- Order of becoming known; within an endpoint also the order of sending.
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL UNIQUE,
  event_row INTEGER NOT NULL REFERENCES events (row),
  channel INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  account TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  failure TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  next_time INTEGER,
  end_time INTEGER,
  CHECK ((state = 1) = (next_time IS NOT NULL)),
  CHECK ((state = 1) = (end_time IS NULL)),
  CHECK ((channel = 3) = (endpoint <> '')),
  CHECK ((channel = 2) = (account <> ''))
) STRICT;
CREATE INDEX deliveries_due ON deliveries (channel, next_time, sequence) WHERE state = 1;
CREATE INDEX deliveries_of_endpoint ON deliveries (endpoint, state, sequence);
CREATE INDEX deliveries_of_event ON deliveries (event_row);
CREATE INDEX deliveries_over ON deliveries (state, end_time) WHERE state <> 1;

CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  subject TEXT NOT NULL,
  is_read INTEGER NOT NULL,
  event_time INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  UNIQUE (account, sequence)
) STRICT;
CREATE INDEX messages_unread ON messages (account, sequence) WHERE is_read = 0;
CREATE INDEX messages_by_age ON messages (create_time);

-- The last sequence that an account's messages were given; stays when they are purged, so that none is given twice.
CREATE TABLE message_sequences (
  account TEXT PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

CREATE TABLE preferences (
  account TEXT PRIMARY KEY,
  email_address TEXT NOT NULL,
  locale TEXT NOT NULL,
  default_channels TEXT NOT NULL,
  kinds TEXT NOT NULL,
  version INTEGER NOT NULL,
  update_time INTEGER NOT NULL
) STRICT;

-- Who waits for a sku; the first come is told first.
CREATE TABLE watched_skus (
  row INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  sku TEXT NOT NULL,
  UNIQUE (account, sku)
) STRICT;
CREATE INDEX watched_skus_by_sku ON watched_skus (sku, row);

CREATE TABLE endpoints (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  url TEXT NOT NULL,
  event_types TEXT NOT NULL,
  description TEXT NOT NULL,
  state INTEGER NOT NULL,
  disable_reason TEXT NOT NULL,
  secret TEXT NOT NULL,
  previous_secret TEXT NOT NULL,
  previous_secret_expire_time INTEGER,
  version INTEGER NOT NULL,
  create_time INTEGER NOT NULL,
  update_time INTEGER NOT NULL,
  last_success_time INTEGER,
  failing_since INTEGER
) STRICT;
CREATE INDEX endpoints_of_owner ON endpoints (owner, id);

-- The key that page and resume tokens are signed with, made at the first start.
CREATE TABLE token_key (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  bytes BLOB NOT NULL
) STRICT;
