-- What the customer decided at the action url: 1 approved, 0 declined, none while nothing is decided.
ALTER TABLE charges ADD COLUMN decision BIGINT CHECK (decision IN (0, 1));
