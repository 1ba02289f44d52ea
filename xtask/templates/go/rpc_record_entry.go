package main

import (
	"context"

	chassis "souk.example/chassis-go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// RecordEntry records an entry of a customer, once per request id, and publishes it. The chassis has
// written the customer of the caller into the request.
func (rpc *rpc) RecordEntry(
	ctx context.Context, request *{{package}}v1.RecordEntryRequest,
) (*{{package}}v1.RecordEntryResponse, error) {
	const method = {{package}}v1.{{Name}}Service_RecordEntry_FullMethodName
	record := func(tx *chassis.Tx) (*{{package}}v1.RecordEntryResponse, error) {
		present, err := count(tx, request.GetCustomerId())
		if err != nil {
			return nil, err
		}
		if err := admit(present, rpc.mostPerCustomer); err != nil {
			return nil, err
		}
		entry, err := write(tx, request.GetCustomerId(), request.GetText())
		if err != nil {
			return nil, err
		}
		return &{{package}}v1.RecordEntryResponse{Entry: wireEntry(entry)}, nil
	}
	return chassis.WriteOnce(ctx, rpc.store, method, request, record)
}

// write writes a new entry of a customer and publishes it.
func write(tx *chassis.Tx, customerID, text string) (entry, error) {
	now := tx.Now()
	made := entry{id: chassis.NewID("entry", now), customerID: customerID, text: text, createTime: now}
	if err := insert(tx, made); err != nil {
		return made, err
	}
	return made, entryRecorded(tx, made)
}
