package chassis

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
)

// requestLine is the one line that every request leaves.
type requestLine struct {
	// souk.orders.v1.OrderService/PlaceOrder
	method  string
	code    codes.Code
	reason  string
	took    time.Duration
	caller  Caller
	traceID string
	// What really went wrong, when it was hidden from the caller.
	cause string
	// Health and reflection are called all the time and say nothing.
	isBackground bool
}

// write writes the line, at a level that says who must act.
func (line requestLine) write(log *slog.Logger) {
	level := slog.LevelInfo
	switch {
	case isOurFault(line.code):
		level = slog.LevelError
	case line.isBackground:
		level = slog.LevelDebug
	}
	if !log.Enabled(context.Background(), level) {
		return
	}
	fields := []slog.Attr{slog.String("rpc.method", line.method), slog.String("rpc.code", codeName(line.code))}
	if line.reason != "" {
		fields = append(fields, slog.String("rpc.reason", line.reason))
	}
	milliseconds := math.Round(float64(line.took)/float64(time.Microsecond)) / 1000
	fields = append(fields,
		slog.Float64("rpc.duration_ms", milliseconds),
		slog.String("caller", callerText(line.caller)),
		slog.String("trace.id", line.traceID),
	)
	if line.cause != "" {
		fields = append(fields, slog.String("error", line.cause))
	}
	log.LogAttrs(context.Background(), level, "request", fields...)
}

// callerText hides an id that is an e-mail address: logs outlive accounts.
func callerText(caller Caller) string {
	if strings.Contains(caller.ID, "@") {
		return string(caller.Kind) + ":[hidden]"
	}
	return caller.Key()
}
