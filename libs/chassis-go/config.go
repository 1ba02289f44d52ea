package chassis

import (
	_ "embed"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
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
