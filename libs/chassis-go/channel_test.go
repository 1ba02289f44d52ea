package chassis

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	echov1 "souk.example/chassis-go/internal/gen/souk/echo/v1"
)

// script is a server that answers each call with the next of these answers, the last one again and
// again, and keeps the headers that it was sent.
type script struct {
	address string
	mu      sync.Mutex
	answers []answer
	calls   []metadata.MD
	paths   []string
}

type answer struct {
	code     codes.Code
	pushback string
	// The connection breaks under the call.
	breaks bool
}

func scripted(t *testing.T, answers ...answer) *script {
	t.Helper()
	bound, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	script := &script{address: "http://" + bound.Addr().String(), answers: answers}
	conns := &breakable{Listener: bound}
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		headers, _ := metadata.FromIncomingContext(stream.Context())
		path, _ := grpc.MethodFromServerStream(stream)
		next := script.next(headers, path)
		if next.breaks {
			conns.breakAll()
			<-stream.Context().Done()
			return nil
		}
		if next.pushback != "" {
			stream.SetTrailer(metadata.Pairs(pushback, next.pushback))
		}
		if next.code == codes.OK {
			return stream.SendMsg([]byte{})
		}
		return status.Error(next.code, "secret")
	}))
	go func() { _ = server.Serve(conns) }()
	t.Cleanup(server.Stop)
	return script
}

func (script *script) next(headers metadata.MD, path string) answer {
	script.mu.Lock()
	defer script.mu.Unlock()
	next := script.answers[min(len(script.calls), len(script.answers)-1)]
	script.calls = append(script.calls, headers)
	script.paths = append(script.paths, path)
	return next
}

func (script *script) called() []metadata.MD {
	script.mu.Lock()
	defer script.mu.Unlock()
	return script.calls
}

type breakable struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (breakable *breakable) Accept() (net.Conn, error) {
	conn, err := breakable.Listener.Accept()
	breakable.mu.Lock()
	breakable.conns = append(breakable.conns, conn)
	breakable.mu.Unlock()
	return conn, err
}

func (breakable *breakable) breakAll() {
	breakable.mu.Lock()
	defer breakable.mu.Unlock()
	for _, conn := range breakable.conns {
		_ = conn.Close()
	}
	breakable.conns = nil
}

// forward calls Forward, which calls Say of the upstream "next".
func (echo *echo) forward(caller string, headers ...string) (*echov1.SayResponse, error) {
	ctx := metadata.AppendToOutgoingContext(echo.t.Context(), headers...)
	return echo.client(caller).Forward(ctx, &echov1.SayRequest{Name: "you"})
}

func TestACallGoesOutAsTheServiceWithDeadlineCriticalityAndTraceOfTheRequest(t *testing.T) {
	next := startEcho(t, nil)
	echo := startEcho(t, map[string]string{"upstreams.next": "http://" + next.running.Address})
	// The first call of a process reads the rules of its request.
	_, err := next.say("anonymous", "you")
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", testParent, "tracestate", "vendor=1")
	answer, err := echo.client("user:alice").Forward(ctx, &echov1.SayRequest{Name: "you"})
	must(t, err)
	seen := answer.GetSeen()
	equal(t, []string{seen[0], seen[2], seen[3]}, []string{"service:echo", "critical_plus", testTrace})
	var left int
	_, err = fmt.Sscan(seen[1], &left)
	must(t, err)
	if left > 700 {
		t.Errorf("%d ms are left", left)
	}
	contains(t, echo.pageOfMetrics(), `rpc_client_call_duration_seconds_count{error_type="",rpc_method="souk.echo.v1.EchoService/Say",rpc_response_status_code="OK",rpc_system_name="grpc"} 1`)
}

func TestTheTokenOfACallHasTheScopesThatTheServiceWasGrantedAndNoOthers(t *testing.T) {
	for _, granted := range []string{"echo.collect events.subscribe", "*", ""} {
		upstream := scripted(t, answer{})
		echo := startEcho(t, map[string]string{"upstreams.next": upstream.address, "identity.scopes": granted})
		// The caller's own scopes stay here.
		_, err := echo.forward("staff:ann")
		must(t, err)
		who, refusal := verifier{isLoopback: true, now: time.Now}.identify(upstream.called()[0].Get("authorization")[0])
		if refusal != nil {
			t.Fatal(refusal)
		}
		equal(t, []string{who.caller.Key(), strings.Join(who.scopes, " ")}, []string{"service:echo", granted})
	}
}

func TestTheTraceGoesOnBelowThisServicesOwnPartOfIt(t *testing.T) {
	upstream := scripted(t, answer{})
	echo := startEcho(t, map[string]string{"upstreams.next": upstream.address})
	_, err := echo.forward("anonymous", "traceparent", testParent, "tracestate", "vendor=1")
	must(t, err)
	headers := upstream.called()[0]
	found := headers.Get("traceparent")[0]
	if !regexp.MustCompile("^00-"+testTrace+"-[0-9a-f]{16}-01$").MatchString(found) || found == testParent {
		t.Errorf("the traceparent is %s", found)
	}
	equal(t, headers.Get("tracestate"), []string{"vendor=1"})
}

func TestWhatMayBeRepeatedIsTriedThreeTimesOnUnavailableAndOnNothingElse(t *testing.T) {
	gone := answer{code: codes.Unavailable}
	for attempts, cases := range map[int][][]answer{
		3: {{gone, gone, {}}, {gone}},
		1: {{{code: codes.Aborted}}, {{code: codes.Unavailable, pushback: "-1"}}, {{code: codes.Unavailable, pushback: "60000"}}},
	} {
		for _, answers := range cases {
			upstream := scripted(t, answers...)
			echo := startEcho(t, map[string]string{"upstreams.next": upstream.address})
			_, _ = echo.forward("anonymous")
			equal(t, []any{answers, len(upstream.called())}, []any{answers, attempts})
		}
	}
}

func TestAnUpstreamThatIsAwayIsUnavailableAndSoIsOneWithoutAnAddress(t *testing.T) {
	for _, set := range []map[string]string{{"upstreams.next": "http://127.0.0.1:1"}, nil} {
		echo := startEcho(t, set)
		_, err := echo.forward("anonymous")
		found := refusedWith(t, err, codes.Unavailable, "ERROR_REASON_UPSTREAM_UNAVAILABLE")
		equal(t, found.Metadata, map[string]string{"service": "next"})
		contains(t, fmt.Sprint(echo.requests()[0]["error"]), "next cannot be reached")
	}
}

func TestAConnectionThatBreaksUnderACallIsUnavailableAndWhatMayBeRepeatedIsSentAgain(t *testing.T) {
	once := scripted(t, answer{breaks: true}, answer{})
	echo := startEcho(t, map[string]string{"upstreams.next": once.address})
	_, err := echo.forward("anonymous")
	must(t, err)
	equal(t, len(once.called()), 2)
}

func TestOfSeveralAddressesOneThatIsDeadIsPassedOver(t *testing.T) {
	next := startEcho(t, nil)
	echo := startEcho(t, map[string]string{"upstreams.next": "http://127.0.0.1:1, http://" + next.running.Address})
	for range 5 {
		answer, err := echo.forward("anonymous")
		must(t, err)
		equal(t, answer.GetName(), "you")
	}
}

func TestWhatAnUpstreamAnswersOtherwiseIsAMistakeOfTheMethodThatAsked(t *testing.T) {
	upstream := scripted(t, answer{code: codes.NotFound})
	echo := startEcho(t, map[string]string{"upstreams.next": upstream.address})
	_, err := echo.forward("anonymous")
	equal(t, refusedWith(t, err, codes.Internal, "ERROR_REASON_INTERNAL").Message, "internal error")
}

func TestAStreamToAnUpstreamIsCountedWhenItEnds(t *testing.T) {
	next := startEcho(t, nil)
	echo := startEcho(t, map[string]string{"upstreams.next": "http://" + next.running.Address})
	client := echov1.NewEchoServiceClient(echo.running.Channel("next"))
	stream, err := client.Collect(t.Context())
	must(t, err)
	must(t, stream.Send(&echov1.SayRequest{Name: "you"}))
	answer, err := stream.CloseAndRecv()
	must(t, err)
	equal(t, answer.GetName(), "you")
	contains(t, echo.pageOfMetrics(), `rpc_method="souk.echo.v1.EchoService/Collect",rpc_response_status_code="OK"`)
}

func TestATraceThatCannotBeReadIsReplaced(t *testing.T) {
	equal(t, followTrace(testParent, "").id, testTrace)
	equal(t, followTrace("01"+testParent[2:]+"-more", "").id, testTrace)
	for _, text := range []string{
		"", testParent[:len(testParent)-3], "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01",
		"00-" + testTrace + "-" + strings.Repeat("0", 16) + "-01", strings.ToUpper(testParent), "ff" + testParent[2:], testParent + "-x",
	} {
		found := followTrace(text, "")
		if found.id == testTrace || found.parent != "" {
			t.Errorf("%q is followed", text)
		}
	}
}

func TestSpansGoToTheCollectorBelowTheCallersAndWithTheSameTrace(t *testing.T) {
	collector := scripted(t, answer{})
	echo := startEcho(t, map[string]string{"telemetry.otlp_endpoint": collector.address})
	_, err := echo.say("anonymous", "you", "traceparent", testParent)
	must(t, err)
	equal(t, echo.requests()[0]["trace.id"], testTrace)
	must(t, echo.stop())
	collector.mu.Lock()
	defer collector.mu.Unlock()
	equal(t, collector.paths, []string{"/opentelemetry.proto.collector.trace.v1.TraceService/Export"})
}

func TestAMessageIsLoggedWithoutWhatMustNotBe(t *testing.T) {
	text := Redacted(&echov1.SayRequest{Name: "you", Password: "sesame", Lines: []*echov1.Line{{Quantity: 1}}})
	equal(t, strings.ReplaceAll(text, " ", ""), `{"name":"you","lines":[{"quantity":1}]}`)
}
