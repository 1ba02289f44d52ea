package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

//go:embed migrations
var files embed.FS

// mostWishers is for how many customers one event publishes at most; the others are first the next time.
const mostWishers = 2000

func openStore(config config, service *chassis.Service) (*chassis.Store, error) {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	migrations, err := chassis.ReadMigrations(folder)
	if err != nil {
		return nil, err
	}
	return chassis.OpenStore(context.Background(), chassis.StoreOptions{
		URL:        config.Data.URL,
		Folder:     service.DataDir,
		Schema:     service.Name,
		Migrations: migrations,
		Clock:      service.Clock,
		Log:        service.Log,
	})
}

// find returns a wishlist of a customer, or of anyone when the owner is empty. Fails with
// ERROR_REASON_WISHLIST_NOT_FOUND.
func find(reader chassis.Reader, id, owner string) (*wishlistsv1.Wishlist, error) {
	found, err := lookUp(reader, id, owner)
	if err == nil && found == nil {
		err = notFound(id)
	}
	return found, err
}

// lookUp is find that returns nil when there is none.
func lookUp(reader chassis.Reader, id, owner string) (*wishlistsv1.Wishlist, error) {
	const where = "WHERE wishlist_id = $1 AND ($2 = '' OR customer_id = $2)"
	found, err := read(reader, where, id, owner)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// list returns the wishlists of a customer, or of everyone, that come after one, by id: the oldest first.
func list(reader chassis.Reader, customer, after string, most int) ([]*wishlistsv1.Wishlist, error) {
	if customer == "" {
		return read(reader, "WHERE wishlist_id > $1 ORDER BY wishlist_id LIMIT $2", after, most)
	}
	const where = "WHERE customer_id = $1 AND wishlist_id > $2 ORDER BY wishlist_id LIMIT $3"
	return read(reader, where, customer, after, most)
}

// read returns wishlists with their items.
func read(reader chassis.Reader, where string, args ...any) (found []*wishlistsv1.Wishlist, err error) {
	const columns = "SELECT wishlist_id, customer_id, title, currency_code, version, create_time, update_time"
	rows, err := reader.Query(columns+" FROM wishlists "+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var version, created, updated int64
		one := &wishlistsv1.Wishlist{}
		err := rows.Scan(&one.WishlistId, &one.CustomerId, &one.Title, &one.CurrencyCode, &version, &created, &updated)
		if err != nil {
			return nil, err
		}
		one.Etag = strconv.FormatInt(version, 10)
		one.CreateTime, one.UpdateTime = timestamp(created), timestamp(updated)
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, one := range found {
		if one.Items, err = readItems(reader, one.GetWishlistId()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func readItems(reader chassis.Reader, id string) (items []*wishlistsv1.WishlistItem, err error) {
	const sql = "SELECT sku, create_time FROM items WHERE wishlist_id = $1 ORDER BY position"
	rows, err := reader.Query(sql, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var created int64
		item := &wishlistsv1.WishlistItem{}
		if err := rows.Scan(&item.Sku, &created); err != nil {
			return nil, err
		}
		item.CreateTime = timestamp(created)
		items = append(items, item)
	}
	return items, rows.Err()
}

// countOf returns how many wishlists a customer has.
func countOf(reader chassis.Reader, customer string) (count int64, err error) {
	const sql = "SELECT COUNT(*) FROM wishlists WHERE customer_id = $1"
	return count, reader.QueryRow(sql, customer).Scan(&count)
}

// insert inserts a new wishlist with its items, and returns its id.
func insert(tx *chassis.Tx, wishlist *wishlistsv1.Wishlist) (string, error) {
	now := tx.Now()
	id := chassis.NewID("wishlist", now)
	const sql = "INSERT INTO wishlists (wishlist_id, customer_id, title, currency_code, version, create_time, update_time)" +
		" VALUES ($1, $2, $3, $4, 1, $5, $5)"
	_, err := tx.Exec(sql, id, wishlist.GetCustomerId(), wishlist.GetTitle(), wishlist.GetCurrencyCode(), now.UnixMicro())
	if err != nil {
		return "", err
	}
	for _, item := range wishlist.GetItems() {
		if err := insertItem(tx, id, item.GetSku()); err != nil {
			return "", err
		}
	}
	return id, nil
}

// insertItem puts an item at the end of a wishlist, unless it is there.
func insertItem(tx *chassis.Tx, id, sku string) error {
	const sql = "INSERT INTO items (wishlist_id, sku, position, create_time)" +
		" VALUES ($1, $2, (SELECT coalesce(max(position), 0) + 1 FROM items WHERE wishlist_id = $1), $3)" +
		" ON CONFLICT DO NOTHING"
	_, err := tx.Exec(sql, id, sku, tx.Now().UnixMicro())
	return err
}

func deleteItem(tx *chassis.Tx, id, sku string) error {
	_, err := tx.Exec("DELETE FROM items WHERE wishlist_id = $1 AND sku = $2", id, sku)
	return err
}

func describe(tx *chassis.Tx, id, title, currency string) error {
	const sql = "UPDATE wishlists SET title = $2, currency_code = $3 WHERE wishlist_id = $1"
	_, err := tx.Exec(sql, id, title, currency)
	return err
}

// touch makes the change of a wishlist, or of its items, a new version.
func touch(tx *chassis.Tx, id string) error {
	const sql = "UPDATE wishlists SET version = version + 1, update_time = $2 WHERE wishlist_id = $1"
	_, err := tx.Exec(sql, id, tx.Now().UnixMicro())
	return err
}

// remove deletes a wishlist of a customer, or of anyone when the owner is empty, with its items.
func remove(tx *chassis.Tx, id, owner string) error {
	const sql = "DELETE FROM wishlists WHERE wishlist_id = $1 AND ($2 = '' OR customer_id = $2)"
	_, err := tx.Exec(sql, id, owner)
	return err
}

// give makes all wishlists of a customer those of another one.
func give(tx *chassis.Tx, from, to string) error {
	const sql = "UPDATE wishlists SET customer_id = $2, version = version + 1, update_time = $3 WHERE customer_id = $1"
	_, err := tx.Exec(sql, from, to, tx.Now().UnixMicro())
	return err
}

// wisher is a customer that wishes a sku, and its oldest wishlist that has it.
type wisher struct{ customerID, wishlistID string }

// takeWishers returns the customers that wish a sku, in a currency unless it is empty, and for whom the time of a
// column is not later than a limit; and sets that time to now. Those who waited longest come first.
func takeWishers(tx *chassis.Tx, column, sku, currency string, limit time.Time) ([]wisher, error) {
	sql := fmt.Sprintf("SELECT customer_id, min(wishlist_id) FROM items JOIN wishlists USING (wishlist_id)"+
		" WHERE sku = $1 AND ($2 = '' OR currency_code IN ('', $2)) GROUP BY customer_id"+
		" HAVING max(%[1]s) <= $3 ORDER BY max(%[1]s), min(wishlist_id) LIMIT $4", column)
	rows, err := tx.Query(sql, sku, currency, limit.UnixMicro(), mostWishers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []wisher
	for rows.Next() {
		var one wisher
		if err := rows.Scan(&one.customerID, &one.wishlistID); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	set := fmt.Sprintf("UPDATE items SET %s = $1 WHERE sku = $2"+
		" AND wishlist_id IN (SELECT wishlist_id FROM wishlists WHERE customer_id = $3)", column)
	for _, one := range found {
		if _, err := tx.Exec(set, tx.Now().UnixMicro(), sku, one.customerID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// check checks the invariants: what must hold whatever happened before, and how much was checked.
func (rpc *rpc) check(ctx context.Context) (report chassis.Report, err error) {
	wishlists, items := chassis.Count{What: "wishlists"}, chassis.Count{What: "items"}
	err = rpc.store.Read(ctx, func(reader chassis.Reader) error {
		const counts = "SELECT (SELECT COUNT(*) FROM wishlists), (SELECT COUNT(*) FROM items)"
		if err := reader.QueryRow(counts).Scan(&wishlists.Count, &items.Count); err != nil {
			return err
		}
		const long = "SELECT wishlist_id, COUNT(*) FROM items GROUP BY wishlist_id HAVING COUNT(*) > $1 LIMIT 1000"
		rows, err := reader.Query(long, mostItems)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var count int64
			finding := chassis.Finding{Invariant: "a wishlist has at most 200 items"}
			if err := rows.Scan(&finding.Subject, &count); err != nil {
				return err
			}
			finding.Detail = fmt.Sprintf("it has %d", count)
			report.Findings = append(report.Findings, finding)
		}
		return rows.Err()
	})
	report.Counts = []chassis.Count{wishlists, items}
	return report, err
}

func timestamp(micros int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMicro(micros)) }
