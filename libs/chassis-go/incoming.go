package chassis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What every request passes before and after its method, in reading order.

const (
	// The most bytes of all headers of a request.
	maxHeaderBytes = 16 << 10
	// How deeply messages of a request may be within each other.
	maxDepth    = 100
	timeoutRule = "malformed grpc-timeout: it is 1 to 8 digits and one of H, M, S, m, u, n"
)

// open begins a call when its headers are there. It returns false for what is no gRPC request, which
// is answered at once.
func (process *process) open(exchange *exchange) bool {
	// 1. Trace, log line and metrics: however the call ends, it can be found.
	exchange.call = openCall(process, exchange)
	httpStatus, wrong := exchange.otherThanGRPC()
	if wrong == "" {
		return true
	}
	exchange.refuse(httpStatus, exchange.call.end(malformed(commonDomain, "", wrong)))
	return false
}

// handle serves one request: finds its method, admits or refuses it, and responds.
func (process *process) handle(_ any, stream grpc.ServerStream) error {
	exchange := exchangeOf(stream)
	if exchange == nil {
		return status.Error(codes.Canceled, "the caller no longer waits")
	}
	err := process.serve(stream.Context(), exchange)
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Code() == codes.Unimplemented {
		stream.SetTrailer(acceptsNone)
	}
	return exchange.call.end(err).Err()
}

func (process *process) serve(ctx context.Context, exchange *exchange) error {
	call := exchange.call
	if refusal := checkHead(exchange); refusal != nil {
		return refusal
	}
	// 2. The method: one look-up in a table that was made at the start.
	if call.method == nil {
		return unimplemented(exchange.path())
	}
	// 3. Deadline, identity, access, limits: all from the headers, before a byte of the message is
	// decoded.
	ctx, end := context.WithCancelCause(ctx)
	call.afterwards(func() { end(context.Canceled) })
	ctx, refusal := process.admit(ctx, end, call)
	if refusal != nil {
		return refusal
	}
	// 4. The method. An error or panic of it stays in this request.
	return process.run(ctx, &requests{ctx: ctx, end: end, call: call, exchange: exchange})
}

// checkHead decides whether this is a request that can be read.
func checkHead(exchange *exchange) *Refusal {
	if exchange.headerBytes > maxHeaderBytes {
		return headersTooLarge(exchange.headerBytes, maxHeaderBytes)
	}
	if encoding, isSet := exchange.header("grpc-encoding"); isSet && encoding != "identity" {
		return unsupportedCompression(encoding)
	}
	return nil
}

// admit decides from the headers alone whether a request may go on, and in which context.
func (process *process) admit(ctx context.Context, end context.CancelCauseFunc, call *call) (context.Context, *Refusal) {
	exchange, method := call.exchange, call.method
	policy := method.policy
	// Deadline: the caller's or the contract's, whichever is earlier. At it the call ends, wherever its
	// method waits.
	ctx, refusal := withDeadline(ctx, call)
	if refusal != nil {
		return nil, refusal
	}
	// Identity. With two tokens it is unclear which is meant.
	if exchange.occurrences("authorization") > 1 {
		return nil, unauthenticated("there is more than one authorization header, send one")
	}
	who := identity{caller: Anonymous}
	if header, isSet := exchange.header("authorization"); isSet {
		if who, refusal = process.verifier.identify(header); refusal != nil {
			return nil, refusal
		}
	}
	call.identified(who.caller)
	// Access: by the contract.
	if refusal := policy.allow(method.name, who); refusal != nil {
		return nil, refusal
	}
	// A service passes on the criticality of its caller's work; all others get the contract's.
	criticality := policy.criticality
	header, _ := exchange.header("souk-criticality")
	if stated, isKnown := criticalityNamed(header); isKnown && who.caller.Kind == KindService {
		criticality = stated
	}
	// Limits: of the process, the connection, the address and the caller.
	permit, refusal := process.limits.enter(asking{
		connection:   exchange.wire.connection,
		caller:       who.caller,
		criticality:  criticality,
		isStreaming:  policy.isStreaming,
		isBackground: method.isBackground,
	})
	if refusal != nil {
		return nil, refusal
	}
	call.holds(permit)
	// A stream ends at the drain; a single response may still be finished.
	if policy.isStreaming {
		stop := context.AfterFunc(process.drain, func() { end(draining()) })
		call.afterwards(func() { stop() })
	}
	admitted := &request{caller: who.caller, scopes: who.scopes, criticality: criticality, trace: call.trace}
	return withRequest(ctx, admitted), nil
}

func withDeadline(ctx context.Context, call *call) (context.Context, *Refusal) {
	timeout := call.method.policy.timeout
	if header, isSet := call.exchange.header("grpc-timeout"); isSet {
		asked, isRead := timeoutAsked(header)
		if !isRead {
			return nil, malformed(domainOf(call.method.desc.Input()), "grpc-timeout", timeoutRule)
		}
		if asked == 0 {
			return nil, deadlineExceeded()
		}
		if timeout == 0 || asked < timeout {
			timeout = asked
		}
	}
	if timeout == 0 || timeout >= longestTimeout {
		return ctx, nil
	}
	ctx, cancel := context.WithDeadlineCause(ctx, call.exchange.arrived.Add(timeout), deadlineExceeded())
	call.afterwards(cancel)
	return ctx, nil
}

// run runs the method beside this goroutine, which ends the call when its time is over whatever the
// method does.
func (process *process) run(ctx context.Context, requests *requests) error {
	type result struct {
		answer proto.Message
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := requests.runMethod()
		done <- result{answer, err}
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case found := <-done:
		if found.err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if found.err != nil || found.answer == nil {
			return found.err
		}
		return requests.SendMsg(found.answer)
	}
}

// requests are the messages of a call as its method reads and sends them: what generated code calls
// a grpc.ServerStream.
type requests struct {
	ctx      context.Context
	end      context.CancelCauseFunc
	call     *call
	exchange *exchange
	isRead   bool
}

var _ grpc.ServerStream = (*requests)(nil)

// runMethod calls the code of the method; a panic is an error of this request.
func (requests *requests) runMethod() (answer proto.Message, err error) {
	defer func() {
		if found := recover(); found != nil {
			err = fmt.Errorf("panic: %v\n%s", found, debug.Stack())
		}
	}()
	method := requests.call.method
	if method.stream != nil {
		if method.desc.IsStreamingServer() {
			// So that the caller knows that the stream was admitted.
			_ = requests.exchange.answers.SendHeader(nil)
		}
		return nil, requests.known(method.stream(method.implementation, requests))
	}
	made, err := method.unary(method.implementation, requests.ctx, requests.RecvMsg, nil)
	if err != nil {
		return nil, requests.known(err)
	}
	answer, isMessage := made.(proto.Message)
	if !isMessage || !answer.ProtoReflect().IsValid() {
		return nil, errors.New("the method returned no message")
	}
	return answer, nil
}

// known converts what generated code answers for a method without code.
func (requests *requests) known(err error) error {
	var refusal *Refusal
	if err != nil && !errors.As(err, &refusal) && status.Code(err) == codes.Unimplemented {
		return unimplemented(requests.exchange.path())
	}
	return err
}

// Context returns the context of the call.
func (requests *requests) Context() context.Context { return requests.ctx }

// SetHeader adds to the head of the response.
func (requests *requests) SetHeader(header metadata.MD) error {
	return requests.exchange.answers.SetHeader(header)
}

// SendHeader sends the head of the response.
func (requests *requests) SendHeader(header metadata.MD) error {
	return requests.exchange.answers.SendHeader(header)
}

// SetTrailer adds to the end of the response.
func (requests *requests) SetTrailer(trailer metadata.MD) {
	requests.exchange.answers.SetTrailer(trailer)
}

// SendMsg sends a message.
func (requests *requests) SendMsg(message any) error {
	bytes, err := proto.Marshal(message.(proto.Message))
	if err != nil {
		return err
	}
	return requests.exchange.send(bytes)
}

// RecvMsg reads, counts, decodes and checks the next message. One that is not right ends the call,
// whatever the method makes of it.
func (requests *requests) RecvMsg(into any) error {
	isStream := requests.call.method.desc.IsStreamingClient()
	if requests.isRead && !isStream {
		return io.EOF
	}
	requests.isRead = true
	message := into.(proto.Message)
	err := requests.read(message)
	if !isStream {
		err = requests.single(err, message)
	}
	var broken brokenRequest
	if errors.As(err, &broken) {
		err = malformed(requests.domain(), "", broken.Error())
	}
	if err != nil && !errors.Is(err, io.EOF) {
		requests.end(err)
	}
	return err
}

// single checks the one message of a request that has one. The end of the request is not awaited.
func (requests *requests) single(err error, message proto.Message) error {
	switch {
	case errors.Is(err, io.EOF):
		return brokenRequest("the request has no message")
	case err != nil:
		return err
	case requests.exchange.hasMore():
		return brokenRequest("the request has more than one message, but this method takes one")
	}
	if refusal := requests.call.method.owned.check(requests.call.caller, message); refusal != nil {
		return refusal
	}
	return nil
}

func (requests *requests) read(message proto.Message) error {
	method := requests.call.method
	bytes, release, err := requests.exchange.next(requests.reading())
	defer release()
	if err != nil {
		return err
	}
	if found := method.shape.tooMany(bytes); found != nil {
		return InvalidField(requests.domain(), fmt.Sprintf("field %s %s", found.Field, found.Description), *found)
	}
	if (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(bytes, message) != nil {
		// What the library says is not the same from build to build.
		const wrong = "is not a valid protobuf message of its type"
		return InvalidField(requests.domain(), "request "+wrong, FieldViolation{"", wrong})
	}
	if method.isBackground {
		return nil
	}
	return Validate(message)
}

// reading says how much of a request is read: what the contract allows the method, out of what all
// messages at once may take.
func (requests *requests) reading() reading {
	process, connection := requests.call.process, requests.exchange.wire.connection
	reserve := func(bytes int) (func(), *Refusal) {
		if release := process.decoding.reserve(bytes, requests.call.caller.Kind); release != nil {
			return release, nil
		}
		most := process.decoding.maxBytes
		process.limits.refused("decoding_bytes", "server.max_decoding_bytes", most, connection.peer.address)
		return nil, overloaded("the server is reading too many bytes of messages at once")
	}
	return reading{maxBytes: requests.call.method.maxRequestBytes, reserve: reserve}
}

func (requests *requests) domain() string {
	return domainOf(requests.inputType())
}

func (requests *requests) inputType() protoreflect.MessageDescriptor {
	return requests.call.method.desc.Input()
}
