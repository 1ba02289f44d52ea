package chassis

import (
	"database/sql/driver"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	policyv1 "souk.example/go/souk/policy/v1"
)

// errConflict says that a write lost a race with others, and may run again.
var errConflict = Refuse(
	policyv1.ErrorReason_ERROR_REASON_CONFLICT, "the write lost a race with others too often", nil,
).With(retryAfter(retryDelay))

// IsUniqueViolation returns whether a statement failed because a row with the same key exists.
func IsUniqueViolation(err error) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		return postgres.Code == "23505"
	}
	var file *sqlite.Error
	if errors.As(err, &file) {
		code := file.Code()
		return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// isConflict returns whether a write lost a race.
func isConflict(err error) bool {
	var found *pgconn.PgError
	if errors.As(err, &found) {
		// A serialization failure, a deadlock, or a lock that did not become free in time.
		return found.Code == "40001" || found.Code == "40P01" || found.Code == "55P03"
	}
	return errors.Is(err, errConflict)
}

// isFull returns whether there is no space left.
func isFull(err error) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		return postgres.Code == "53100"
	}
	var file *sqlite.Error
	return errors.As(err, &file) && file.Code()&0xff == sqlite3.SQLITE_FULL
}

// isAway returns whether the database cannot work now, for reasons that are not the statement's.
func isAway(err error) bool {
	var postgres *pgconn.PgError
	if errors.As(err, &postgres) {
		switch postgres.Code {
		case "25006", "3D000", "28000", "28P01", "55000":
			return true
		}
		class := postgres.Code[:2]
		return class == "08" || class == "53" || class == "57" || class == "58"
	}
	var file *sqlite.Error
	if errors.As(err, &file) {
		switch file.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
			return true
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, errLost) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// publicError returns what a caller learns of an error of a write or a read. What is not the
// database's is returned as it is.
func publicError(err error) error {
	var refusal *Refusal
	switch {
	case err == nil, errors.As(err, &refusal):
		return err
	case isConflict(err):
		return errConflict.Because(err)
	case isFull(err):
		return databaseFull(err)
	case isAway(err):
		return databaseUnavailable(err)
	}
	return err
}

func databaseFull(cause error) error {
	const message = "the service's disk is full"
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_DATABASE_FULL, message, nil)
	return refusal.With(retryAfter(retryDelay)).Because(cause)
}

func databaseUnavailable(cause error) error {
	message := "the service cannot reach its database"
	if errors.Is(cause, errLost) {
		message = "the service's database file was deleted, replaced or cut off"
	}
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_DATABASE_UNAVAILABLE, message, nil)
	return refusal.With(retryAfter(retryDelay)).Because(cause)
}

// trouble is why a database takes no writes now: named in the log and by Ping until a write works
// again.
type trouble struct {
	log   *slog.Logger
	place string
	mutex sync.Mutex
	now   error
}

// met keeps and logs a failure that says something about the database, not about one write.
func (t *trouble) met(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.now == nil || t.now.Error() != err.Error() {
		t.log.Error(t.place + " takes no writes: " + withCauses(err))
	}
	t.now = err
}

// get returns what is wrong now.
func (t *trouble) get() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.now
}

// isOver takes it that writes work again.
func (t *trouble) isOver() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.now != nil {
		t.log.Info(t.place + " takes writes again")
	}
	t.now = nil
}

// placeOf returns the address of a database without what is secret in it.
func placeOf(schema string) string {
	return "the PostgreSQL database of " + strings.TrimSpace(schema)
}
