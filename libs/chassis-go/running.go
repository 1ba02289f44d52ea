package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

const (
	// How long workers may take to end after the last request has.
	workersTimeout = 10 * time.Second
	// How long a start waits for the service to be ready.
	readyTimeout = 2 * time.Second
	readyLook    = 2 * time.Millisecond
)

// Start configures, builds (which migrates), binds and serves; it returns when requests are accepted.
// A *ConfigError comes before anything is touched.
func Start[C any](definition Definition[C], options Options) (*Running, error) {
	// Configure: every setting is checked before anything is done.
	var own C
	settings, err := load(definition.Name, definition.Defaults, options, &own)
	if err != nil {
		return nil, err
	}
	running, err := newRunning(definition.Name, settings, options)
	if err != nil {
		return nil, err
	}
	// Build: opens the database and migrates it.
	err = definition.Build(own, running.service)
	if err == nil {
		err = running.begin()
	}
	if err != nil {
		running.abandon()
		return nil, err
	}
	return running, nil
}

// Running is a service that runs. Drain it.
type Running struct {
	// Address is where gRPC is served.
	Address string
	// MetricsAddress is where /metrics, /healthz and /readyz are served.
	MetricsAddress string

	service  *Service
	settings *settings
	process  *process
	board    *board
	spans    *spans
	log      *slog.Logger
	stop     context.CancelFunc
	preface  time.Duration

	listener   *listener
	pages      *http.Server
	background map[string]chan struct{}
}

func newRunning(name string, settings *settings, options Options) (*Running, error) {
	if options.Log == nil {
		options.Log = os.Stderr
	}
	if options.Clock == nil {
		options.Clock = SystemClock
	}
	if options.prefaceTimeout == 0 {
		options.prefaceTimeout = defaultPreface
	}
	log := newLogger(settings.Log.Format, settings.Log.Level, options.Log)
	opened, err := openSpans(settings.Telemetry.OTLPEndpoint, name, log)
	if err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(settings.DataDir)
	if err == nil {
		err = os.MkdirAll(folder, 0o700)
	}
	if err != nil {
		return nil, &StartError{"data_dir: " + err.Error()}
	}
	running := &Running{
		settings:   settings,
		spans:      opened,
		log:        log,
		preface:    options.prefaceTimeout,
		background: map[string]chan struct{}{},
	}
	running.service = running.newService(name, folder, options.Clock)
	return running, nil
}

// newService returns what the service is built with.
func (running *Running) newService(name, folder string, clock Clock) *Service {
	settings, metrics := running.settings, newMetrics()
	scopes := strings.Fields(settings.Identity.Scopes)
	token := DevelopmentToken(Caller{Kind: KindService, ID: name}, settings.Identity.DevelopmentKey, scopes...)
	drain, stop := context.WithCancel(context.Background())
	running.stop = stop
	return &Service{
		Name:    name,
		DataDir: folder,
		Clock:   clock,
		Log:     running.log.With("target", name),
		Metrics: metrics.registry,
		metrics: metrics,
		outgoing: &outgoing{
			authorization:   "Bearer " + token,
			maxMessageBytes: settings.Server.MaxMessageBytes,
			metrics:         metrics,
			spans:           running.spans,
		},
		upstreams: settings.Upstreams,
		drain:     drain,
		channels:  map[string]grpc.ClientConnInterface{},
	}
}

// Metrics returns the metrics of the process.
func (running *Running) Metrics() *prometheus.Registry { return running.service.Metrics }

// Channel returns the way to an upstream, as the service itself has it.
func (running *Running) Channel(upstream string) grpc.ClientConnInterface {
	return running.service.Channel(upstream)
}

// begin binds and serves.
func (running *Running) begin() error {
	service, server := running.service, &running.settings.Server
	names := make([]string, len(service.rpcs))
	for at, rpc := range service.rpcs {
		names[at] = rpc.desc.ServiceName
	}
	if err := addInvariants(service); err != nil {
		return err
	}
	running.board = newBoard(names)
	builtin, err := addReflection([]rpc{{&healthpb.Health_ServiceDesc, running.board}}, service.rpcs)
	if err != nil {
		return err
	}
	methods, err := methodTable(service.rpcs, builtin, server.MaxMessageBytes)
	if err != nil {
		return err
	}
	bound, err := bind("server.listen", server.Listen)
	if err != nil {
		return err
	}
	running.Address = bound.Addr().String()
	running.process = running.newProcess(methods, bound)
	running.listener = newListener(bound, running.process, running.preface)
	pages, err := bind("server.metrics_listen", server.MetricsListen)
	if err != nil {
		return err
	}
	running.MetricsAddress = pages.Addr().String()
	running.pages = metricsServer(service.Metrics, running.board)
	go func() { _ = running.pages.Serve(limitConnections(pages, maxPageConnections)) }()
	go func() { _ = running.listener.server.Serve(running.listener) }()
	running.startBackground()
	running.untilReady()
	if err := writeReadyFile(server.ReadyFile, running.Address, running.MetricsAddress); err != nil {
		return &StartError{"server.ready_file: " + err.Error()}
	}
	const text = "%s serves %s on %s, metrics on %s"
	running.log.Info(fmt.Sprintf(text, service.Name, service.Name, running.Address, running.MetricsAddress))
	return nil
}

func (running *Running) newProcess(methods map[string]*served, bound net.Listener) *process {
	service, server := running.service, &running.settings.Server
	address, err := netip.ParseAddrPort(bound.Addr().String())
	return &process{
		methods: methods,
		verifier: verifier{
			key:        running.settings.Identity.DevelopmentKey,
			isLoopback: err == nil && address.Addr().Unmap().IsLoopback(),
			now:        service.Clock.Now,
		},
		decoding: newDecodingBudget(server.MaxDecodingBytes, server.MaxMessageBytes),
		limits:   newLimits(server, freeDescriptors(), service.metrics, running.log),
		metrics:  service.metrics,
		log:      running.log,
		spans:    running.spans,
		patience: time.Duration(server.SendSeconds) * time.Second,
		drain:    service.drain,
	}
}

// Drain stops: says NOT_SERVING, ends streams with UNAVAILABLE, finishes requests and workers, closes
// stores. It returns a *StartError when something did not end in time.
func (running *Running) Drain() error {
	until := time.Now().Add(time.Duration(running.settings.Server.DrainSeconds) * time.Second)
	var late []string
	limits := running.process.limits
	running.board.stop()
	requests := limits.read(&limits.singles)()
	running.stop()
	// Requests that have begun; streams end by themselves.
	drained := make(chan struct{})
	go func() {
		running.listener.server.GracefulStop()
		close(drained)
	}()
	if !within(drained, until) {
		singles, sending := limits.read(&limits.singles)(), limits.read(&limits.sending)()
		// Unread responses are the callers' affair.
		switch {
		case singles > 0:
			late = append(late, fmt.Sprintf("%d of %d requests", singles, requests))
		case sending == 0:
			late = append(late, "connections")
		}
		running.listener.server.Stop()
	}
	// Workers got the signal at the same time, and may take longer than the last request.
	workersUntil := time.Now().Add(workersTimeout)
	if until.After(workersUntil) {
		workersUntil = until
	}
	for name, ended := range running.background {
		if !within(ended, workersUntil) {
			late = append(late, name)
		}
	}
	running.close()
	if len(late) > 0 {
		return &StartError{"did not end in time: " + strings.Join(late, ", ")}
	}
	return nil
}

// abandon gives up a start that failed half way.
func (running *Running) abandon() {
	running.stop()
	if running.listener != nil {
		running.listener.server.Stop()
		_ = running.listener.Close()
	}
	for _, ended := range running.background {
		<-ended
	}
	running.close()
}

func (running *Running) close() {
	if running.pages != nil {
		_ = running.pages.Close()
	}
	running.service.close()
	running.spans.stop()
}

func (running *Running) startBackground() {
	service := running.service
	running.inBackground("health", func() {
		running.board.follow(service.drain, service.Name, service.ready, running.log)
	})
	for _, worker := range service.workers {
		running.inBackground(worker.Name, func() {
			keepRunning(service.drain, service.Name, worker, running.log, service.metrics.workerFailures)
		})
	}
}

func (running *Running) inBackground(name string, work func()) {
	ended := make(chan struct{})
	running.background[name] = ended
	go func() {
		defer close(ended)
		work()
	}()
}

// untilReady gives the first round of health checks a moment, so that a start is over when the
// service is ready.
func (running *Running) untilReady() {
	until := time.Now().Add(readyTimeout)
	for time.Now().Before(until) {
		if isReady, _, _ := running.board.state(); isReady {
			return
		}
		time.Sleep(readyLook)
	}
}

func within(work <-chan struct{}, until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-work:
		return true
	case <-timer.C:
		return false
	}
}

// writeReadyFile writes the file completely or not at all: another process waits for it.
func writeReadyFile(path, grpc, metrics string) error {
	if path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	unfinished := fmt.Sprintf("%s.%d", path, os.Getpid())
	text := fmt.Sprintf("grpc=%s\nmetrics=%s\n", grpc, metrics)
	if err := os.WriteFile(unfinished, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}
