package chassis

import (
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// The boundaries that OpenTelemetry advises for call durations, in seconds.
var boundaries = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// metrics are the metrics of one process: rate, errors and duration of calls by OpenTelemetry's RPC
// conventions, and the others of the chassis.
type metrics struct {
	registry *prometheus.Registry
	server   callDurations
	client   callDurations

	workerFailures  *prometheus.CounterVec
	eventsHandled   *prometheus.CounterVec
	eventsForeign   *prometheus.CounterVec
	outboxPublished *prometheus.CounterVec
	outboxRefused   *prometheus.CounterVec
	outboxOldest    *prometheus.GaugeVec
	refused         *prometheus.CounterVec
	unlistedReasons *prometheus.CounterVec
	wrongFacts      *prometheus.CounterVec
}

func newMetrics() *metrics {
	all := &metrics{registry: prometheus.NewRegistry()}
	all.server = all.calls("rpc_server_call_duration_seconds")
	all.client = all.calls("rpc_client_call_duration_seconds")
	all.workerFailures = all.counter("souk_worker_failures_total", "Workers that failed and were started again.", "service", "worker")
	all.eventsHandled = all.counter("souk_events_handled_total", "Events that were handled or refused.", "subscription", "type", "outcome")
	all.eventsForeign = all.counter("souk_events_foreign_total", "Events dropped because their source does not own their type.", "subscription", "type")
	all.outboxPublished = all.counter("souk_outbox_published_total", "Events that the bus has taken.", "service")
	all.outboxRefused = all.counter("souk_outbox_refused_total", "Events that the bus will never take.", "service")
	all.refused = all.counter("souk_refused_total", "What a limit refused, by the limit.", "cap")
	all.unlistedReasons = all.counter("souk_unlisted_reasons_total", "Errors whose reason the contract of the method does not list.", "rpc_method", "reason")
	all.wrongFacts = all.counter("souk_wrong_facts_total", "Errors whose facts are not those that the contract lists for the reason.", "rpc_method", "reason")
	all.outboxOldest = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_outbox_oldest_seconds",
		Help: "How long the oldest event has been waiting for the bus.",
	}, []string{"service"})
	all.registry.MustRegister(all.outboxOldest)
	return all
}

func (all *metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	all.registry.MustRegister(counter)
	return counter
}

// watch registers a gauge that is read when the page is.
func (all *metrics) watch(name, help string, count func() int) {
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		return float64(count())
	})
	all.registry.MustRegister(gauge)
}

// callDurations is a histogram whose error_type is absent from calls that went well.
type callDurations struct{ *prometheus.HistogramVec }

func (all *metrics) calls(name string) callDurations {
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    name,
		Help:    "How long a call took, in seconds.",
		Buckets: boundaries,
	}, []string{"rpc_system_name", "rpc_method", "rpc_response_status_code", "error_type"})
	all.registry.MustRegister(durations)
	return callDurations{durations}
}

// count counts a call. Prometheus takes an empty label for an absent one.
func (durations callDurations) count(method string, code codes.Code, took time.Duration) {
	name := codeName(code)
	problem := name
	if code == codes.OK {
		problem = ""
	}
	durations.WithLabelValues("grpc", method, name, problem).Observe(took.Seconds())
}

// codeName returns a code as it is written in logs and metrics: NOT_FOUND.
func codeName(code codes.Code) string {
	switch code {
	case codes.OK:
		return "OK"
	case codes.Canceled:
		// gRPC spells it with two l.
		return "CANCELLED"
	}
	var name strings.Builder
	for at, letter := range code.String() {
		if at > 0 && unicode.IsUpper(letter) {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToUpper(letter))
	}
	return name.String()
}
