package chassis

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
)

// Reader reads rows: those that are committed, and within a write also those that it has written
// itself. The parameters of a statement are $1, $2 and so on, on both engines.
type Reader interface {
	// Query returns the rows of a statement; the caller closes them.
	Query(sql string, args ...any) (*sql.Rows, error)
	// QueryRow returns the first row of a statement. Scan must be called: it ends the statement, and
	// fails with sql.ErrNoRows when there is no row.
	QueryRow(sql string, args ...any) *sql.Row
}

// executor is an open transaction, or the connection that has one.
type executor interface {
	ExecContext(ctx context.Context, sql string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, sql string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, sql string, args ...any) *sql.Row
}

// Tx is one write: its statements happen together or not at all. It ends with its closure, which
// waits for nothing but its own statements.
//
// Nothing counts on going on after a statement that failed: the write fails with it, unless the
// closure returns another error.
type Tx struct {
	ctx       context.Context
	executor  executor
	clock     Clock
	failure   error
	changed   bool
	publishes bool
	isOver    bool
	rows      []*sql.Rows
	committed []func()
}

// newTx returns a write on an open transaction. The caller's context says what the write is for; its
// end does not end a statement.
func newTx(ctx context.Context, executor executor, clock Clock) *Tx {
	return &Tx{ctx: context.WithoutCancel(ctx), executor: executor, clock: clock}
}

// Exec runs a statement and returns how many rows it changed.
func (tx *Tx) Exec(sql string, args ...any) (int64, error) {
	tx.mustBeOpen()
	result, err := tx.executor.ExecContext(tx.ctx, sql, args...)
	if err != nil {
		return 0, tx.failed(err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return 0, tx.failed(err)
	}
	tx.changed = tx.changed || rows > 0
	return rows, nil
}

// Query returns the rows of a statement. They end with the write at the latest.
func (tx *Tx) Query(sql string, args ...any) (*sql.Rows, error) {
	tx.mustBeOpen()
	tx.noteQuery(sql)
	rows, err := tx.executor.QueryContext(tx.ctx, sql, args...)
	if err != nil {
		return nil, tx.failed(err)
	}
	tx.rows = append(tx.rows, rows)
	return rows, nil
}

// QueryRow returns the first row of a statement.
func (tx *Tx) QueryRow(sql string, args ...any) *sql.Row {
	tx.mustBeOpen()
	tx.noteQuery(sql)
	row := tx.executor.QueryRowContext(tx.ctx, sql, args...)
	if err := row.Err(); err != nil {
		_ = tx.failed(err)
	}
	return row
}

// Now returns the time of the store's clock.
func (tx *Tx) Now() time.Time {
	return tx.clock.Now()
}

// OnCommit calls a function after the COMMIT that covers this write, such as one that wakes those
// who wait for its effect.
func (tx *Tx) OnCommit(committed func()) {
	tx.committed = append(tx.committed, committed)
}

// Publish adds an event of the contract to the write and returns its id; the relay sends it after
// the commit. Its key is what the contract says (souk.policy.v1.event): events of one key are
// published in order. Publish it after the row of its key was written or locked, so that the order
// of events is the order of changes.
func (tx *Tx) Publish(event proto.Message) (string, error) {
	key, err := keyOf(event)
	if err != nil {
		return "", err
	}
	payload, err := proto.Marshal(withoutPrivate(event))
	if err != nil {
		return "", fmt.Errorf("the event cannot be encoded: %w", err)
	}
	now := tx.clock.Now()
	row := outboxRow{
		eventID:     NewID("event", now),
		kind:        string(event.ProtoReflect().Descriptor().FullName()),
		subject:     key,
		payload:     payload,
		createdTime: now.UnixMicro(),
		traceparent: traceparentOf(tx.ctx),
	}
	if err := row.insert(tx); err != nil {
		return "", err
	}
	tx.publishes = true
	return row.eventID, nil
}

// failed keeps the first failure of a statement.
func (tx *Tx) failed(err error) error {
	if tx.failure == nil {
		tx.failure = err
	}
	return err
}

// noteQuery notes that rows may change. Only a SELECT is known to change nothing; INSERT …
// RETURNING is a query as well.
func (tx *Tx) noteQuery(sql string) {
	word, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	tx.changed = tx.changed || !strings.EqualFold(word, "select")
}

func (tx *Tx) mustBeOpen() {
	if tx.isOver {
		panic("this write is over: a Tx must not leave its closure")
	}
}

// run runs a closure on this write, and ends it. A panic is an error, and what was written is
// undone. A statement that failed makes the write fail whatever the closure made of it.
func (tx *Tx) run(closure func(*Tx) error) (err error) {
	defer func() {
		tx.isOver = true
		if found := recover(); found != nil {
			err = fmt.Errorf("a write panicked: %v", found)
		}
		if err == nil {
			err = tx.failure
		}
		for _, rows := range tx.rows {
			_ = rows.Close()
		}
	}()
	return closure(tx)
}

// isDurable runs what waits for the commit.
func (tx *Tx) isDurable() {
	for _, committed := range tx.committed {
		committed()
	}
}
