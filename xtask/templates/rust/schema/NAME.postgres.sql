-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: entries
-- checksum 76fdb2b5cb2c6e3d3be56aecb35eba08e16169605ff7c0f7040253c0347da79d
CREATE TABLE "entry" ( "number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "entry_id" bytea NOT NULL UNIQUE CHECK (length(entry_id) = 16), "customer_id" bytea NOT NULL CHECK (length(customer_id) = 16), "text" text NOT NULL, "create_time" bigint NOT NULL );
CREATE INDEX "entry_of_customer" ON "entry" ("customer_id", "number");
