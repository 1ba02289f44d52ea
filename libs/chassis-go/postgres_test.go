package chassis

import (
	"context"
	"errors"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// endConnections ends all connections to the database but that of the reader that does it.
func endConnections(store *Store) error {
	const end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity" +
		" WHERE datname = current_database() AND pid <> pg_backend_pid()"
	return store.Read(context.Background(), func(reader Reader) error {
		var ended int
		return reader.QueryRow(end).Scan(&ended)
	})
}

func TestConnectionsThatDiedWhileTheyWereIdleCostNothing(t *testing.T) {
	at := postgresPlace(t)
	store, other := at.open(), at.open()
	var writing sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		writing.Go(func() {
			if err := insert(store, name); err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	must(t, endConnections(other))
	must(t, insert(store, "e"))
	equal(t, len(namesIn(t, store)), 5)
	must(t, store.Ping(context.Background()))
}

func TestAWriteWhoseConnectionDiesIsUnavailableAndLaterOnesWork(t *testing.T) {
	at := postgresPlace(t)
	store, other := at.open(), at.open()
	err := store.Write(context.Background(), func(tx *Tx) error {
		return errors.Join(endConnections(other), insertName(tx, "lost"))
	})
	equal(t, status.Code(err), codes.Unavailable)
	must(t, insert(store, "kept"))
	equal(t, namesIn(t, store), []string{"kept"})
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	at := postgresPlace(t)
	var starting sync.WaitGroup
	for range 4 {
		starting.Go(func() {
			store, err := OpenStore(context.Background(), at.options(names))
			if err == nil {
				err = store.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	store := at.open()
	equal(t, column[int](t, store, "SELECT count(*) FROM souk_migrations"), []int{2})
}

func TestARefusalThatRestsOnWhatAnotherWriteChangedIsDecidedAgain(t *testing.T) {
	at := postgresPlace(t)
	store := at.open()
	must(t, insert(store, "a"))
	refused := errors.New("there is an a and no b")
	attempts := 0
	err := store.Write(context.Background(), func(tx *Tx) error {
		attempts++
		var others int
		if err := tx.QueryRow("SELECT count(*) FROM names WHERE name = 'b'").Scan(&others); err != nil {
			return err
		}
		if attempts == 1 {
			// Another write renames it meanwhile.
			err := store.Write(context.Background(), func(tx *Tx) error {
				_, err := tx.Exec("UPDATE names SET name = 'b'")
				return err
			})
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec("UPDATE names SET bytes = $1 WHERE name = 'a'", []byte{1})
		if err != nil || others > 0 {
			return err
		}
		return refused
	})
	must(t, err)
	equal(t, attempts, 2)
}
