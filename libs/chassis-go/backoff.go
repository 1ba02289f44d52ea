package chassis

import (
	"math/rand/v2"
	"time"
)

// The most doublings of a pause, far beyond any longest pause.
const maxDoublings = 20

// backoff says how long to wait before something that failed is tried again: pauses double with
// each failure up to the longest, each shortened at random by up to half so that replicas spread.
type backoff struct {
	first    time.Duration
	longest  time.Duration
	failures int
}

// newBackoff returns the pauses between tries to reach the bus.
func newBackoff() *backoff {
	return &backoff{first: 50 * time.Millisecond, longest: 5 * time.Second}
}

// next returns the pause after one more failure.
func (b *backoff) next() time.Duration {
	pause := min(b.first<<min(b.failures, maxDoublings), b.longest)
	b.failures++
	return time.Duration(float64(pause) * (0.5 + rand.Float64()/2))
}

// isFailing returns whether the last try failed.
func (b *backoff) isFailing() bool {
	return b.failures > 0
}

// reset starts over after a success.
func (b *backoff) reset() {
	b.failures = 0
}
