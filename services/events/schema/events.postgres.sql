-- What the migrations run. Written by a test, see Schema::check_statements.

-- 1: events
-- checksum a1d408b58f08a71d309ed599f16c68b026154f3b9afd7337886c743fb1968538
CREATE TABLE "log_partition" ( "partition" bigint NOT NULL PRIMARY KEY, "first_offset" bigint NOT NULL, "next_offset" bigint NOT NULL, "last_time" bigint NOT NULL, CHECK (0 <= first_offset AND first_offset <= next_offset) );
ALTER TABLE log_partition SET (fillfactor = 50);
CREATE TABLE "log_event" ( "partition" bigint NOT NULL, "log_offset" bigint NOT NULL, "publish_time" bigint NOT NULL, "event" bytea NOT NULL, PRIMARY KEY ("partition", "log_offset") );
CREATE TABLE "subscription" ( "number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "name" text NOT NULL UNIQUE COLLATE "C", "owner" text NOT NULL, "event_types" text NOT NULL, "ack_deadline" bigint NOT NULL, "max_attempts" bigint NOT NULL, "min_retry_delay" bigint NOT NULL, "max_retry_delay" bigint NOT NULL, "create_time" bigint NOT NULL, "revision" bigint NOT NULL );
CREATE TABLE "place" ( "subscription" bigint NOT NULL, "partition" bigint NOT NULL, "next_offset" bigint NOT NULL, "finished" bytea NOT NULL, "owner" text NOT NULL, "epoch" bigint NOT NULL, "lease_until" bigint NOT NULL, PRIMARY KEY ("subscription", "partition"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE );
ALTER TABLE place SET (fillfactor = 50);
CREATE TABLE "reader" ( "subscription" bigint NOT NULL, "replica" text NOT NULL COLLATE "C", "until" bigint NOT NULL, PRIMARY KEY ("subscription", "replica"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE );
CREATE TABLE "retry" ( "subscription" bigint NOT NULL, "partition" bigint NOT NULL, "log_offset" bigint NOT NULL, "attempts" bigint NOT NULL, "due_time" bigint NOT NULL, PRIMARY KEY ("subscription", "partition", "log_offset"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE );
CREATE TABLE "dead_letter" ( "subscription" bigint NOT NULL, "partition" bigint NOT NULL, "log_offset" bigint NOT NULL, "publish_time" bigint NOT NULL, "event" bytea NOT NULL, "attempts" bigint NOT NULL, "reason" text NOT NULL, "create_time" bigint NOT NULL, "state" bigint NOT NULL CHECK ("state" IN (1, 2, 3)), "due_time" bigint NOT NULL, PRIMARY KEY ("subscription", "partition", "log_offset"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE );
CREATE INDEX "dead_letter_by_age" ON "dead_letter" ("subscription", "state", "create_time", "partition", "log_offset");

-- 2: pull
-- checksum 968677ef3511dd33640175ecf71aea97239fcc6ea1d3ead000595986b49dc8e9
ALTER TABLE "subscription" ADD COLUMN "update_time" bigint NOT NULL DEFAULT 0;
ALTER TABLE "subscription" ADD COLUMN "version" bigint NOT NULL DEFAULT 1;
UPDATE subscription SET update_time = create_time;
CREATE TABLE "acknowledgement" ( "subscription" bigint NOT NULL, "replica" text NOT NULL COLLATE "C", "acknowledgement_id" bytea NOT NULL, "message" bytea NOT NULL, "create_time" bigint NOT NULL, PRIMARY KEY ("subscription", "replica", "acknowledgement_id"), FOREIGN KEY ("subscription") REFERENCES "subscription" ("number") ON DELETE CASCADE );
