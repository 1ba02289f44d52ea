-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: events
-- checksum 914aba0ff912628b0a4f42ab777b4b226b17db5aa4cf3c6d19f18d73ea579c8b
CREATE TABLE "log_partition" ( "partition" integer NOT NULL PRIMARY KEY, "first_offset" integer NOT NULL, "next_offset" integer NOT NULL, "last_time" integer NOT NULL, CHECK (0 <= first_offset AND first_offset <= next_offset) ) STRICT;
CREATE TABLE "log_event" ( "partition" integer NOT NULL, "log_offset" integer NOT NULL, "publish_time" integer NOT NULL, "event" blob NOT NULL, PRIMARY KEY ("partition", "log_offset") ) STRICT;
CREATE TABLE "subscription" ( "number" integer PRIMARY KEY AUTOINCREMENT, "name" text NOT NULL UNIQUE, "owner" text NOT NULL, "event_types" text NOT NULL, "ack_deadline" integer NOT NULL, "max_attempts" integer NOT NULL, "min_retry_delay" integer NOT NULL, "max_retry_delay" integer NOT NULL, "create_time" integer NOT NULL, "revision" integer NOT NULL ) STRICT;
CREATE TABLE "place" ( "subscription" integer NOT NULL, "partition" integer NOT NULL, "next_offset" integer NOT NULL, "finished" blob NOT NULL, "owner" text NOT NULL, "epoch" integer NOT NULL, "lease_until" integer NOT NULL, PRIMARY KEY ("subscription", "partition"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE ) STRICT;
CREATE TABLE "reader" ( "subscription" integer NOT NULL, "replica" text NOT NULL, "until" integer NOT NULL, PRIMARY KEY ("subscription", "replica"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE ) STRICT;
CREATE TABLE "retry" ( "subscription" integer NOT NULL, "partition" integer NOT NULL, "log_offset" integer NOT NULL, "attempts" integer NOT NULL, "due_time" integer NOT NULL, PRIMARY KEY ("subscription", "partition", "log_offset"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE ) STRICT;
CREATE TABLE "dead_letter" ( "subscription" integer NOT NULL, "partition" integer NOT NULL, "log_offset" integer NOT NULL, "publish_time" integer NOT NULL, "event" blob NOT NULL, "attempts" integer NOT NULL, "reason" text NOT NULL, "create_time" integer NOT NULL, "state" integer NOT NULL CHECK ("state" IN (1, 2, 3)), "due_time" integer NOT NULL, PRIMARY KEY ("subscription", "partition", "log_offset"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE ) STRICT;
CREATE INDEX "dead_letter_by_age" ON "dead_letter" ("subscription", "state", "create_time", "partition", "log_offset");

-- 2: pull
-- checksum 2cf2389ec21b8044ec9a8c3b3a6063092b6ed45b97aaac2001d564751701638a
ALTER TABLE "subscription" ADD COLUMN "update_time" integer NOT NULL DEFAULT 0;
ALTER TABLE "subscription" ADD COLUMN "version" integer NOT NULL DEFAULT 1;
UPDATE subscription SET update_time = create_time;
CREATE TABLE "acknowledgement" ( "subscription" integer NOT NULL, "replica" text NOT NULL, "acknowledgement_id" blob NOT NULL, "message" blob NOT NULL, "create_time" integer NOT NULL, PRIMARY KEY ("subscription", "replica", "acknowledgement_id"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE ) STRICT, WITHOUT ROWID;
