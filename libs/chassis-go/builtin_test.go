package chassis

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionalpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	echov1 "souk.example/chassis-go/internal/gen/souk/echo/v1"
	opsv1 "souk.example/go/souk/ops/v1"
	policyv1 "souk.example/go/souk/policy/v1"
)

const echoName = "souk.echo.v1.EchoService"

var servedNames = []string{
	"grpc.health.v1.Health", reflectionName, reflectionAlphaName, echoName, "souk.ops.v1.InvariantService",
}

func TestHealthAnswersForTheProcessAndForItsServiceAndNotForOthers(t *testing.T) {
	echo := startEcho(t, nil)
	health := healthpb.NewHealthClient(echo.connect("anonymous"))
	for _, name := range []string{"", echoName} {
		answer, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: name})
		must(t, err)
		equal(t, answer.GetStatus(), healthpb.HealthCheckResponse_SERVING)
	}
	_, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{Service: "other"})
	refusedWith(t, err, codes.NotFound, "ERROR_REASON_UNIMPLEMENTED")
	list, err := health.List(t.Context(), &healthpb.HealthListRequest{})
	must(t, err)
	equal(t, len(list.GetStatuses()), 2)
}

func TestHealthFollowsWhatTheServiceSaysOfItselfAndItsWatchersGetEachChange(t *testing.T) {
	var isFlooded atomic.Bool
	ready := func(context.Context) error {
		if isFlooded.Load() {
			return errors.New("the cave is flooded")
		}
		return nil
	}
	echo := startEcho(t, nil, hooks{ready: ready})
	watch, err := healthpb.NewHealthClient(echo.connect("anonymous")).Watch(t.Context(), &healthpb.HealthCheckRequest{Service: echoName})
	must(t, err)
	expect := func(wanted healthpb.HealthCheckResponse_ServingStatus, page int, text string) {
		t.Helper()
		answer, err := watch.Recv()
		must(t, err)
		equal(t, answer.GetStatus(), wanted)
		status, found := echo.page("/readyz")
		equal(t, []any{status, found}, []any{page, text})
	}
	expect(healthpb.HealthCheckResponse_SERVING, 200, "ready\n")
	isFlooded.Store(true)
	expect(healthpb.HealthCheckResponse_NOT_SERVING, 503, "not ready\necho: the cave is flooded\n")
	isFlooded.Store(false)
	expect(healthpb.HealthCheckResponse_SERVING, 200, "ready\n")
}

func TestAWatcherOfAnUnknownServiceIsToldSoAndStays(t *testing.T) {
	echo := startEcho(t, nil)
	watch, err := healthpb.NewHealthClient(echo.connect("anonymous")).Watch(t.Context(), &healthpb.HealthCheckRequest{Service: "other"})
	must(t, err)
	answer, err := watch.Recv()
	must(t, err)
	equal(t, answer.GetStatus(), healthpb.HealthCheckResponse_SERVICE_UNKNOWN)
}

// ask asks reflection questions on one stream.
func (echo *echo) ask(questions ...*reflectionpb.ServerReflectionRequest) []*reflectionpb.ServerReflectionResponse {
	echo.t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(echo.connect("anonymous")).ServerReflectionInfo(echo.t.Context())
	must(echo.t, err)
	var answers []*reflectionpb.ServerReflectionResponse
	for _, question := range questions {
		must(echo.t, stream.Send(question))
		answer, err := stream.Recv()
		must(echo.t, err)
		answers = append(answers, answer)
	}
	return answers
}

func symbol(name string) *reflectionpb.ServerReflectionRequest {
	return &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}}
}

func filesIn(t *testing.T, answer *reflectionpb.ServerReflectionResponse) *descriptorpb.FileDescriptorSet {
	t.Helper()
	files := &descriptorpb.FileDescriptorSet{}
	for _, bytes := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		must(t, proto.Unmarshal(bytes, file))
		files.File = append(files.File, file)
	}
	return files
}

func TestReflectionListsWhatIsServedInBothVersions(t *testing.T) {
	echo := startEcho(t, nil)
	list := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
	var names []string
	for _, service := range echo.ask(list)[0].GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	equal(t, names, servedNames)

	older, err := reflectionalpha.NewServerReflectionClient(echo.connect("anonymous")).ServerReflectionInfo(t.Context())
	must(t, err)
	must(t, older.Send(&reflectionalpha.ServerReflectionRequest{MessageRequest: &reflectionalpha.ServerReflectionRequest_ListServices{}}))
	answer, err := older.Recv()
	must(t, err)
	names = nil
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	equal(t, names, servedNames)
}

func TestWhatReflectionSaysOfAServiceIsWholePoliciesIncluded(t *testing.T) {
	echo := startEcho(t, nil)
	for _, answer := range echo.ask(symbol(echoName), symbol(echoName+".Say"), symbol("souk.echo.v1.SayRequest.name")) {
		files, err := protodesc.NewFiles(filesIn(t, answer))
		must(t, err)
		found, err := files.FindDescriptorByName(echoName + ".Say")
		must(t, err)
		equal(t, proto.HasExtension(found.Options(), policyv1.E_Method), true)
	}
	equal(t, echo.ask(symbol("souk.other.v1.Other"))[0].GetErrorResponse().GetErrorCode(), int32(codes.NotFound))
}

func TestReflectionSaysWhatExtensionsThereAreAndContinuesAfterWhatItDoesNotKnow(t *testing.T) {
	echo := startEcho(t, nil)
	const options = "google.protobuf.MethodOptions"
	number := int32(policyv1.E_Method.TypeDescriptor().Number())
	all := func(name string) *reflectionpb.ServerReflectionRequest {
		return &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_AllExtensionNumbersOfType{AllExtensionNumbersOfType: name}}
	}
	extension := func(number int32) *reflectionpb.ServerReflectionRequest {
		asked := &reflectionpb.ExtensionRequest{ContainingType: options, ExtensionNumber: number}
		return &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingExtension{FileContainingExtension: asked}}
	}
	answers := echo.ask(all("no.Such"), extension(4711), all(options), extension(number), symbol(string(policyv1.E_Method.TypeDescriptor().FullName())))
	for _, answer := range answers[:2] {
		equal(t, answer.GetErrorResponse().GetErrorCode(), int32(codes.NotFound))
	}
	equal(t, slices.Contains(answers[2].GetAllExtensionNumbersResponse().GetExtensionNumber(), number), true)
	for _, answer := range answers[3:] {
		isThere := slices.ContainsFunc(filesIn(t, answer).File, func(file *descriptorpb.FileDescriptorProto) bool {
			return file.GetPackage() == "souk.policy.v1"
		})
		equal(t, isThere, true)
	}
}

func TestEveryProcessAnswersForTheInvariantsOfItsService(t *testing.T) {
	echo := startEcho(t, nil)
	check := func(caller, service string) (*opsv1.CheckInvariantsResponse, error) {
		client := opsv1.NewInvariantServiceClient(echo.connect(caller))
		return client.CheckInvariants(t.Context(), &opsv1.CheckInvariantsRequest{Service: service})
	}
	for at, name := range []string{"one", "ghost"} {
		_, err := echo.save("user:alice", &echov1.SaveRequest{RequestId: name, Name: name})
		must(t, err)
		for _, service := range []string{"", "echo"} {
			answer, err := check("staff:ann", service)
			must(t, err)
			report := answer.GetReports()[0]
			equal(t, []any{len(answer.GetReports()), report.GetService()}, []any{1, "echo"})
			equal(t, []any{report.GetCounts()[0].GetWhat(), report.GetCounts()[0].GetCount()}, []any{"names", at + 1})
			equal(t, len(report.GetFindings()), at)
		}
	}
	_, err := check("staff:ann", "orders")
	contains(t, refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_FIELD", "service").Message, "must be one of echo")
	_, err = check("anonymous", "")
	refusedWith(t, err, codes.Unauthenticated, "ERROR_REASON_UNAUTHENTICATED")
	_, err = check("user:alice", "")
	refusedWith(t, err, codes.PermissionDenied, "ERROR_REASON_ACCESS_DENIED")
}

func TestAServiceThatSaysNothingOfItsInvariantsDoesNotStart(t *testing.T) {
	silent := Definition[echoConfig]{Name: "echo", Defaults: echoDefaults, Build: func(_ echoConfig, service *Service) error {
		echov1.RegisterEchoServiceServer(service, &echoServer{})
		return nil
	}}
	_, err := Start(silent, Options{Set: map[string]string{"data_dir": t.TempDir()}, Log: &lockedBuffer{}})
	mustFail(t, err, "echo says nothing of its invariants")
}

func TestThePagesAreThereAndNoOthers(t *testing.T) {
	echo := startEcho(t, nil)
	_, err := echo.say("anonymous", "you")
	must(t, err)
	for path, wanted := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/other": 404, "/": 404} {
		status, _ := echo.page(path)
		equal(t, []any{path, status}, []any{path, wanted})
	}
	_, text := echo.page("/metrics")
	contains(t, text, "# TYPE rpc_server_call_duration_seconds histogram\n")
}

func TestAtTheDrainStreamsEndAndRequestsAreFinished(t *testing.T) {
	echo := startEcho(t, nil)
	stream, err := echo.client("user:alice").Repeat(t.Context(), &echov1.RepeatRequest{Name: "wait", Times: 1})
	must(t, err)
	_, err = stream.Recv()
	must(t, err)
	slow := make(chan error, 1)
	client := echo.client("anonymous")
	go func() {
		_, err := client.Say(t.Context(), &echov1.SayRequest{Name: "slow"})
		slow <- err
	}()
	eventually(t, "both are in work", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 2") })
	stopped := make(chan error, 1)
	go func() { stopped <- echo.stop() }()
	_, err = stream.Recv()
	refusedWith(t, err, codes.Unavailable, "ERROR_REASON_DRAINING")
	must(t, <-slow)
	must(t, <-stopped)
}

func TestARequestThatDoesNotEndInTimeIsNamed(t *testing.T) {
	echo := serveEcho(t, map[string]string{"server.drain_seconds": "0"})
	dial(t, echo.running.Address, 65_535).begin().send(framed([]byte("\x0a\x04wait")), true)
	eventually(t, "it is in work", func() bool { return strings.Contains(echo.pageOfMetrics(), "souk_requests_in_work 1") })
	mustFail(t, echo.stop(), "did not end in time: 1 of 1 requests")
}
