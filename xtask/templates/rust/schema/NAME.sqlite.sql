-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: entries
-- checksum a98e6bc13b0b7c0c7a278c7ef2826bfaffb864c6547201def71eb84de49f2d28
CREATE TABLE "entry" ( "number" integer PRIMARY KEY, "entry_id" blob NOT NULL UNIQUE CHECK (length(entry_id) = 16), "customer_id" blob NOT NULL CHECK (length(customer_id) = 16), "text" text NOT NULL, "create_time" integer NOT NULL ) STRICT;
CREATE INDEX "entry_of_customer" ON "entry" ("customer_id", "number");
