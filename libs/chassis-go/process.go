package chassis

import (
	"context"
	"log/slog"
	"time"
)

// process is what all requests of a process share.
type process struct {
	methods  map[string]*served
	verifier verifier
	decoding *decodingBudget
	limits   *limits
	metrics  *metrics
	log      *slog.Logger
	spans    *spans
	// How long a caller may leave a message unread.
	patience time.Duration
	// Done when the process begins to stop.
	drain context.Context
}
