-- The trace that an event belongs to, and why the bus refused it for good, if it did.
ALTER TABLE souk_outbox ADD COLUMN traceparent TEXT;
ALTER TABLE souk_outbox ADD COLUMN refused TEXT;
