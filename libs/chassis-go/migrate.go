package chassis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// Migration is one step of a schema: versions ascend from 1, and a released step never changes.
// Columns are INTEGER, TEXT and BLOB in STRICT tables on SQLite, BIGINT, TEXT and BYTEA on
// PostgreSQL; times are whole microseconds since 1970.
type Migration struct {
	Version  int
	Name     string
	SQLite   string
	Postgres string
}

// chassisSchema is the name under which the chassis' own steps are recorded.
const chassisSchema = "souk-chassis"

// raiseEpoch is run at each start and, on SQLite, in each second in which something is written.
const raiseEpoch = "UPDATE souk_shop SET epoch = epoch + 1"

// lockMigrations makes replicas that start together wait for each other. The number is one that
// nothing else in the database locks.
const lockMigrations = "SELECT pg_advisory_xact_lock(1936684395)"

// ReadMigrations returns the steps in a folder, sorted: "0001_names.sql" for both engines, or
// "0001_names.sqlite.sql" with "0001_names.postgres.sql" beside it.
func ReadMigrations(folder fs.FS) ([]Migration, error) {
	files, err := fs.Glob(folder, "*.sql")
	if err != nil {
		return nil, err
	}
	var steps []Migration
	// Glob returns names in their order.
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		if steps, err = addMigration(steps, file, string(text)); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

func addMigration(steps []Migration, file, sql string) ([]Migration, error) {
	name := strings.TrimSuffix(file, ".sql")
	engine := path.Ext(name)
	if engine == ".sqlite" || engine == ".postgres" {
		name = strings.TrimSuffix(name, engine)
	}
	number, words, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("migration %s should be named as 0001_name.sql", file)
	}
	last := len(steps) - 1
	if last < 0 || steps[last].Version != version || steps[last].Name != words {
		steps = append(steps, Migration{Version: version, Name: words})
		last++
	}
	if engine != ".postgres" {
		steps[last].SQLite = sql
	}
	if engine != ".sqlite" {
		steps[last].Postgres = sql
	}
	return steps, nil
}

// migration is the work of bringing one database up to date, in an open transaction.
type migration struct {
	ctx      context.Context
	executor executor
	engine   engineKind
	// script runs several statements.
	script func(sql string) error
	now    time.Time
}

// run brings a database up to date, or fails; the caller commits or undoes what was done.
func (m *migration) run(schema string, steps []Migration) error {
	if m.engine == enginePostgres {
		if err := m.script(lockMigrations); err != nil {
			return err
		}
	}
	if err := m.script(m.engine.choose(createMigrations)); err != nil {
		return err
	}
	if err := m.checkOwner(schema); err != nil {
		return err
	}
	if err := m.apply(chassisSchema, chassisMigrations); err != nil {
		return err
	}
	if err := m.apply(schema, steps); err != nil {
		return err
	}
	return m.script(raiseEpoch)
}

// checkOwner fails when the tables are those of another service.
func (m *migration) checkOwner(schema string) error {
	const sql = "SELECT min(schema_name) FROM souk_migrations WHERE schema_name NOT IN ($1, $2)"
	var other *string
	if err := m.executor.QueryRowContext(m.ctx, sql, chassisSchema, schema).Scan(&other); err != nil {
		return err
	}
	if other != nil {
		return fmt.Errorf("it belongs to %s, not to %s", *other, schema)
	}
	return nil
}

// apply runs the steps that the database does not have yet.
func (m *migration) apply(schema string, steps []Migration) error {
	for at, step := range steps {
		if step.Version != at+1 {
			return fmt.Errorf("the versions of %s do not ascend from 1", schema)
		}
		if m.engine.sqlOf(step) == "" {
			return fmt.Errorf("migration %d of %s has no SQL for this engine", step.Version, schema)
		}
	}
	applied, err := m.applied(schema)
	if err != nil {
		return err
	}
	if len(applied) > len(steps) {
		const text = "its schema has version %d, newer than this program's %d"
		return fmt.Errorf(text, len(applied), len(steps))
	}
	for at, step := range steps {
		sql := m.engine.sqlOf(step)
		checksum := checksumOf(sql)
		if at < len(applied) {
			if applied[at] != checksum {
				const text = "migration %d of %s was changed after it was applied"
				return fmt.Errorf(text, step.Version, schema)
			}
			continue
		}
		if err := m.applyOne(schema, step, sql, checksum); err != nil {
			return fmt.Errorf("migration %d (%s) of %s failed: %w", step.Version, step.Name, schema, err)
		}
	}
	return nil
}

func (m *migration) applyOne(schema string, step Migration, sql, checksum string) error {
	if err := m.script(sql); err != nil {
		return err
	}
	const record = "INSERT INTO souk_migrations (schema_name, version, name, checksum, applied_time)" +
		" VALUES ($1, $2, $3, $4, $5)"
	now := m.now.UnixMicro()
	_, err := m.executor.ExecContext(m.ctx, record, schema, step.Version, step.Name, checksum, now)
	return err
}

// applied returns the checksums of the steps that the database has, in their order.
func (m *migration) applied(schema string) ([]string, error) {
	const sql = "SELECT checksum FROM souk_migrations WHERE schema_name = $1 ORDER BY version"
	rows, err := m.executor.QueryContext(m.ctx, sql, schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var checksums []string
	for rows.Next() {
		var checksum string
		if err := rows.Scan(&checksum); err != nil {
			return nil, err
		}
		checksums = append(checksums, checksum)
	}
	return checksums, rows.Err()
}

// checksumOf returns what shows whether a step was changed after it was applied.
func checksumOf(sql string) string {
	sum := sha256.Sum256([]byte(sql))
	return hex.EncodeToString(sum[:])
}
