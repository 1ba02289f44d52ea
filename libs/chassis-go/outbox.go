package chassis

import (
	"context"
	"time"
)

// outboxRow is an event that waits to be published. seq is the order within the database. On
// PostgreSQL it is not the order of commits between different keys: the highest one seen is never
// remembered, what was published is deleted.
type outboxRow struct {
	seq         int64
	eventID     string
	kind        string
	subject     string
	payload     []byte
	createdTime int64
	traceparent string
}

// insert adds the event to a write.
func (row outboxRow) insert(tx *Tx) error {
	const insert = "INSERT INTO souk_outbox" +
		" (event_id, kind, subject, payload, created_time, traceparent)" +
		" VALUES ($1, $2, $3, $4, $5, $6)"
	_, err := tx.Exec(
		insert, row.eventID, row.kind, row.subject, row.payload, row.createdTime, row.traceparent,
	)
	return err
}

// waitingEvents returns the oldest events that the bus has not refused.
func (store *Store) waitingEvents(ctx context.Context, limit int) ([]outboxRow, error) {
	var found []outboxRow
	err := store.Read(ctx, func(reader Reader) (err error) {
		found, err = readOutbox(reader, limit)
		return err
	})
	return found, err
}

func readOutbox(reader Reader, limit int) ([]outboxRow, error) {
	const waiting = "SELECT seq, event_id, kind, subject, payload, created_time, traceparent" +
		" FROM souk_outbox WHERE refused IS NULL ORDER BY seq LIMIT $1"
	rows, err := reader.Query(waiting, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []outboxRow
	for rows.Next() {
		var row outboxRow
		err := rows.Scan(
			&row.seq, &row.eventID, &row.kind, &row.subject,
			&row.payload, &row.createdTime, &row.traceparent,
		)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

// refusedEvent is an event that the bus will never take, with the reason.
type refusedEvent struct {
	row    outboxRow
	reason string
}

// settleEvents deletes what was published, and sets aside what was refused until somebody looks at
// it.
func (store *Store) settleEvents(
	ctx context.Context, published []outboxRow, refused []refusedEvent,
) error {
	return store.writeAt(ctx, readCommitted, func(tx *Tx) error {
		for _, row := range published {
			if _, err := tx.Exec("DELETE FROM souk_outbox WHERE seq = $1", row.seq); err != nil {
				return err
			}
		}
		const refuse = "UPDATE souk_outbox SET refused = $1 WHERE seq = $2"
		for _, one := range refused {
			if _, err := tx.Exec(refuse, one.reason, one.row.seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// claimOutbox takes or keeps, for a while, the right to empty the outbox; false when another replica
// has it. A SQLite file belongs to one process anyway. The time is PostgreSQL's, so that the clocks
// of replicas do not matter.
func (store *Store) claimOutbox(ctx context.Context, owner string, lease time.Duration) (bool, error) {
	if store.kind == engineSQLite {
		return true, nil
	}
	const claim = "UPDATE souk_relay SET owner = $1, until_time = souk_now() + $2" +
		" WHERE name = 'outbox' AND (owner = $1 OR until_time < souk_now())"
	var changed int64
	err := store.writeAt(ctx, readCommitted, func(tx *Tx) (err error) {
		changed, err = tx.Exec(claim, owner, lease.Microseconds())
		return err
	})
	return changed == 1, err
}

// releaseOutbox gives the right back, so that another replica goes on at once.
func (store *Store) releaseOutbox(ctx context.Context, owner string) error {
	if store.kind == engineSQLite {
		return nil
	}
	const release = "UPDATE souk_relay SET until_time = 0 WHERE name = 'outbox' AND owner = $1"
	return store.writeAt(ctx, readCommitted, func(tx *Tx) error {
		_, err := tx.Exec(release, owner)
		return err
	})
}
