-- A customer is an id from now on. Before, it was the name of a user, whose customer has the id that is derived from it.
ALTER TABLE email_confirmations ADD COLUMN made_for TEXT NOT NULL DEFAULT '';
-- A code stays good: its hash was made with the name.
UPDATE email_confirmations SET made_for = customer, customer = souk_customer_of('user:' || customer);
UPDATE email_confirmation_requests SET customer = souk_customer_of('user:' || customer);
UPDATE preferences SET customer = souk_customer_of('user:' || customer);
UPDATE watched_skus SET customer = souk_customer_of('user:' || customer);
UPDATE messages SET customer = souk_customer_of('user:' || customer);
UPDATE message_sequences SET customer = souk_customer_of('user:' || customer);
-- The mail of a code is about its customer.
UPDATE events SET subject = souk_customer_of('user:' || subject) WHERE type = 'souk.notifications.v1.EmailConfirmation';
UPDATE deliveries SET subject = souk_customer_of('user:' || customer) WHERE channel = 2 AND kind = 11;
UPDATE deliveries SET customer = souk_customer_of('user:' || customer) WHERE customer <> '';

-- Guests whom a customer has claimed: what is theirs is the customer's, also what comes later.
CREATE TABLE claimed_guests (
  guest TEXT PRIMARY KEY,
  customer TEXT NOT NULL,
  claim_time INTEGER NOT NULL
) STRICT;
