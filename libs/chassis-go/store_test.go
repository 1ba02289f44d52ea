package chassis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestWhatWasWrittenIsThereWhenItIsOpenedAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		must(t, store.Write(context.Background(), func(tx *Tx) error {
			_, first := tx.Exec("INSERT INTO names (name, bytes) VALUES ($1, $2)", "ä\n🛒", []byte{0, 255})
			_, second := tx.Exec("INSERT INTO names (name, bytes) VALUES ($1, $2)", "b", nil)
			return errors.Join(first, second)
		}))
		must(t, store.Close())
		again := at.open()
		equal(t, namesIn(t, again), []string{"ä\n🛒", "b"})
		equal(t, column[[]byte](t, again, "SELECT bytes FROM names ORDER BY seq"), [][]byte{{0, 255}, nil})
	})
}

func TestManyWritesAtOnceAreEachUndoneAlone(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		refused := errors.New("no")
		outcomes := make([]error, 150)
		var writing sync.WaitGroup
		for number := range outcomes {
			writing.Go(func() {
				outcomes[number] = store.Write(context.Background(), func(tx *Tx) error {
					if err := insertName(tx, fmt.Sprintf("%03d", number)); err != nil || number%3 != 0 {
						return err
					}
					return refused
				})
			})
		}
		writing.Wait()
		var wanted []string
		for number, err := range outcomes {
			if number%3 != 0 {
				must(t, err)
				wanted = append(wanted, fmt.Sprintf("%03d", number))
			} else if !errors.Is(err, refused) {
				t.Fatalf("write %d: %v", number, err)
			}
		}
		equal(t, column[string](t, store, "SELECT name FROM names ORDER BY name"), wanted)
	})
}

func TestWritesThatRestOnTheSameRowDoNotLoseEachOther(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		must(t, insert(store, "0"))
		var writing sync.WaitGroup
		for range 40 {
			writing.Go(func() {
				err := store.Write(context.Background(), func(tx *Tx) error {
					var name string
					if err := tx.QueryRow("SELECT name FROM names").Scan(&name); err != nil {
						return err
					}
					var number int
					if _, err := fmt.Sscan(name, &number); err != nil {
						return err
					}
					_, err := tx.Exec("UPDATE names SET name = $1", fmt.Sprint(number+1))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		equal(t, namesIn(t, store), []string{"40"})
	})
}

func TestAWriteGoesOnWhenItsCallerGoesAway(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		ctx, goAway := context.WithCancel(context.Background())
		begun := make(chan struct{})
		gone := make(chan struct{})
		outcome := make(chan error)
		go func() {
			outcome <- store.Write(ctx, func(tx *Tx) error {
				close(begun)
				<-gone
				return insertName(tx, "kept")
			})
		}()
		<-begun
		goAway()
		if err := <-outcome; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		close(gone)
		eventually(t, "the write", func() bool { return len(namesIn(t, store)) == 1 })
	})
}

func TestATxDoesNotOutliveItsClosure(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		var kept *Tx
		must(t, store.Write(context.Background(), func(tx *Tx) error {
			kept = tx
			return nil
		}))
		defer func() {
			if found := recover(); found == nil {
				t.Fatal("it was used")
			}
		}()
		_, _ = kept.Exec("DELETE FROM names")
	})
}

func TestAReaderCannotWrite(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		must(t, insert(store, "a"))
		err := store.Read(context.Background(), func(reader Reader) error {
			rows, err := reader.Query("DELETE FROM names RETURNING name")
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		})
		if err == nil {
			t.Fatal("it wrote")
		}
		equal(t, namesIn(t, store), []string{"a"})
	})
}

func TestAStatementThatFailedFailsTheWriteWhateverTheClosureMakesOfIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		must(t, insert(store, "a"))
		err := store.Write(context.Background(), func(tx *Tx) error {
			_ = insertName(tx, "b")
			_ = insertName(tx, "a")
			return nil
		})
		if !IsUniqueViolation(err) {
			t.Fatal(err)
		}
		taken := errors.New("the name is taken")
		err = store.Write(context.Background(), func(tx *Tx) error {
			if err := insertName(tx, "a"); IsUniqueViolation(err) {
				return taken
			}
			return nil
		})
		if !errors.Is(err, taken) {
			t.Fatal(err)
		}
		equal(t, namesIn(t, store), []string{"a"})
	})
}

func TestAPanicIsAnErrorOfItsWriteOnly(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		err := store.Write(context.Background(), func(tx *Tx) error {
			_ = insertName(tx, "lost")
			panic("of the test")
		})
		mustFail(t, err, "a write panicked: of the test")
		must(t, insert(store, "kept"))
		equal(t, namesIn(t, store), []string{"kept"})
	})
}

func TestRowsThatAClosureLeavesOpenEndWithTheWrite(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		for _, name := range []string{"a", "b", "c"} {
			must(t, insert(store, name))
		}
		must(t, store.Write(context.Background(), func(tx *Tx) error {
			rows, err := tx.Query("SELECT name FROM names")
			if err == nil && !rows.Next() {
				return errors.New("there are no rows")
			}
			return err
		}))
		must(t, insert(store, "d"))
		must(t, store.Close())
		equal(t, len(namesIn(t, at.open())), 4)
	})
}

func TestWhatWaitsForACommitIsCalledAfterItAndNotForAWriteThatFailed(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		var seen []string
		write := func(name string, outcome error) {
			_ = store.Write(context.Background(), func(tx *Tx) error {
				tx.OnCommit(func() { seen = append(seen, fmt.Sprint(name, namesIn(t, store))) })
				return errors.Join(insertName(tx, name), outcome)
			})
		}
		write("a", nil)
		write("b", errors.New("no"))
		equal(t, seen, []string{"a[a]"})
	})
}

func TestAClosedStoreIsUnavailable(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		must(t, store.Close())
		equal(t, status.Code(insert(store, "a")), codes.Unavailable)
	})
}

func TestOldRecordsArePurged(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		clock := NewManualClock(time.Now())
		at.clock = clock
		store := at.open()
		must(t, store.Write(context.Background(), func(tx *Tx) error {
			for number := range 1200 {
				isFirst, err := tx.IsFirst("c", "/s", fmt.Sprint(number))
				if err != nil || !isFirst {
					return errors.Join(err, errors.New("it was handled before"))
				}
			}
			isFirst, err := tx.IsFirst("c", "/s", "7")
			if isFirst {
				return errors.New("it was forgotten")
			}
			return err
		}))
		purge := func(days int) int64 {
			clock.Advance(time.Duration(days) * 24 * time.Hour)
			purged, err := store.Purge(context.Background())
			must(t, err)
			return purged
		}
		equal(t, purge(29), 0)
		equal(t, purge(2), 1200)
	})
}

func TestEachStartRaisesTheEpoch(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		var epochs []int64
		for _, name := range []string{"a", "b"} {
			store := at.open()
			must(t, insert(store, name))
			epochs = append(epochs, column[int64](t, store, "SELECT epoch FROM souk_shop")...)
			must(t, store.Close())
		}
		// On SQLite each second of writes does too.
		equal(t, epochs, map[engineKind][]int64{engineSQLite: {2, 4}, enginePostgres: {1, 2}}[at.kind])
	})
}

func TestTheKeyOfPageTokensIsTheSameAfterARestart(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		var keys [2]string
		for number := range keys {
			store := at.open()
			key, err := store.Key(context.Background(), "page")
			must(t, err)
			keys[number] = string(key)
			must(t, store.Close())
		}
		if len(keys[0]) != 32 || keys[0] != keys[1] {
			t.Fatalf("%x", keys)
		}
	})
}

func TestASchemaThatDoesNotFitIsRefused(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		must(t, at.open().Close())
		open := func(schema string, migrations []Migration) error {
			options := at.options(migrations)
			options.Schema = schema
			store, err := OpenStore(context.Background(), options)
			if err == nil {
				must(t, store.Close())
			}
			return err
		}
		changed := []Migration{names[0]}
		changed[0].SQLite += " "
		changed[0].Postgres += " "
		second := Migration{Version: 2, Name: "more", SQLite: "SELECT 1", Postgres: "SELECT 1"}
		mustFail(t, open("echo", nil), "its schema has version 1, newer than this program's 0")
		mustFail(t, open("echo", changed), "migration 1 of echo was changed after it was applied")
		mustFail(t, open("other", names), "it belongs to echo, not to other")
		mustFail(t, open("echo", []Migration{second}), "the versions of echo do not ascend from 1")
		mustFail(t, open("echo", []Migration{names[0], {Version: 2}}), "has no SQL for this engine")
		must(t, open("echo", append([]Migration{names[0]}, second)))
		mustFail(t, open("echo", names), "its schema has version 2, newer than this program's 1")
	})
}

func TestAMigrationThatFailsLeavesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		must(t, at.open().Close())
		wrong := "CREATE TABLE more (a TEXT); CREATE TABLE names (a TEXT)"
		right := "CREATE TABLE more (a TEXT); CREATE INDEX of_a ON more (a)"
		open := func(sql string) (*Store, error) {
			step := Migration{Version: 2, Name: "more", SQLite: sql, Postgres: sql}
			return OpenStore(context.Background(), at.options([]Migration{names[0], step}))
		}
		_, err := open(wrong)
		mustFail(t, err, "already exists")
		store, err := open(right)
		must(t, err)
		equal(t, column[int](t, store, "SELECT count(*) FROM more"), []int{0})
		equal(t, column[int](t, store, "SELECT count(*) FROM souk_migrations"), []int{3})
		must(t, store.Close())
	})
}

func TestMigrationsAreReadInTheirOrder(t *testing.T) {
	folder := fstest.MapFS{
		"0002_more.sqlite.sql":   {Data: []byte("two of sqlite")},
		"0002_more.postgres.sql": {Data: []byte("two of postgres")},
		"0001_names.sql":         {Data: []byte("one")},
		"README.md":              {Data: []byte("nothing")},
	}
	steps, err := ReadMigrations(folder)
	must(t, err)
	equal(t, steps, []Migration{
		{Version: 1, Name: "names", SQLite: "one", Postgres: "one"},
		{Version: 2, Name: "more", SQLite: "two of sqlite", Postgres: "two of postgres"},
	})
	_, err = ReadMigrations(fstest.MapFS{"names.sql": {}})
	mustFail(t, err, "should be named as 0001_name.sql")
}

func TestAnAddressOfNoKnownEngineIsRefused(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://x", "test.db"} {
		mustFail(t, CheckDatabaseURL(url), "starts with sqlite: or postgres://")
		_, err := OpenStore(context.Background(), StoreOptions{URL: url})
		mustFail(t, err, "starts with sqlite: or postgres://")
	}
	must(t, CheckDatabaseURL("sqlite:a.db"))
	must(t, CheckDatabaseURL("postgresql://u@h/d"))
}

func TestAPasswordIsInNoError(t *testing.T) {
	urls := []string{"postgres://u:hushhush@127.0.0.1:1/d", "postgres://u:hushhush@[x/d"}
	for _, url := range urls {
		_, err := OpenStore(context.Background(), StoreOptions{URL: url, Schema: "echo"})
		mustFail(t, err, "the PostgreSQL database of echo")
		if strings.Contains(withCauses(err), "hushhush") {
			t.Fatal("it is")
		}
	}
}
