package chassis

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	souk "souk.example/go"
)

// postgresVariable has the address of a superuser of a PostgreSQL for tests.
const postgresVariable = "SOUK_TEST_POSTGRES_URL"

// names is a table for tests.
var names = []Migration{{
	Version:  1,
	Name:     "names",
	SQLite:   "CREATE TABLE names (seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes BLOB) STRICT",
	Postgres: "CREATE TABLE names (seq BIGINT GENERATED ALWAYS AS IDENTITY, name TEXT NOT NULL UNIQUE, bytes BYTEA)",
}}

// place is where a test has its database.
type place struct {
	t      *testing.T
	kind   engineKind
	folder string
	url    string
	clock  Clock
}

// onEachEngine runs a test on a SQLite file and on a PostgreSQL database of its own.
func onEachEngine(t *testing.T, test func(t *testing.T, at *place)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqlitePlace(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresPlace(t)) })
}

func sqlitePlace(t *testing.T) *place {
	return &place{t: t, folder: t.TempDir(), url: "sqlite:test.db"}
}

func postgresPlace(t *testing.T) *place {
	server := os.Getenv(postgresVariable)
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: in CI every test runs on PostgreSQL too", postgresVariable)
		}
		t.Skipf("%s is not set; `cargo xtask postgres` prints it", postgresVariable)
	}
	admin, err := sql.Open("pgx", server)
	must(t, err)
	name := strings.TrimPrefix(NewID("t", time.Now()), "t_")
	execute(t, admin, `CREATE DATABASE "`+name+`"`)
	t.Cleanup(func() {
		execute(t, admin, `DROP DATABASE "`+name+`" WITH (FORCE)`)
		must(t, admin.Close())
	})
	address, err := url.Parse(server)
	must(t, err)
	address.Path = "/" + name
	return &place{t: t, kind: enginePostgres, folder: t.TempDir(), url: address.String()}
}

func execute(t *testing.T, db *sql.DB, sql string) {
	t.Helper()
	_, err := db.Exec(sql)
	must(t, err)
}

func (at *place) options(migrations []Migration) StoreOptions {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	return StoreOptions{
		URL: at.url, Folder: at.folder, Schema: "echo", Migrations: migrations, Clock: at.clock, Log: log,
	}
}

// open opens the database; it is closed at the latest with the test.
func (at *place) open() *Store {
	at.t.Helper()
	store, err := OpenStore(context.Background(), at.options(names))
	must(at.t, err)
	at.t.Cleanup(func() { _ = store.Close() })
	return store
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mustFail fails unless an error says this.
func mustFail(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(withCauses(err), text) {
		t.Fatalf("%v does not say %q", err, text)
	}
}

// equal fails unless both print the same.
func equal(t *testing.T, found, wanted any) {
	t.Helper()
	if fmt.Sprintf("%v", found) != fmt.Sprintf("%v", wanted) {
		t.Fatalf("found %v instead of %v", found, wanted)
	}
}

// eventually waits for something, with a limit.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it did not happen: %s", what)
}

func insert(store *Store, name string) error {
	return store.Write(context.Background(), func(tx *Tx) error { return insertName(tx, name) })
}

func insertName(tx *Tx, name string) error {
	_, err := tx.Exec("INSERT INTO names (name) VALUES ($1)", name)
	return err
}

// column returns the first column of a statement's rows.
func column[T any](t *testing.T, store *Store, sql string, args ...any) []T {
	t.Helper()
	var found []T
	err := store.Read(context.Background(), func(reader Reader) error {
		rows, err := reader.Query(sql, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var value T
			if err := rows.Scan(&value); err != nil {
				return err
			}
			found = append(found, value)
		}
		return rows.Err()
	})
	must(t, err)
	return found
}

func namesIn(t *testing.T, store *Store) []string {
	t.Helper()
	return column[string](t, store, "SELECT name FROM names ORDER BY seq")
}

// as returns a context of a request of this caller.
func as(caller string) context.Context {
	parsed, isCaller := ParseCaller(caller)
	if !isCaller {
		panic(caller)
	}
	return withRequest(context.Background(), &request{caller: parsed, trace: startTrace()})
}

// harness is a service whose workers run until the test ends.
type harness struct {
	*Service
	stop func()
	log  *logLines
}

// logLines keeps what is logged.
type logLines struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (log *logLines) Write(bytes []byte) (int, error) {
	log.mutex.Lock()
	defer log.mutex.Unlock()
	return log.text.Write(bytes)
}

func (log *logLines) has(text string) bool {
	log.mutex.Lock()
	defer log.mutex.Unlock()
	return strings.Contains(log.text.String(), text)
}

// newHarness returns the service echo with its way to a bus.
func newHarness(t *testing.T, address string) *harness {
	t.Helper()
	bus, err := souk.Connect(address, souk.DevelopmentToken("service:echo", "*"))
	must(t, err)
	t.Cleanup(func() { _ = bus.Close() })
	log := &logLines{}
	service := &Service{
		Name:     "echo",
		Log:      slog.New(slog.NewTextHandler(log, nil)),
		metrics:  newMetrics(),
		channels: map[string]grpc.ClientConnInterface{busName: bus},
	}
	return &harness{Service: service, log: log, stop: func() {}}
}

// start runs the workers until stop, which waits for them.
func (h *harness) start(t *testing.T) {
	drain, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, worker := range h.workers {
		running.Go(func() { keepRunning(drain, h.Name, worker, h.Log, h.metrics.workerFailures) })
	}
	h.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		for _, close := range h.closings {
			must(t, close())
		}
	})
	t.Cleanup(h.stop)
}

// counterValue returns the value of a counter.
func counterValue(t *testing.T, counter *prometheus.CounterVec, labels ...string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	must(t, registry.Register(counter.WithLabelValues(labels...)))
	found, err := registry.Gather()
	must(t, err)
	return found[0].GetMetric()[0].GetCounter().GetValue()
}
