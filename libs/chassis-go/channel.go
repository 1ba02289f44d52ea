package chassis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	souk "souk.example/go"
)

// What every call to an upstream passes.

const (
	maxAttempts  = 3
	firstPause   = 25 * time.Millisecond
	longestPause = 50 * time.Millisecond
	pushback     = "grpc-retry-pushback-ms"
	// How long an address to which no connection came about is not tried again.
	longestDeadTime = time.Second
)

// outgoing is what all channels of a process share.
type outgoing struct {
	// The authorization of this service, with the scopes of identity.scopes.
	authorization   string
	maxMessageBytes int
	metrics         *metrics
	spans           *spans
}

// channel returns the way to an upstream at these addresses, separated by commas.
func (outgoing *outgoing) channel(name, addresses string) grpc.ClientConnInterface {
	upstream := &upstream{outgoing: outgoing, name: name}
	targets, transport := targetsOf(addresses)
	if len(targets) == 0 {
		return nowhere{upstreamUnavailable(name, "it has no configured address")}
	}
	addressed := manual.NewBuilderWithScheme("upstream")
	addressed.InitialState(resolver.State{Addresses: targets})
	reconnect := grpcbackoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: longestDeadTime}
	connection, err := grpc.NewClient("upstream:///"+name,
		grpc.WithResolvers(addressed),
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithDisableServiceConfig(),
		// Retries are made here, where the contract and the details of errors are known.
		grpc.WithDisableRetry(),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: 5 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(outgoing.maxMessageBytes)),
		grpc.WithUnaryInterceptor(upstream.unary),
		grpc.WithStreamInterceptor(upstream.stream),
	)
	if err != nil {
		return nowhere{upstreamUnavailable(name, err.Error())}
	}
	return connection
}

// targetsOf reads addresses such as http://127.0.0.1:7302, separated by commas.
func targetsOf(addresses string) ([]resolver.Address, credentials.TransportCredentials) {
	transport := insecure.NewCredentials()
	var targets []resolver.Address
	for _, one := range strings.Split(addresses, ",") {
		scheme, host, found := strings.Cut(strings.TrimSpace(one), "://")
		if !found {
			continue
		}
		if scheme == "https" {
			transport = credentials.NewTLS(nil)
		}
		host = strings.TrimSuffix(host, "/")
		targets = append(targets, resolver.Address{Addr: host, ServerName: host})
	}
	return targets, transport
}

// nowhere is a channel to an upstream without an address.
type nowhere struct{ refusal *Refusal }

// Invoke refuses.
func (nowhere nowhere) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return nowhere.refusal
}

// NewStream refuses.
func (nowhere nowhere) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, nowhere.refusal
}

// upstream is one upstream as this service calls it.
type upstream struct {
	*outgoing
	name string
}

// departing is a call before its first attempt.
type departing struct {
	method string
	policy *policy
}

// begin sets the deadline and the headers that all attempts share.
func (upstream *upstream) begin(ctx context.Context, path string) (context.Context, context.CancelFunc, departing, error) {
	call := departing{method: strings.TrimPrefix(path, "/"), policy: policyAt(path)}
	// 1. Deadline: that of the request that causes the call is in its context; the contract's may
	// be earlier.
	cancel := func() {}
	if call.policy != nil && call.policy.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, call.policy.timeout)
	}
	if deadline, has := ctx.Deadline(); has && !time.Now().Before(deadline) {
		cancel()
		return nil, nil, call, deadlineExceeded()
	}
	// 2. Who calls (this service, not its caller) and how critical it is.
	sent, _ := metadata.FromOutgoingContext(ctx)
	sent = sent.Copy()
	sent.Set("authorization", upstream.authorization)
	if criticality := call.criticality(ctx); criticality != "" {
		sent.Set("souk-criticality", string(criticality))
	}
	return metadata.NewOutgoingContext(ctx, sent), cancel, call, nil
}

func (call departing) criticality(ctx context.Context) Criticality {
	if causing := requestOf(ctx); causing != nil {
		return causing.criticality
	}
	if call.policy == nil {
		return ""
	}
	return call.policy.criticality
}

// send begins one attempt: it is a part of the trace of its own, and counted when it ends.
func (upstream *upstream) send(ctx context.Context, method string) (context.Context, func(error)) {
	here := startTrace()
	span := (*span)(nil)
	if causing := requestOf(ctx); causing != nil {
		span, here = upstream.spans.start(oteltrace.SpanKindClient, method, causing.trace)
	}
	headers := []string{"traceparent", here.traceparent()}
	if here.state != "" {
		headers = append(headers, "tracestate", here.state)
	}
	started := time.Now()
	var once sync.Once
	return metadata.AppendToOutgoingContext(ctx, headers...), func(err error) {
		once.Do(func() {
			code := status.Code(err)
			upstream.metrics.client.count(method, code, time.Since(started))
			span.end(code)
		})
	}
}

func (upstream *upstream) unary(
	ctx context.Context, path string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	ctx, cancel, call, err := upstream.begin(ctx, path)
	if err != nil {
		return err
	}
	defer cancel()
	for attempt := 1; ; attempt++ {
		var trailer metadata.MD
		sent, end := upstream.send(ctx, call.method)
		err := upstream.explain(invoke(sent, path, request, answer, connection, append(options, grpc.Trailer(&trailer))...))
		end(err)
		pause, isWorth := call.pauseAfter(ctx, err, trailer, attempt)
		if !isWorth {
			return err
		}
		SystemClock.Sleep(ctx, pause)
	}
}

// pauseAfter returns how long to wait before the next attempt, and false when there is none.
func (call departing) pauseAfter(ctx context.Context, err error, trailer metadata.MD, attempt int) (time.Duration, bool) {
	if call.policy == nil || !call.policy.isRepeatable || attempt >= maxAttempts || status.Code(err) != codes.Unavailable {
		return 0, false
	}
	longest := min(firstPause<<(attempt-1), longestPause)
	pause := time.Duration(float64(longest) * (0.2 + 0.8*rand.Float64()))
	if known := souk.ErrorOf(err); known.RetryAfter > 0 {
		pause = known.RetryAfter
	}
	if said := trailer.Get(pushback); len(said) > 0 {
		milliseconds, err := strconv.ParseUint(said[0], 10, 31)
		if err != nil {
			return 0, false
		}
		pause = time.Duration(milliseconds) * time.Millisecond
	}
	// An attempt that could not be answered in time is not worth making.
	deadline, has := ctx.Deadline()
	return pause, !has || pause < time.Until(deadline)
}

func (upstream *upstream) stream(
	ctx context.Context, desc *grpc.StreamDesc, connection *grpc.ClientConn, path string, open grpc.Streamer, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	ctx, cancel, call, err := upstream.begin(ctx, path)
	if err != nil {
		return nil, err
	}
	sent, end := upstream.send(ctx, call.method)
	stream, err := open(sent, desc, connection, path, options...)
	if err != nil {
		cancel()
		err = upstream.explain(err)
		end(err)
		return nil, err
	}
	finish := func(err error) {
		end(err)
		cancel()
	}
	// A stream that is left is over when its context is.
	context.AfterFunc(ctx, func() { end(status.FromContextError(ctx.Err()).Err()) })
	return &outgoingStream{ClientStream: stream, upstream: upstream, isSingle: !desc.ServerStreams, finish: finish}, nil
}

// outgoingStream is a stream to an upstream that is counted when it ends.
type outgoingStream struct {
	grpc.ClientStream
	upstream *upstream
	isSingle bool
	finish   func(error)
}

// RecvMsg receives the next message.
func (stream *outgoingStream) RecvMsg(message any) error {
	err := stream.ClientStream.RecvMsg(message)
	switch {
	case errors.Is(err, io.EOF):
		stream.finish(nil)
		return err
	case err != nil:
		err = stream.upstream.explain(err)
		stream.finish(err)
		return err
	case stream.isSingle:
		stream.finish(nil)
	}
	return nil
}

// explain says what an upstream that could not be reached does not say itself.
func (upstream *upstream) explain(err error) error {
	known, isStatus := status.FromError(err)
	if err == nil || !isStatus || len(known.Details()) > 0 {
		return err
	}
	switch known.Code() {
	case codes.Unavailable:
		return upstreamUnavailable(upstream.name, known.Message())
	case codes.DeadlineExceeded:
		return deadlineExceeded()
	}
	return err
}

// policyAt returns the policy of a method by its path; nil when this program does not know it.
func policyAt(path string) *policy {
	service, method, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	name := protoreflect.FullName(fmt.Sprintf("%s.%s", service, method))
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil
	}
	described, isMethod := found.(protoreflect.MethodDescriptor)
	if !isMethod {
		return nil
	}
	return policyOf(described)
}
