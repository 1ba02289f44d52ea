package chassis

import (
	"context"
	"fmt"
	"time"
)

const (
	requestsKept = 7 * 24 * time.Hour
	// Brokers deliver no event again later than that.
	inboxKept  = 30 * 24 * time.Hour
	purgeEvery = time.Minute
	// How many rows one write deletes at most.
	purgedAtOnce = 500
)

// Purge deletes idempotency records older than 7 days and inbox records older than 30, and returns
// how many. Rows are numbered in the order of their making, so what is behind a young row is young.
func (store *Store) Purge(ctx context.Context) (int64, error) {
	var purged int64
	kept := map[string]time.Duration{"souk_requests": requestsKept, "souk_inbox": inboxKept}
	for table, age := range kept {
		before := store.clock.Now().Add(-age).UnixMicro()
		for {
			deleted, err := store.purgeSome(ctx, table, before)
			if err != nil {
				return purged, err
			}
			purged += deleted
			if deleted < purgedAtOnce {
				break
			}
		}
	}
	return purged, nil
}

func (store *Store) purgeSome(ctx context.Context, table string, before int64) (int64, error) {
	const sql = "DELETE FROM %[1]s WHERE created_time < $1" +
		" AND seq IN (SELECT seq FROM %[1]s ORDER BY seq LIMIT $2)"
	var deleted int64
	err := store.writeAt(ctx, readCommitted, func(tx *Tx) (err error) {
		deleted, err = tx.Exec(fmt.Sprintf(sql, table), before, purgedAtOnce)
		return err
	})
	return deleted, err
}

// purgeWorker returns the worker that forgets old requests and events.
func (store *Store) purgeWorker() Worker {
	run := func(drain context.Context) error {
		for drain.Err() == nil {
			if _, err := store.Purge(context.WithoutCancel(drain)); err != nil {
				return err
			}
			store.clock.Sleep(drain, purgeEvery)
		}
		return nil
	}
	return Worker{Name: "purge", Run: run}
}
