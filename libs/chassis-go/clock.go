package chassis

import (
	"context"
	"sync"
	"time"
)

// Clock returns the time, and waits. Services take it from their host; tests move a ManualClock.
type Clock interface {
	// Now returns the time, in UTC.
	Now() time.Time
	// Sleep returns after a duration, or as soon as the context is done.
	Sleep(ctx context.Context, duration time.Duration)
}

// SystemClock is the time of the system.
var SystemClock Clock = systemClock{}

type systemClock struct{}

func (systemClock) Now() time.Time {
	return time.Now().UTC()
}

func (systemClock) Sleep(ctx context.Context, duration time.Duration) {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// ManualClock is a clock for tests: it stands still until Advance moves it.
type ManualClock struct {
	mutex sync.Mutex
	now   time.Time
	moved chan struct{}
}

// NewManualClock returns a clock that shows this time.
func NewManualClock(now time.Time) *ManualClock {
	return &ManualClock{now: now.UTC(), moved: make(chan struct{})}
}

// Now returns the time that the clock was moved to.
func (clock *ManualClock) Now() time.Time {
	clock.mutex.Lock()
	defer clock.mutex.Unlock()
	return clock.now
}

// Sleep returns when the clock has been moved by the duration, or the context is done.
func (clock *ManualClock) Sleep(ctx context.Context, duration time.Duration) {
	until := clock.Now().Add(duration)
	for {
		clock.mutex.Lock()
		now := clock.now
		moved := clock.moved
		clock.mutex.Unlock()
		if !now.Before(until) {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}

// Advance moves the clock, and wakes those that have slept long enough.
func (clock *ManualClock) Advance(duration time.Duration) {
	clock.mutex.Lock()
	defer clock.mutex.Unlock()
	clock.now = clock.now.Add(duration)
	close(clock.moved)
	clock.moved = make(chan struct{})
}
