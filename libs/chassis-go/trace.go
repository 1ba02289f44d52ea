package chassis

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var traceparentForm = regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$`)

// trace is the position of a request in its trace (W3C Trace Context): read from a request, passed
// on with every call made for it. Ids are lower case hexadecimal.
type trace struct {
	// The same for everything that one request from outside causes.
	id string
	// The part of it that this process does.
	span string
	// The caller's part; empty when the trace starts here.
	parent string
	flags  uint64
	state  string
}

func startTrace() trace {
	return trace{id: randomHex(16), span: randomHex(8), flags: 1}
}

// followTrace continues the trace of an arriving request or event, or starts one when it has none or
// an unreadable one.
func followTrace(traceparent, state string) trace {
	match := traceparentForm.FindStringSubmatch(traceparent)
	if match == nil || match[1] == "ff" || isZero(match[2]) || isZero(match[3]) {
		return startTrace()
	}
	// Version 00 has four parts (W3C Trace Context §3.2).
	if match[1] == "00" && match[5] != "" {
		return startTrace()
	}
	flags, _ := strconv.ParseUint(match[4], 16, 8)
	return trace{id: match[2], span: randomHex(8), parent: match[3], flags: flags, state: state}
}

// child returns the part of the trace that a call made from here is.
func (here trace) child() trace {
	return trace{id: here.id, span: randomHex(8), parent: here.span, flags: here.flags, state: here.state}
}

// with returns the same position under ids that another library chose.
func (here trace) with(id, span string) trace {
	here.id, here.span = id, span
	return here
}

// traceparent returns the header of what this part of the trace causes.
func (here trace) traceparent() string {
	return fmt.Sprintf("00-%s-%s-%02x", here.id, here.span, here.flags)
}

func randomHex(bytes int) string {
	for {
		buffer := make([]byte, bytes)
		rand.Read(buffer)
		if text := hex.EncodeToString(buffer); !isZero(text) {
			return text
		}
	}
}

func isZero(hexadecimal string) bool { return strings.Trim(hexadecimal, "0") == "" }
