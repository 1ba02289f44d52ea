package main

import "testing"

func TestAnEntryIsAdmittedUpToTheLimit(t *testing.T) {
	must(t, admit(4, 5))
	if err := admit(5, 5); err == nil || err.Error() != "a customer may have at most 5 entries" {
		t.Fatal(err)
	}
}
