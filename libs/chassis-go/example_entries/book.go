package main

import (
	"context"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/example_entries/entriesv1"
	ordersv1 "souk.example/go/souk/orders/v1"
)

// book is the entries, one after another.
type book struct {
	entriesv1.UnimplementedEntryServiceServer
	store *chassis.Store
}

// RecordEntry adds an entry, once per request.
func (book *book) RecordEntry(
	ctx context.Context, request *entriesv1.RecordEntryRequest,
) (*entriesv1.RecordEntryResponse, error) {
	const method = entriesv1.EntryService_RecordEntry_FullMethodName
	work := func(tx *chassis.Tx) (*entriesv1.RecordEntryResponse, error) {
		if request.GetText() == "refused" {
			facts := chassis.Facts{"text": request.GetText()}
			const reason = entriesv1.ErrorReason_ERROR_REASON_TEXT_REFUSED
			return nil, chassis.Refuse(reason, "the book takes no entries with this text", facts)
		}
		entry := &entriesv1.Entry{
			Text:   request.GetText(),
			Author: chassis.CallerOf(ctx).Key(),
			Origin: request.GetRequestId(),
		}
		return &entriesv1.RecordEntryResponse{Entry: entry}, add(tx, entry)
	}
	return chassis.WriteOnce(ctx, book.store, method, request, work)
}

// orderPlaced adds an entry for each order.
func orderPlaced(tx *chassis.Tx, event *ordersv1.OrderPlaced, _ chassis.Delivery) error {
	order := event.GetOrder()
	entry := &entriesv1.Entry{Text: order.GetCustomerId(), Author: "orders", Origin: order.GetOrderId()}
	return add(tx, entry)
}

// add adds an entry to the end of the book, and publishes it.
func add(tx *chassis.Tx, entry *entriesv1.Entry) error {
	const last = "SELECT coalesce(max(number), 0) + 1 FROM entries"
	if err := tx.QueryRow(last).Scan(&entry.Number); err != nil {
		return err
	}
	const insert = "INSERT INTO entries (number, text, author, origin) VALUES ($1, $2, $3, $4)"
	_, err := tx.Exec(insert, entry.GetNumber(), entry.GetText(), entry.GetAuthor(), entry.GetOrigin())
	if err != nil {
		return err
	}
	_, err = tx.Publish(&entriesv1.EntryRecorded{Entry: entry})
	return err
}

// check finds entries that are missing, and those that were made of the same thing.
func (book *book) check(ctx context.Context) (chassis.Report, error) {
	var count, last, distinct int64
	err := book.store.Read(ctx, func(reader chassis.Reader) error {
		const counts = "SELECT count(*), coalesce(max(number), 0)," +
			" count(DISTINCT author || ' ' || origin) FROM entries"
		return reader.QueryRow(counts).Scan(&count, &last, &distinct)
	})
	if err != nil {
		return chassis.Report{}, err
	}
	report := chassis.Report{Counts: []chassis.Count{{What: "entries", Count: count}}}
	if count != last {
		finding := chassis.Finding{Invariant: "entries are numbered without gaps", Subject: "the book"}
		report.Findings = append(report.Findings, finding)
	}
	if count != distinct {
		finding := chassis.Finding{Invariant: "nothing has two entries", Subject: "the book"}
		report.Findings = append(report.Findings, finding)
	}
	return report, nil
}
