package chassis

// engineKind is which of the two engines holds the data.
type engineKind int

const (
	engineSQLite engineKind = iota
	enginePostgres
)

// dialects is one statement as each engine wants it.
type dialects struct {
	sqlite   string
	postgres string
}

func (engine engineKind) choose(sql dialects) string {
	if engine == enginePostgres {
		return sql.postgres
	}
	return sql.sqlite
}

// sqlOf returns the SQL of a step on this engine.
func (engine engineKind) sqlOf(step Migration) string {
	return engine.choose(dialects{sqlite: step.SQLite, postgres: step.Postgres})
}

var createMigrations = dialects{
	sqlite: `CREATE TABLE IF NOT EXISTS souk_migrations (
    schema_name TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
    applied_time INTEGER NOT NULL,
    PRIMARY KEY (schema_name, version)
) STRICT`,
	postgres: `CREATE TABLE IF NOT EXISTS souk_migrations (
    schema_name TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL,
    applied_time BIGINT NOT NULL,
    PRIMARY KEY (schema_name, version)
)`,
}

// chassisMigrations are the tables that every database has beside those of the service.
var chassisMigrations = []Migration{{
	Version: 1,
	Name:    "requests, outbox, inbox, keys, shop",
	SQLite: `
-- Idempotency records: the answer of each repeatable write, kept for some days.
CREATE TABLE souk_requests (
    seq INTEGER PRIMARY KEY, caller TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL,
    body_hash BLOB NOT NULL, response BLOB NOT NULL, created_time INTEGER NOT NULL,
    UNIQUE (caller, method, request_id)
) STRICT;
-- Events that wait to be published, written with their change. refused says why the bus will never
-- take an event.
CREATE TABLE souk_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, payload BLOB NOT NULL, created_time INTEGER NOT NULL,
    traceparent TEXT NOT NULL, refused TEXT
) STRICT;
-- Events that were handled, so that a second delivery has no effect.
CREATE TABLE souk_inbox (
    seq INTEGER PRIMARY KEY, consumer TEXT NOT NULL, source TEXT NOT NULL, event_id TEXT NOT NULL,
    created_time INTEGER NOT NULL,
    UNIQUE (consumer, source, event_id)
) STRICT;
-- Keys that all restarts share; page signs page tokens.
CREATE TABLE souk_keys (name TEXT NOT NULL PRIMARY KEY, secret BLOB NOT NULL) STRICT;
INSERT INTO souk_keys (name, secret) VALUES ('page', randomblob(32));
-- Whose database this is, which the one program says, and how far it has come: an older copy has a
-- lower epoch.
CREATE TABLE souk_shop (
    one INTEGER PRIMARY KEY CHECK (one = 1), shop TEXT NOT NULL, epoch INTEGER NOT NULL, reserve BLOB
) STRICT;
INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);`,
	Postgres: `
CREATE TABLE souk_requests (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, caller TEXT NOT NULL, method TEXT NOT NULL,
    request_id TEXT NOT NULL, body_hash BYTEA NOT NULL, response BYTEA NOT NULL,
    created_time BIGINT NOT NULL,
    UNIQUE (caller, method, request_id)
);
CREATE TABLE souk_outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, payload BYTEA NOT NULL, created_time BIGINT NOT NULL,
    traceparent TEXT NOT NULL, refused TEXT
);
CREATE TABLE souk_inbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, consumer TEXT NOT NULL, source TEXT NOT NULL,
    event_id TEXT NOT NULL, created_time BIGINT NOT NULL,
    UNIQUE (consumer, source, event_id)
);
CREATE TABLE souk_keys (name TEXT PRIMARY KEY, secret BYTEA NOT NULL);
INSERT INTO souk_keys (name, secret)
    VALUES ('page', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
CREATE TABLE souk_shop (
    one BIGINT PRIMARY KEY CHECK (one = 1), shop TEXT NOT NULL, epoch BIGINT NOT NULL, reserve BYTEA
);
INSERT INTO souk_shop (one, shop, epoch) VALUES (1, '', 0);
-- Which replica empties the outbox, so that events of one key leave in order.
CREATE TABLE souk_relay (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until_time BIGINT NOT NULL);
INSERT INTO souk_relay (name, owner, until_time) VALUES ('outbox', '', 0);
-- Microseconds since 1970 by the clock of the database, which all replicas share.
CREATE FUNCTION souk_now() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
    SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT
$$;`,
}}
