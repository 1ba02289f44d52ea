package chassis

import (
	"regexp"
	"testing"
	"time"
)

func TestIdsAreVersion7AndSortByTime(t *testing.T) {
	at := func(day int) string { return NewID("event", time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)) }
	if !regexp.MustCompile(`^event_01[0-9a-hjkmnp-tv-z]{24}$`).MatchString(at(1)) {
		t.Fatal(at(1))
	}
	// The first ten digits are the 48 bits of the time in milliseconds, 0x19b76daa800.
	equal(t, at(1)[:len("event_01kdvdna00")], "event_01kdvdna00")
	// The version is in the bits after the 48 of the time.
	equal(t, regexp.MustCompile(`^event_.{10}[ef]`).MatchString(at(1)), true)
	if at(1) >= at(2) {
		t.Fatal("they do not sort")
	}
	if at(1) == at(1) {
		t.Fatal("two are the same")
	}
}

func TestPausesDoubleUpToTheLongestAndStartOverAfterASuccess(t *testing.T) {
	pauses := newBackoff()
	for _, longest := range []time.Duration{50, 100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		pause, most := pauses.next(), longest*time.Millisecond
		if pause < most/2 || pause > most {
			t.Fatalf("%s instead of %s to %s", pause, most/2, most)
		}
	}
	equal(t, pauses.isFailing(), true)
	pauses.reset()
	equal(t, pauses.isFailing(), false)
}
