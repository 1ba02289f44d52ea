package main

import (
	"strconv"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

func TestTheNewestComeFirstAndNoMoreThanAskedFor(t *testing.T) {
	service := start(t, nil)
	for number := range 25 {
		service.record("user:alice", strconv.Itoa(number), strconv.Itoa(number))
	}
	equal(t, service.recent("user:alice", 2), []string{"24", "23"})
	equal(t, len(service.recent("user:alice", 0)), 20)
}

func TestACustomerSeesItsOwnEntriesOnly(t *testing.T) {
	service := start(t, nil)
	service.record("user:alice", "r1", "of alice")
	equal(t, len(service.recent("user:bob", 0)), 0)
	equal(t, len(service.recent("guest:alice", 0)), 0)
	request := &{{package}}v1.ListRecentEntriesRequest{}
	_, err := service.client("service:orders").ListRecentEntries(t.Context(), request)
	equal(t, status.Code(err), codes.PermissionDenied)
}
