package chassis

import "context"

// request is what is known of the request that code runs for. It follows the code in its
// context.Context, whose deadline is that of the request.
type request struct {
	caller      Caller
	scopes      []string
	criticality Criticality
	trace       trace
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	found, _ := ctx.Value(requestKey{}).(*request)
	return found
}

func withRequest(ctx context.Context, request *request) context.Context {
	return context.WithValue(ctx, requestKey{}, request)
}

// CallerOf returns who sent the request that a context belongs to; anonymous outside of a request.
func CallerOf(ctx context.Context) Caller {
	if found := requestOf(ctx); found != nil {
		return found.caller
	}
	return Anonymous
}

// ScopesOf returns the scopes of the caller's token.
func ScopesOf(ctx context.Context) []string {
	if found := requestOf(ctx); found != nil {
		return found.scopes
	}
	return nil
}

// TraceID returns the id of the request's trace, 32 hexadecimal digits; empty outside of a request.
func TraceID(ctx context.Context) string {
	if found := requestOf(ctx); found != nil {
		return found.trace.id
	}
	return ""
}

// traceparentOf returns the traceparent of what the context's request causes; empty outside of one.
func traceparentOf(ctx context.Context) string {
	if found := requestOf(ctx); found != nil {
		return found.trace.traceparent()
	}
	return ""
}

// following returns a context for work without a request, such as handling an event: it continues
// the trace.
func following(ctx context.Context, service, traceparent string) context.Context {
	caller := Caller{Kind: KindService, ID: service}
	return withRequest(ctx, &request{caller: caller, criticality: Critical, trace: followTrace(traceparent, "")})
}
