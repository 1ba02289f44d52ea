package main

import (
	"fmt"
	"strconv"

	chassis "souk.example/chassis-go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// tooManyEntries says that the customer has as many entries as a customer may have.
func tooManyEntries(most int64) error {
	const reason = {{package}}v1.ErrorReason_ERROR_REASON_TOO_MANY_ENTRIES
	facts := chassis.Facts{"most": strconv.FormatInt(most, 10)}
	return chassis.Refuse(reason, fmt.Sprintf("a customer may have at most %d entries", most), facts)
}
