package chassis

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (at *place) file(suffix string) string {
	return filepath.Join(at.folder, "test.db"+suffix)
}

func TestEveryCommitIsOnDisk(t *testing.T) {
	store := sqlitePlace(t).open()
	var mode string
	var synchronous int
	must(t, store.Write(context.Background(), func(tx *Tx) error {
		if err := tx.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil {
			return err
		}
		return tx.QueryRow("PRAGMA synchronous").Scan(&synchronous)
	}))
	equal(t, mode, "wal")
	equal(t, synchronous, 2)
}

func TestASecondStoreOnOneFileIsRefused(t *testing.T) {
	at := sqlitePlace(t)
	store := at.open()
	_, err := OpenStore(context.Background(), at.options(names))
	mustFail(t, err, "test.db: another process has it open")
	must(t, store.Close())
	must(t, at.open().Close())
}

func TestTheLockIsOnTheFileItself(t *testing.T) {
	at := sqlitePlace(t)
	store := at.open()
	must(t, insert(store, "a"))
	if exec.Command("flock", "-n", at.file(""), "true").Run() == nil {
		t.Fatal("it is not locked")
	}
	files, err := filepath.Glob(filepath.Join(at.folder, "*"))
	must(t, err)
	equal(t, files, []string{at.file(""), at.file("-shm"), at.file("-wal")})
	must(t, store.Close())
	must(t, exec.Command("flock", "-n", at.file(""), "true").Run())
}

func TestNobodyElseCanReadTheFile(t *testing.T) {
	at := sqlitePlace(t)
	must(t, at.open().Close())
	must(t, os.Chmod(at.file(""), 0o644))
	must(t, os.Chmod(at.folder, 0o755))
	store := at.open()
	must(t, insert(store, "a"))
	for path, mode := range map[string]os.FileMode{at.folder: 0o700, at.file(""): 0o600, at.file("-wal"): 0o600} {
		found, err := os.Stat(path)
		must(t, err)
		equal(t, found.Mode().Perm(), mode)
	}
}

func takesNoWrites(t *testing.T, store *Store, why string) {
	t.Helper()
	for range 2 {
		equal(t, status.Code(insert(store, "lost")), codes.Unavailable)
	}
	mustFail(t, store.Ping(context.Background()), why)
}

func TestWhatIsDeletedReplacedOrEmptiedTakesNoMoreWrites(t *testing.T) {
	at := sqlitePlace(t)
	store := at.open()
	must(t, insert(store, "kept"))
	aside := at.file(".aside")
	must(t, os.Rename(at.file(""), aside))
	takesNoWrites(t, store, "test.db is gone")
	bytes, err := os.ReadFile(aside)
	must(t, err)
	must(t, os.WriteFile(at.file(""), bytes, 0o600))
	takesNoWrites(t, store, "test.db was replaced")
	must(t, os.Rename(aside, at.file("")))
	must(t, store.Ping(context.Background()))
	must(t, insert(store, "again"))
	equal(t, namesIn(t, store), []string{"kept", "again"})
	must(t, os.Remove(at.file("-wal")))
	takesNoWrites(t, store, "test.db-wal is gone")
}

func TestAnEmptiedFileTakesNoMoreWrites(t *testing.T) {
	at := sqlitePlace(t)
	store := at.open()
	must(t, os.Truncate(at.file(""), 0))
	takesNoWrites(t, store, "was emptied or cut off")
}

// limitPages limits the file to so many pages beyond those that it has; the writer has the limit.
func limitPages(t *testing.T, store *Store, more int) {
	t.Helper()
	must(t, store.Write(context.Background(), func(tx *Tx) error {
		var pages int
		if err := tx.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
			return err
		}
		var limit int
		return tx.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages+more)).Scan(&limit)
	}))
}

func TestAFullDiskFailsTheWriteAndLaterOnesWork(t *testing.T) {
	store := sqlitePlace(t).open()
	limitPages(t, store, 2)
	equal(t, status.Code(insert(store, strings.Repeat("x", 1_000_000))), codes.ResourceExhausted)
	must(t, insert(store, "later"))
	must(t, store.Ping(context.Background()))
	equal(t, namesIn(t, store), []string{"later"})
}
