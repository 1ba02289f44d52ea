package chassis

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "echo.toml")
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// problem returns the line that says what is wrong with settings.
func problem(t *testing.T, options Options) string {
	t.Helper()
	_, err := LoadConfig(echoDefinition(hooks{}), options)
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("it is not refused: %v", err)
	}
	if strings.Contains(wrong.Error(), "\n") {
		t.Errorf("it is more than a line: %s", wrong)
	}
	return wrong.Error()
}

func TestTheEnvironmentWinsOverTheFileAndTheFileOverTheDefaults(t *testing.T) {
	path := settingsFile(t, "[server]\nlisten = \"127.0.0.1:1\"\nmetrics_listen = \"[::1]:2\"\n[cave]\ndepth_metres = 20\n")
	environment := []string{"ECHO__SERVER__LISTEN=127.0.0.1:3", "ECHO__CAVE__DEPTH_METRES=30", "OTHER__SERVER__LISTEN=x", "HOME=/"}
	var own echoConfig
	settings, err := load("echo", echoDefaults, Options{File: path, Environment: environment}, &own)
	must(t, err)
	equal(t, []string{settings.Server.Listen, settings.Server.MetricsListen}, []string{"127.0.0.1:3", "[::1]:2"})
	equal(t, []any{own.Greeting, own.Cave.DepthMetres, own.Cave.APIKey}, []any{"hello", 30, "sesame"})
}

func TestUpstreamsHaveAnyName(t *testing.T) {
	path := settingsFile(t, "[upstreams]\norders = \"http://127.0.0.1:1\"\n")
	environment := []string{"ECHO__UPSTREAMS__CATALOG=http://127.0.0.1:2, http://127.0.0.1:3"}
	var own echoConfig
	settings, err := load("echo", echoDefaults, Options{File: path, Environment: environment}, &own)
	must(t, err)
	equal(t, settings.Upstreams, map[string]string{"orders": "http://127.0.0.1:1", "catalog": "http://127.0.0.1:2, http://127.0.0.1:3"})
}

func TestAKeyThatDoesNotExistIsNamedWithItsSource(t *testing.T) {
	path := settingsFile(t, "[cave]\nwidth_metres = 1\n")
	contains(t, problem(t, Options{File: path}), "cave.width_metres (from "+path+"): there is no such setting; there are cave.api_key, cave.depth_metres")
	for variable, key := range map[string]string{
		"ECHO__SERVER__NO_SUCH_KEY": "server.no_such_key",
		"ECHO__SERVER__LISTEN__X":   "server.listen.x",
		"ECHO__LISTEN":              "listen",
	} {
		found := problem(t, Options{Environment: []string{variable + "=1"}})
		contains(t, found, key)
		contains(t, found, "(from "+variable+")")
	}
}

func TestAValueThatIsNotAllowedIsNamedWithItsSourceAndWhatIs(t *testing.T) {
	for set, says := range map[[2]string]string{
		{"server.max_requests", "many"}:               `server.max_requests = "many" (from the program): must be a number`,
		{"server.max_requests", "1.5"}:                "server.max_requests = 1.5 (from the program): must be 0 to 4294967295",
		{"server.max_requests", "-1"}:                 "server.max_requests = -1",
		{"server.max_connections", "0"}:               "must be 1 to 4294967295",
		{"server.send_seconds", "3601"}:               "must be 1 to 3600",
		{"server.max_message_bytes", "16777217"}:      "must be 1 to 16777216",
		{"server.max_decoding_bytes", "1000"}:         "must be at least server.max_message_bytes",
		{"server.listen", "here"}:                     "must be an address with a port",
		{"server.listen", "127.0.0.1:70000"}:          "must be an address with a port",
		{"server.trusted_proxies", `["10.0.0.0/33"]`}: "must be a list of addresses or networks",
		{"server.trusted_proxies", "10"}:              "must be a list",
		{"log.format", "poem"}:                        "must be text or json",
		{"log.level", "loud"}:                         "must be error, warn, info, debug or trace",
		{"telemetry.otlp_endpoint", "here"}:           "must be like http://127.0.0.1:4317",
		{"upstreams.next", "here"}:                    "must name an address like http://127.0.0.1:7302",
		{"cave.depth_metres", "0"}:                    "cave.depth_metres = 0 (from the program): must be 1 to 1000",
		{"data_dir", ""}:                              "must name a folder",
	} {
		contains(t, problem(t, Options{Set: map[string]string{set[0]: set[1]}}), says)
	}
	for _, scopes := range []string{"orders", "Orders.read", "orders.", "orders.read,events.subscribe", "orders.*", strings.Repeat("a.b ", 300)} {
		contains(t, problem(t, Options{Set: map[string]string{"identity.scopes": scopes}}), "must be scopes")
	}
}

func TestAFileThatIsNotThereOrNotTOMLIsNamed(t *testing.T) {
	contains(t, problem(t, Options{File: "absent.toml"}), "absent.toml")
	path := settingsFile(t, "[server\nlisten = ")
	contains(t, problem(t, Options{File: path}), path)
}

func TestSecretsAreNotShown(t *testing.T) {
	for _, key := range []string{"cave.api_key", "identity.development_key"} {
		path := settingsFile(t, "["+strings.Split(key, ".")[0]+"]\n"+strings.Split(key, ".")[1]+" = 4711\n")
		found := problem(t, Options{File: path})
		contains(t, found, key+" = [hidden]")
		if strings.Contains(found, "4711") {
			t.Error(found)
		}
	}
	contains(t, problem(t, Options{Set: map[string]string{"cave.api_key": "x"}}), "cave.api_key = [hidden] (from the program): must have 3 characters")
}
