package main

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	souk "souk.example/go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

func TestAnEntryIsKeptAcrossARestart(t *testing.T) {
	set := map[string]string{"data_dir": t.TempDir()}
	first := start(t, set)
	entry := first.record("user:alice", "r1", "hello")
	if !strings.HasPrefix(entry.GetEntryId(), "entry_") {
		t.Fatal(entry)
	}
	equal(t, entry.GetCustomerId(), souk.CustomerOf("user:alice"))
	equal(t, len(first.findings()), 0)
	must(t, first.Stop())
	equal(t, start(t, set).recent("user:alice", 0), []string{"hello"})
}

func TestRecordingTwiceWithOneRequestIDGivesOneEntry(t *testing.T) {
	service := start(t, nil)
	first, second := service.record("user:alice", "r1", "hello"), service.record("user:alice", "r1", "hello")
	if !proto.Equal(first, second) {
		t.Fatalf("%v is not %v", first, second)
	}
	equal(t, service.recent("user:alice", 0), []string{"hello"})
	changed := &{{package}}v1.RecordEntryRequest{RequestId: "r1", Text: "goodbye"}
	equal(t, service.refused("user:alice", changed).Reason, "ERROR_REASON_REQUEST_ID_REUSED")
}

func TestACustomerHasNoMoreEntriesThanTheSettingsAllow(t *testing.T) {
	service := start(t, map[string]string{"entries.most_per_customer": "1"})
	service.record("user:alice", "r1", "hello")
	refused := service.refused("user:alice", &{{package}}v1.RecordEntryRequest{RequestId: "r2", Text: "again"})
	equal(t, refused.Code, codes.FailedPrecondition)
	equal(t, refused.Domain, "souk.{{package}}")
	equal(t, refused.Reason, "ERROR_REASON_TOO_MANY_ENTRIES")
	equal(t, refused.Metadata, map[string]string{"most": "1"})
	service.record("user:bob", "r1", "of another")
}

func TestNobodyRecordsAnEntryOfAnotherCustomer(t *testing.T) {
	service := start(t, nil)
	bob := souk.CustomerOf("user:bob")
	request := &{{package}}v1.RecordEntryRequest{RequestId: "r1", Text: "hello", CustomerId: bob}
	refused := service.refused("user:alice", request)
	equal(t, refused.Code, codes.PermissionDenied)
	equal(t, refused.Reason, "ERROR_REASON_OTHER_CUSTOMER")
	equal(t, refused.Violations[0].Field, "customer_id")
	entry := service.record("guest:x", "r1", "hello")
	equal(t, entry.GetCustomerId(), souk.CustomerOf("guest:x"))
}

func TestAnEntryWithoutATextIsRefused(t *testing.T) {
	refused := start(t, nil).refused("user:alice", &{{package}}v1.RecordEntryRequest{RequestId: "r1"})
	equal(t, refused.Code, codes.InvalidArgument)
	equal(t, refused.Violations[0].Field, "text")
}

func TestEachEntryIsPublishedOnceAndInOrder(t *testing.T) {
	service := start(t, nil)
	for _, text := range []string{"a", "b", "c"} {
		service.record("user:alice", text, text)
	}
	eventually(t, "three events", func() bool { return len(service.bus.Seen().Published) >= 3 })
	var texts []string
	for _, event := range service.bus.Seen().Published {
		message := &{{package}}v1.EntryRecorded{}
		must(t, proto.Unmarshal(event.GetData(), message))
		texts = append(texts, message.GetEntry().GetText())
		equal(t, event.GetOrderingKey(), souk.CustomerOf("user:alice"))
	}
	equal(t, texts, []string{"a", "b", "c"})
}
