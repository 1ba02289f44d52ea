-- The order that a reservation belongs to, and when its last step happened in the world; none for those made before there were these.
ALTER TABLE reservation ADD COLUMN order_id BLOB CHECK (length(order_id) = 16);
ALTER TABLE reservation ADD COLUMN effective_time INTEGER;
