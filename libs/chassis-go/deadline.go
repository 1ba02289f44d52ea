package chassis

import (
	"regexp"
	"strconv"
	"time"
)

// longestTimeout is half a year; what is longer counts as none.
const longestTimeout = 180 * 24 * time.Hour

var (
	timeoutForm  = regexp.MustCompile(`^([0-9]{1,8})([HMSmun])$`)
	timeoutUnits = map[string]time.Duration{
		"H": time.Hour,
		"M": time.Minute,
		"S": time.Second,
		"m": time.Millisecond,
		"u": time.Microsecond,
		"n": time.Nanosecond,
	}
)

// timeoutAsked returns what a grpc-timeout asks for, and false when it cannot be read.
func timeoutAsked(header string) (time.Duration, bool) {
	match := timeoutForm.FindStringSubmatch(header)
	if match == nil {
		return 0, false
	}
	number, _ := strconv.ParseInt(match[1], 10, 64)
	unit := timeoutUnits[match[2]]
	if number > int64(longestTimeout/unit) {
		return longestTimeout, true
	}
	return time.Duration(number) * unit, true
}
