package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// A worker that ran this long before failing starts again after the first pause.
	healthyAfter       = time.Minute
	firstWorkerPause   = 100 * time.Millisecond
	longestWorkerPause = 30 * time.Second
)

// Worker is work beside the requests. It ends when its context is done, which is when the process
// begins to drain, and is started again, later every time, when it fails.
type Worker struct {
	// Name says what it does: "relay".
	Name string
	// Run does the work until the context is done.
	Run func(drain context.Context) error
}

// keepRunning runs a worker until it ends well or the process drains.
func keepRunning(
	drain context.Context, service string, worker Worker, log *slog.Logger, failures *prometheus.CounterVec,
) {
	pauses := &backoff{first: firstWorkerPause, longest: longestWorkerPause}
	name := service + "/" + worker.Name
	fields := log.With("service", service, "worker", worker.Name)
	for drain.Err() == nil {
		started := time.Now()
		err := runWorker(drain, worker)
		if err == nil {
			if drain.Err() == nil {
				fields.Info(fmt.Sprintf("worker %s has finished", name))
			}
			return
		}
		if time.Since(started) >= healthyAfter {
			pauses.reset()
		}
		failures.WithLabelValues(service, worker.Name).Inc()
		pause := pauses.next().Round(time.Millisecond)
		fields.Error(fmt.Sprintf("worker %s failed and restarts in %s: %v", name, pause, err))
		SystemClock.Sleep(drain, pause)
	}
}

// runWorker runs a worker once; a panic is a failure.
func runWorker(drain context.Context, worker Worker) (err error) {
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("panic: %v", found)
		}
	}()
	return worker.Run(drain)
}
