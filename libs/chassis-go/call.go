package chassis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// call is one request from its arrival to its last byte: whatever way it ends, it is logged and
// counted exactly once, when its response is sent.
type call struct {
	process  *process
	exchange *exchange
	// Nil when there is no such method.
	method *served
	trace  trace
	span   *span

	mu         sync.Mutex
	caller     Caller
	outcome    outcome
	isAnswered bool
	isFinished bool
	permit     permit
	cleanups   []func()
}

// outcome is how a call ends.
type outcome struct {
	code   codes.Code
	reason string
	cause  string
}

func openCall(process *process, exchange *exchange) *call {
	traceparent, _ := exchange.header("traceparent")
	state, _ := exchange.header("tracestate")
	call := &call{process: process, exchange: exchange, method: process.methods[exchange.path()], caller: Anonymous}
	call.span, call.trace = process.spans.start(oteltrace.SpanKindServer, call.name(), followTrace(traceparent, state))
	return call
}

func (call *call) name() string {
	if call.method == nil {
		return "unknown"
	}
	return call.method.name
}

func (call *call) identified(caller Caller) {
	call.mu.Lock()
	call.caller = caller
	call.mu.Unlock()
}

// afterwards does something when nothing more is done for the call.
func (call *call) afterwards(cleanup func()) {
	call.mu.Lock()
	isOver := call.isAnswered
	if !isOver {
		call.cleanups = append(call.cleanups, cleanup)
	}
	call.mu.Unlock()
	if isOver {
		cleanup()
	}
}

// holds keeps what the call was admitted with until it is over.
func (call *call) holds(permit permit) {
	call.afterwards(permit.answered)
	call.mu.Lock()
	isFinished := call.isFinished
	call.permit = permit
	call.mu.Unlock()
	if isFinished {
		permit.sent()
	}
}

// end says how the call ends, and returns what gRPC sends for it.
func (call *call) end(err error) *status.Status {
	if err == nil {
		call.answer(outcome{})
		return status.New(codes.OK, "")
	}
	if isGone(err) {
		call.answer(outcome{code: codes.Canceled})
		return status.New(codes.Canceled, "the caller no longer waits")
	}
	answer := respond(err, call.trace.id)
	call.holdToContract(answer.refusal)
	call.answer(outcome{code: answer.status.Code(), reason: answer.refusal.Reason(), cause: answer.cause})
	return answer.status
}

// isGone returns whether the error only says that the caller no longer waits.
func isGone(err error) bool {
	var refusal *Refusal
	return errors.Is(err, context.Canceled) && !errors.As(err, &refusal)
}

// holdToContract reports a reason that the contract does not list for the method, and facts that are
// not the reason's: callers expect neither. Tests fail on it.
func (call *call) holdToContract(refusal *Refusal) {
	if call.method == nil || call.method.isBackground {
		return
	}
	name, policy, reason := call.method.name, call.method.policy, refusal.Reason()
	log, metrics := call.process.log, call.process.metrics
	isOwn := refusal.Domain() == policy.domain && reason != invalidFieldReason
	if isOwn && !slices.Contains(policy.reasons, reason) {
		log.Error(fmt.Sprintf("%s failed with %s, which its contract does not list", name, reason))
		metrics.unlistedReasons.WithLabelValues(name, reason).Inc()
	}
	if !refusal.policy.hasItsKeys(refusal.facts) {
		var keys []string
		for key := range refusal.facts {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		const text = "%s failed with %s and the metadata [%s], which is not that of its contract"
		log.Error(fmt.Sprintf(text, name, reason, strings.Join(keys, ", ")))
		metrics.wrongFacts.WithLabelValues(name, reason).Inc()
	}
}

// answer notes the outcome: what was held for making the response is given back.
func (call *call) answer(outcome outcome) {
	call.mu.Lock()
	if call.isAnswered {
		call.mu.Unlock()
		return
	}
	call.isAnswered = true
	call.outcome = outcome
	cleanups := call.cleanups
	call.cleanups = nil
	call.mu.Unlock()
	for _, cleanup := range cleanups {
		cleanup()
	}
}

// sent is called when all of the response has left.
func (call *call) sent() {
	call.answer(outcome{code: codes.Canceled})
	call.finish(call.outcome)
}

// closed is called when the stream ended before.
func (call *call) closed(isUnread bool) {
	gone := outcome{code: codes.Canceled}
	if isUnread {
		seconds := int(call.process.patience.Seconds())
		call.process.limits.refused("send_seconds", "server.send_seconds", seconds, call.exchange.wire.connection.peer.address)
		gone.cause = "the caller did not read the response in time"
	}
	call.answer(gone)
	call.finish(gone)
}

func (call *call) finish(outcome outcome) {
	call.mu.Lock()
	isFirst := !call.isFinished
	call.isFinished = true
	caller, permit := call.caller, call.permit
	call.mu.Unlock()
	if !isFirst {
		return
	}
	if permit.sent != nil {
		permit.sent()
	}
	took := time.Since(call.exchange.arrived)
	call.process.metrics.server.count(call.name(), outcome.code, took)
	line := requestLine{
		method:       call.name(),
		code:         outcome.code,
		reason:       outcome.reason,
		took:         took,
		caller:       caller,
		traceID:      call.trace.id,
		cause:        outcome.cause,
		isBackground: call.method != nil && call.method.isBackground,
	}
	line.write(call.process.log)
	call.span.end(outcome.code)
}
