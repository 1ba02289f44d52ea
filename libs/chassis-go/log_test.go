package chassis

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
)

func TestATextLineHasTheFieldsInTheOrderOfTheContract(t *testing.T) {
	log := &lockedBuffer{}
	line := requestLine{
		method:  "souk.echo.v1.EchoService/Say",
		code:    codes.Internal,
		reason:  "ERROR_REASON_INTERNAL",
		took:    1_234_567 * time.Nanosecond,
		caller:  Caller{Kind: KindUser, ID: "alice"},
		traceID: testTrace,
		cause:   "two\nlines \"quoted\" \u2028",
	}
	line.write(newLogger("text", "info", log))
	text := log.buffer.String()
	contains(t, text, "Z ERROR request souk.echo.v1.EchoService/Say rpc.code=INTERNAL rpc.reason=ERROR_REASON_INTERNAL"+
		" rpc.duration_ms=1.235 caller=user:alice trace.id="+testTrace+` error="two\nlines \"quoted\" \u2028"`+"\n")
	equal(t, strings.Count(text, "\n"), 1)
}

func TestAJSONLineIsOneObjectWhateverIsInIt(t *testing.T) {
	log := &lockedBuffer{}
	logger := newLogger("json", "info", log)
	logger.Warn("a \"quoted\"\nline\u2028", "error", errors.New("with\r\n<tags> & more"), "took", time.Second, "count", 3, "odd", make(chan int))
	text := log.buffer.String()
	equal(t, strings.Count(text, "\n"), 1)
	var found map[string]any
	must(t, json.Unmarshal([]byte(text), &found))
	equal(t, []any{found["level"], found["message"], found["error"]}, []any{"WARN", "a \"quoted\"\nline\u2028", "with\r\n<tags> & more"})
	equal(t, []any{found["took"], found["count"]}, []any{"1s", 3})
}

func TestALevelMayBeFinerForATarget(t *testing.T) {
	log := &lockedBuffer{}
	logger := newLogger("text", "warn,relay=debug", log)
	logger.Info("not this")
	logger.With("target", "relay").Debug("this")
	logger.With("target", "other").Info("not this")
	equal(t, strings.Count(log.buffer.String(), "\n"), 1)
	contains(t, log.buffer.String(), "DEBUG this target=relay\n")
}

func TestHealthIsNotLoggedAtInfo(t *testing.T) {
	log := &lockedBuffer{}
	line := requestLine{method: "grpc.health.v1.Health/Check", caller: Anonymous, isBackground: true}
	line.write(newLogger("text", "info", log))
	equal(t, log.buffer.Len(), 0)
	line.code = codes.Internal
	line.write(newLogger("text", "info", log))
	contains(t, log.buffer.String(), "ERROR request")
}

func TestCodesAreWrittenInCapitals(t *testing.T) {
	for code, wanted := range map[codes.Code]string{
		codes.OK: "OK", codes.Canceled: "CANCELLED", codes.InvalidArgument: "INVALID_ARGUMENT", codes.DataLoss: "DATA_LOSS", codes.Unauthenticated: "UNAUTHENTICATED",
	} {
		equal(t, codeName(code), wanted)
	}
}
