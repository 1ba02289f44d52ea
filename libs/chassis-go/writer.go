package chassis

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	// The driver "sqlite", without C.
	_ "modernc.org/sqlite"
)

const (
	// How many closures one COMMIT covers at most.
	maxGroup = 256
	// How many writes wait at most; further callers wait for a free place.
	maxWaiting = 1024
	// How often a database that is written to raises its epoch.
	epochEvery = time.Second
	// How much a full disk must have again before it counts as writable: some pages.
	probeBytes = 16 << 10
)

// errClosed says that a store is used after Close.
var errClosed = errors.New("the store is closed")

// sqliteEngine is one SQLite file (WAL, synchronous=FULL) with one writer: a goroutine that runs many
// closures strictly one after another, each in a savepoint, and commits once, so that durable writes
// are bound by work and not by the disk's fsync.
type sqliteEngine struct {
	path      string
	held      *heldFile
	clock     Clock
	trouble   *trouble
	committed func(publishes bool)
	readers   *sql.DB
	waiting   chan *pendingWrite
	stop      chan struct{}
	ended     chan struct{}

	// What follows belongs to the writer.
	writer   *sql.DB
	conn     *sql.Conn
	epochDue time.Time
}

// pendingWrite is one closure, and what came of it.
type pendingWrite struct {
	ctx     context.Context
	closure func(*Tx) error
	tx      *Tx
	err     error
	done    chan struct{}
}

// openSQLite holds, opens and migrates a file, made if there is none.
func openSQLite(ctx context.Context, options StoreOptions, committed func(bool)) (engine, error) {
	path, err := pathOf(options)
	if err != nil {
		return nil, err
	}
	held, err := holdFile(path, options.Log)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	engine := &sqliteEngine{
		path:      path,
		held:      held,
		clock:     options.Clock,
		trouble:   &trouble{log: options.Log, place: path},
		committed: committed,
		waiting:   make(chan *pendingWrite, maxWaiting),
		stop:      make(chan struct{}),
		ended:     make(chan struct{}),
	}
	if err := engine.start(ctx, options); err != nil {
		engine.closeWriter()
		held.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	go engine.run()
	return engine, nil
}

func (e *sqliteEngine) start(ctx context.Context, options StoreOptions) error {
	if err := e.openWriter(ctx); err != nil {
		return err
	}
	if err := e.migrate(ctx, options); err != nil {
		return err
	}
	if err := e.held.check(); err != nil {
		return err
	}
	readers, err := sql.Open("sqlite", e.address("mode=ro&_pragma=query_only(1)"))
	if err != nil {
		return err
	}
	readers.SetMaxOpenConns(options.Connections)
	readers.SetMaxIdleConns(options.Connections)
	e.readers = readers
	return nil
}

// address returns the file as the driver takes it.
func (e *sqliteEngine) address(query string) string {
	file := url.URL{Scheme: "file", Path: e.path}
	return file.String() + "?_pragma=busy_timeout(5000)&" + query
}

// openWriter opens the one connection that writes. Each COMMIT is on disk before it returns.
func (e *sqliteEngine) openWriter(ctx context.Context) error {
	const pragmas = "mode=rw&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	writer, err := sql.Open("sqlite", e.address(pragmas))
	if err != nil {
		return err
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		_ = writer.Close()
		return err
	}
	e.writer, e.conn = writer, conn
	return nil
}

func (e *sqliteEngine) closeWriter() {
	if e.conn == nil {
		return
	}
	_ = e.conn.Close()
	_ = e.writer.Close()
	e.writer, e.conn = nil, nil
	e.held.forgetLog()
}

func (e *sqliteEngine) migrate(ctx context.Context, options StoreOptions) error {
	if err := e.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	step := migration{ctx: ctx, executor: e.conn, engine: engineSQLite, script: e.exec, now: e.clock.Now()}
	if err := step.run(options.Schema, options.Migrations); err != nil {
		return errors.Join(err, e.exec("ROLLBACK"))
	}
	return e.exec("COMMIT")
}

func (e *sqliteEngine) exec(sql string) error {
	_, err := e.conn.ExecContext(context.Background(), sql)
	return err
}

// write queues a closure and waits for the COMMIT that covers it. It runs even if its caller goes
// away.
func (e *sqliteEngine) write(ctx context.Context, _ sql.IsolationLevel, closure func(*Tx) error) error {
	one := &pendingWrite{ctx: ctx, closure: closure, done: make(chan struct{})}
	select {
	case e.waiting <- one:
	case <-ctx.Done():
		return ctx.Err()
	case <-e.ended:
		return databaseUnavailable(errClosed)
	}
	select {
	case <-one.done:
		return publicError(one.err)
	case <-ctx.Done():
		return ctx.Err()
	case <-e.ended:
	}
	// The writer ends after it has done what was queued before it stopped.
	select {
	case <-one.done:
		return publicError(one.err)
	default:
		return databaseUnavailable(errClosed)
	}
}

// run is the writer's goroutine.
func (e *sqliteEngine) run() {
	defer close(e.ended)
	for {
		select {
		case first := <-e.waiting:
			e.commit(e.group(first))
			continue
		default:
		}
		select {
		case first := <-e.waiting:
			e.commit(e.group(first))
		case <-e.stop:
			if len(e.waiting) == 0 {
				return
			}
		}
	}
}

// group returns the first write with those that wait behind it.
func (e *sqliteEngine) group(first *pendingWrite) []*pendingWrite {
	group := []*pendingWrite{first}
	for len(group) < maxGroup {
		select {
		case next := <-e.waiting:
			group = append(group, next)
		default:
			return group
		}
	}
	return group
}

// commit runs a group and releases its results. When the transaction itself fails the whole group
// does, and the file is opened again.
func (e *sqliteEngine) commit(group []*pendingWrite) {
	err := e.commitGroup(group)
	publishes := false
	if err != nil {
		e.failed(group, err)
	}
	for _, one := range group {
		if one.err == nil {
			publishes = publishes || one.tx.publishes
			one.tx.isDurable()
		}
		close(one.done)
	}
	e.committed(publishes)
}

func (e *sqliteEngine) commitGroup(group []*pendingWrite) error {
	if err := e.held.check(); err != nil {
		return err
	}
	if e.conn == nil {
		if err := e.openWriter(context.Background()); err != nil {
			return err
		}
	}
	if err := e.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, one := range group {
		if err := e.runOne(one); err != nil {
			return err
		}
	}
	if now := time.Now(); now.After(e.epochDue) {
		if err := e.exec(raiseEpoch); err != nil {
			return err
		}
		e.epochDue = now.Add(epochEvery)
	}
	if err := e.exec("COMMIT"); err != nil {
		return err
	}
	// Nothing is acknowledged that was written into a file without a name.
	if err := e.held.checkCommitted(); err != nil {
		return err
	}
	// A small write may work on a full disk, so only one that needs new space is proof.
	if now := e.trouble.get(); now != nil && !isFull(now) {
		e.trouble.isOver()
	}
	return nil
}

// runOne runs one closure in a savepoint. It fails when SQLite has ended the transaction by itself,
// as on a full disk: what was written before is gone too.
func (e *sqliteEngine) runOne(one *pendingWrite) error {
	if err := e.exec("SAVEPOINT closure"); err != nil {
		return err
	}
	one.tx = newTx(one.ctx, e.conn, e.clock)
	one.err = one.tx.run(one.closure)
	if one.err != nil {
		if err := e.exec("ROLLBACK TO closure"); err != nil {
			return errors.Join(one.tx.failure, err)
		}
	}
	return e.exec("RELEASE closure")
}

// failed gives every write of a group the error of the group.
func (e *sqliteEngine) failed(group []*pendingWrite, err error) {
	failure := databaseUnavailable(err)
	if isFull(err) {
		failure = databaseFull(err)
	}
	e.trouble.met(err)
	for _, one := range group {
		one.err = failure
	}
	// Closing undoes what was open. A file that is elsewhere may come back.
	if e.conn == nil || errors.Is(err, errLost) {
		return
	}
	e.closeWriter()
}

func (e *sqliteEngine) read(ctx context.Context, closure func(Reader) error) error {
	tx, err := e.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return publicError(err)
	}
	defer func() { _ = tx.Rollback() }()
	return publicError(closure(tx))
}

func (e *sqliteEngine) ping(ctx context.Context) error {
	if err := e.held.check(); err != nil {
		return err
	}
	now := e.trouble.get()
	if now != nil {
		if err := e.probe(ctx); err != nil {
			return fmt.Errorf("%s takes no writes: %w", e.path, now)
		}
		e.trouble.isOver()
	}
	return e.read(ctx, func(reader Reader) error {
		var one int
		return reader.QueryRow("SELECT 1").Scan(&one)
	})
}

// probe writes what needs new disk space, which alone shows whether writes work again.
func (e *sqliteEngine) probe(ctx context.Context) error {
	reserve := make([]byte, probeBytes)
	_, _ = rand.Read(reserve)
	for _, value := range []any{reserve, nil} {
		err := e.write(ctx, sql.LevelDefault, func(tx *Tx) error {
			_, err := tx.Exec("UPDATE souk_shop SET reserve = $1", value)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *sqliteEngine) close() error {
	select {
	case <-e.stop:
		return nil
	default:
	}
	close(e.stop)
	<-e.ended
	err := e.readers.Close()
	e.closeWriter()
	e.held.close()
	return err
}
