package souk

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	// Every package of the contract, so that the registry has its methods and reasons.
	_ "souk.example/go/souk/catalog/v1"
	_ "souk.example/go/souk/events/v1"
	_ "souk.example/go/souk/inventory/v1"
	_ "souk.example/go/souk/ledger/v1"
	_ "souk.example/go/souk/notifications/v1"
	_ "souk.example/go/souk/operations/v1"
	_ "souk.example/go/souk/ops/v1"
	ordersv1 "souk.example/go/souk/orders/v1"
	_ "souk.example/go/souk/payments/simulator/v1alpha"
	_ "souk.example/go/souk/payments/v1"
	policyv1 "souk.example/go/souk/policy/v1"
	_ "souk.example/go/souk/recommendations/v1"
	_ "souk.example/go/souk/wishlists/v1"
)

// shop answers orders with what each test says, and remembers what it was sent.
type shop struct {
	ordersv1.UnimplementedOrderServiceServer
	get   func(attempt int) error
	list  func(token string) (*ordersv1.ListOrdersResponse, error)
	watch func(token string, stream grpc.ServerStreamingServer[ordersv1.WatchOrderResponse]) error

	calls     int
	authority []string
	remaining time.Duration
}

func (shop *shop) GetOrder(ctx context.Context, request *ordersv1.GetOrderRequest) (*ordersv1.GetOrderResponse, error) {
	shop.calls++
	headers, _ := metadata.FromIncomingContext(ctx)
	shop.authority = headers.Get("authorization")
	if until, ok := ctx.Deadline(); ok {
		shop.remaining = time.Until(until)
	}
	if shop.get != nil {
		if err := shop.get(shop.calls); err != nil {
			return nil, err
		}
	}
	return &ordersv1.GetOrderResponse{Order: &ordersv1.Order{OrderId: request.OrderId}}, nil
}

func (shop *shop) ListOrders(_ context.Context, request *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
	return shop.list(request.PageToken)
}

func (shop *shop) WatchOrder(request *ordersv1.WatchOrderRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderResponse]) error {
	shop.calls++
	return shop.watch(request.ResumeToken, stream)
}

// serve returns a client of the shop, connected with this token.
func serve(t *testing.T, shop *shop, token string) ordersv1.OrderServiceClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	ordersv1.RegisterOrderServiceServer(server, shop)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return client(t, listener.Addr().String(), token)
}

func client(t *testing.T, address, token string, options ...grpc.DialOption) ordersv1.OrderServiceClient {
	t.Helper()
	connection, err := Connect(address, token, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return ordersv1.NewOrderServiceClient(connection)
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// refusal returns a status with details, as a server sends it.
func refusal(code codes.Code, details ...protoadapt.MessageV1) error {
	told := status.New(code, "no")
	if len(details) > 0 {
		var err error
		if told, err = told.WithDetails(details...); err != nil {
			panic(err)
		}
	}
	return told.Err()
}

// The cases that every client shares: who calls, until when, with which scopes, as which customer.
func TestATokenIsWhatEveryOtherPartOfSoukMakesOfTheSameCaller(t *testing.T) {
	for _, line := range lines(t, "../../tests/clients/token_cases.csv", ';') {
		who, expires, scopes, customer, want := line[0], line[1], strings.Fields(line[2]), line[3], line[4]
		got := DevelopmentToken(who, scopes...)
		if expires != "" {
			seconds, err := strconv.ParseInt(expires, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			got = DevelopmentTokenUntil(who, time.Unix(seconds, 999_999_999), scopes...)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", who, got, want)
		}
		if customer != "" && CustomerOf(who) != customer {
			t.Errorf("%s is %q, want %q", who, CustomerOf(who), customer)
		}
	}
}

func TestTheServiceConfigIsWhatTheContractSays(t *testing.T) {
	var config struct {
		MethodConfig []struct {
			Name        []struct{ Service, Method string }
			Timeout     string
			RetryPolicy *struct {
				MaxAttempts          int
				RetryableStatusCodes []string
			}
		}
	}
	if err := json.Unmarshal([]byte(ServiceConfig), &config); err != nil {
		t.Fatal(err)
	}
	type promise struct {
		timeout time.Duration
		retried bool
	}
	told := map[string]promise{}
	for _, group := range config.MethodConfig {
		timeout, err := time.ParseDuration(group.Timeout)
		if group.Timeout != "" && err != nil {
			t.Error(err)
		}
		if retry := group.RetryPolicy; retry != nil && (retry.MaxAttempts != 3 || !slices.Equal(retry.RetryableStatusCodes, []string{"UNAVAILABLE"})) {
			t.Errorf("retries as %+v", retry)
		}
		for _, name := range group.Name {
			told[name.Service+"."+name.Method] = promise{timeout, group.RetryPolicy != nil}
		}
	}
	wanted := map[string]promise{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for service := range each(file.Services()) {
			for method := range each(service.Methods()) {
				options := method.Options().(*descriptorpb.MethodOptions)
				if !proto.HasExtension(options, policyv1.E_Method) {
					continue
				}
				policy := proto.GetExtension(options, policyv1.E_Method).(*policyv1.MethodPolicy)
				found := promise{timeout: policy.Timeout.AsDuration()}
				isIdempotent := options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
				found.retried = isIdempotent && !method.IsStreamingClient() && !method.IsStreamingServer()
				if found != (promise{}) {
					wanted[string(method.FullName())] = found
				}
			}
		}
		return true
	})
	if len(wanted) < 50 {
		t.Errorf("only %d methods are registered", len(wanted))
	}
	for name, want := range wanted {
		if told[name] != want {
			t.Errorf("%s: told %+v, the contract says %+v", name, told[name], want)
		}
	}
	if len(told) != len(wanted) {
		t.Errorf("%d methods are told, the contract has %d", len(told), len(wanted))
	}
}

// each reads a list of descriptors.
func each[T any](list interface {
	Len() int
	Get(int) T
}) func(func(T) bool) {
	return func(yield func(T) bool) {
		for i := range list.Len() {
			if !yield(list.Get(i)) {
				return
			}
		}
	}
}

func TestTheTokenAndTheContractsDeadlineGoWithEachCall(t *testing.T) {
	shop := &shop{}
	orders := serve(t, shop, "one")
	if _, err := orders.GetOrder(t.Context(), &ordersv1.GetOrderRequest{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(shop.authority, []string{"Bearer one"}) {
		t.Errorf("sent %q", shop.authority)
	}
	if shop.remaining <= time.Second || shop.remaining > 2*time.Second {
		t.Errorf("%s remained of the contract's 2 s", shop.remaining)
	}
}

func TestTheCallersOwnTokenAndEarlierDeadlineComeFirst(t *testing.T) {
	shop := &shop{}
	orders := serve(t, shop, "one")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer other")
	if _, err := orders.GetOrder(ctx, &ordersv1.GetOrderRequest{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(shop.authority, []string{"Bearer other"}) {
		t.Errorf("sent %q", shop.authority)
	}
	if shop.remaining > time.Second {
		t.Errorf("%s remained of 1 s", shop.remaining)
	}
}

func TestWithoutATokenNoneIsSent(t *testing.T) {
	shop := &shop{}
	if _, err := serve(t, shop, "").GetOrder(limited(t), &ordersv1.GetOrderRequest{}); err != nil {
		t.Fatal(err)
	}
	if len(shop.authority) != 0 {
		t.Errorf("sent %q", shop.authority)
	}
}

func TestACallThatMayBeRepeatedIsSentThreeTimesAtMost(t *testing.T) {
	away := refusal(codes.Unavailable)
	for name, test := range map[string]struct {
		get   func(attempt int) error
		calls int
		code  codes.Code
	}{
		"back in time": {func(attempt int) error { return map[bool]error{true: away}[attempt < 3] }, 3, codes.OK},
		"away":         {func(int) error { return away }, 3, codes.Unavailable},
		"refused":      {func(int) error { return refusal(codes.NotFound) }, 1, codes.NotFound},
	} {
		shop := &shop{get: test.get}
		_, err := serve(t, shop, "").GetOrder(limited(t), &ordersv1.GetOrderRequest{})
		if shop.calls != test.calls || status.Code(err) != test.code {
			t.Errorf("%s: %d calls and %v", name, shop.calls, err)
		}
	}
}

func TestAShopIsReachedOverTLS(t *testing.T) {
	shop := &shop{}
	server := grpc.NewServer()
	ordersv1.RegisterOrderServiceServer(server, shop)
	web := httptest.NewUnstartedServer(server)
	web.EnableHTTP2 = true
	web.Config.ErrorLog = nil
	web.StartTLS()
	defer web.Close()
	address := "https://" + web.Listener.Addr().String()

	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	certificate := credentials.NewTLS(&tls.Config{RootCAs: trusted})
	orders := client(t, address, "one", grpc.WithTransportCredentials(certificate))
	if _, err := orders.GetOrder(limited(t), &ordersv1.GetOrderRequest{}); err != nil {
		t.Error(err)
	}
	if !slices.Equal(shop.authority, []string{"Bearer one"}) {
		t.Errorf("sent %q", shop.authority)
	}
	stranger := client(t, address, "one")
	if _, err := stranger.GetOrder(limited(t), &ordersv1.GetOrderRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("an unknown certificate: %v", err)
	}
}

func TestAnAddressOfAnotherKindIsRefused(t *testing.T) {
	if _, err := Connect("ftp://127.0.0.1:1", ""); err == nil || !strings.Contains(err.Error(), "HOST:PORT") {
		t.Errorf("got %v", err)
	}
}

func TestAnErrorSaysWhatItsDetailsSay(t *testing.T) {
	shop := &shop{get: func(int) error {
		return refusal(codes.InvalidArgument,
			&errdetails.ErrorInfo{Reason: "ERROR_REASON_INVALID_FIELD", Domain: "souk.orders", Metadata: map[string]string{"a": "b"}},
			&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)},
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "order_id", Description: "must be 1 to 40 characters"}}})
	}}
	_, failed := serve(t, shop, "").GetOrder(limited(t), &ordersv1.GetOrderRequest{})
	err := ErrorOf(fmt.Errorf("looking for it: %w", failed))
	if err.Code != codes.InvalidArgument || err.Reason != "ERROR_REASON_INVALID_FIELD" || err.Domain != "souk.orders" {
		t.Errorf("got %+v", err)
	}
	if err.Metadata["a"] != "b" || err.RetryAfter != time.Second {
		t.Errorf("got %+v", err)
	}
	if want := []FieldViolation{{"order_id", "must be 1 to 40 characters"}}; !slices.Equal(err.Violations, want) {
		t.Errorf("got %+v", err.Violations)
	}
	if !errors.Is(err, failed) || status.Code(err) != codes.InvalidArgument {
		t.Errorf("%v does not wrap %v", err, failed)
	}
	if !err.Has(policyv1.ErrorReason_ERROR_REASON_INVALID_FIELD) {
		t.Error("the domain of a broken field is the package of the request")
	}
	if !strings.HasSuffix(err.Error(), "no (ERROR_REASON_INVALID_FIELD)") {
		t.Errorf("reads %q", err)
	}
}

func TestAnErrorWithoutDetailsHasACodeOnly(t *testing.T) {
	if ErrorOf(nil) != nil {
		t.Error("no error is one")
	}
	err := ErrorOf(io.ErrUnexpectedEOF)
	if err.Code != codes.Unknown || err.Reason != "" || err.Retry() != policyv1.Retry_RETRY_UNKNOWN {
		t.Errorf("got %+v", err)
	}
	if err.Has(policyv1.ErrorReason_ERROR_REASON_OVERLOADED) {
		t.Error("it has a reason")
	}
}

func TestAReasonBelongsToItsPackage(t *testing.T) {
	err := &Error{Reason: "ERROR_REASON_OUT_OF_STOCK", Domain: "souk.orders"}
	if !err.Has(ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK) {
		t.Error("it is not the reason of its own package")
	}
	err.Domain = "souk.inventory"
	if err.Has(ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK) {
		t.Error("it is the reason of another package")
	}
	if err.Has(ordersv1.ErrorReason(9999)) {
		t.Error("it is a number that is no reason")
	}
}

func TestWhetherToRetryComesFromTheContract(t *testing.T) {
	checked := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		reasons := file.Enums().ByName("ErrorReason")
		if reasons == nil {
			return true
		}
		for value := range each(reasons.Values()) {
			if !proto.HasExtension(value.Options(), policyv1.E_Reason) {
				continue
			}
			checked++
			want := proto.GetExtension(value.Options(), policyv1.E_Reason).(*policyv1.ReasonPolicy).Retry
			if want == policyv1.Retry_RETRY_UNSPECIFIED {
				want = policyv1.Retry_RETRY_NEVER
			}
			err := &Error{Domain: domainOf(file.Package()), Reason: string(value.Name())}
			if got := err.Retry(); got != want {
				t.Errorf("%s of %s: %s, the contract says %s", err.Reason, err.Domain, got, want)
			}
		}
		return true
	})
	if checked < 50 {
		t.Errorf("only %d reasons are registered", checked)
	}
	field := &Error{Domain: "souk.orders", Reason: "ERROR_REASON_INVALID_FIELD"}
	if field.Retry() != policyv1.Retry_RETRY_NEVER {
		t.Errorf("a broken field: %s", field.Retry())
	}
}

func TestItemsRequestsPageAfterPage(t *testing.T) {
	var asked []string
	pages := map[string]*ordersv1.ListOrdersResponse{
		"":  {Orders: []*ordersv1.Order{{OrderId: "a"}, {OrderId: "b"}}, NextPageToken: "2"},
		"2": {NextPageToken: "3"},
		"3": {Orders: []*ordersv1.Order{{OrderId: "c"}}},
	}
	orders := serve(t, &shop{list: func(token string) (*ordersv1.ListOrdersResponse, error) {
		asked = append(asked, token)
		return pages[token], nil
	}}, "")
	request := func(token string) (*ordersv1.ListOrdersResponse, error) {
		return orders.ListOrders(limited(t), &ordersv1.ListOrdersRequest{PageToken: token})
	}
	var ids []string
	for order, err := range Items(request, (*ordersv1.ListOrdersResponse).GetOrders) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, order.OrderId)
	}
	if !slices.Equal(ids, []string{"a", "b", "c"}) || !slices.Equal(asked, []string{"", "2", "3"}) {
		t.Errorf("got %q from pages %q", ids, asked)
	}

	asked = nil
	for range Items(request, (*ordersv1.ListOrdersResponse).GetOrders) {
		break
	}
	if !slices.Equal(asked, []string{""}) {
		t.Errorf("left after one item, but it asked for %q", asked)
	}
}

func TestItemsEndsWithTheFirstError(t *testing.T) {
	orders := serve(t, &shop{list: func(token string) (*ordersv1.ListOrdersResponse, error) {
		if token != "" {
			return nil, refusal(codes.InvalidArgument)
		}
		return &ordersv1.ListOrdersResponse{Orders: []*ordersv1.Order{{}}, NextPageToken: "2"}, nil
	}}, "")
	var told []codes.Code
	for _, err := range Items(func(token string) (*ordersv1.ListOrdersResponse, error) {
		return orders.ListOrders(limited(t), &ordersv1.ListOrdersRequest{PageToken: token})
	}, (*ordersv1.ListOrdersResponse).GetOrders) {
		told = append(told, status.Code(err))
	}
	if !slices.Equal(told, []codes.Code{codes.OK, codes.InvalidArgument}) {
		t.Errorf("got %v", told)
	}
}

// watched reads a stream to its end, and returns the tokens of its responses and its last code.
func watched(t *testing.T, shop *shop) ([]string, codes.Code) {
	orders := serve(t, shop, "")
	var tokens []string
	for answer, err := range Watch(limited(t), "0", func(ctx context.Context, token string) (grpc.ServerStreamingClient[ordersv1.WatchOrderResponse], error) {
		return orders.WatchOrder(ctx, &ordersv1.WatchOrderRequest{ResumeToken: token})
	}) {
		if err != nil {
			return tokens, status.Code(err)
		}
		tokens = append(tokens, answer.ResumeToken)
	}
	return tokens, codes.OK
}

func TestAStreamThatBreaksResumesAfterTheLastResponse(t *testing.T) {
	shop := &shop{watch: func(token string, stream grpc.ServerStreamingServer[ordersv1.WatchOrderResponse]) error {
		next := map[string]string{"0": "1", "1": "2", "2": "3"}[token]
		if err := stream.Send(&ordersv1.WatchOrderResponse{ResumeToken: next}); err != nil || next == "3" {
			return err
		}
		return refusal(codes.Unavailable)
	}}
	tokens, code := watched(t, shop)
	if !slices.Equal(tokens, []string{"1", "2", "3"}) || code != codes.OK || shop.calls != 3 {
		t.Errorf("got %q and %s in %d calls", tokens, code, shop.calls)
	}
}

func TestAStreamEndsWithAnErrorThatARetryDoesNotSolve(t *testing.T) {
	shop := &shop{watch: func(string, grpc.ServerStreamingServer[ordersv1.WatchOrderResponse]) error {
		return refusal(codes.NotFound)
	}}
	tokens, code := watched(t, shop)
	if len(tokens) != 0 || code != codes.NotFound || shop.calls != 1 {
		t.Errorf("got %q and %s in %d calls", tokens, code, shop.calls)
	}
}

func TestLeavingTheLoopCancelsTheStream(t *testing.T) {
	canceled := make(chan struct{})
	orders := serve(t, &shop{watch: func(_ string, stream grpc.ServerStreamingServer[ordersv1.WatchOrderResponse]) error {
		defer close(canceled)
		if err := stream.Send(&ordersv1.WatchOrderResponse{}); err != nil {
			return err
		}
		<-stream.Context().Done()
		return nil
	}}, "")
	ctx := limited(t)
	for range Watch(ctx, "", func(ctx context.Context, token string) (grpc.ServerStreamingClient[ordersv1.WatchOrderResponse], error) {
		return orders.WatchOrder(ctx, &ordersv1.WatchOrderRequest{ResumeToken: token})
	}) {
		break
	}
	select {
	case <-canceled:
	case <-ctx.Done():
		t.Error("the server still sends")
	}
}
