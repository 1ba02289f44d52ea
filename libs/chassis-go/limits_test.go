package chassis

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	souk "souk.example/go"
	_ "souk.example/go/souk/catalog/v1"
	_ "souk.example/go/souk/events/v1"
	_ "souk.example/go/souk/inventory/v1"
	_ "souk.example/go/souk/ledger/v1"
	_ "souk.example/go/souk/notifications/v1"
	_ "souk.example/go/souk/operations/v1"
	_ "souk.example/go/souk/ops/v1"
	_ "souk.example/go/souk/orders/v1"
	_ "souk.example/go/souk/payments/simulator/v1alpha"
	_ "souk.example/go/souk/payments/v1"
	_ "souk.example/go/souk/recommendations/v1"
	_ "souk.example/go/souk/wishlists/v1"
)

type limitVectors struct {
	MaxRequestBytes map[string]float64           `json:"max_request_bytes"`
	Lists           map[string]map[string]uint64 `json:"lists"`
	TooMany         []struct {
		Path    string `json:"path"`
		Field   string `json:"field"`
		Message []byte `json:"message"`
	} `json:"too_many"`
}

func readLimitVectors(t *testing.T) limitVectors {
	t.Helper()
	text, err := os.ReadFile("../../tests/contract/message_limits.json")
	must(t, err)
	var vectors limitVectors
	must(t, json.Unmarshal(text, &vectors))
	return vectors
}

// requestOf returns the request of a method of the contract, by its path.
func requestOfMethod(t *testing.T, path string) protoreflect.MessageDescriptor {
	t.Helper()
	name := strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	must(t, err)
	return found.(protoreflect.MethodDescriptor).Input()
}

func TestEveryMethodOfTheContractReadsAsMuchAsItsRulesAllowAsInAllLanguages(t *testing.T) {
	vectors := readLimitVectors(t)
	if len(vectors.MaxRequestBytes) < 90 {
		t.Fatal("there are too few methods")
	}
	for path, most := range vectors.MaxRequestBytes {
		found := math.Min(maxMessageBytes, maxRequestBytes(requestOfMethod(t, path)))
		if found != most {
			t.Errorf("%s reads %.0f bytes instead of %.0f", path, found, most)
		}
	}
}

// countedIn returns what is found in an encoded message of any length.
func countedIn(shape shape, message []byte) *FieldViolation {
	if shape == nil {
		return nil
	}
	return shape.scan(message, "", newTally(), 0)
}

func TestAListThatIsTooLongIsFoundInTheBytesOfARequest(t *testing.T) {
	vectors := readLimitVectors(t)
	if len(vectors.TooMany) < 4 {
		t.Fatal("there are too few vectors")
	}
	for _, vector := range vectors.TooMany {
		field := ""
		if found := countedIn(shapeOf(requestOfMethod(t, vector.Path), nil), vector.Message); found != nil {
			field = found.Field
		}
		equal(t, vector.Path+" "+field, vector.Path+" "+vector.Field)
	}
}

func TestEveryListOfEveryMethodIsRefusedAtTheFirstItemBeyondItsLimitAndNotBefore(t *testing.T) {
	lists := 0
	for path, most := range readLimitVectors(t).Lists {
		request := requestOfMethod(t, path)
		shape := shapeOf(request, nil)
		for name, limit := range most {
			if found := countedIn(shape, items(t, request, name, limit)); found != nil {
				t.Errorf("%s: %v", path, found)
			}
			found := countedIn(shape, items(t, request, name, limit+1))
			if found == nil || found.Field != strings.ReplaceAll(name, "[]", "[0]") {
				t.Errorf("%s %s: %v", path, name, found)
			}
			lists++
		}
	}
	if lists < 40 {
		t.Errorf("there are %d lists", lists)
	}
}

// items returns a message with so many empty elements, or numbers 0, in the list at
// product.variants[].prices.
func items(t *testing.T, message protoreflect.MessageDescriptor, path string, count uint64) []byte {
	t.Helper()
	name, rest, isNested := strings.Cut(path, ".")
	field := message.Fields().ByName(protoreflect.Name(strings.TrimSuffix(name, "[]")))
	if field == nil {
		t.Fatalf("%s has no %s", message.FullName(), path)
	}
	if isNested {
		tag := protowire.AppendTag(nil, field.Number(), protowire.BytesType)
		return protowire.AppendBytes(tag, items(t, field.Message(), rest, count))
	}
	kind := protowire.BytesType
	if isPacked, _ := packed(field.Kind()); isPacked && !field.IsMap() {
		kind = protowire.VarintType
	}
	element := protowire.AppendVarint(protowire.AppendTag(nil, field.Number(), kind), 0)
	return bytes.Repeat(element, int(count))
}

func TestMillionsOfEmptyElementsAreRefusedBeforeTheyAreDecoded(t *testing.T) {
	echo := startEcho(t, nil)
	body := append([]byte("\x0a\x03you"), bytes.Repeat([]byte{0x12, 0}, 3_500_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := echo.connect("anonymous").Invoke(t.Context(), say, body, nil, grpc.ForceCodecV2(raw{}))
	runtime.ReadMemStats(&after)
	found := refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "lines")
	equal(t, found.Message, "field lines must contain no more than 3 item(s)")
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 100<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func TestAMessageLargerThanItsMethodAllowsIsRefusedAtItsLengthBeforeItComes(t *testing.T) {
	echo := startEcho(t, nil)
	stream := dial(t, echo.running.Address, 65_535).begin(":path", "/souk.echo.v1.EchoService/Save",
		"authorization", signed("user:alice customer="+souk.CustomerOf("user:alice")))
	found := stream.send([]byte{0, 0, 0, 0x10, 0}, false).answer()
	equal(t, found["grpc-status"], "8")
	equal(t, found["grpc-message"], "a message of 4096 bytes is too large, at most 3072 are allowed")
}

func TestWhatIsReadAtOnceIsBoundedMostTightlyForCallersWithoutAToken(t *testing.T) {
	budget := newDecodingBudget(100_000, 10_000)
	isReserved := func(bytes int, kind CallerKind) bool { return budget.reserve(bytes, kind) != nil }
	first := budget.reserve(20_000, KindAnonymous)
	equal(t, isReserved(5_001, KindAnonymous), false)
	// What others have is not taken from it.
	equal(t, isReserved(50_000, KindUser), true)
	equal(t, []bool{isReserved(5_000, KindUser), isReserved(5_000, KindGuest)}, []bool{false, false})
	equal(t, isReserved(30_000, KindService), true)
	// All have it together, and small messages do not count.
	equal(t, []bool{isReserved(5_000, KindStaff), isReserved(4096, KindAnonymous)}, []bool{false, true})
	first()
	first()
	equal(t, isReserved(20_000, KindStaff), true)
	// One of the largest always fits.
	equal(t, newDecodingBudget(10_000, 10_000).reserve(10_000, KindAnonymous) != nil, true)
}

func newTestLimits(change func(*serverSettings), descriptors int) (*limits, *lockedBuffer) {
	settings := &serverSettings{
		MaxRequests:              100,
		MaxStreamsPerCaller:      2,
		MaxRequestsPerConnection: 1000,
		MaxRequestsPerPeer:       1000,
		MaxUnsentBytesPerPeer:    100,
		MaxConnections:           3,
		MaxConnectionsPerPeer:    2,
	}
	if change != nil {
		change(settings)
	}
	log := &lockedBuffer{}
	return newLimits(settings, descriptors, newMetrics(), newLogger("json", "info", log)), log
}

func connectFrom(limits *limits, address string) *connection {
	return limits.connect(netip.MustParseAddr(address))
}

func enter(limits *limits, connection *connection, caller Caller, criticality Criticality) (permit, *Refusal) {
	return limits.enter(asking{connection: connection, caller: caller, criticality: criticality})
}

// fillUp enters until it is refused, and returns how often it was not.
func fillUp(limits *limits, connection *connection, caller Caller, criticality Criticality) int {
	for count := 0; ; count++ {
		if _, refusal := enter(limits, connection, caller, criticality); refusal != nil {
			return count
		}
	}
}

var alice = Caller{Kind: KindUser, ID: "alice"}

func TestTheLastTenthIsForCriticalCallsOfKnownCallersAndAnonymousOnesNeverHaveAllOfTheRest(t *testing.T) {
	limits, log := newTestLimits(nil, math.MaxInt32)
	connection := connectFrom(limits, "10.0.0.1")
	equal(t, fillUp(limits, connection, Anonymous, CriticalPlus), 68)
	equal(t, fillUp(limits, connection, alice, Sheddable), 22)
	equal(t, fillUp(limits, connection, alice, Critical), 10)
	_, refusal := enter(limits, connection, alice, Critical)
	equal(t, []any{refusal.Reason(), len(refusal.details)}, []any{"ERROR_REASON_OVERLOADED", 1})
	text := log.buffer.String()
	equal(t, strings.Count(text, "\n"), 2)
	contains(t, text, `"cap":"anonymous_requests"`)
	contains(t, text, "10.0.0.1")
}

func TestASlotIsFreeWhenTheResponseIsMadeAndAShareWhenItIsSent(t *testing.T) {
	limits, _ := newTestLimits(func(settings *serverSettings) {
		settings.MaxRequests, settings.MaxRequestsPerConnection, settings.MaxRequestsPerPeer = 1, 2, 3
	}, math.MaxInt32)
	one, other := connectFrom(limits, "10.0.0.1"), connectFrom(limits, "::ffff:10.0.0.1")
	first, _ := enter(limits, one, alice, Critical)
	_, refusal := enter(limits, one, alice, Critical)
	equal(t, refusal.Error(), "too many requests at once")
	first.answered()
	first.answered()
	second, _ := enter(limits, one, alice, Critical)
	second.answered()
	equal(t, []int{limits.requests, limits.sending}, []int{0, 2})
	_, refusal = enter(limits, one, alice, Critical)
	contains(t, refusal.Error(), "server.max_requests_per_connection = 2")
	third, _ := enter(limits, other, alice, Critical)
	third.answered()
	_, refusal = enter(limits, other, alice, Critical)
	contains(t, refusal.Error(), "server.max_requests_per_peer = 3")
	service, refusal := enter(limits, one, Caller{Kind: KindService, ID: "orders"}, Critical)
	if refusal != nil {
		t.Fatal(refusal)
	}
	service.sent()
	first.sent()
	first.sent()
	equal(t, limits.sending, 2)
	other.peer.unsentBytes = 100
	_, refusal = enter(limits, other, alice, Critical)
	contains(t, refusal.Error(), "server.max_unsent_bytes_per_peer = 100")
}

func TestConnectionsAreBoundedInAllAndForEachAddressAndAListedProxyHasNoShare(t *testing.T) {
	limits, _ := newTestLimits(nil, math.MaxInt32)
	first := connectFrom(limits, "2001:db8::1")
	connectFrom(limits, "2001:db8::2")
	// A network of IPv6 is one address.
	equal(t, connectFrom(limits, "2001:db8:0:0:1::3") == nil, true)
	connectFrom(limits, "10.0.0.1")
	equal(t, connectFrom(limits, "10.0.0.2") == nil, true)
	limits.disconnect(first)
	equal(t, connectFrom(limits, "10.0.0.1") == nil, false)
	proxied, _ := newTestLimits(func(settings *serverSettings) {
		settings.MaxRequestsPerConnection, settings.TrustedProxies = 1, []string{"192.168.0.0/16", "::1"}
	}, math.MaxInt32)
	for range 3 {
		connection := connectFrom(proxied, "192.168.1.1")
		for range 3 {
			if _, refusal := enter(proxied, connection, alice, Critical); refusal != nil {
				t.Fatal(refusal)
			}
		}
	}
	few, _ := newTestLimits(nil, 1)
	equal(t, []bool{connectFrom(few, "10.0.0.1") == nil, connectFrom(few, "10.0.0.2") == nil}, []bool{false, true})
	for _, wrong := range []string{"10.0.0.0/33", "here", "10.0.0.1/", ""} {
		if _, err := networks([]string{wrong}); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}

func TestStreamsOfCallersWithoutATokenAreCountedByTheirAddress(t *testing.T) {
	limits, _ := newTestLimits(nil, math.MaxInt32)
	one, other := connectFrom(limits, "10.0.0.1"), connectFrom(limits, "10.0.0.2")
	open := func(connection *connection) (permit, *Refusal) {
		return limits.enter(asking{connection: connection, caller: Anonymous, criticality: Critical, isStreaming: true})
	}
	for range 2 {
		permit, refusal := open(one)
		if refusal != nil {
			t.Fatal(refusal)
		}
		permit.sent()
	}
	for range 2 {
		_, _ = open(one)
	}
	_, refusal := open(one)
	equal(t, refusal.Reason(), "ERROR_REASON_TOO_MANY_STREAMS")
	if _, refusal := open(other); refusal != nil {
		t.Fatal(refusal)
	}
}

func TestOpenStreamsOfACallerAreBoundedAndThoseOfAnotherAreNotAffected(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_streams_per_caller": "1"})
	client := dial(t, echo.running.Address, 65_535)
	open := func(who, name string) *rawStream {
		token := signed("user:" + who + " customer=" + souk.CustomerOf("user:"+who))
		stream := client.begin(":path", "/souk.echo.v1.EchoService/Repeat", "authorization", token)
		return stream.send(framed(append([]byte("\x0a"+string(rune(len(name)))), name...)), true)
	}
	first := open("alice", "polite")
	first.await(first.head)
	found := open("alice", "you").answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"8", "ERROR_REASON_TOO_MANY_STREAMS"})
	equal(t, open("bob", "you").answer()["grpc-status"], "0")
}

func TestRequestsAtOnceAreBoundedAndHealthIsNot(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_requests": "1"})
	client := dial(t, echo.running.Address, 65_535)
	stream := client.begin().send(framed([]byte("\x0a\x04slow")), true)
	eventually(t, "it is in work", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 1") })
	found := client.begin("authorization", signed("staff:ann")).send(said, true).answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"8", "ERROR_REASON_OVERLOADED"})
	equal(t, client.begin(":path", "/grpc.health.v1.Health/Check").send(framed(nil), true).answer()["grpc-status"], "0")
	stream.answer()
}

func TestResponsesThatNobodyReadsTakeNoSlotsAndTheirStreamsAreReset(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_requests": "4", "server.send_seconds": "1"})
	client := dial(t, echo.running.Address, 0)
	var held []*rawStream
	for range 20 {
		stream := client.begin().send(said, true)
		stream.await(stream.head)
		held = append(held, stream)
	}
	_, err := echo.say("anonymous", "other")
	must(t, err)
	eventually(t, "none is in work", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 0") })
	for _, stream := range held {
		stream.answer()
		equal(t, stream.reset, http2.ErrCodeCancel)
	}
	contains(t, echo.pageOfMetrics(), `souk_refused_total{cap="send_seconds"} 20`)
	stuck := 0
	for _, line := range echo.requests() {
		if line["rpc.code"] == "CANCELLED" {
			stuck++
			equal(t, []any{line["level"], line["error"]}, []any{"INFO", "the caller did not read the response in time"})
		}
	}
	equal(t, stuck, 20)
}

func TestAStreamWhoseMessagesAreNotReadIsReset(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.send_seconds": "1"})
	stream := dial(t, echo.running.Address, 0).begin(":path", "/souk.echo.v1.EchoService/Repeat",
		"authorization", signed("user:a customer="+souk.CustomerOf("user:a")))
	stream.send(framed([]byte("\x0a\x04wait\x10\x01")), true).answer()
	equal(t, stream.reset, http2.ErrCodeCancel)
	eventually(t, "the stream is closed", func() bool {
		return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 0")
	})
	// The method still waits, and nobody waits for it.
	must(t, echo.stop())
}

func TestAResponseThatNobodyReadsDoesNotBlockADrain(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.drain_seconds": "0"})
	stream := dial(t, echo.running.Address, 0).begin().send(said, true)
	stream.await(stream.head)
	must(t, echo.stop())
}

func TestWatchesOfHealthHaveALimitOfTheirOwnOnEachConnectionAndTakeNoSlotOfOthers(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_requests": "1"})
	one, other := dial(t, echo.running.Address, 65_535), dial(t, echo.running.Address, 65_535)
	watch := func(client *rawClient) *rawStream {
		return client.begin(":path", "/grpc.health.v1.Health/Watch").send(framed(nil), false)
	}
	for range maxWatches {
		stream := watch(one)
		stream.await(stream.head)
	}
	found := watch(one).answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"8", "ERROR_REASON_TOO_MANY_STREAMS"})
	details, err := base64.RawStdEncoding.DecodeString(found["grpc-status-details-bin"])
	must(t, err)
	contains(t, string(details), "RetryInfo")
	stream := watch(other)
	equal(t, stream.await(stream.head)["grpc-status"], "")
	_, err = echo.say("anonymous", "you")
	must(t, err)
	contains(t, echo.pageOfMetrics(), `souk_refused_total{cap="background_per_connection"} 1`)
}

func TestConnectionsBeyondThoseOfOneAddressAreClosed(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_connections_per_peer": "1"})
	first := dial(t, echo.running.Address, 65_535)
	equal(t, first.begin().send(said, true).answer()["grpc-status"], "0")
	second, err := net.Dial("tcp", echo.running.Address)
	must(t, err)
	defer second.Close()
	must(t, second.SetReadDeadline(time.Now().Add(answerTimeout)))
	if _, err := second.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("it is open: %v", err)
	}
	contains(t, echo.pageOfMetrics(), `souk_refused_total{cap="connections_per_peer"} 1`)
	_ = first.conn.Close()
	eventually(t, "its place is free", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_connections 0") })
}

func TestAConnectionThatSaysNothingIsClosed(t *testing.T) {
	echo := startEcho(t, nil, hooks{preface: 50 * time.Millisecond})
	conn, err := net.Dial("tcp", echo.running.Address)
	must(t, err)
	defer conn.Close()
	must(t, conn.SetReadDeadline(time.Now().Add(answerTimeout)))
	// Its settings may come first.
	if _, err := io.Copy(io.Discard, conn); err != nil && os.IsTimeout(err) {
		t.Errorf("it is open: %v", err)
	}
	contains(t, echo.pageOfMetrics(), `souk_refused_total{cap="preface_seconds"} 1`)
}

func TestAConnectionThatDoesNotKeepToHTTP2IsClosed(t *testing.T) {
	echo := startEcho(t, nil)
	for _, frames := range [][]byte{
		// Headers within headers, a block that is none, and padding that is longer than its frame.
		append(frameHead{length: 1, kind: http2.FrameHeaders, stream: 1}.append(nil), 0x82, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		append(frameHead{length: 1, kind: http2.FrameHeaders, flags: http2.FlagHeadersEndHeaders, stream: 1}.append(nil), 0xff),
		append(frameHead{length: 1, kind: http2.FrameHeaders, flags: http2.FlagHeadersEndHeaders | http2.FlagHeadersPadded, stream: 1}.append(nil), 9),
		frameHead{length: maxFrameBytes + 1, kind: http2.FrameHeaders, stream: 1}.append(nil),
		frameHead{kind: http2.FrameContinuation, stream: 1}.append(nil),
	} {
		conn, err := net.Dial("tcp", echo.running.Address)
		must(t, err)
		_, err = conn.Write(append([]byte(http2.ClientPreface+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), frames...))
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(answerTimeout)))
		if _, err := io.Copy(io.Discard, conn); err != nil && os.IsTimeout(err) {
			t.Errorf("it is open: %v", err)
		}
		_ = conn.Close()
	}
	_, err := echo.say("anonymous", "you")
	must(t, err)
}

func TestPaddingPriorityAndTrailersOfARequestAreTakenOff(t *testing.T) {
	echo := startEcho(t, nil)
	client := dial(t, echo.running.Address, 65_535)
	block := appendHeaders(nil, [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", say}, {"content-type", "application/grpc"}})
	client.mu.Lock()
	stream := &rawStream{client: client, id: 1, found: map[string]string{}, head: make(chan struct{}), done: make(chan struct{})}
	client.streams[1] = stream
	param := http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, PadLength: 7, Priority: http2.PriorityParam{Weight: 3}}
	must(t, client.framer.WriteHeaders(param))
	must(t, client.framer.WriteDataPadded(1, false, said, make([]byte, 5)))
	trailers := appendHeader(nil, "x-checksum", "1")
	must(t, client.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: trailers, EndHeaders: true, EndStream: true}))
	client.mu.Unlock()
	equal(t, stream.answer()["grpc-status"], "0")
}
