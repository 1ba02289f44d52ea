package main

import (
	"context"
	"embed"
	"io/fs"
	"time"

	chassis "souk.example/chassis-go"
)

//go:embed migrations
var files embed.FS

// migrations returns the steps of the tables.
func migrations() ([]chassis.Migration, error) {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	return chassis.ReadMigrations(folder)
}

func insert(tx *chassis.Tx, entry entry) error {
	const sql = "INSERT INTO entries (entry_id, customer_id, text, create_micros) VALUES ($1, $2, $3, $4)"
	_, err := tx.Exec(sql, entry.id, entry.customerID, entry.text, entry.createTime.UnixMicro())
	return err
}

// count returns how many entries a customer has.
func count(reader chassis.Reader, customerID string) (entries int64, err error) {
	err = reader.QueryRow("SELECT COUNT(*) FROM entries WHERE customer_id = $1", customerID).Scan(&entries)
	return entries, err
}

// recent returns a customer's entries, the newest first.
func recent(reader chassis.Reader, customerID string, most int32) (found []entry, err error) {
	const sql = "SELECT entry_id, text, create_micros FROM entries" +
		" WHERE customer_id = $1 ORDER BY seq DESC LIMIT $2"
	rows, err := reader.Query(sql, customerID, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var micros int64
		one := entry{customerID: customerID}
		if err := rows.Scan(&one.id, &one.text, &micros); err != nil {
			return nil, err
		}
		one.createTime = time.UnixMicro(micros)
		found = append(found, one)
	}
	return found, rows.Err()
}

// check checks the invariants: what must hold whatever happened before, and how much was checked.
func (rpc *rpc) check(ctx context.Context) (report chassis.Report, err error) {
	err = rpc.store.Read(ctx, func(reader chassis.Reader) error {
		rows, err := reader.Query("SELECT entry_id FROM entries WHERE text = '' LIMIT 1000")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			silent := chassis.Finding{Invariant: "an entry says something", Detail: "its text is empty"}
			if err := rows.Scan(&silent.Subject); err != nil {
				return err
			}
			report.Findings = append(report.Findings, silent)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		all := chassis.Count{What: "entries"}
		err = reader.QueryRow("SELECT COUNT(*) FROM entries").Scan(&all.Count)
		report.Counts = []chassis.Count{all}
		return err
	})
	return report, err
}
