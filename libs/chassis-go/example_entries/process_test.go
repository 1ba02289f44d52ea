package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	chassis "souk.example/chassis-go"
	souk "souk.example/go"
	opsv1 "souk.example/go/souk/ops/v1"
)

const (
	// runsVariable makes the program of the tests the service itself.
	runsVariable     = "ENTRIES_TEST_RUNS"
	postgresVariable = "SOUK_TEST_POSTGRES_URL"
	startLimit       = 60 * time.Second
)

func TestMain(m *testing.M) {
	if os.Getenv(runsVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// child is a process that is killed and started again, on the same data and the same addresses.
type child struct {
	t           *testing.T
	command     []string
	environment []string
	ready       string
	address     string

	mutex   sync.Mutex
	running *exec.Cmd
	stderr  *output
}

// output keeps what a process writes.
type output struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

func (out *output) Write(bytes []byte) (int, error) {
	out.mutex.Lock()
	defer out.mutex.Unlock()
	return out.bytes.Write(bytes)
}

func (out *output) String() string {
	out.mutex.Lock()
	defer out.mutex.Unlock()
	return out.bytes.String()
}

// startBus starts the event bus of the shop, alone.
func startBus(t *testing.T) *child {
	t.Helper()
	program := soukProgram(t)
	folder := t.TempDir()
	bus := &child{t: t, ready: filepath.Join(folder, "ready")}
	bus.command = []string{
		program, "serve", "events", "--data", filepath.Join(folder, "data"), "--ready-file", bus.ready,
		"--metrics-listen", "127.0.0.1:0", "--listen",
	}
	bus.start("127.0.0.1:0")
	return bus
}

// soukProgram returns the one program: SOUK_BIN, or what the last build left.
func soukProgram(t *testing.T) string {
	t.Helper()
	program := os.Getenv("SOUK_BIN")
	if program == "" {
		target := cmp.Or(os.Getenv("CARGO_TARGET_DIR"), filepath.Join("..", "..", "..", "target"))
		program = filepath.Join(target, "debug", "souk")
	}
	if _, err := os.Stat(program); err != nil {
		skip(t, "the program souk is not built: "+program)
	}
	return program
}

// startEntries starts a replica of this service.
func startEntries(t *testing.T, url, bus string) *child {
	t.Helper()
	entries := entriesIn(t, t.TempDir(), url, bus)
	entries.start("127.0.0.1:0")
	return entries
}

// entriesIn returns a replica of this service with its data in a folder.
func entriesIn(t *testing.T, folder, url, bus string) *child {
	entries := &child{t: t, command: []string{os.Args[0]}, ready: filepath.Join(folder, "ready")}
	entries.environment = []string{
		runsVariable + "=1",
		"ENTRIES__DATA_DIR=" + folder,
		"ENTRIES__DATA__URL=" + url,
		"ENTRIES__SERVER__METRICS_LISTEN=127.0.0.1:0",
		"ENTRIES__SERVER__READY_FILE=" + entries.ready,
		"ENTRIES__UPSTREAMS__EVENTS=http://" + bus,
		"ENTRIES__IDENTITY__SCOPES=events.publish events.subscribe orders.read",
	}
	return entries
}

// start starts it at an address, and waits until it serves.
func (c *child) start(listen string) {
	c.t.Helper()
	_ = os.Remove(c.ready)
	running, stderr := c.process(listen)
	must(c.t, running.Start())
	c.mutex.Lock()
	c.running, c.stderr = running, stderr
	c.mutex.Unlock()
	c.t.Cleanup(func() {
		_ = running.Process.Kill()
		_ = running.Wait()
		if c.t.Failed() {
			c.t.Logf("%s: %s", filepath.Base(c.command[0]), stderr)
		}
	})
	for until := time.Now().Add(startLimit); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if address := readyAddress(c.ready); address != "" {
			c.mutex.Lock()
			c.address = address
			c.mutex.Unlock()
			return
		}
	}
	c.t.Fatalf("%s does not serve: %s", c.command[0], stderr)
}

func readyAddress(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if address, isGRPC := strings.CutPrefix(lines.Text(), "grpc="); isGRPC {
			return address
		}
	}
	return ""
}

// process returns the process that it is at an address.
func (c *child) process(listen string) (*exec.Cmd, *output) {
	command := c.command
	if len(c.environment) == 0 {
		command = append(append([]string{}, c.command...), listen)
	}
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(os.Environ(), append(c.environment, "ENTRIES__SERVER__LISTEN="+listen)...)
	stderr := &output{}
	process.Stderr = stderr
	return process, stderr
}

// stop drains it with SIGTERM, and fails unless it ends well.
func (c *child) stop() {
	c.t.Helper()
	must(c.t, c.running.Process.Signal(syscall.SIGTERM))
	if err := c.running.Wait(); err != nil {
		c.t.Fatalf("it ended with %v: %s", err, c.stderr)
	}
}

// restart kills it with SIGKILL, and starts it again.
func (c *child) restart() {
	c.t.Helper()
	must(c.t, c.running.Process.Kill())
	_ = c.running.Wait()
	c.start(c.where())
}

func (c *child) where() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.address
}

// connect returns the way to a process as this caller; it is closed with the test.
func connect(t *testing.T, address, caller string, scopes ...string) *grpc.ClientConn {
	connection, err := souk.Connect(address, souk.DevelopmentToken(caller, scopes...))
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// checkInvariants fails unless the service finds its own records in order.
func checkInvariants(ctx context.Context, t *testing.T, entries *child) {
	t.Helper()
	client := opsv1.NewInvariantServiceClient(connect(t, entries.where(), "staff:ann", "ops.audit"))
	response, err := client.CheckInvariants(ctx, &opsv1.CheckInvariantsRequest{})
	must(t, err)
	for _, report := range response.GetReports() {
		for _, finding := range report.GetFindings() {
			t.Errorf("it does not hold: %v", finding)
		}
		for _, count := range report.GetCounts() {
			if count.GetCount() != orders+calls {
				t.Errorf("%v instead of %d", count, orders+calls)
			}
		}
	}
}

// postgresDatabase returns a database that goes with the test.
func postgresDatabase(t *testing.T) string {
	t.Helper()
	server := os.Getenv(postgresVariable)
	if server == "" {
		skip(t, postgresVariable+" is not set; `cargo xtask postgres` prints it")
	}
	admin, err := sql.Open("pgx", server)
	must(t, err)
	name := chassis.NewID("entries", time.Now())
	_, err = admin.Exec(`CREATE DATABASE "` + name + `"`)
	must(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(`DROP DATABASE "` + name + `" WITH (FORCE)`)
		must(t, err)
		must(t, admin.Close())
	})
	address, err := url.Parse(server)
	must(t, err)
	address.Path = "/" + name
	return address.String()
}

// skip skips a test that needs what is not there, which in CI is a failure.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}
