package main

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// wireEntry returns an entry as the contract writes it.
func wireEntry(entry entry) *{{package}}v1.Entry {
	return &{{package}}v1.Entry{
		EntryId:    entry.id,
		CustomerId: entry.customerID,
		Text:       entry.text,
		CreateTime: timestamppb.New(entry.createTime),
	}
}
