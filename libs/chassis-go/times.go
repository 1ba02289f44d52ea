package chassis

import (
	"fmt"
	"strconv"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Times from outside: what a calendar has, and nothing else (C-VALID-9).

const (
	// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
	firstSecond = -62_135_596_800
	lastSecond  = 253_402_300_799
	// Ten thousand years.
	longestSeconds = 315_576_000_000
	mostNanos      = 999_999_999

	timestampName = "google.protobuf.Timestamp"
	durationName  = "google.protobuf.Duration"
	timestampRule = "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999"
	durationRule  = "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999 and of the same sign as the seconds"
)

// impossibleTimes returns the times and durations in a message that are none, at most so many.
func impossibleTimes(message proto.Message, most int) []FieldViolation {
	var found []FieldViolation
	if holdsTimes(message.ProtoReflect().Descriptor()) {
		collectTimes(message.ProtoReflect(), "", &found, most)
	}
	return found
}

func collectTimes(message protoreflect.Message, path string, found *[]FieldViolation, most int) {
	if len(*found) >= most {
		return
	}
	if rule := wrongTime(message); rule != "" {
		*found = append(*found, FieldViolation{path, rule})
	}
	for _, field := range fieldsWithTimes(message.Descriptor()) {
		if !message.Has(field) {
			continue
		}
		where := joinKey(path, string(field.Name()))
		value := message.Get(field)
		switch {
		case field.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, item protoreflect.Value) bool {
				collectTimes(item.Message(), fmt.Sprintf("%s[%s]", where, keyText(key)), found, most)
				return true
			})
		case field.IsList():
			for at := range value.List().Len() {
				collectTimes(value.List().Get(at).Message(), fmt.Sprintf("%s[%d]", where, at), found, most)
			}
		default:
			collectTimes(value.Message(), where, found, most)
		}
	}
}

func keyText(key protoreflect.MapKey) string {
	if text, isText := key.Interface().(string); isText {
		return strconv.Quote(text)
	}
	return key.String()
}

func wrongTime(message protoreflect.Message) string {
	name := message.Descriptor().FullName()
	if name != timestampName && name != durationName {
		return ""
	}
	fields := message.Descriptor().Fields()
	seconds, nanos := message.Get(fields.ByName("seconds")).Int(), message.Get(fields.ByName("nanos")).Int()
	if name == timestampName {
		if seconds >= firstSecond && seconds <= lastSecond && nanos >= 0 && nanos <= mostNanos {
			return ""
		}
		return timestampRule
	}
	isWithin := seconds >= -longestSeconds && seconds <= longestSeconds && nanos >= -mostNanos && nanos <= mostNanos
	isOneSign := seconds == 0 || nanos == 0 || (seconds > 0) == (nanos > 0)
	if isWithin && isOneSign {
		return ""
	}
	return durationRule
}

func holdsTimes(message protoreflect.MessageDescriptor) bool {
	name := message.FullName()
	return name == timestampName || name == durationName || len(fieldsWithTimes(message)) > 0
}

var timeFields sync.Map

// fieldsWithTimes returns the fields of a message through which times are reached.
func fieldsWithTimes(message protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if known, found := timeFields.Load(message); found {
		return known.([]protoreflect.FieldDescriptor)
	}
	var fields []protoreflect.FieldDescriptor
	for at := range message.Fields().Len() {
		field := message.Fields().Get(at)
		if inner := innerMessage(field); inner != nil && reachesTimes(inner, map[protoreflect.FullName]bool{}) {
			fields = append(fields, field)
		}
	}
	timeFields.Store(message, fields)
	return fields
}

// reachesTimes returns whether a message is a time or holds one, however far in.
func reachesTimes(message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	name := message.FullName()
	if name == timestampName || name == durationName {
		return true
	}
	if seen[name] {
		return false
	}
	seen[name] = true
	for at := range message.Fields().Len() {
		if inner := innerMessage(message.Fields().Get(at)); inner != nil && reachesTimes(inner, seen) {
			return true
		}
	}
	return false
}

// innerMessage returns the message that a field holds, or that the values of a map are.
func innerMessage(field protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if field.IsMap() {
		return field.MapValue().Message()
	}
	return field.Message()
}
