-- An address that was set before there was a confirmation stays as good as it was.
ALTER TABLE preferences ADD COLUMN email_confirmed_time INTEGER;
UPDATE preferences SET email_confirmed_time = update_time WHERE email_address <> '';

-- The code that confirms the address of an account: as a hash, and sealed until it was mailed.
CREATE TABLE email_confirmations (
  account TEXT PRIMARY KEY,
  -- The event whose delivery mails it; an e-mail of an earlier one is not sent any more.
  event_id TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  sealed_code TEXT NOT NULL,
  wrong_codes INTEGER NOT NULL,
  expire_time INTEGER NOT NULL
) STRICT;

-- When confirmations were asked for, to limit them by account and by address, which is hashed.
CREATE TABLE email_confirmation_requests (
  row INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  address_hash BLOB NOT NULL,
  create_time INTEGER NOT NULL
) STRICT;
CREATE INDEX email_confirmation_requests_by_account ON email_confirmation_requests (account, create_time);
CREATE INDEX email_confirmation_requests_by_address ON email_confirmation_requests (address_hash, create_time);
CREATE INDEX email_confirmation_requests_by_age ON email_confirmation_requests (create_time);

-- Order is kept within the subject: a delivery that its endpoint refused (is_refused 1) holds up later ones of its subject.
ALTER TABLE deliveries ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN is_refused INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET subject = coalesce((SELECT subject FROM events WHERE row = event_row), '');
CREATE INDEX deliveries_refused ON deliveries (endpoint, subject, sequence) WHERE state = 1 AND is_refused = 1;

-- Until when nothing is sent to an endpoint, because it could not take anything the last time.
ALTER TABLE endpoints ADD COLUMN wait_time INTEGER;
UPDATE endpoints SET wait_time =
  (SELECT max(next_time) FROM deliveries d WHERE d.endpoint = endpoints.id AND d.state = 1 AND d.attempts > 0);
