-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: entries
-- checksum 5a276a722b476d87ea351bc274b4a67f3fdb685d3a651e89b64aa56e95b54ffd
CREATE TABLE "entry" ( "number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "entry_id" bytea NOT NULL UNIQUE CHECK (length(entry_id) = 16), "user_id" text NOT NULL COLLATE "C", "text" text NOT NULL, "create_time" bigint NOT NULL );
CREATE INDEX "entry_of_user" ON "entry" ("user_id", "number");
