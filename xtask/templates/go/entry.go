package main

import "time"

// mostListed is how many entries are listed unless the caller says how many.
const mostListed = 20

// entry is an entry of a customer. **Invariant:** it never changes.
type entry struct {
	id         string
	customerID string
	text       string
	createTime time.Time
}

// isBelowLimit returns whether a customer who has present entries and may have most may have one
// more.
func isBelowLimit(present, most int64) bool { return present < most }

// textOfOrder returns the text of the entry for an order.
func textOfOrder(orderID string) string { return "placed " + orderID }

// admit refuses an entry of a customer who has present and may have most.
func admit(present, most int64) error {
	if !isBelowLimit(present, most) {
		return tooManyEntries(most)
	}
	return nil
}
