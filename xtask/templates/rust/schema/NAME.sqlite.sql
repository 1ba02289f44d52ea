-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: entries
-- checksum b092fb47762550127ea3f49ecc7b05ed265a30c5c4aa9e59ba18df4a0f079b43
CREATE TABLE "entry" ( "number" integer PRIMARY KEY, "entry_id" blob NOT NULL UNIQUE CHECK (length(entry_id) = 16), "user_id" text NOT NULL, "text" text NOT NULL, "create_time" integer NOT NULL ) STRICT;
CREATE INDEX "entry_of_user" ON "entry" ("user_id", "number");
