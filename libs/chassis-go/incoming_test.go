package chassis

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	echov1 "souk.example/chassis-go/internal/gen/souk/echo/v1"
	souk "souk.example/go"
)

const (
	testTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	testParent = "00-" + testTrace + "-00f067aa0ba902b7-01"
)

func TestAMethodSeesWhoCallsUntilWhenHowCriticalItIsAndInWhichTrace(t *testing.T) {
	echo := startEcho(t, nil)
	answer, err := echo.say("user:al ice 100%", "you", "traceparent", testParent)
	must(t, err)
	seen := answer.GetSeen()
	equal(t, []string{seen[0], seen[2], seen[3]}, []string{"user:al ice 100%", "critical", testTrace})
	left, err := strconv.Atoi(seen[1])
	must(t, err)
	if left <= 0 || left > 1000 {
		t.Errorf("%d ms are left, and the contract says one second", left)
	}
}

func TestAServiceSaysHowCriticalItsCallIsAndOthersDoNot(t *testing.T) {
	echo := startEcho(t, nil)
	for caller, wanted := range map[string]string{"service:orders": "critical_plus", "user:alice": "critical"} {
		answer, err := echo.say(caller, "you", "souk-criticality", "critical_plus")
		must(t, err)
		equal(t, answer.GetSeen()[2], wanted)
	}
}

func TestAccessIsWhatTheContractSays(t *testing.T) {
	echo := startEcho(t, nil)
	answers, err := echo.repeat("user:alice", "you", 1)
	must(t, err)
	equal(t, answers, 1)
	_, err = echo.repeat("anonymous", "you", 1)
	refusedWith(t, err, codes.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED")
	for caller, words := range map[string]string{"service:orders": "a service", "staff:ann": "a member of the staff"} {
		_, err := echo.repeat(caller, "you", 1)
		found := refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED")
		equal(t, []any{found.Domain, len(found.Metadata)}, []any{"souk.policy", 0})
		equal(t, found.Message, "souk.echo.v1.EchoService/Repeat may not be called by "+words)
	}
	_, err = echo.collect(echo.client("anonymous"), "you")
	refusedWith(t, err, codes.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED")
}

func TestATokenMustHaveTheScopesOfTheMethodOrEveryScope(t *testing.T) {
	echo := startEcho(t, nil)
	for _, scopes := range [][]string{{"echo.collect"}, {"orders.read", "echo.collect"}, {"*"}, {"orders.read", "*"}} {
		answer, err := echo.collect(echo.client("service:orders", scopes...), "you")
		must(t, err)
		equal(t, answer.GetName(), "you")
	}
	for _, scopes := range [][]string{{"orders.read"}, {"echo.chat", "echo.collected", "echo.*"}} {
		_, err := echo.collect(echo.client("service:orders", scopes...), "you")
		found := refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED")
		equal(t, found.Metadata, map[string]string{"scopes": "echo.collect"})
		equal(t, found.Message, "souk.echo.v1.EchoService/Collect may be called by a service whose token has the scope echo.collect")
	}
	// Scopes are nothing to a kind that no grant is for.
	_, err := echo.collect(echo.client("staff:ann", "*"), "you")
	equal(t, len(refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED").Metadata), 0)
}

func TestAGuestMayCallWhatIsForUsersUnlessTheGrantExcludesGuests(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.save("guest:x", &echov1.SaveRequest{RequestId: "1", Name: "tea"})
	must(t, err)
	_, err = echo.repeat("guest:x", "you", 1)
	found := refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED")
	equal(t, found.Message, "souk.echo.v1.EchoService/Repeat may be called by a user who has signed in, not by a guest")
}

func TestAUserReachesItsOwnCustomerByWhateverNameAndNoOther(t *testing.T) {
	echo := startEcho(t, nil)
	alice, bob := souk.CustomerOf("user:alice"), souk.CustomerOf("user:bob")
	for _, customer := range []string{"", "me", alice} {
		number, err := echo.save("user:alice", &echov1.SaveRequest{RequestId: "1", Name: "tea", CustomerId: customer})
		must(t, err)
		equal(t, number, 0)
	}
	_, err := echo.save("user:alice", &echov1.SaveRequest{RequestId: "2", Name: "tea", CustomerId: bob})
	found := refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER", "customer_id")
	equal(t, found.Domain, "souk.policy")

	// What others do for a customer is found again by the customer.
	number, err := echo.save("staff:ann", &echov1.SaveRequest{RequestId: "1", Name: "tea", CustomerId: alice})
	must(t, err)
	equal(t, number, 0)
	_, err = echo.save("staff:ann", &echov1.SaveRequest{RequestId: "4", Name: "tea", CustomerId: "me"})
	found = refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "customer_id")
	equal(t, found.Domain, "souk.echo")
}

func TestAFieldThatIsForOtherCallersMustBeLeftOut(t *testing.T) {
	echo := startEcho(t, nil)
	for _, caller := range []string{"user:alice", "guest:x"} {
		_, err := echo.save(caller, &echov1.SaveRequest{RequestId: "1", Name: "tea", Remark: "by phone"})
		found := refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_FIELD_NOT_ALLOWED", "remark")
		equal(t, found.Message, "remark is for staff only: leave it out")
		equal(t, found.Metadata, map[string]string{"field": "remark"})
	}
	_, err := echo.save("staff:ann", &echov1.SaveRequest{RequestId: "1", Name: "tea", Remark: "by phone"})
	must(t, err)
}

func TestARequestIsCheckedAgainstItsRulesBeforeItsCustomer(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.save("user:alice", &echov1.SaveRequest{RequestId: "1", Name: "tea", CustomerId: "bob", Remark: "by phone"})
	refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "customer_id")
}

func TestAccessIsDecidedBeforeTheMessageIsRead(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.repeat("staff:ann", "", 0)
	refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED")
	// Not a byte of the message has come.
	found := dial(t, echo.running.Address, 65_535).begin(":path", "/souk.echo.v1.EchoService/Save").answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"16", "ERROR_REASON_UNAUTHENTICATED"})
}

func TestATokenThatIsNotRightIsRefusedOnEveryMethod(t *testing.T) {
	echo := startEcho(t, nil)
	alice, _ := ParseCaller("user:alice")
	right := DevelopmentToken(alice, "")
	forged := "souk-dev." + base64.RawURLEncoding.EncodeToString([]byte("staff:alice")) + right[strings.LastIndex(right, "."):]
	for _, token := range []string{DevelopmentToken(alice, "other"), forged, right[:len(right)-4], "souk-dev.", "x.y.z", strings.Repeat("a", 3000)} {
		for _, path := range []string{say, "/grpc.health.v1.Health/Check"} {
			found := echo.raw(said, ":path", path, "authorization", "Bearer "+token)
			equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"16", "ERROR_REASON_UNAUTHENTICATED"})
		}
	}
}

// signed returns the header for a payload, signed with the public key.
func signed(payload string) string {
	encoded := base64.RawURLEncoding.EncodeToString([]byte(payload))
	return "Bearer souk-dev." + encoded + "." + base64.RawURLEncoding.EncodeToString(macOf("", encoded))
}

func TestACustomerIsWhatTheTokenOfAPersonSaysAndOthersHaveNone(t *testing.T) {
	alice := souk.CustomerOf("user:alice")
	verifier := verifier{isLoopback: true, now: time.Now}
	who, refusal := verifier.identify(signed("user:alice customer=" + souk.CustomerOf("user:bob")))
	if refusal != nil {
		t.Fatal(refusal)
	}
	equal(t, who.caller.Owner(), souk.CustomerOf("user:bob"))
	for payload, says := range map[string]string{
		"user:alice":                                               "names no customer",
		"guest:x echo.save":                                        "names no customer",
		"staff:ann customer=" + alice:                              "its caller has none",
		"service:orders customer=" + alice:                         "its caller has none",
		"user:alice customer=alice":                                "must be `customer_`",
		"user:alice customer=" + strings.ToUpper(alice):            "must be `customer_`",
		"user:alice expires=1900000000 customer=" + alice:          "names no customer",
		"user:alice customer=" + alice + " expires=soon":           "authorization header is not",
		"user:alice customer=" + alice + " expires=99999999999999": "authorization header is not",
		"user:alice customer=" + alice + " expires=1 echo.save":    "has expired",
		"somebody:alice":                                           "authorization header is not",
	} {
		_, refusal := verifier.identify(signed(payload))
		if refusal == nil {
			t.Fatalf("%s is accepted", payload)
		}
		contains(t, refusal.Error(), says)
	}
}

func TestATokenIsAcceptedUntilItExpires(t *testing.T) {
	clock := NewManualClock(time.Unix(1_800_000_000, 0))
	echo := startEcho(t, nil, hooks{clock: clock})
	token := signed("guest:x customer=" + souk.CustomerOf("guest:x") + " expires=1800000002 a.b")
	equal(t, echo.raw(said, "authorization", token)["grpc-status"], "0")
	clock.Advance(2 * time.Second)
	equal(t, echo.raw(said, "authorization", token)["grpc-message"], "the token has expired")
}

func TestAnotherKeyIsSetByIdentityDevelopmentKey(t *testing.T) {
	echo := startEcho(t, map[string]string{"identity.development_key": "kkk"})
	_, err := echo.say("user:alice", "you")
	refusedWith(t, err, codes.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED")
	alice, _ := ParseCaller("user:alice")
	found := echo.raw(said, "authorization", "Bearer "+DevelopmentToken(alice, "kkk"))
	equal(t, found["grpc-status"], "0")
}

func TestDevelopmentTokensAreRefusedOnAnAddressThatIsNotLoopback(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.listen": "0.0.0.0:0"})
	_, port, _ := strings.Cut(echo.running.Address, "]:")
	if port == "" {
		port = echo.running.Address[strings.LastIndex(echo.running.Address, ":")+1:]
	}
	client := dial(t, "127.0.0.1:"+port, 65_535)
	alice, _ := ParseCaller("user:alice")
	found := client.begin("authorization", "Bearer "+DevelopmentToken(alice, "")).send(said, true).answer()
	contains(t, found["grpc-message"], "loopback")
	equal(t, client.begin().send(said, true).answer()["grpc-status"], "0")
}

func TestARequestThatBreaksARuleDoesNotReachTheMethodAndEachFieldIsNamed(t *testing.T) {
	echo := startEcho(t, nil)
	request := &echov1.SayRequest{
		Name:  "x",
		Lines: []*echov1.Line{{Quantity: 1}, {Quantity: 0}},
		Named: map[string]*echov1.Line{"a": {Quantity: -1}},
	}
	_, err := echo.client("anonymous").Say(t.Context(), request)
	found := refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "name", "lines[1].quantity", `named["a"].quantity`)
	equal(t, found.Domain, "souk.echo")
}

func TestEachMessageOfAStreamIsCheckedWhateverTheMethodMakesOfIt(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.collect(echo.client("service:orders"), "you", "x")
	refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "name")
}

func TestAStreamInBothDirectionsIsAnsweredOneByOne(t *testing.T) {
	echo := startEcho(t, nil)
	stream, err := echo.client("staff:ann").Chat(t.Context())
	must(t, err)
	for _, name := range []string{"one", "two"} {
		must(t, stream.Send(&echov1.SayRequest{Name: name}))
		answer, err := stream.Recv()
		must(t, err)
		equal(t, answer.GetName(), name)
	}
	must(t, stream.Send(&echov1.SayRequest{Name: "x"}))
	_, err = stream.Recv()
	refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "name")
}

func TestBytesThatAreNoMessageAreABrokenRuleOfTheWholeRequest(t *testing.T) {
	echo := startEcho(t, nil)
	for _, message := range []string{"\x0a\xff\x01", "\xff", "\x0a\x02\xff\xfe"} {
		found := echo.raw(framed([]byte(message)))
		equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"3", "ERROR_REASON_INVALID_FIELD"})
	}
}

func TestARequestThatIsCompressedIsRefusedWithWhatIsAccepted(t *testing.T) {
	echo := startEcho(t, nil)
	for _, encoding := range []string{"gzip", "made-up"} {
		found := echo.raw(said, "grpc-encoding", encoding)
		wanted := []string{"12", "identity", "ERROR_REASON_UNSUPPORTED_COMPRESSION"}
		equal(t, []string{found["grpc-status"], found["grpc-accept-encoding"], reasonIn(found)}, wanted)
	}
	equal(t, echo.raw(said, "grpc-encoding", "identity")["grpc-status"], "0")
}

func TestWhatIsNoGRPCIsAnsweredWithTheStatusOfHTTPAndLoggedAsTheCallersMistake(t *testing.T) {
	echo := startEcho(t, nil)
	for _, kind := range []string{"application/json", "application/grpcx", "application/grpc-web", ""} {
		found := echo.raw([]byte("{}"), "content-type", kind)
		equal(t, []string{found[":status"], found["grpc-status"], reasonIn(found)}, []string{"415", "3", "ERROR_REASON_INVALID_FIELD"})
	}
	for _, kind := range []string{"application/grpc+proto", "application/grpc;charset=utf-8"} {
		equal(t, echo.raw(said, "content-type", kind)["grpc-status"], "0")
	}
	found := echo.raw(said, ":method", "PUT")
	equal(t, []string{found[":status"], found["allow"]}, []string{"405", "POST"})
	line := echo.requests()[0]
	equal(t, []any{line["level"], line["rpc.code"], line["rpc.reason"]}, []any{"INFO", "INVALID_ARGUMENT", "ERROR_REASON_INVALID_FIELD"})
}

func TestAPathIsExact(t *testing.T) {
	echo := startEcho(t, nil)
	for _, path := range []string{say + "/", say + "?x=1", "/souk.echo.v1.EchoService/say", "/" + say, "nothing", "/souk.other.v1.OtherService/Do"} {
		found := echo.raw(said, ":path", path)
		equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"12", "ERROR_REASON_UNIMPLEMENTED"})
	}
	for _, line := range echo.requests() {
		equal(t, line["rpc.method"], "unknown")
	}
}

func TestFramesThatAreBrokenAreTheCallersMistake(t *testing.T) {
	echo := startEcho(t, nil)
	for says, body := range map[string][]byte{
		"no message":                     {},
		"marked as compressed":           append([]byte{1}, said[1:]...),
		"the first byte of a message is": append([]byte{2}, said[1:]...),
		"ends inside a message":          said[:len(said)-1],
		"more than one message":          append(append([]byte{}, said...), said...),
	} {
		found := echo.raw(body)
		equal(t, []string{says, found["grpc-status"], reasonIn(found)}, []string{says, "3", "ERROR_REASON_INVALID_FIELD"})
		message, err := url.PathUnescape(found["grpc-message"])
		must(t, err)
		contains(t, message, says)
	}
	equal(t, echo.raw(said[:3])["grpc-message"], "the request ends inside a message")
	for _, line := range echo.requests() {
		equal(t, []any{line["level"], line["rpc.code"]}, []any{"INFO", "INVALID_ARGUMENT"})
	}
}

func TestAMessageMayComeInAnyPieces(t *testing.T) {
	echo := startEcho(t, nil)
	stream := dial(t, echo.running.Address, 65_535).begin()
	for _, one := range said {
		stream.send([]byte{one}, false)
	}
	equal(t, stream.send(nil, true).answer()["grpc-status"], "0")
}

func TestHeadersMayComeInSeveralFrames(t *testing.T) {
	echo := startEcho(t, nil)
	found := echo.raw(said, "x-long", strings.Repeat("x", 15_000), "traceparent", testParent)
	equal(t, found["grpc-status"], "0")
	equal(t, echo.requests()[0]["trace.id"], testTrace)
}

func TestATimeoutThatCannotBeReadIsRefused(t *testing.T) {
	echo := startEcho(t, nil)
	for _, timeout := range []string{"5s", "", "5", "S", "-5S", "123456789S", "5 S"} {
		found := echo.raw(said, "grpc-timeout", timeout)
		equal(t, []string{timeout, found["grpc-status"], reasonIn(found)}, []string{timeout, "3", "ERROR_REASON_INVALID_FIELD"})
	}
}

func TestHeadersThatAreTooLargeAreRefusedInTheWordsOfGRPC(t *testing.T) {
	echo := startEcho(t, nil)
	equal(t, echo.raw(said, "x-long", strings.Repeat("x", 15_000))["grpc-status"], "0")
	for _, length := range []int{17_000, 40_000} {
		found := echo.raw(said, "x-long", strings.Repeat("x", length))
		equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"8", "ERROR_REASON_HEADERS_TOO_LARGE"})
	}
}

func TestTwoTokensAreRefused(t *testing.T) {
	echo := startEcho(t, nil)
	fields := [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", say}, {"content-type", "application/grpc"}}
	for _, name := range []string{"carts", "orders"} {
		fields = append(fields, [2]string{"authorization", "Bearer " + DevelopmentToken(Caller{Kind: KindService, ID: name}, "")})
	}
	found := dial(t, echo.running.Address, 65_535).beginWith(appendHeaders(nil, fields)).send(said, true).answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"16", "ERROR_REASON_UNAUTHENTICATED"})
	equal(t, echo.requests()[0]["caller"], "anonymous")
}

func TestAnIDThatIsNoneIsRefusedWithTheRule(t *testing.T) {
	verifier := verifier{isLoopback: true, now: time.Now}
	for id, says := range map[string]string{
		"a\x00b":                 "control character",
		"a\nb":                   "control character",
		"a\u007f":                "control character",
		"a\u0085b":               "control character",
		" a":                     "with a space",
		"a\u3000":                "with a space",
		"e\u0301":                "normal form C",
		strings.Repeat("x", 129): "too long",
	} {
		for _, kind := range []CallerKind{KindStaff, KindService} {
			_, refusal := verifier.identify("Bearer " + DevelopmentToken(Caller{Kind: kind, ID: id}, ""))
			if refusal == nil {
				t.Fatalf("%q is accepted", id)
			}
			contains(t, refusal.Error(), says)
		}
	}
	for _, id := range []string{"x", "a b", "\u00e9", "o'neil@example.com", strings.Repeat("\u00e9", 128), strings.Repeat("\U0001f6d2", 128)} {
		who, refusal := verifier.identify("Bearer " + DevelopmentToken(Caller{Kind: KindStaff, ID: id}, ""))
		if refusal != nil {
			t.Fatal(refusal)
		}
		equal(t, who.caller.Key(), "staff:"+id)
	}
}

func TestAnErrorHasItsReasonDomainAndFacts(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.say("anonymous", "nobody")
	found := refusedWith(t, err, codes.NotFound, "ERROR_REASON_NO_ECHO")
	equal(t, []any{found.Message, found.Domain, found.Metadata}, []any{"nobody is there to echo nobody", "souk.echo", map[string]string{"name": "nobody"}})
}

func TestAnErrorThatTheContractDoesNotForeseeIsAnsweredLoggedAndCounted(t *testing.T) {
	echo := serveEcho(t, nil)
	for name, says := range map[string]string{
		"unlisted": "souk.echo.v1.EchoService/Say failed with ERROR_REASON_UNLISTED, which its contract does not list",
		"factless": "souk.echo.v1.EchoService/Say failed with ERROR_REASON_NO_ECHO and the metadata [], which is not that of its contract",
	} {
		_, err := echo.say("anonymous", name)
		if status.Code(err) == codes.OK {
			t.Fatalf("%s is answered", name)
		}
		eventually(t, says, func() bool {
			for _, line := range echo.lines() {
				if line["level"] == "ERROR" && line["message"] == says {
					return true
				}
			}
			return false
		})
	}
	page := echo.pageOfMetrics()
	contains(t, page, "souk_unlisted_reasons_total{")
	contains(t, page, "souk_wrong_facts_total{")
}

func TestWhatFailsInAMethodStaysInItsRequestHiddenFromTheCallerAndWrittenToTheLog(t *testing.T) {
	echo := startEcho(t, nil)
	for _, name := range []string{"failing", "panic"} {
		_, err := echo.say("anonymous", name)
		found := refusedWith(t, err, codes.Internal, "ERROR_REASON_INTERNAL")
		equal(t, []any{found.Message, len(found.Metadata)}, []any{"internal error", 1})
		line := echo.requests()[len(echo.requests())-1]
		equal(t, []any{line["level"], line["trace.id"]}, []any{"ERROR", found.Metadata["trace_id"]})
		contains(t, fmt.Sprint(line["error"]), "the secret is 4711")
	}
	contains(t, fmt.Sprint(echo.requests()[0]["error"]), "of the cave")
	_, err := echo.repeat("user:alice", "panic", 1)
	refusedWith(t, err, codes.Internal, "ERROR_REASON_INTERNAL")
	_, err = echo.say("anonymous", "you")
	must(t, err)
}

func TestAMethodWithoutCodeIsUnimplemented(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.client("anonymous").Nothing(t.Context(), &echov1.NothingRequest{})
	refusedWith(t, err, codes.Unimplemented, "ERROR_REASON_UNIMPLEMENTED")
}

func TestTheDeadlineIsTheCallersOrTheContractsWhicheverIsEarlierWhereverTheMethodWaits(t *testing.T) {
	echo := startEcho(t, nil)
	wait := framed([]byte("\x0a\x04wait"))
	for _, timeout := range []string{"50m", "60S", "99999999H"} {
		started := time.Now()
		found := echo.raw(wait, "grpc-timeout", timeout)
		equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"4", "ERROR_REASON_DEADLINE_EXCEEDED"})
		if took := time.Since(started); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
	}
	found := echo.raw(append(framed([]byte("\x0a\x04wait\x10\x01")), nil...), ":path", "/souk.echo.v1.EchoService/Repeat",
		"authorization", signed("user:a customer="+souk.CustomerOf("user:a")), "grpc-timeout", "50m")
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"4", "ERROR_REASON_DEADLINE_EXCEEDED"})
	for _, timeout := range []string{"0m", "0n", "1n"} {
		equal(t, echo.raw(said, "grpc-timeout", timeout)["grpc-status"], "4")
	}
}

func TestACallerThatNeverSendsItsMessageIsCutOffAtTheDeadline(t *testing.T) {
	echo := startEcho(t, nil)
	found := dial(t, echo.running.Address, 65_535).begin("grpc-timeout", "50m").answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"4", "ERROR_REASON_DEADLINE_EXCEEDED"})
}

func TestACallerThatGoesAwayCancelsItsStreamAndFreesWhatItHeld(t *testing.T) {
	echo := startEcho(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	stream, err := echo.client("user:alice").Repeat(ctx, &echov1.RepeatRequest{Name: "polite", Times: 1})
	must(t, err)
	_, err = stream.Recv()
	must(t, err)
	leave()
	eventually(t, "the request is logged as cancelled", func() bool {
		requests := echo.requests()
		return len(requests) == 1 && requests[0]["rpc.code"] == "CANCELLED"
	})
	eventually(t, "nothing is in work", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 0") })
}

func TestTheHeadOfAStreamComesBeforeItsFirstAnswer(t *testing.T) {
	echo := startEcho(t, nil)
	stream := dial(t, echo.running.Address, 65_535).begin(":path", "/souk.echo.v1.EchoService/Repeat",
		"authorization", signed("user:a customer="+souk.CustomerOf("user:a")))
	stream.send(framed([]byte("\x0a\x06polite")), true)
	equal(t, stream.await(stream.head)[":status"], "200")
}

func TestARequestWhoseEndTheCallerDoesNotSendIsAnsweredAllTheSame(t *testing.T) {
	echo := startEcho(t, nil)
	client := dial(t, echo.running.Address, 65_535)
	equal(t, client.begin().send(said, false).answer()["grpc-status"], "0")
	watch := client.begin(":path", "/grpc.health.v1.Health/Watch").send(framed(nil), false)
	watch.await(watch.head)
	go func() { _ = echo.stop() }()
	found := watch.answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"14", "ERROR_REASON_DRAINING"})
}

func TestALongMessageThatWasRefusedDoesNotKeepItsConnection(t *testing.T) {
	echo := startEcho(t, map[string]string{"server.max_message_bytes": "70000", "server.drain_seconds": "2"})
	client := dial(t, echo.running.Address, 65_535)
	stream := client.begin().send([]byte{0, 0, 1, 134, 160}, false).send(make([]byte, 60_000), false)
	found := stream.answer()
	equal(t, []string{found["grpc-status"], reasonIn(found)}, []string{"8", "ERROR_REASON_MESSAGE_TOO_LARGE"})
	equal(t, client.begin().send(said, true).answer()["grpc-status"], "0")
	must(t, echo.stop())
}

func TestEachRequestIsLoggedOnceAndCountedAndAnEMailAddressIsNotWrittenDown(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.say("user:alice@example.com", "you")
	must(t, err)
	_, err = echo.say("anonymous", "nobody")
	refusedWith(t, err, codes.NotFound, "ERROR_REASON_NO_ECHO")
	requests := echo.requests()
	equal(t, len(requests), 2)
	equal(t, []any{requests[0]["rpc.method"], requests[0]["rpc.code"], requests[0]["caller"]}, []any{"souk.echo.v1.EchoService/Say", "OK", "user:[hidden]"})
	equal(t, []any{requests[1]["rpc.code"], requests[1]["rpc.reason"], requests[1]["level"]}, []any{"NOT_FOUND", "ERROR_REASON_NO_ECHO", "INFO"})
	page := echo.pageOfMetrics()
	contains(t, page, `rpc_server_call_duration_seconds_count{error_type="",rpc_method="souk.echo.v1.EchoService/Say",rpc_response_status_code="OK",rpc_system_name="grpc"} 1`)
	contains(t, page, `rpc_server_call_duration_seconds_count{error_type="NOT_FOUND",rpc_method="souk.echo.v1.EchoService/Say",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 1`)
}
