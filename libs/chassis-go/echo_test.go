package chassis

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	echov1 "souk.example/chassis-go/internal/gen/souk/echo/v1"
	souk "souk.example/go"
)

// The service that the tests run: tests/contract/echo.

const echoDefaults = `
# What is put before each answer.
greeting = "hello"
[cave]
depth_metres = 10
api_key = "sesame"
`

const say = "/souk.echo.v1.EchoService/Say"

type echoConfig struct {
	Greeting string `toml:"greeting"`
	Cave     struct {
		DepthMetres int    `toml:"depth_metres"`
		APIKey      string `toml:"api_key"`
	} `toml:"cave"`
}

func (config *echoConfig) Check() error {
	if config.Cave.DepthMetres < 1 || config.Cave.DepthMetres > 1000 {
		return Wrong("cave.depth_metres", "must be 1 to 1000")
	}
	if len(config.Cave.APIKey) < 3 {
		return Wrong("cave.api_key", "must have 3 characters")
	}
	return nil
}

// hooks are what a test changes of the service.
type hooks struct {
	ready func(context.Context) error
	clock Clock
	// How long a connection may say nothing.
	preface time.Duration
}

func echoDefinition(hooks hooks) Definition[echoConfig] {
	return Definition[echoConfig]{Name: "echo", Defaults: echoDefaults, Build: func(_ echoConfig, service *Service) error {
		names := Migration{Version: 1, Name: "names", SQLite: "CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"}
		store, err := OpenStore(context.Background(), StoreOptions{
			URL: "sqlite:echo.db", Folder: service.DataDir, Schema: service.Name, Migrations: []Migration{names}, Clock: service.Clock, Log: service.Log,
		})
		if err != nil {
			return err
		}
		service.Store(store)
		server := &echoServer{store: store, next: echov1.NewEchoServiceClient(service.Channel("next"))}
		echov1.RegisterEchoServiceServer(service, server)
		service.Invariants(server.check)
		service.Ready(hooks.ready)
		return nil
	}}
}

type echoServer struct {
	echov1.UnimplementedEchoServiceServer
	store *Store
	next  echov1.EchoServiceClient
}

const noEcho = echov1.ErrorReason_ERROR_REASON_NO_ECHO

func (server *echoServer) Say(ctx context.Context, request *echov1.SayRequest) (*echov1.SayResponse, error) {
	name := request.GetName()
	switch name {
	case "nobody":
		return nil, Refuse(noEcho, "nobody is there to echo "+name, Facts{"name": name})
	case "unlisted":
		return nil, Refuse(echov1.ErrorReason_ERROR_REASON_UNLISTED, "the contract does not say so", nil)
	case "factless":
		return nil, Refuse(noEcho, "nobody is there to echo", nil)
	case "failing":
		return nil, fmt.Errorf("the secret is 4711: %w", errors.New("of the cave"))
	case "panic":
		panic("the secret is 4711")
	case "wait":
		// It ignores its context.
		select {}
	case "slow":
		time.Sleep(300 * time.Millisecond)
	}
	deadline, _ := ctx.Deadline()
	left := fmt.Sprint(time.Until(deadline).Milliseconds())
	seen := []string{CallerOf(ctx).Key(), left, string(requestOf(ctx).criticality), TraceID(ctx)}
	return &echov1.SayResponse{Name: name, Seen: seen}, nil
}

func (server *echoServer) Repeat(request *echov1.RepeatRequest, stream grpc.ServerStreamingServer[echov1.SayResponse]) error {
	for range request.GetTimes() {
		if err := stream.Send(&echov1.SayResponse{Name: request.GetName()}); err != nil {
			return err
		}
	}
	switch request.GetName() {
	case "wait":
		select {}
	case "polite":
		<-stream.Context().Done()
		return stream.Context().Err()
	case "panic":
		panic("the secret is 4711")
	}
	return nil
}

func (server *echoServer) Collect(stream grpc.ClientStreamingServer[echov1.SayRequest, echov1.SayResponse]) error {
	var names []string
	for {
		request, err := stream.Recv()
		if err != nil {
			// Whatever the method makes of an error, a broken message ends the call.
			return stream.SendAndClose(&echov1.SayResponse{Name: strings.Join(names, ",")})
		}
		names = append(names, request.GetName())
	}
}

func (server *echoServer) Chat(stream grpc.BidiStreamingServer[echov1.SayRequest, echov1.SayResponse]) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&echov1.SayResponse{Name: request.GetName()}); err != nil {
			return err
		}
	}
}

func (server *echoServer) Forward(ctx context.Context, request *echov1.SayRequest) (*echov1.SayResponse, error) {
	return server.next.Say(ctx, request)
}

func (server *echoServer) Save(ctx context.Context, request *echov1.SaveRequest) (*echov1.SaveResponse, error) {
	const method = echov1.EchoService_Save_FullMethodName
	return WriteOnce(ctx, server.store, method, request, func(tx *Tx) (*echov1.SaveResponse, error) {
		var before int64
		if err := tx.QueryRow("SELECT COUNT(*) FROM names").Scan(&before); err != nil {
			return nil, err
		}
		_, err := tx.Exec("INSERT INTO names (name) VALUES ($1)", request.GetName())
		return &echov1.SaveResponse{Number: before}, err
	})
}

// check: every name is of somebody.
func (server *echoServer) check(ctx context.Context) (report Report, err error) {
	err = server.store.Read(ctx, func(reader Reader) error {
		rows, err := reader.Query("SELECT name FROM names")
		if err != nil {
			return err
		}
		defer rows.Close()
		var count int64
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			count++
			if name == "nowhere" {
				return Refuse(noEcho, "nobody is there to echo nowhere", Facts{"name": name})
			}
			if name == "ghost" {
				report.Findings = append(report.Findings, Finding{"a name is of somebody", name, "nobody has it"})
			}
		}
		report.Counts = []Count{{"names", count}}
		return rows.Err()
	})
	return report, err
}

// echo is the service as it runs for a test.
type echo struct {
	t       *testing.T
	running *Running
	log     *lockedBuffer
	stop    func() error
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (locked *lockedBuffer) Write(text []byte) (int, error) {
	locked.mu.Lock()
	defer locked.mu.Unlock()
	return locked.buffer.Write(text)
}

// startEcho starts the service with these settings. The test fails when a method failed with a reason
// or facts that its contract does not list.
func startEcho(t *testing.T, set map[string]string, with ...hooks) *echo {
	t.Helper()
	echo := serveEcho(t, set, with...)
	t.Cleanup(func() {
		must(t, echo.stop())
		page := echo.pageOfMetrics()
		for _, name := range []string{"souk_unlisted_reasons_total{", "souk_wrong_facts_total{"} {
			if strings.Contains(page, name) {
				t.Errorf("an error is not as the contract says: %s", page)
			}
		}
	})
	return echo
}

// serveEcho starts the service, whose errors and end are not looked at.
func serveEcho(t *testing.T, set map[string]string, with ...hooks) *echo {
	t.Helper()
	all := map[string]string{
		"data_dir":              t.TempDir(),
		"identity.scopes":       "*",
		"server.listen":         "127.0.0.1:0",
		"server.metrics_listen": "127.0.0.1:0",
		"log.format":            "json",
		"log.level":             "debug",
	}
	maps.Copy(all, set)
	changed := hooks{}
	if len(with) > 0 {
		changed = with[0]
	}
	echo := &echo{t: t, log: &lockedBuffer{}}
	running, err := Start(echoDefinition(changed), Options{Set: all, Clock: changed.clock, Log: echo.log, prefaceTimeout: changed.preface})
	must(t, err)
	echo.running = running
	echo.stop = sync.OnceValue(running.Drain)
	t.Cleanup(func() { _ = echo.stop() })
	return echo
}

// connect returns a connection as this caller. Services and staff have every scope unless they are
// given.
func (echo *echo) connect(caller string, scopes ...string) *grpc.ClientConn {
	echo.t.Helper()
	who, isCaller := ParseCaller(caller)
	if !isCaller {
		echo.t.Fatalf("%s is no caller", caller)
	}
	if len(scopes) == 0 && (who.Kind == KindService || who.Kind == KindStaff) {
		scopes = []string{everyScope}
	}
	return connectTo(echo.t, echo.running.Address, DevelopmentToken(who, "", scopes...))
}

func connectTo(t *testing.T, address, token string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient("dns:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(withToken(token)),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, connection *grpc.ClientConn, path string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(authorized(ctx, token), desc, connection, path, options...)
		}))
	must(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func withToken(token string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, path string, request, answer any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		return invoke(authorized(ctx, token), path, request, answer, connection, options...)
	}
}

func authorized(ctx context.Context, token string) context.Context {
	if token == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

func (echo *echo) client(caller string, scopes ...string) echov1.EchoServiceClient {
	echo.t.Helper()
	return echov1.NewEchoServiceClient(echo.connect(caller, scopes...))
}

// say calls Say and returns what the method saw.
func (echo *echo) say(caller, name string, headers ...string) (*echov1.SayResponse, error) {
	ctx := metadata.AppendToOutgoingContext(echo.t.Context(), headers...)
	return echo.client(caller).Say(ctx, &echov1.SayRequest{Name: name})
}

// repeat calls Repeat and returns how many answers came.
func (echo *echo) repeat(caller, name string, times int32) (int, error) {
	echo.t.Helper()
	stream, err := echo.client(caller).Repeat(echo.t.Context(), &echov1.RepeatRequest{Name: name, Times: times})
	must(echo.t, err)
	return countAnswers(stream)
}

func countAnswers(stream grpc.ServerStreamingClient[echov1.SayResponse]) (int, error) {
	for answers := 0; ; answers++ {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return answers, nil
		} else if err != nil {
			return answers, err
		}
	}
}

// collect sends these names as one stream.
func (echo *echo) collect(client echov1.EchoServiceClient, names ...string) (*echov1.SayResponse, error) {
	echo.t.Helper()
	stream, err := client.Collect(echo.t.Context())
	must(echo.t, err)
	for _, name := range names {
		_ = stream.Send(&echov1.SayRequest{Name: name})
	}
	return stream.CloseAndRecv()
}

// save calls Save and returns how many names there were before.
func (echo *echo) save(caller string, request *echov1.SaveRequest) (int64, error) {
	answer, err := echo.client(caller).Save(echo.t.Context(), request)
	return answer.GetNumber(), err
}

// page reads a page of the second listener.
func (echo *echo) page(path string) (int, string) {
	response, err := http.Get("http://" + echo.running.MetricsAddress + path)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// pageOfMetrics returns the metrics, also when the pages are closed.
func (echo *echo) pageOfMetrics() string {
	response := &recordedPage{header: http.Header{}}
	writeMetrics(response, echo.running.Metrics())
	return response.text.String()
}

type recordedPage struct {
	header http.Header
	text   bytes.Buffer
}

func (page *recordedPage) Header() http.Header                { return page.header }
func (page *recordedPage) WriteHeader(int)                    {}
func (page *recordedPage) Write(text []byte) (n int, e error) { return page.text.Write(text) }

// lines returns the lines of the log.
func (echo *echo) lines() []map[string]any {
	echo.log.mu.Lock()
	defer echo.log.mu.Unlock()
	var lines []map[string]any
	for _, text := range strings.Split(strings.TrimSpace(echo.log.buffer.String()), "\n") {
		var line map[string]any
		if json.Unmarshal([]byte(text), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

// requests returns the lines of requests.
func (echo *echo) requests() []map[string]any {
	return slices.DeleteFunc(echo.lines(), func(line map[string]any) bool { return line["message"] != "request" })
}

// refusedWith checks how a call was refused.
func refusedWith(t *testing.T, err error, code codes.Code, reason string, fields ...string) *souk.Error {
	t.Helper()
	found := souk.ErrorOf(err)
	if found == nil {
		t.Fatalf("the call was not refused with %s", reason)
	}
	equal(t, []any{found.Code, found.Reason}, []any{code, reason})
	var named []string
	for _, violation := range found.Violations {
		named = append(named, violation.Field)
	}
	equal(t, named, fields)
	return found
}

// contains checks that a text has another in it.
func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is not in: %s", part, text)
	}
}
