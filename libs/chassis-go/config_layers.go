package chassis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Tables of settings: read, laid over each other, and compared with the defaults.

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
