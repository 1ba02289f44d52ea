// Package chassistest starts services for tests, on ports and in folders of their own.
package chassistest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	chassis "souk.example/chassis-go"
)

// everyScope is the scope of a token that has every scope.
const everyScope = "*"

// Service is a service that runs for a test.
type Service struct {
	Running *chassis.Running
	t       testing.TB
	log     lockedBuffer
	stop    func() error
}

// Start starts a service on free ports and in a folder of its own, both of which end with the test.
// It calls others with every scope unless identity.scopes is set. The test fails when a method failed
// with a reason that its contract does not list, or with facts that are not the reason's, and when
// the drain fails.
func Start[C any](t testing.TB, definition chassis.Definition[C], options chassis.Options) *Service {
	t.Helper()
	set := map[string]string{
		"data_dir":              t.TempDir(),
		"identity.scopes":       everyScope,
		"server.listen":         "127.0.0.1:0",
		"server.metrics_listen": "127.0.0.1:0",
		"log.format":            "json",
		"log.level":             "debug",
	}
	maps.Copy(set, options.Set)
	service := &Service{t: t}
	options.Set, options.Log = set, &service.log
	running, err := chassis.Start(definition, options)
	if err != nil {
		t.Fatal(err)
	}
	service.Running = running
	service.stop = sync.OnceValue(running.Drain)
	t.Cleanup(service.end)
	return service
}

func (service *Service) end() {
	if err := service.Stop(); err != nil {
		service.t.Error(err)
	}
	families, err := service.Running.Metrics().Gather()
	if err != nil {
		service.t.Error(err)
	}
	for _, family := range families {
		switch family.GetName() {
		case "souk_unlisted_reasons_total", "souk_wrong_facts_total":
			service.t.Errorf("list the reason and its facts in the contract, or do not fail with them: %s", family)
		}
	}
}

// Stop drains the service, once.
func (service *Service) Stop() error { return service.stop() }

// As returns a connection as this caller, "user:alice" or "service:orders"; see [Connect].
func (service *Service) As(caller string, scopes ...string) *grpc.ClientConn {
	service.t.Helper()
	return Connect(service.t, service.Running.Address, caller, scopes...)
}

// Lines returns what was logged, one JSON line each.
func (service *Service) Lines() []string {
	return strings.Split(strings.TrimSpace(service.log.text()), "\n")
}

// Page reads a page of the second listener: "/metrics".
func (service *Service) Page(path string) (status int, text string) {
	service.t.Helper()
	response, err := http.Get("http://" + service.Running.MetricsAddress + path)
	if err != nil {
		service.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		service.t.Fatal(err)
	}
	return response.StatusCode, string(page)
}

// Connect returns a connection to an address as this caller, which ends with the test. Unless scopes
// are given, a service and staff have every scope and a user has none.
func Connect(t testing.TB, address, caller string, scopes ...string) *grpc.ClientConn {
	t.Helper()
	who, isCaller := chassis.ParseCaller(caller)
	if !isCaller {
		t.Fatalf("%s is no caller", caller)
	}
	if len(scopes) == 0 && (who.Kind == chassis.KindService || who.Kind == chassis.KindStaff) {
		scopes = []string{everyScope}
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if who != chassis.Anonymous {
		options = append(options, grpc.WithPerRPCCredentials(bearer(chassis.DevelopmentToken(who, "", scopes...))))
	}
	connection, err := grpc.NewClient("dns:///"+address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// bearer is a token that each call sends.
type bearer string

// GetRequestMetadata returns the header.
func (token bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

// RequireTransportSecurity allows plaintext, which services under test speak.
func (bearer) RequireTransportSecurity() bool { return false }

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (locked *lockedBuffer) Write(bytes []byte) (int, error) {
	locked.mu.Lock()
	defer locked.mu.Unlock()
	return locked.buffer.Write(bytes)
}

func (locked *lockedBuffer) text() string {
	locked.mu.Lock()
	defer locked.mu.Unlock()
	return locked.buffer.String()
}
