package chassis

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

const (
	maxMessageBytes = 16 << 20
	maxCount        = 1<<32 - 1
	maxSendSeconds  = 3600
	// A token that carries more would be longer than a server reads (2,048 bytes).
	maxScopesLength = 1000
)

var (
	scopeForm     = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$`)
	levelForm     = regexp.MustCompile(`^(error|warn|info|debug|trace)(,[\w.:-]+=(error|warn|info|debug|trace))*$`)
	endpointForm  = regexp.MustCompile(`^($|https?://.)`)
	addressesForm = regexp.MustCompile(`^\s*https?://[^\s,]+(\s*,\s*https?://[^\s,]+)*\s*$`)
)

// settingRule is what the value of a setting must be beyond its type.
type settingRule struct {
	key     string
	allowed string
	allows  func(value any) bool
}

var settingRules = []settingRule{
	{"data_dir", "must name a folder", isText(func(text string) bool { return text != "" })},
	{"server.listen", "must be an address with a port, such as 127.0.0.1:7300", isText(isAddress)},
	{"server.metrics_listen", "must be an address with a port, such as 127.0.0.1:7301", isText(isAddress)},
	count("server.drain_seconds", 0, maxCount),
	count("server.max_requests", 0, maxCount),
	count("server.max_streams_per_caller", 0, maxCount),
	count("server.max_requests_per_connection", 1, maxCount),
	count("server.max_requests_per_peer", 1, maxCount),
	count("server.max_unsent_bytes_per_peer", 1, maxCount),
	count("server.max_connections", 1, maxCount),
	count("server.max_connections_per_peer", 1, maxCount),
	{"server.trusted_proxies", `must be a list of addresses or networks like "10.0.0.0/8"`, areNetworks},
	count("server.send_seconds", 1, maxSendSeconds),
	count("server.max_decoding_bytes", 0, maxCount),
	count("server.max_message_bytes", 1, maxMessageBytes),
	{"log.format", "must be text or json", isText(func(text string) bool { return text == "text" || text == "json" })},
	{"log.level", "must be error, warn, info, debug or trace, then perhaps ,name=level", isText(levelForm.MatchString)},
	{"telemetry.otlp_endpoint", "must be like http://127.0.0.1:4317", isText(endpointForm.MatchString)},
	{"identity.scopes", fmt.Sprintf(`must be scopes like "orders.read" separated by spaces, or "*" for every scope, in at most %d characters`, maxScopesLength), isText(areScopes)},
}

func count(key string, least, most int64) settingRule {
	return settingRule{key, fmt.Sprintf("must be %d to %d", least, most), func(value any) bool {
		number, isWhole := value.(int64)
		return isWhole && number >= least && number <= most
	}}
}

func isText(allows func(string) bool) func(any) bool {
	return func(value any) bool {
		text, isText := value.(string)
		return isText && allows(text)
	}
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func areScopes(text string) bool {
	if len(text) > maxScopesLength {
		return false
	}
	for _, scope := range strings.Fields(text) {
		if scope != everyScope && !scopeForm.MatchString(scope) {
			return false
		}
	}
	return true
}

func areNetworks(value any) bool {
	list, _ := value.([]any)
	texts := make([]string, len(list))
	for at, one := range list {
		text, isText := one.(string)
		if !isText {
			return false
		}
		texts[at] = text
	}
	_, err := networks(texts)
	return err == nil
}
