package chassis

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
)

// Service is what a service is built with: it says what the process offers, and takes what the
// service does. It is a grpc.ServiceRegistrar, so generated code registers its methods:
//
//	loyaltyv1.RegisterLoyaltyServiceServer(service, &rpc{store})
type Service struct {
	// Name is the noun of the service.
	Name string
	// DataDir is the folder for everything that is written; it exists.
	DataDir string
	// Clock is the time.
	Clock Clock
	// Log writes log lines: Log.Info("placed order", "order.id", id).
	Log *slog.Logger
	// Metrics are the metrics of the process, shown on /metrics.
	Metrics *prometheus.Registry

	metrics   *metrics
	outgoing  *outgoing
	upstreams map[string]string
	// Done when the process begins to stop.
	drain context.Context

	rpcs     []rpc
	workers  []Worker
	closings []func() error
	ready    func(context.Context) error
	check    Check

	mu       sync.Mutex
	channels map[string]grpc.ClientConnInterface
}

// rpc is a gRPC service and its code.
type rpc struct {
	desc           *grpc.ServiceDesc
	implementation any
}

// RegisterService serves a gRPC service of the contract; generated code calls it.
func (service *Service) RegisterService(desc *grpc.ServiceDesc, implementation any) {
	service.rpcs = append(service.rpcs, rpc{desc, implementation})
}

// Channel returns the way to an upstream, for the generated clients. Calls are made as this service,
// with the scopes of the setting identity.scopes; deadline, criticality and trace of the present
// request go with them; what the contract calls repeatable is retried when the upstream is
// UNAVAILABLE. Calls to a name that no address is configured for are UNAVAILABLE.
func (service *Service) Channel(upstream string) grpc.ClientConnInterface {
	service.mu.Lock()
	defer service.mu.Unlock()
	if known, found := service.channels[upstream]; found {
		return known
	}
	opened := service.outgoing.channel(upstream, service.upstreams[upstream])
	service.channels[upstream] = opened
	return opened
}

// Worker runs something beside the requests until its context is done, at the drain. It is started
// again, later every time, when it fails.
func (service *Service) Worker(name string, run func(drain context.Context) error) {
	service.workers = append(service.workers, Worker{Name: name, Run: run})
}

// Invariants sets what checks the invariants of the service: it reads the records, on one state of
// them, and reports. The process offers it as souk.ops.v1.InvariantService. A service with methods
// does not start without it.
func (service *Service) Invariants(check Check) { service.check = check }

// Ready says when the service can do its work: check fails while it cannot. It is asked each second.
func (service *Service) Ready(check func(context.Context) error) { service.ready = check }

// Closing closes something after everything else has ended, the last one first.
func (service *Service) Closing(close func() error) {
	service.closings = append(service.closings, close)
}

func (service *Service) close() {
	for at := len(service.closings) - 1; at >= 0; at-- {
		if err := service.closings[at](); err != nil {
			service.Log.Error(fmt.Sprintf("%s could not close: %s", service.Name, withCauses(err)))
		}
	}
	service.closings = nil
	service.mu.Lock()
	defer service.mu.Unlock()
	for _, channel := range service.channels {
		if connection, isOpen := channel.(*grpc.ClientConn); isOpen {
			_ = connection.Close()
		}
	}
}
