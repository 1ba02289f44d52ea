-- A person is a customer from now on; accounts are those of the ledger.
ALTER TABLE deliveries RENAME COLUMN account TO customer;
ALTER TABLE messages RENAME COLUMN account TO customer;
ALTER TABLE message_sequences RENAME COLUMN account TO customer;
ALTER TABLE preferences RENAME COLUMN account TO customer;
ALTER TABLE watched_skus RENAME COLUMN account TO customer;
ALTER TABLE email_confirmations RENAME COLUMN account TO customer;
ALTER TABLE email_confirmation_requests RENAME COLUMN account TO customer;

-- An endpoint is enabled (1) or disabled (2), whoever disabled it; before, its owner paused it (2) and the service disabled it (3).
ALTER TABLE endpoints RENAME COLUMN failing_since TO failing_start_time;
UPDATE endpoints SET disable_reason = 'requested' WHERE state = 2;
UPDATE endpoints SET state = 2 WHERE state = 3;

-- Lists go by the time of creation, and filter by what people look for.
DROP INDEX deliveries_of_endpoint;
CREATE INDEX deliveries_waiting ON deliveries (endpoint, sequence) WHERE state = 1;
CREATE INDEX deliveries_by_time ON deliveries (create_time, sequence);
CREATE INDEX deliveries_of_endpoint ON deliveries (endpoint, create_time, sequence);
CREATE INDEX deliveries_of_customer ON deliveries (customer, create_time, sequence) WHERE customer <> '';
CREATE INDEX deliveries_dead ON deliveries (create_time, sequence) WHERE state = 3;
CREATE INDEX events_by_id ON events (id);

-- The requests of before had another shape, so none of them can be repeated; their responses would not be readable.
DELETE FROM souk_requests;
