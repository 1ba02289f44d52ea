package chassis

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
)

const (
	// For what rests on rows that it changes itself.
	readCommitted = sql.LevelReadCommitted
	// How many connections are held at most, unless the options say otherwise.
	defaultConnections = 10
)

// StoreOptions says where a database is and what its tables are.
type StoreOptions struct {
	// URL is "sqlite:FILE", relative to Folder, or "postgres://USER@HOST:PORT/DATABASE".
	URL string
	// Folder is where everything is that the service writes to disk.
	Folder string
	// Schema says whose tables they are: the name of the service.
	Schema string
	// Migrations are the steps of the service's own tables.
	Migrations []Migration
	// Connections is how many are held at most: readers on SQLite, all on PostgreSQL; 10 unless set.
	Connections int
	// Clock tells the time; the system's unless set.
	Clock Clock
	// Log gets what an operator should know, such as a failed commit; the default log unless set.
	Log *slog.Logger
}

// Store is an open database of a service, which nobody else writes to: one SQLite file, or a
// PostgreSQL database that replicas share. Write is the only way to write.
//
// **Invariant:** nothing that a closure returned, errors included, is released before the COMMIT
// that covers it.
type Store struct {
	kind   engineKind
	engine engine
	clock  Clock
	// published has an item after a write has put an event into the outbox.
	published chan struct{}
}

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	write(ctx context.Context, level sql.IsolationLevel, closure func(*Tx) error) error
	read(ctx context.Context, closure func(Reader) error) error
	ping(ctx context.Context) error
	close() error
}

// CheckDatabaseURL returns what is wrong with the address of a database, so that it is refused with
// the other settings before anything is opened.
func CheckDatabaseURL(url string) error {
	if engineOf(url) == nil {
		return errors.New("the address of a database starts with sqlite: or postgres://")
	}
	return nil
}

// opener opens a database and migrates it. committed is called after each commit, with whether it
// published.
type opener func(
	ctx context.Context, options StoreOptions, committed func(publishes bool),
) (engine, error)

func engineOf(url string) opener {
	switch {
	case strings.HasPrefix(url, "sqlite:") && url != "sqlite:":
		return openSQLite
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return openPostgres
	}
	return nil
}

// OpenStore opens a database and brings its tables up to date. It fails when another process has the
// file open, and when the tables belong to another service or a newer program.
func OpenStore(ctx context.Context, options StoreOptions) (*Store, error) {
	open := engineOf(options.URL)
	if open == nil {
		return nil, CheckDatabaseURL(options.URL)
	}
	if options.Clock == nil {
		options.Clock = SystemClock
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.Connections == 0 {
		options.Connections = defaultConnections
	}
	store := &Store{clock: options.Clock, published: make(chan struct{}, 1)}
	if !strings.HasPrefix(options.URL, "sqlite:") {
		store.kind = enginePostgres
	}
	opened, err := open(ctx, options, store.committed)
	if err != nil {
		return nil, err
	}
	store.engine = opened
	return store, nil
}

// committed wakes the relay when a commit has added to the outbox.
func (store *Store) committed(publishes bool) {
	if !publishes {
		return
	}
	select {
	case store.published <- struct{}{}:
	default:
	}
}

// Write runs a closure in a transaction and returns when what it did is durable. What it returns is
// returned here, and with an error everything that it wrote is undone.
//
// The closure has no other effects: on PostgreSQL it runs again when it lost a race with another
// write, and it runs to its end even if the context ends, in which case Write returns at once.
// Write fails with DATABASE_UNAVAILABLE, DATABASE_FULL or CONFLICT when nothing could be written.
func (store *Store) Write(ctx context.Context, closure func(*Tx) error) error {
	return store.writeAt(ctx, sql.LevelSerializable, closure)
}

// writeAt is Write for what rests on rows that it changes itself, and may be READ COMMITTED.
func (store *Store) writeAt(
	ctx context.Context, level sql.IsolationLevel, closure func(*Tx) error,
) error {
	return store.engine.write(ctx, level, closure)
}

// Read runs a closure on one consistent state of what is committed.
func (store *Store) Read(ctx context.Context, closure func(Reader) error) error {
	return store.engine.read(ctx, closure)
}

// Ping fails when the database takes no writes, and names it; for Service.Ready.
func (store *Store) Ping(ctx context.Context) error {
	return store.engine.ping(ctx)
}

// Close finishes the writes that were begun and closes the database.
func (store *Store) Close() error {
	return store.engine.close()
}

// Key returns a key of the database that all replicas and restarts share: "page" signs page tokens.
func (store *Store) Key(ctx context.Context, name string) ([]byte, error) {
	var secret []byte
	err := store.Read(ctx, func(reader Reader) error {
		return reader.QueryRow("SELECT secret FROM souk_keys WHERE name = $1", name).Scan(&secret)
	})
	return secret, err
}
