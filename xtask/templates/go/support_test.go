package main

import (
	"fmt"
	"testing"
	"time"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/chassistest"
	souk "souk.example/go"
	opsv1 "souk.example/go/souk/ops/v1"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// running is the service beside a bus, with short ways to call it.
type running struct {
	*chassistest.Service
	t   *testing.T
	bus *chassis.Bus
}

// start starts the service with settings by dotted key; it ends with its test.
func start(t *testing.T, set map[string]string) *running {
	t.Helper()
	bus := chassis.StartBus(t, "")
	all := map[string]string{"upstreams.events": "http://" + bus.Address}
	for key, value := range set {
		all[key] = value
	}
	return &running{chassistest.Start(t, definition, chassis.Options{Set: all}), t, bus}
}

func (running *running) client(caller string) {{package}}v1.{{Name}}ServiceClient {
	return {{package}}v1.New{{Name}}ServiceClient(running.As(caller))
}

// record records an entry, which must succeed.
func (running *running) record(caller, requestID, text string) *{{package}}v1.Entry {
	running.t.Helper()
	request := &{{package}}v1.RecordEntryRequest{RequestId: requestID, Text: text}
	response, err := running.client(caller).RecordEntry(running.t.Context(), request)
	must(running.t, err)
	return response.GetEntry()
}

// refused returns how a request to record an entry is refused.
func (running *running) refused(caller string, request *{{package}}v1.RecordEntryRequest) *souk.Error {
	running.t.Helper()
	_, err := running.client(caller).RecordEntry(running.t.Context(), request)
	if err == nil {
		running.t.Fatal("the call was not refused")
	}
	return souk.ErrorOf(err)
}

// recent returns the texts that a caller gets.
func (running *running) recent(caller string, most int32) (texts []string) {
	running.t.Helper()
	request := &{{package}}v1.ListRecentEntriesRequest{MaxEntries: most}
	response, err := running.client(caller).ListRecentEntries(running.t.Context(), request)
	must(running.t, err)
	for _, entry := range response.GetEntries() {
		texts = append(texts, entry.GetText())
	}
	return texts
}

// findings returns the invariants that do not hold.
func (running *running) findings() (found []*opsv1.AuditFinding) {
	running.t.Helper()
	audit := opsv1.NewInvariantServiceClient(running.As("staff:ann"))
	response, err := audit.CheckInvariants(running.t.Context(), &opsv1.CheckInvariantsRequest{})
	must(running.t, err)
	for _, report := range response.GetReports() {
		found = append(found, report.GetFindings()...)
	}
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal fails unless both print the same.
func equal(t *testing.T, found, wanted any) {
	t.Helper()
	if fmt.Sprintf("%q", found) != fmt.Sprintf("%q", wanted) {
		t.Fatalf("found %q instead of %q", found, wanted)
	}
}

// eventually waits for something, with a limit.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
