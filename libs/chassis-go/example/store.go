package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chassis "souk.example/chassis-go"
	notesv1 "souk.example/chassis-go/example/gen/souk/notes/v1"
)

// notes are the records of the service.
type notes struct {
	store    *chassis.Store
	most     int64
	watchers *watchers
}

// row is a note with its position in the lists that it is in.
type row struct {
	number int64
	note   *notesv1.Note
}

func (row row) position() string { return strconv.FormatInt(row.number, 10) }

// write writes a note and publishes it; those who watch get it once it is durable.
func (notes *notes) write(tx *chassis.Tx, note *notesv1.Note) error {
	now := tx.Now()
	note.NoteId = chassis.NewID("note", now)
	note.CreateTime = timestamppb.New(now)
	const insert = "INSERT INTO notes (note_id, customer_id, text, create_time) VALUES ($1, $2, $3, $4)"
	if _, err := tx.Exec(insert, note.NoteId, note.CustomerId, note.Text, now.UnixMicro()); err != nil {
		return err
	}
	const drop = "DELETE FROM notes WHERE customer_id = $1 AND number <=" +
		" (SELECT number FROM notes WHERE customer_id = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)"
	if _, err := tx.Exec(drop, note.CustomerId, notes.most); err != nil {
		return err
	}
	if _, err := tx.Publish(&notesv1.NoteWritten{Note: note}); err != nil {
		return err
	}
	tx.OnCommit(func() { notes.watchers.tell(note) })
	return nil
}

// list returns notes of a customer before a position, the newest first.
func (notes *notes) list(ctx context.Context, customer, position string, most int) (found []row, err error) {
	before := int64(math.MaxInt64)
	if position != "" {
		if before, err = strconv.ParseInt(position, 10, 64); err != nil {
			return nil, err
		}
	}
	const list = "SELECT number, note_id, text, create_time FROM notes" +
		" WHERE customer_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
	err = notes.store.Read(ctx, func(reader chassis.Reader) error {
		rows, err := reader.Query(list, customer, before, most)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var micros int64
			one := row{note: &notesv1.Note{CustomerId: customer}}
			if err := rows.Scan(&one.number, &one.note.NoteId, &one.note.Text, &micros); err != nil {
				return err
			}
			one.note.CreateTime = timestamppb.New(time.UnixMicro(micros))
			found = append(found, one)
		}
		return rows.Err()
	})
	return found, err
}

// check finds customers that have more notes than they may.
func (notes *notes) check(ctx context.Context) (report chassis.Report, err error) {
	const count = "SELECT customer_id, COUNT(*) FROM notes GROUP BY customer_id"
	err = notes.store.Read(ctx, func(reader chassis.Reader) error {
		rows, err := reader.Query(count)
		if err != nil {
			return err
		}
		defer rows.Close()
		var all int64
		for rows.Next() {
			var customer string
			var of int64
			if err := rows.Scan(&customer, &of); err != nil {
				return err
			}
			all += of
			if of > notes.most {
				detail := fmt.Sprintf("it has %d notes, at most %d are allowed", of, notes.most)
				finding := chassis.Finding{Invariant: "a customer has few notes", Subject: customer, Detail: detail}
				report.Findings = append(report.Findings, finding)
			}
		}
		report.Counts = []chassis.Count{{What: "notes", Count: all}}
		return rows.Err()
	})
	return report, err
}
