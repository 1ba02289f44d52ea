package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	// How often the service is asked whether it is ready.
	checkEvery = time.Second
	// A check that takes longer counts as failed.
	checkTimeout = 2 * time.Second
)

// board has the status of every gRPC service of the process: all are ready, or none is. It is served
// as grpc.health.v1 and on /readyz.
type board struct {
	healthpb.UnimplementedHealthServer
	names []string

	mu        sync.Mutex
	isReady   bool
	isStopped bool
	// Why it is not ready, if it said so.
	why     string
	changed chan struct{}
}

func newBoard(names []string) *board {
	return &board{names: names, changed: make(chan struct{})}
}

// set notes whether the process is ready; it returns whether that was new.
func (board *board) set(isReady bool, why string) bool {
	board.mu.Lock()
	defer board.mu.Unlock()
	board.why = why
	if board.isStopped || board.isReady == isReady {
		return false
	}
	board.isReady = isReady
	close(board.changed)
	board.changed = make(chan struct{})
	return true
}

// stop says that nothing is served any more; the drain begins with it.
func (board *board) stop() {
	board.set(false, "")
	board.mu.Lock()
	board.isStopped = true
	board.mu.Unlock()
}

// state returns whether the process is ready, why not, and what is closed when that changes.
func (board *board) state() (isReady bool, why string, changed <-chan struct{}) {
	board.mu.Lock()
	defer board.mu.Unlock()
	return board.isReady, board.why, board.changed
}

func (board *board) isKnown(name string) bool {
	return name == "" || slices.Contains(board.names, name)
}

func statusOf(isReady bool) healthpb.HealthCheckResponse_ServingStatus {
	if isReady {
		return healthpb.HealthCheckResponse_SERVING
	}
	return healthpb.HealthCheckResponse_NOT_SERVING
}

// Check returns the status of a service.
func (board *board) Check(_ context.Context, request *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	name := request.GetService()
	if !board.isKnown(name) {
		refusal := unimplemented(name)
		// The standard names the code.
		policy := *refusal.policy
		policy.code = codes.NotFound
		return nil, &Refusal{policy: &policy, message: fmt.Sprintf("no service %s runs here", name)}
	}
	isReady, _, _ := board.state()
	return &healthpb.HealthCheckResponse{Status: statusOf(isReady)}, nil
}

// List returns the status of every service.
func (board *board) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	isReady, _, _ := board.state()
	list := &healthpb.HealthListResponse{Statuses: map[string]*healthpb.HealthCheckResponse{}}
	for _, name := range append([]string{""}, board.names...) {
		list.Statuses[name] = &healthpb.HealthCheckResponse{Status: statusOf(isReady)}
	}
	return list, nil
}

// Watch sends the status of a service, and each change.
func (board *board) Watch(request *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	isKnown := board.isKnown(request.GetService())
	last := healthpb.HealthCheckResponse_UNKNOWN
	for {
		isReady, _, changed := board.state()
		status := statusOf(isReady)
		if !isKnown {
			status = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
		}
		if status != last {
			last = status
			if err := stream.Send(&healthpb.HealthCheckResponse{Status: status}); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// follow asks the service whether it is ready, once and then all the time until the drain.
func (board *board) follow(drain context.Context, name string, ready func(context.Context) error, log *slog.Logger) {
	for drain.Err() == nil {
		problem := checkReady(drain, ready)
		if drain.Err() != nil {
			return
		}
		why := ""
		if problem != nil {
			why = fmt.Sprintf("%s: %v\n", name, problem)
		}
		if board.set(problem == nil, why) {
			if problem == nil {
				log.Info(name+" is ready", "service", name)
			} else {
				log.Warn(fmt.Sprintf("%s is not ready: %v", name, problem), "service", name)
			}
		}
		SystemClock.Sleep(drain, checkEvery)
	}
}

func checkReady(ctx context.Context, ready func(context.Context) error) error {
	if ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if found := recover(); found != nil {
				done <- fmt.Errorf("panic: %v", found)
			}
		}()
		done <- ready(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no response within %s", checkTimeout)
	}
}
