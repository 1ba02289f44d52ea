package chassis

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	// The driver "sqlite", without C.
	_ "modernc.org/sqlite"
)

// How much a full disk must have again before it counts as writable: some pages.
const probeBytes = 16 << 10

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

// pathOf returns the file of a SQLite database.
func pathOf(options StoreOptions) (string, error) {
	file := strings.TrimPrefix(options.URL, "sqlite:")
	if filepath.IsAbs(file) {
		return file, nil
	}
	return filepath.Abs(filepath.Join(options.Folder, file))
}
