package chassis

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// How long a write is tried again after losing a race, and how often.
	retryFor         = 5 * time.Second
	maxWriteAttempts = 100
	firstRetry       = time.Millisecond
	longestRetry     = 64 * time.Millisecond
	// When a caller should try again.
	retryDelay = 100 * time.Millisecond
)

// postgresEngine is a PostgreSQL database that replicas share. Each write is one SERIALIZABLE
// transaction, which runs again when it lost a race.
type postgresEngine struct {
	db        *sql.DB
	clock     Clock
	trouble   *trouble
	committed func(publishes bool)
	isClosed  atomic.Bool
}

// openPostgres connects, checks that the server keeps what it acknowledges, and migrates.
func openPostgres(ctx context.Context, options StoreOptions, committed func(bool)) (engine, error) {
	place := placeOf(options.Schema)
	config, err := pgx.ParseConfig(options.URL)
	if err != nil {
		// The error quotes the address, which may hold a password.
		return nil, fmt.Errorf("%s: its address cannot be understood", place)
	}
	config.RuntimeParams["application_name"] = options.Schema
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	config.RuntimeParams["lock_timeout"] = "10s"
	// To compile a statement takes longer than to run it.
	config.RuntimeParams["jit"] = "off"
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(options.Connections)
	db.SetMaxIdleConns(options.Connections)
	engine := &postgresEngine{
		db:        db,
		clock:     options.Clock,
		trouble:   &trouble{log: options.Log, place: place},
		committed: committed,
	}
	if err := engine.start(ctx, options); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	return engine, nil
}

func (e *postgresEngine) start(ctx context.Context, options StoreOptions) error {
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := e.db.QueryRowContext(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return err
		}
		if value == "off" {
			return fmt.Errorf("PostgreSQL has %s = off and would lose acknowledged writes", setting)
		}
	}
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	script := func(sql string) error {
		// Only the simple protocol takes several statements.
		_, err := tx.ExecContext(ctx, sql, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	// The migration of another replica may well take longer than a row is waited for.
	if err := script("SET LOCAL lock_timeout = 0"); err != nil {
		return err
	}
	step := migration{ctx: ctx, executor: tx, engine: enginePostgres, script: script, now: e.clock.Now()}
	if err := step.run(options.Schema, options.Migrations); err != nil {
		return err
	}
	return tx.Commit()
}

// write runs a write in a goroutine of its own: a caller that goes away stops neither the write nor
// its commit, only further attempts.
func (e *postgresEngine) write(
	ctx context.Context, level sql.IsolationLevel, closure func(*Tx) error,
) error {
	done := make(chan error, 1)
	go func() { done <- e.writeUntilDone(ctx, level, closure) }()
	select {
	case err := <-done:
		return publicError(err)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (e *postgresEngine) writeUntilDone(
	ctx context.Context, level sql.IsolationLevel, closure func(*Tx) error,
) error {
	started := time.Now()
	pauses := &backoff{first: firstRetry, longest: longestRetry}
	for attempt := 1; ; attempt++ {
		again, err := e.attempt(ctx, level, closure)
		if !again || attempt >= maxWriteAttempts || time.Since(started) >= retryFor || ctx.Err() != nil {
			return err
		}
		SystemClock.Sleep(ctx, pauses.next())
	}
}

// attempt runs a write once. It returns whether nothing happened and it may run again.
func (e *postgresEngine) attempt(
	ctx context.Context, level sql.IsolationLevel, closure func(*Tx) error,
) (again bool, err error) {
	if e.isClosed.Load() {
		return false, databaseUnavailable(errClosed)
	}
	open, err := e.db.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: level})
	if err != nil {
		return true, databaseUnavailable(err)
	}
	defer func() { _ = open.Rollback() }()
	tx := newTx(ctx, open, e.clock)
	err = tx.run(closure)
	if isConflict(err) || isConflict(tx.failure) {
		return true, errConflict
	}
	// A refusal that changed nothing commits too: only then does PostgreSQL vouch for what the refusal
	// was based on.
	if err != nil && (tx.failure != nil || tx.changed) {
		e.met(tx.failure)
		return false, err
	}
	if failure := open.Commit(); failure != nil {
		if isConflict(failure) {
			return true, errConflict
		}
		// Whether a COMMIT without an answer happened is not known, so it is not tried again here.
		e.met(failure)
		if isFull(failure) {
			return false, databaseFull(failure)
		}
		return false, databaseUnavailable(failure)
	}
	if err != nil {
		return false, err
	}
	tx.isDurable()
	e.committed(tx.publishes)
	if now := e.trouble.get(); now != nil {
		e.trouble.isOver()
	}
	return false, nil
}

// met keeps a failure that says something about the database.
func (e *postgresEngine) met(err error) {
	if isFull(err) || isAway(err) {
		e.trouble.met(err)
	}
}

func (e *postgresEngine) read(ctx context.Context, closure func(Reader) error) error {
	options := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	tx, err := e.db.BeginTx(ctx, options)
	if err != nil {
		return databaseUnavailable(err)
	}
	defer func() { _ = tx.Rollback() }()
	return publicError(closure(tx))
}

func (e *postgresEngine) ping(ctx context.Context) error {
	if now := e.trouble.get(); isFull(now) {
		// Only a write that needs new space can show whether writes work again.
		err := e.write(ctx, readCommitted, func(tx *Tx) error {
			_, err := tx.Exec("UPDATE souk_shop SET reserve = $1", make([]byte, probeBytes))
			return err
		})
		if err != nil {
			return fmt.Errorf("%s takes no writes: %w", e.trouble.place, now)
		}
	}
	var one int
	if err := e.db.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("%s cannot be reached: %w", e.trouble.place, err)
	}
	return nil
}

func (e *postgresEngine) close() error {
	e.isClosed.Store(true)
	return e.db.Close()
}
