package chassis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// levelTrace is below slog's levels.
const levelTrace = slog.LevelDebug - 4

var levels = map[string]slog.Level{
	"error": slog.LevelError,
	"warn":  slog.LevelWarn,
	"info":  slog.LevelInfo,
	"debug": slog.LevelDebug,
	"trace": levelTrace,
}

// lines is the slog.Handler of a process: text for people or JSON for collectors, with the same
// fields as the lines of services in other languages.
type lines struct {
	out    *output
	isJSON bool
	// "info", or finer by target: "info,relay=debug".
	levels map[string]slog.Level
	target string
	fields []slog.Attr
}

type output struct {
	mu     sync.Mutex
	writer io.Writer
}

// newLogger returns the logger of a process. What is derived with the attribute "target" obeys the
// level that is set for the target.
func newLogger(format, level string, writer io.Writer) *slog.Logger {
	standard, finer, _ := strings.Cut(level, ",")
	known := map[string]slog.Level{"": levels[standard]}
	for _, one := range strings.Split(finer, ",") {
		if target, name, found := strings.Cut(one, "="); found {
			known[target] = levels[name]
		}
	}
	return slog.New(&lines{out: &output{writer: writer}, isJSON: format == "json", levels: known})
}

// Enabled returns whether lines of this level are written.
func (lines *lines) Enabled(_ context.Context, level slog.Level) bool {
	least, isNamed := lines.levels[lines.target]
	if !isNamed {
		least = lines.levels[""]
	}
	return level >= least
}

// WithAttrs returns a handler that adds fields to each line.
func (lines *lines) WithAttrs(added []slog.Attr) slog.Handler {
	changed := *lines
	changed.fields = append(append([]slog.Attr{}, lines.fields...), added...)
	for _, field := range added {
		if field.Key == "target" {
			changed.target = field.Value.String()
		}
	}
	return &changed
}

// WithGroup returns the handler itself: field names are written out, such as order.id.
func (lines *lines) WithGroup(string) slog.Handler { return lines }

// Handle writes one line.
func (lines *lines) Handle(_ context.Context, record slog.Record) error {
	fields := append([]slog.Attr{}, lines.fields...)
	record.Attrs(func(field slog.Attr) bool {
		fields = append(fields, field)
		return true
	})
	now := record.Time.UTC().Format("2006-01-02T15:04:05.000000Z")
	var line []byte
	if lines.isJSON {
		line = asJSON(now, levelName(record.Level), record.Message, fields)
	} else {
		line = asText(now, levelName(record.Level), record.Message, fields)
	}
	lines.out.mu.Lock()
	defer lines.out.mu.Unlock()
	_, err := lines.out.writer.Write(line)
	return err
}

func levelName(level slog.Level) string {
	if level < slog.LevelDebug {
		return "TRACE"
	}
	return level.String()
}

func asJSON(now, level, message string, fields []slog.Attr) []byte {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	write := func(value any) {
		if encoder.Encode(value) != nil {
			_ = encoder.Encode(fmt.Sprint(value))
		}
		// Encode ends each value with a line end.
		line.Truncate(line.Len() - 1)
	}
	line.WriteString(`{"timestamp":"` + now + `","level":"` + level + `","message":`)
	write(message)
	for _, field := range fields {
		line.WriteByte(',')
		write(field.Key)
		line.WriteByte(':')
		write(valueOf(field.Value))
	}
	line.WriteString("}\n")
	return line.Bytes()
}

// asText returns a line such as
// 2026-11-22T21:00:00.123456Z  INFO request souk.x.v1.XService/Do rpc.code=OK …
func asText(now, level, message string, fields []slog.Attr) []byte {
	var line bytes.Buffer
	fmt.Fprintf(&line, "%s %5s %s", now, level, escape(message))
	for _, field := range fields {
		text := escape(textOf(field.Value))
		switch field.Key {
		case "rpc.method":
			line.WriteString(" " + text)
		case "error":
			line.WriteString(` error="` + text + `"`)
		default:
			line.WriteString(" " + field.Key + "=" + text)
		}
	}
	line.WriteByte('\n')
	return line.Bytes()
}

// valueOf returns a value as JSON has it.
func valueOf(value slog.Value) any {
	found := value.Resolve().Any()
	switch found := found.(type) {
	case error:
		return found.Error()
	case time.Duration:
		return found.String()
	case fmt.Stringer:
		return found.String()
	}
	return found
}

func textOf(value slog.Value) string {
	found := valueOf(value)
	if number, isFloat := found.(float64); isFloat {
		return strconv.FormatFloat(number, 'f', 3, 64)
	}
	return fmt.Sprint(found)
}

// escape keeps a text from starting a line of its own.
func escape(text string) string {
	var escaped strings.Builder
	for _, letter := range text {
		switch {
		case letter == '"' || letter == '\\':
			escaped.WriteRune('\\')
			escaped.WriteRune(letter)
		case letter == '\n':
			escaped.WriteString(`\n`)
		case letter == '\r':
			escaped.WriteString(`\r`)
		case letter == '\t':
			escaped.WriteString(`\t`)
		case letter < ' ', letter >= 0x7f && letter <= 0x9f, letter == 0x2028, letter == 0x2029:
			fmt.Fprintf(&escaped, `\u%04x`, letter)
		default:
			escaped.WriteRune(letter)
		}
	}
	return escaped.String()
}
