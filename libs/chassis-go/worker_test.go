package chassis

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestAWorkerThatFailsOrPanicsIsStartedAgainUntilTheDrain(t *testing.T) {
	log, metrics := &logLines{}, newMetrics()
	drain, stop := context.WithCancel(context.Background())
	runs := make(chan int, 10)
	count := 0
	run := func(drain context.Context) error {
		count++
		runs <- count
		switch count {
		case 1:
			return errors.New("of the test")
		case 2:
			panic("of the worker")
		}
		<-drain.Done()
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		worker := Worker{Name: "test", Run: run}
		keepRunning(drain, "echo", worker, slog.New(slog.NewTextHandler(log, nil)), metrics.workerFailures)
	}()
	for wanted := 1; wanted <= 3; wanted++ {
		equal(t, <-runs, wanted)
	}
	stop()
	<-ended
	equal(t, counterValue(t, metrics.workerFailures, "echo", "test"), 2)
	equal(t, log.has("worker echo/test failed and restarts in "), true)
	equal(t, log.has("panic: of the worker"), true)
}

func TestTheWorkerOfAStoreForgetsOldRecords(t *testing.T) {
	at, clock := sqlitePlace(t), NewManualClock(time.Now())
	at.clock = clock
	store := at.open()
	must(t, store.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.IsFirst("c", "/s", "1")
		return err
	}))
	drain, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- store.purgeWorker().Run(drain) }()
	inbox := func() int { return column[int](t, store, "SELECT count(*) FROM souk_inbox")[0] }
	eventually(t, "the record is forgotten", func() bool {
		clock.Advance(24 * time.Hour)
		return inbox() == 0
	})
	if age := clock.Now().Sub(time.Now()); age < inboxKept {
		t.Fatalf("it was forgotten after %s", age)
	}
	stop()
	must(t, <-ended)
}
