package main

import (
	"context"

	chassis "souk.example/chassis-go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// ListRecentEntries lists the entries of a customer, the newest first. The chassis has written the
// customer of the caller into the request.
func (rpc *rpc) ListRecentEntries(
	ctx context.Context, request *{{package}}v1.ListRecentEntriesRequest,
) (*{{package}}v1.ListRecentEntriesResponse, error) {
	most := request.GetMaxEntries()
	if most == 0 {
		most = mostListed
	}
	var found []entry
	err := rpc.store.Read(ctx, func(reader chassis.Reader) (err error) {
		found, err = recent(reader, request.GetCustomerId(), most)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &{{package}}v1.ListRecentEntriesResponse{}
	for _, entry := range found {
		response.Entries = append(response.Entries, wireEntry(entry))
	}
	return response, nil
}
