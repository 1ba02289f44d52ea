package chassis

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// How many closures one COMMIT covers at most.
	maxGroup = 256
	// How many writes wait at most; further callers wait for a free place.
	maxWaiting = 1024
	// How often a database that is written to raises its epoch.
	epochEvery = time.Second
)

// errClosed says that a store is used after Close.
var errClosed = errors.New("the store is closed")

// pendingWrite is one closure, and what came of it.
type pendingWrite struct {
	ctx     context.Context
	closure func(*Tx) error
	tx      *Tx
	err     error
	done    chan struct{}
}

// write queues a closure and waits for the COMMIT that covers it. It runs even if its caller goes
// away.
func (e *sqliteEngine) write(ctx context.Context, _ sql.IsolationLevel, closure func(*Tx) error) error {
	one := &pendingWrite{ctx: ctx, closure: closure, done: make(chan struct{})}
	select {
	case e.waiting <- one:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-e.ended:
		return databaseUnavailable(errClosed)
	}
	select {
	case <-one.done:
		return publicError(one.err)
	case <-ctx.Done():
		return context.Cause(ctx)
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
