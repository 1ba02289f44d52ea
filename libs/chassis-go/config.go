package chassis

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Where a setting comes from: the defaults, then a file, then the environment, then what the program
// sets itself. The defaults are complete, so they are also the list of what exists: a key that is
// not in them is refused, and a value must have the type that it has there. An empty table in the
// defaults takes any name.

//go:embed chassis.default.toml
var chassisDefaults string

// settings are the settings of the chassis itself; chassis.default.toml says what each is for.
type settings struct {
	DataDir string         `toml:"data_dir"`
	Server  serverSettings `toml:"server"`
	Log     struct {
		Format string `toml:"format"`
		Level  string `toml:"level"`
	} `toml:"log"`
	Telemetry struct {
		OTLPEndpoint string `toml:"otlp_endpoint"`
	} `toml:"telemetry"`
	Identity struct {
		DevelopmentKey string `toml:"development_key"`
		Scopes         string `toml:"scopes"`
	} `toml:"identity"`
	Upstreams map[string]string `toml:"upstreams"`
}

// serverSettings are those of the listeners and their limits.
type serverSettings struct {
	Listen                   string   `toml:"listen"`
	MetricsListen            string   `toml:"metrics_listen"`
	DrainSeconds             int      `toml:"drain_seconds"`
	SendSeconds              int      `toml:"send_seconds"`
	MaxRequests              int      `toml:"max_requests"`
	MaxStreamsPerCaller      int      `toml:"max_streams_per_caller"`
	MaxRequestsPerConnection int      `toml:"max_requests_per_connection"`
	MaxRequestsPerPeer       int      `toml:"max_requests_per_peer"`
	MaxUnsentBytesPerPeer    int      `toml:"max_unsent_bytes_per_peer"`
	MaxConnections           int      `toml:"max_connections"`
	MaxConnectionsPerPeer    int      `toml:"max_connections_per_peer"`
	TrustedProxies           []string `toml:"trusted_proxies"`
	MaxDecodingBytes         int      `toml:"max_decoding_bytes"`
	MaxMessageBytes          int      `toml:"max_message_bytes"`
	ReadyFile                string   `toml:"ready_file"`
}

type table = map[string]any

// wrongSetting says that the value of a setting is not allowed.
type wrongSetting struct {
	key     string
	allowed string
}

// Error returns the key and what is allowed.
func (wrong *wrongSetting) Error() string { return wrong.key + ": " + wrong.allowed }

// Wrong returns the error for a setting of a service whose value is not allowed, by its dotted key:
// Wrong("entries.most_per_customer", "must be at least 1").
func Wrong(key, allowed string) error { return &wrongSetting{key, allowed} }

// LoadConfig reads and checks the settings of a service as a start does, and returns its own.
func LoadConfig[C any](definition Definition[C], options Options) (C, error) {
	var own C
	_, err := load(definition.Name, definition.Defaults, options, &own)
	return own, err
}

// load reads and checks every setting of a process: the chassis' and the service's own.
func load(name, defaults string, options Options, own any) (*settings, error) {
	layers, err := newLayers(name, defaults)
	if err != nil {
		return nil, err
	}
	if options.File != "" {
		if err := layers.file(options.File); err != nil {
			return nil, err
		}
	}
	if err := layers.environment(name, options.Environment); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(options.Set)) {
		if err := layers.set(strings.Split(key, "."), options.Set[key], "the program"); err != nil {
			return nil, err
		}
	}
	return layers.read(own)
}

// layers are settings that are laid over each other.
type layers struct {
	common table
	known  table
	all    table
	// Where each setting was set, for the message when it turns out wrong.
	origins map[string]string
}

func newLayers(name, defaults string) (*layers, error) {
	common, err := parse(chassisDefaults, "the defaults of the chassis")
	if err != nil {
		return nil, err
	}
	source := "the defaults of " + name
	own, err := parse(defaults, source)
	if err != nil {
		return nil, err
	}
	layers := &layers{common: common, known: cloneTable(common), origins: map[string]string{}}
	for key, value := range own {
		if _, isCommon := common[key]; isCommon {
			if err := checkTable(common, table{key: value}, "", source); err != nil {
				return nil, err
			}
		}
	}
	mergeTable(layers.known, own, func(string) {}, "")
	layers.all = cloneTable(layers.known)
	return layers, nil
}

func (layers *layers) lay(given table, from string) error {
	if err := checkTable(layers.known, given, "", from); err != nil {
		return err
	}
	mergeTable(layers.all, given, func(path string) { layers.origins[path] = from }, "")
	return nil
}

func (layers *layers) file(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return configError("configuration file %s: %v", path, err)
	}
	given, err := parse(string(text), path)
	if err != nil {
		return err
	}
	return layers.lay(given, path)
}

func (layers *layers) environment(name string, variables []string) error {
	prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "__"
	for _, one := range variables {
		variable, value, _ := strings.Cut(one, "=")
		if len(variable) < len(prefix) || strings.ToUpper(variable[:len(prefix)]) != prefix {
			continue
		}
		keys := strings.Split(strings.ToLower(variable[len(prefix):]), "__")
		if err := layers.set(keys, value, variable); err != nil {
			return err
		}
	}
	return nil
}

// set sets one key to a text, read as the type that the default has.
func (layers *layers) set(keys []string, text, source string) error {
	level, isTable := layers.known, true
	path := ""
	var standard any = layers.known
	for _, key := range keys {
		value, isKnown := level[key]
		if !isTable || (!isKnown && len(level) > 0) {
			return unknownKey(joinKey(path, key), level, path, source)
		}
		if !isKnown {
			value = ""
		}
		standard = value
		level, isTable = value.(table)
		path = joinKey(path, key)
	}
	value, err := readAs(standard, text, path, source)
	if err != nil {
		return err
	}
	for at := len(keys) - 1; at >= 0; at-- {
		value = table{keys[at]: value}
	}
	return layers.lay(value.(table), source)
}

// read checks the values and fills the structs.
func (layers *layers) read(own any) (*settings, error) {
	for _, rule := range settingRules {
		if err := layers.check(rule); err != nil {
			return nil, err
		}
	}
	chassis, rest := table{}, table{}
	for key, value := range layers.all {
		if _, isCommon := layers.common[key]; isCommon {
			chassis[key] = value
		} else {
			rest[key] = value
		}
	}
	found := &settings{}
	if err := fill(chassis, found); err != nil {
		return nil, err
	}
	if found.Server.MaxDecodingBytes < found.Server.MaxMessageBytes {
		return nil, layers.explain(&wrongSetting{"server.max_decoding_bytes", "must be at least server.max_message_bytes"})
	}
	for upstream, address := range found.Upstreams {
		if !addressesForm.MatchString(address) {
			return nil, layers.explain(&wrongSetting{"upstreams." + upstream, "must name an address like http://127.0.0.1:7302"})
		}
	}
	if err := fill(rest, own); err != nil {
		return nil, err
	}
	if checked, hasCheck := own.(interface{ Check() error }); hasCheck {
		if err := checked.Check(); err != nil {
			return nil, layers.explain(err)
		}
	}
	return found, nil
}

func (layers *layers) check(rule settingRule) error {
	if rule.allows(layers.at(rule.key)) {
		return nil
	}
	return layers.explain(&wrongSetting{rule.key, rule.allowed})
}

// explain says in one line which setting, its value, where it comes from, and what is allowed.
func (layers *layers) explain(err error) error {
	var wrong *wrongSetting
	if !errors.As(err, &wrong) {
		return configError("%v", err)
	}
	from, isSet := layers.origins[wrong.key]
	if !isSet {
		from = "the defaults"
	}
	return configError("%s = %s (from %s): %s", wrong.key, show(wrong.key, layers.at(wrong.key)), from, wrong.allowed)
}

// at returns the value of a dotted key.
func (layers *layers) at(key string) any {
	var value any = layers.all
	for _, name := range strings.Split(key, ".") {
		inner, _ := value.(table)
		value = inner[name]
	}
	return value
}

func fill(from table, into any) error {
	var text bytes.Buffer
	if err := toml.NewEncoder(&text).Encode(from); err != nil {
		return configError("%v", err)
	}
	if _, err := toml.Decode(text.String(), into); err != nil {
		return configError("%v", err)
	}
	return nil
}

func parse(text, source string) (table, error) {
	parsed := table{}
	if _, err := toml.Decode(text, &parsed); err != nil {
		return nil, configError("%s: %v", source, err)
	}
	return parsed, nil
}

func cloneTable(from table) table {
	copied := table{}
	mergeTable(copied, from, func(string) {}, "")
	return copied
}

func mergeTable(into, from table, set func(path string), path string) {
	for key, value := range from {
		full := joinKey(path, key)
		inner, isTable := value.(table)
		here, isTableHere := into[key].(table)
		switch {
		case isTable && isTableHere:
			mergeTable(here, inner, set, full)
		case isTable:
			into[key] = table{}
			mergeTable(into[key].(table), inner, set, full)
		default:
			into[key] = value
			set(full)
		}
	}
}

// checkTable refuses keys that the defaults do not have and values of another type.
func checkTable(known, given table, path, source string) error {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value, full := given[key], joinKey(path, key)
		standard, isKnown := known[key]
		if !isKnown {
			return unknownKey(full, known, path, source)
		}
		inner, isTable := value.(table)
		knownInner, isKnownTable := standard.(table)
		if isTable && isKnownTable {
			if len(knownInner) == 0 {
				continue
			}
			if err := checkTable(knownInner, inner, full, source); err != nil {
				return err
			}
		} else if typeName(standard) != typeName(value) {
			return configError("%s = %s (from %s): must be %s", full, show(full, value), source, typeName(standard))
		}
	}
	return nil
}

var number = regexp.MustCompile(`^[-+]?[0-9._]+([eE][-+]?[0-9]+)?$`)

func readAs(standard any, text, path, source string) (any, error) {
	wrong := configError("%s = %s (from %s): must be %s", path, show(path, text), source, typeName(standard))
	switch standard.(type) {
	case string:
		return text, nil
	case int64, float64:
		if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
			return whole, nil
		}
		found, err := strconv.ParseFloat(text, 64)
		if err != nil || !number.MatchString(text) {
			return nil, wrong
		}
		return found, nil
	case bool:
		if text != "true" && text != "false" {
			return nil, wrong
		}
		return text == "true", nil
	}
	// A list or a table is written as in the file.
	parsed, err := parse("value = "+text, fmt.Sprintf("%s (from %s)", path, source))
	if err != nil {
		return nil, err
	}
	return parsed["value"], nil
}

func unknownKey(key string, known table, path, source string) error {
	if strings.Split(key, ".")[0] == "neighbours" {
		return configError("%s (from %s): neighbours is called upstreams now", key, source)
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(known)) {
		names = append(names, joinKey(path, name))
	}
	if len(names) == 0 {
		return configError("%s (from %s): there is no such setting", key, source)
	}
	return configError("%s (from %s): there is no such setting; there are %s", key, source, strings.Join(names, ", "))
}

var secretName = regexp.MustCompile(`key|secret|password|token|url`)

// show returns a value for people; values of settings that hold secrets are not shown.
func show(key string, value any) string {
	if secretName.MatchString(key) {
		return "[hidden]"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func typeName(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case int64, float64:
		return "a number"
	case bool:
		return "true or false"
	case table:
		return "a table"
	case time.Time:
		return "a time"
	}
	return "a list"
}

func joinKey(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// configError returns an error of one line.
func configError(format string, values ...any) *ConfigError {
	return &ConfigError{strings.Join(strings.Fields(fmt.Sprintf(format, values...)), " ")}
}
